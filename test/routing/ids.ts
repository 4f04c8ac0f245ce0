/** @module Short ways to write node ids, metrics and answers in the tests of router tables. */
import type { NodeId } from '../../core/address/node-id.js';
import type { LinkMetric, RouteAction } from '../../core/api/router-table.js';

/** The id that begins with these digits; the others are 0. */
export function idOf(digits: string): NodeId {
  return digits.padEnd(64, '0') as NodeId;
}

export function rtt(rttMs: number | undefined): LinkMetric {
  return { rttMs, lossRatio: undefined, bandwidth: undefined };
}

export function next(connectionId: number, nodeId: NodeId): RouteAction {
  return { type: 'next', connectionId, nodeId };
}

export const SELF = idOf('5');
export const A = idOf('a');
export const B = idOf('b');
export const C = idOf('c');
export const STRANGER = idOf('f');
export const LOCAL: RouteAction = { type: 'local' };
export const REJECT: RouteAction = { type: 'reject' };
