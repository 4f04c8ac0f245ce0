/**
 * @module The streams behaviour's public surface: what other behaviours and applications may use of it.
 */
export { StreamsBehavior } from './behavior.js';
export { STREAMS_DEFAULTS, type StreamCounters, type StreamsOptions } from './options.js';
