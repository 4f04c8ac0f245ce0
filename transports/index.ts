/** @module Transports: `meshwright/transports` on Node. */
export * from './memory/index.js';
export * from './tcp/index.js';
export * from './udp/index.js';
export * from './websocket/node/index.js';
