/**
 * @module Neighbours: the open links by connection and by node, for tables that answer from what is next to them. Where a node has two
 * links (the moment of a replacement), the one that came up first is used until it goes (never an arbitrary one). It
 * keeps one entry per open link, so the connection limit bounds it. It decides no route.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { LinkMetric, NextHop, RouteAction } from '../../core/api/router-table.js';

export type NextAction = Extract<RouteAction, { type: 'next' }>;

const NO_SERVICES: ReadonlySet<number> = new Set();
const SERVICE_ID_MAX = 255;

/** Service ids are one byte on the wire: no more of them are kept, whatever a remote lists. */
export function isServiceId(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= SERVICE_ID_MAX;
}

/** A metric that was measured, or is unknown; anything else is refused as a whole. */
export function isSoundMetric(metric: LinkMetric): boolean {
  return isSoundPart(metric.rttMs, Number.MAX_VALUE) && isSoundPart(metric.lossRatio, 1) && isSoundPart(metric.bandwidth, Number.MAX_VALUE);
}

function isSoundPart(value: number | undefined, max: number): boolean {
  return value === undefined || (value >= 0 && value <= max);
}

/** One open link. `hop` and `action` are the frozen answers that name it. */
export class Neighbour {
  readonly hop: NextHop;
  readonly action: NextAction;
  rttMs: number | undefined = undefined;
  services: ReadonlySet<number> = NO_SERVICES;
  /** The next link to the same node in the order of coming up. */
  younger: Neighbour | undefined = undefined;

  constructor(
    readonly connectionId: number,
    readonly nodeId: NodeId,
  ) {
    this.hop = Object.freeze({ connectionId, nodeId });
    this.action = Object.freeze({ type: 'next', connectionId, nodeId });
  }
}

export class Neighbours {
  readonly #byConnection = new Map<number, Neighbour>();
  /** For every node with a link: its oldest one. */
  readonly #byNode = new Map<NodeId, Neighbour>();

  /** How many nodes there are. */
  get size(): number {
    return this.#byNode.size;
  }

  /** The link that is used for the node. */
  of(nodeId: NodeId): Neighbour | undefined {
    return this.#byNode.get(nodeId);
  }

  on(connectionId: number): Neighbour | undefined {
    return this.#byConnection.get(connectionId);
  }

  /** The node at the other end; `undefined` for no connection and for one that is not open. */
  nodeOn(connectionId: number | undefined): NodeId | undefined {
    return connectionId === undefined ? undefined : this.#byConnection.get(connectionId)?.nodeId;
  }

  /** One link per node, in the order in which the nodes became neighbours. */
  nodes(): Iterable<Neighbour> {
    return this.#byNode.values();
  }

  /** Ignores a connection that is there already. */
  add(connectionId: number, nodeId: NodeId): void {
    if (this.#byConnection.has(connectionId)) return;
    const link = new Neighbour(connectionId, nodeId);
    this.#byConnection.set(connectionId, link);
    let last = this.#byNode.get(nodeId);
    if (last === undefined) {
      this.#byNode.set(nodeId, link);
      return;
    }
    while (last.younger !== undefined) last = last.younger;
    last.younger = link;
  }

  /** Gives the link that went, if there was one; `of` then gives the next link of that node, or nothing. */
  remove(connectionId: number): Neighbour | undefined {
    const link = this.#byConnection.get(connectionId);
    if (link === undefined) return undefined;
    this.#byConnection.delete(connectionId);
    let older = this.#byNode.get(link.nodeId) as Neighbour;
    if (older !== link) {
      while (older.younger !== link) older = older.younger as Neighbour;
      older.younger = link.younger;
    } else if (link.younger === undefined) this.#byNode.delete(link.nodeId);
    else this.#byNode.set(link.nodeId, link.younger);
    return link;
  }
}
