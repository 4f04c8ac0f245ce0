/**
 * @module The peering behaviour's public surface: what other behaviours and applications may use of it.
 */
export { type AddedPeer, type FrameOptions, PeeringBehavior, type PeeringStatus, type TargetOutcome } from './behavior.js';
export type { ReceivedFrame } from './inbox.js';
export { type InboxPolicy, PEERING_DEFAULTS, type PeeringCounters, type PeeringOptions } from './options.js';
export type { PeerFailure, PeerInfo, PeerState } from './peers/peer.js';
export type { PeeringBackOff } from './peers/peer-keeper.js';
export type { FrameOutcome, ReturnReason } from './protocol/frames.js';
export { type ParsedPeer, type PeerSpec, type PeerType, parsePeer, peerFileLines } from './protocol/peer-line.js';
export type { PeerMetrics } from './protocol/peer-session.js';
