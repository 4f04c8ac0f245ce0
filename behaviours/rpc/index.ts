/**
 * @module The rpc behaviour's public surface: what other behaviours and applications may use of it.
 */
export { RpcBehavior } from './behavior.js';
export { RPC_DEFAULTS, type RpcCounters, type RpcOptions } from './options.js';
