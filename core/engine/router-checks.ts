/**
 * @module What a user's router table may hand in and answer, checked. It keeps nothing.
 */
import { isNodeId } from '../address/node-id.js';
import { type ClosestNodes, RouterTable } from '../api/router-table.js';
import { NetworkError } from '../errors.js';

/** A table serves one node, once: what it learned of another time would be answered as if it were true. */
export function requireFresh(table: RouterTable): void {
  if (!(table instanceof RouterTable)) throw new NetworkError('ARGUMENT_INVALID', 'a router must be a RouterTable');
  if (table['self'] === undefined) return;
  throw new NetworkError('ARGUMENT_INVALID', 'the router table is or was attached to a node; give each node a table of its own');
}

/** An answer to `closest`. */
export function isSoundList({ nodes, isComplete }: ClosestNodes, count: number): boolean {
  return typeof isComplete === 'boolean' && Array.isArray(nodes) && nodes.length <= count && nodes.every(isNodeId);
}

/** The fault of an answer that breaks the contract. */
export function unsound(answer: unknown): NetworkError {
  const details = { answer };
  return new NetworkError('ARGUMENT_INVALID', 'the router table gave an answer that breaks the contract: see details', { details });
}
