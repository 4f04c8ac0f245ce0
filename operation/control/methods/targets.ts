/**
 * @module Targets: what people name in a command: a node by its id or the first digits of it, `key:<hex digits>`, `service:<number>`, `local`, or
 * an address.
 */
import {
  type Address,
  type ControlledNode,
  isNodeId,
  NetworkError,
  type NodeId,
  parseAddress,
  type Route,
  shortId,
  toKey,
  toLocal,
  toNode,
  toService,
} from '../../../core/index.js';
import { text } from '../../../core/schema/index.js';

const TARGET_CHARACTERS_MAX = 4_096;
const KEY = /^[0-9a-f]{8,64}$/;
const SHORT_ID = /^[0-9a-f]{4,63}$/;
const ID_DIGITS = 64;

export const TARGET = text(TARGET_CHARACTERS_MAX, { min: 1, what: 'a target: a node, key:<hex>, service:<number>, local or an address' });

export type Target = { readonly type: 'route'; readonly route: Route } | { readonly type: 'address'; readonly address: Address };

/** Throws `ARGUMENT_INVALID` and `ADDRESS_INVALID`. */
export function targetOf(node: ControlledNode, given: string): Target {
  const wanted = given.trim().toLowerCase();
  if (wanted.includes('://')) return { type: 'address', address: parseAddress(given.trim()) };
  return { type: 'route', route: routeOf(node, wanted) };
}

/** A target that is no address. */
export function routeTargetOf(node: ControlledNode, given: string): Route {
  const target = targetOf(node, given);
  if (target.type === 'route') return target.route;
  throw invalid(given, 'it must be a node, key:<hex>, service:<number> or local');
}

function routeOf(node: ControlledNode, wanted: string): Route {
  return SHORT_ID.test(wanted) ? toNode(fullIdOf(node, wanted)) : fullRouteOf(wanted);
}

/** Throws what `targetOf` throws for a target that no node understands. */
export function checkTarget(given: string): void {
  const wanted = given.trim().toLowerCase();
  if (wanted.includes('://')) parseAddress(given.trim());
  else if (!SHORT_ID.test(wanted)) fullRouteOf(wanted);
}

function fullRouteOf(wanted: string): Route {
  const [kind, rest] = split(wanted);
  if (wanted === 'local') return toLocal();
  if (kind === 'key' && KEY.test(rest)) return toKey(rest.padEnd(ID_DIGITS, '0') as NodeId);
  if (kind === 'service' && isServiceId(rest)) return toService(Number(rest));
  if (isNodeId(wanted)) return toNode(wanted);
  throw invalid(wanted, 'it must be a node id, the first 4 digits or more of one, key:<8 to 64 hex digits>, service:<0 to 255> or local');
}

function split(wanted: string): readonly [kind: string, rest: string] {
  const colon = wanted.indexOf(':');
  return [wanted.slice(0, Math.max(0, colon)), wanted.slice(colon + 1)];
}

function isServiceId(digits: string): boolean {
  return /^\d{1,3}$/.test(digits) && Number(digits) <= 255;
}

/** First digits are enough for this node and its neighbours. */
function fullIdOf(node: ControlledNode, digits: string): NodeId {
  const known = [...new Set([node.id, ...node.connections().map(({ nodeId }) => nodeId)])].filter((id) => id.startsWith(digits));
  const [only] = known;
  if (known.length === 1 && only !== undefined) return only;
  const why = known.length === 0 ? 'none of the connected nodes' : `${known.length} nodes: ${known.map(shortId).join(', ')}`;
  throw invalid(digits, `its digits begin the id of ${why}`);
}

function invalid(given: string, why: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `target ${JSON.stringify(given.slice(0, ID_DIGITS))}: ${why}`, {
    details: { target: given },
  });
}
