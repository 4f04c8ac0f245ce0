/** @module Meshwright over UDP, with everything on that is on by default. */
import { openServer as open } from './meshwright.mjs';

export { openClient } from './meshwright.mjs';

export const supports = ['send', 'call', 'bulk'];

export const openServer = (onMessage, onStream) => open(onMessage, onStream, 'udp://127.0.0.1:0');
