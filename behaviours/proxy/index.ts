/**
 * @module The proxy behaviour's public surface: what other behaviours and applications may use of it.
 */
export { ProxyBehavior } from './behavior.js';
export type { LocalProxy } from './calling/entrance.js';
export { type EntranceOptions, type ProxyEntranceOptions, ProxyRemote } from './calling/remote.js';
export type { ProxyCounters, ProxyOptions } from './options.js';
export type { ProxyErrorType } from './outcomes.js';
