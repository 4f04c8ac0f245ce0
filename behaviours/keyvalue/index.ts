/**
 * @module Keyvalue's public surface: what other behaviours and applications may use of it.
 */
export { KeyValueBehavior } from './behavior.js';
export type { Revision } from './entries/revision.js';
export type { KeyValueCounters, KeyValueOptions } from './options.js';
export type { Acknowledge, LostWrite, MapOptions, ReadOptions, WriteOptions } from './session/map-options.js';
export type { SharedMap, Written } from './session/shared-map.js';
export type { MapEntry } from './session/values.js';
export type { Watch, WatchEvent, WatchOptions, WatchTarget } from './session/watch.js';
