/**
 * @module The operator's public surface: what other behaviours and applications may use of it.
 */
export { OperatorBehavior } from './behavior.js';
export type { OperatorListener } from './listeners.js';
export type { KnownNode } from './lookup/lookups.js';
export type { UnansweredOp } from './lookup/serving.js';
export type { OperatorStore, StoredNode } from './lookup/store.js';
export { SpaceAuthority, type Validity } from './membership/authority.js';
export type { CertificateRefusal } from './membership/certificate.js';
export type { OperatorCounters, OperatorOptions, SpaceDescription } from './options.js';
export type { Trust } from './trust/order.js';
export type { Packet, PacketOptions } from './trust/packets.js';
