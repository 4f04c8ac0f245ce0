/**
 * @module The repaired layer of the flow kit: two sides of a path that loses. See `repaired-path.ts`.
 */
export { readAcknowledgement, readAcknowledgementItem, writeAcknowledgement } from './messages.js';
export { type Acknowledgement, Receipts } from './receipts.js';
export { type PacketObserver, type RepairCounters, type RepairedFrame, RepairedPath } from './repaired-path.js';
export { type PacketRange, SeenNumbers } from './seen-numbers.js';
