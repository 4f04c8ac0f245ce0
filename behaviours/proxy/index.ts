/**
 * @module The proxy behaviour's public surface: what other behaviours and applications may use of it.
 */
export { ProxyBehavior, type Published, type ServeOptions } from './behavior.js';
export type { LocalProxy } from './calling/entrance.js';
export { type EntranceOptions, type GatewayOptions, type ProxyEntranceOptions, ProxyRemote, type SiteOptions } from './calling/remote.js';
export type { ProxyCounters, ProxyOptions } from './options.js';
export type { ProxyErrorType } from './outcomes.js';
export type { RequestHandler, RequestSource } from './serving/handler-site.js';
