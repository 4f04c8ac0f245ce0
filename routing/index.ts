/**
 * @module The router tables that ship with Meshwright. The contract is `RouterTable` of the core; a table of your own proves itself
 * with `routerTableSuite` of `meshwright/testing`.
 */
export { DirectRouter } from './direct-router.js';
export { ForceLocalRouter } from './force-local-router.js';
export { ForceNodeRouter } from './force-node-router.js';
export { LayeredRouter } from './layered/layered-router.js';
export type { LayeredOptions } from './layered/options.js';
export { OverlayRouter } from './overlay-router.js';
export type { PathVectorSize } from './path-vector/learning-router.js';
export { PathVectorRouter } from './path-vector/path-vector-router.js';
export type { PathCost, PathMetric } from './path-vector/rib/metric.js';
export type { PathVectorOptions, ServiceBalance } from './path-vector/rib/options.js';
export type { ShadowDelta, ShadowNodeDelta } from './path-vector/shadow/shadow-delta.js';
export type { ShadowFeed } from './path-vector/shadow/shadow-feed.js';
export { ShadowRouter } from './path-vector/shadow/shadow-router.js';
export type { StaticRouterOptions } from './static-options.js';
export { StaticRouter } from './static-router.js';
