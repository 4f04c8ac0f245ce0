/** @module Transports in browsers: the part of `meshwright/transports` that runs without Node. */
export * from './memory/index.js';
export * from './websocket/index.js';
