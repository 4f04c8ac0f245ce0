/**
 * @module ShunnedWays: connections over which a call to a node met its deadline, so that the next calls to it take another way for a while.
 * A pure structure, bounded: the oldest gives way.
 */
import type { NodeId } from '../../core/index.js';

const SHUN_MS = 60_000;
const NODES_MAX = 1_024;

export class ShunnedWays {
  private readonly ways = new Map<NodeId, { readonly connectionId: number; readonly untilMs: number }>();

  /** One way for each node: the last one that failed. */
  add(nodeId: NodeId, connectionId: number, nowMs: number): void {
    this.ways.delete(nodeId);
    const [oldest] = this.ways.size >= NODES_MAX ? this.ways.keys() : [];
    if (oldest !== undefined) this.ways.delete(oldest);
    this.ways.set(nodeId, { connectionId, untilMs: nowMs + SHUN_MS });
  }

  has(nodeId: NodeId, connectionId: number, nowMs: number): boolean {
    const way = this.ways.get(nodeId);
    if (way === undefined) return false;
    if (nowMs >= way.untilMs) this.ways.delete(nodeId);
    return nowMs < way.untilMs && way.connectionId === connectionId;
  }
}
