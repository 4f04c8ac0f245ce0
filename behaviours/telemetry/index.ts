/**
 * @module Telemetry's public surface: what other behaviours and applications may use of it.
 */
export { TelemetryBehavior } from './behavior.js';
export type { TelemetryRefusal } from './messages.js';
export type { ObservedEvent, ObservedLink, ObservedNode, ObservedQueue, ObservedState } from './observed-node.js';
export type { TelemetryCounters, TelemetryOptions } from './options.js';
export type { ObservedRow, ObservedTable } from './tables.js';
export type { TelemetryEvent, TelemetryWatch, TelemetryWatchOptions } from './watch.js';
