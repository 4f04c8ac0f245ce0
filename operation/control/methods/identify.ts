/** @module Identify: who the node is, and what its socket allows. Programs ask it first, to know that the node takes part. */
import { CONTROL_VERSION } from '../messages.js';
import type { Method } from './context.js';

/** What `id` gives. */
export interface Identification {
  readonly nodeId: string;
  readonly network: string;
  readonly state: string;
  readonly addresses: readonly string[];
  readonly connectionCount: number;
  readonly allow: readonly string[];
  readonly pid: number;
  readonly socket: string;
  readonly protocol: number;
}

export const identify: Method = {
  run: ({ node, facts, allow, path }) => {
    const result: Identification = {
      nodeId: node.id,
      network: facts.network,
      state: node.state,
      addresses: node.addresses.map(({ text }) => text),
      connectionCount: node.connections().length,
      allow,
      pid: process.pid,
      socket: path,
      protocol: CONTROL_VERSION,
    };
    return { result };
  },
};
