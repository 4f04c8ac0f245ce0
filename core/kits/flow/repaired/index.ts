/**
 * @module The repaired layer of the flow kit: two sides of a path that loses. See `repaired-path.ts`.
 */
export type { PacketObserver, RepairCounters, RepairedFrame } from './frames.js';
export { readAcknowledgement, readAcknowledgementItem, writeAcknowledgement } from './messages.js';
export { type Acknowledgement, Receipts } from './receipts.js';
export { type ReceivingSide, type Repair, type RepairSides, roundTripRepair, type SendingSide } from './repair.js';
export { RepairedPath } from './repaired-path.js';
export { type PacketRange, SeenNumbers } from './seen-numbers.js';
