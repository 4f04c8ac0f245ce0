/**
 * @module AvoidedHops: connections over which an exchange with a node met its deadline, so that the next ones with that node leave over another
 * connection for a while. A pure structure, bounded: the oldest entry is dropped.
 */
import type { NodeId } from '../../address/node-id.js';
import { BoundedMap } from '../../structures/bounded-map.js';

const AVOID_MS = 60_000;
const NODES_MAX = 1_024;

export class AvoidedHops {
  private readonly hops = new BoundedMap<NodeId, { readonly connectionId: number; readonly untilMs: number }>(NODES_MAX);

  /** One connection for each node: the last one that failed. */
  add(nodeId: NodeId, connectionId: number, nowMs: number): void {
    this.hops.set(nodeId, { connectionId, untilMs: nowMs + AVOID_MS });
  }

  has(nodeId: NodeId, connectionId: number, nowMs: number): boolean {
    const hop = this.hops.get(nodeId);
    if (hop === undefined) return false;
    if (nowMs >= hop.untilMs) this.hops.delete(nodeId);
    return nowMs < hop.untilMs && hop.connectionId === connectionId;
  }
}
