/**
 * @module LAN discovery's public surface: what other behaviours and applications may use of it.
 */
export { LanBehavior } from './behavior.js';
export type { LanCounters } from './counters.js';
export { LAN_LIMITS, type LanNeighbour } from './neighbours.js';
export type { LanOptions } from './options.js';
