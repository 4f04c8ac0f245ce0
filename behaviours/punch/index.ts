/** @module The punch behaviour's public surface. */

export { PunchBehavior } from './behavior.js';
export type { PunchCounters, PunchOptions } from './options.js';
