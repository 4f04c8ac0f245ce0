/**
 * @module The router-sync behaviour's public surface: what other behaviours and applications may use of it.
 */
export { RouterSyncBehavior } from './behavior.js';
export type { RouterSyncCounters, RouterSyncOptions } from './options.js';
