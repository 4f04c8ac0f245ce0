/** @module `meshwright/transports` in browsers: what needs no `node:` module. */
export * from './memory/index.js';
