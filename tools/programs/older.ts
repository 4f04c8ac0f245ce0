/** @module Older: for compilers that know `main` and `types`, and no `exports`. */
import { type MeshNode, toLocal } from 'meshwright';

export const greet = (node: MeshNode) => node.call(toLocal(), 64, 'greet', { name: 'world' });
export { LanBehavior } from 'meshwright/behaviours';
export { DirectRouter } from 'meshwright/routing';
export { SimulatedNetwork } from 'meshwright/simulation';
export { Pair } from 'meshwright/testing';
export { MemoryTransport } from 'meshwright/transports';
