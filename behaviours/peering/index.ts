/**
 * @module The peering behaviour's public surface: what other behaviours and applications may use of it.
 */
export { PeeringBehavior, type PeeringStatus } from './behavior.js';
export type { PeerMetrics } from './conversation.js';
export type { HoldOffOptions } from './hold-off.js';
export type { ReceivedFrame } from './inbox.js';
export { type InboxPolicy, PEERING_DEFAULTS, type PeeringCounters, type PeeringOptions } from './options.js';
export type { FrameOutcome, ReturnReason } from './outgoing-frames.js';
export type { PeerFailure, PeerInfo, PeerState } from './peer.js';
export { type ParsedPeer, type PeerSpec, type PeerType, parsePeer, peerFileLines } from './peer-line.js';
export type { AddedPeer } from './roster.js';
export type { FrameOptions, TargetOutcome } from './sender.js';
