/** @module Transports in browsers: the part of `meshwright/transports` that needs nothing of Node. */
export * from './memory/index.js';
