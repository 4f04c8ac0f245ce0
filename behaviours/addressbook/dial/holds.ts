/**
 * @module Holds: the connections that the address book keeps from ending as idle: those that this node chose, and those to configured
 * nodes. Whatever the reasons, the agent holds a connection once.
 */
import type { BehaviorAgent, NodeId } from '../../../core/index.js';
import { sample } from '../../../core/structures/sample.js';

/** Connections that are too many in a large space are let go after this time. */
const SURPLUS_MS = 30_000;

export interface Chosen {
  readonly nodeId: NodeId;
  readonly group: string | undefined;
}

export class Holds {
  private readonly chosenById = new Map<number, Chosen>();
  private readonly configured = new Set<number>();
  private surplusSinceMs: number | undefined;

  /** Those that this node chose. */
  get chosen(): readonly Chosen[] {
    return [...this.chosenById.values()];
  }

  /** Some are too many, and are let go soon. */
  get hasSurplus(): boolean {
    return this.surplusSinceMs !== undefined;
  }

  choose(agent: BehaviorAgent, id: number, chosen: Chosen): void {
    this.chosenById.set(id, chosen);
    agent.hold(id);
  }

  configure(agent: BehaviorAgent, id: number): void {
    this.configured.add(id);
    agent.hold(id);
  }

  /** The node is no longer configured. */
  release(agent: BehaviorAgent, id: number): void {
    this.configured.delete(id);
    if (!this.chosenById.has(id)) agent.release(id);
  }

  ended(id: number): void {
    this.chosenById.delete(id);
    this.configured.delete(id);
  }

  /** In a space that has become larger than a full mesh, connections beyond `min` are given free; unused they end as idle. */
  letGo(agent: BehaviorAgent, isFull: boolean): void {
    const surplus = this.chosenById.size - agent.limits.connectionsMin;
    if (isFull || surplus <= 0) this.surplusSinceMs = undefined;
    else this.surplusSinceMs ??= agent.nowMs;
    if (this.surplusSinceMs === undefined || agent.nowMs - this.surplusSinceMs < SURPLUS_MS) return;
    const free = [...this.chosenById.keys()].filter((id) => !this.configured.has(id));
    for (const id of sample(free, surplus, agent.random)) {
      this.chosenById.delete(id);
      agent.release(id);
    }
  }
}
