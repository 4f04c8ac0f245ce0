/**
 * @module Measures: all of them, in the order of the table. `needs`: what a contender must support; `figures`: what one run answers, by id,
 * with floors for Meshwright, each as a ratio to a contender of the same round, or as a number where `of` is left out. `isExtra`: only by
 * name; `isRepeatable: false`: one round; `isTimed: false`: other programs do not matter.
 */
import { CONNECTIONS } from './connections.mjs';
import { MAPS } from './maps.mjs';
import { PROXIES } from './proxies.mjs';
import { ROUTING } from './routing.mjs';
import { SIMULATION } from './simulation.mjs';
import { TOPICS } from './topics.mjs';
import { TRAFFIC } from './traffic.mjs';

export const MEASURES = [...TRAFFIC, ...TOPICS, ...MAPS, ...PROXIES, ...CONNECTIONS, ...ROUTING, ...SIMULATION];
