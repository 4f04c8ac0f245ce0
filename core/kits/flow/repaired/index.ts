/**
 * @module The repaired layer of the flow kit: two sides of a path that loses. See `repaired-path.ts`.
 */
export { readAcknowledgement, writeAcknowledgement } from './messages.js';
export { type Acknowledgement, type PacketRange, Receipts } from './receipts.js';
export { type RepairedFrame, RepairedPath } from './repaired-path.js';
