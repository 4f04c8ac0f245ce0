/**
 * @module ShadowFeed: finds out what changed in a table that learns paths, for a `ShadowRouter` elsewhere. The table marks the nodes about
 * which something was decided anew; everything else is compared with what was given before. Between two calls of `take` no more than
 * one mark for each node is kept.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { ServiceBalance } from '../rib/options.js';
import type { Rib } from '../rib/rib.js';
import type { RouteLink } from '../rib/route-link.js';
import { SELF } from '../structures/node-list.js';
import { NO_ROUTE, type ShadowDelta, type ShadowNodeDelta } from './shadow-delta.js';

/** The parts of a table that are looked at. */
export interface ShadowSource {
  readonly rib: Rib;
  readonly links: ReadonlyMap<number, RouteLink>;
  /** Services of the node's own behaviours. */
  readonly own: ReadonlySet<number>;
  readonly zoneBytes: number;
  readonly balance: ServiceBalance;
}

export class ShadowFeed {
  private source: ShadowSource | undefined;
  private readonly marked = new Set<number>();
  /** What was given: nodes by number, links, services. */
  private readonly nodes: (NodeId | undefined)[] = [];
  private readonly links = new Map<number, NodeId>();
  private readonly services = new Set<number>();

  /** `sourceOf` gives nothing as long as the table has not begun. */
  constructor(private readonly sourceOf: () => ShadowSource | undefined) {}

  /** What changed since the last time; the first time everything. To be applied as a whole, in this order. */
  take(): ShadowDelta[] {
    const deltas: ShadowDelta[] = [];
    if (this.source === undefined) {
      this.source = this.sourceOf();
      if (this.source === undefined) return deltas;
      const { rib, zoneBytes, balance } = this.source;
      rib.watchers.add(this.marked);
      this.markAll(rib);
      deltas.push({ type: 'begin', self: rib.nodes.idOf(SELF), zoneBytes, balance });
    }
    this.takeLinks(this.source, deltas);
    this.takeServices(this.source, deltas);
    for (const node of this.marked) this.takeNode(this.source, node, deltas);
    this.marked.clear();
    return deltas;
  }

  /** Nothing is marked from now on. The feed is not used any more. */
  close(): void {
    this.source?.rib.watchers.delete(this.marked);
    this.marked.clear();
  }

  /** A new link may have a detour for every node. */
  private takeLinks({ rib, links }: ShadowSource, deltas: ShadowDelta[]): void {
    for (const connectionId of this.links.keys()) {
      if (links.has(connectionId)) continue;
      this.links.delete(connectionId);
      deltas.push({ type: 'del-link', connectionId });
    }
    for (const [connectionId, { hop }] of links) {
      if (this.links.get(connectionId) === hop.nodeId) continue;
      this.links.set(connectionId, hop.nodeId);
      deltas.push({ type: 'set-link', connectionId, nodeId: hop.nodeId });
      this.markAll(rib);
    }
  }

  private takeServices({ own }: ShadowSource, deltas: ShadowDelta[]): void {
    for (const serviceId of this.services) if (!own.has(serviceId)) deltas.push({ type: 'del-service', serviceId });
    for (const serviceId of own) if (!this.services.has(serviceId)) deltas.push({ type: 'set-service', serviceId });
    this.services.clear();
    for (const serviceId of own) this.services.add(serviceId);
  }

  /** The number may mean another node than it did. */
  private takeNode(source: ShadowSource, node: number, deltas: ShadowDelta[]): void {
    const taken = source.rib.locRib.linkOf(node);
    const isGiven = taken !== undefined && taken.connectionId >= 0;
    const id = isGiven ? source.rib.nodes.idOf(node) : undefined;
    const before = this.nodes[node];
    if (before !== undefined && before !== id) deltas.push({ type: 'del-node', nodeId: before });
    this.nodes[node] = id;
    if (isGiven) deltas.push(nodeDelta(source, node, taken));
  }

  private markAll({ nodes }: Rib): void {
    for (let node = 1; node < nodes.end; node++) this.marked.add(node);
  }
}

function nodeDelta({ rib, links }: ShadowSource, node: number, taken: RouteLink): ShadowNodeDelta {
  const detours: { from: number; over: number }[] = [];
  for (const [from, link] of links) {
    const route = rib.routeFrom(node, link);
    if (route !== taken) detours.push({ from, over: route?.connectionId ?? NO_ROUTE });
  }
  return {
    type: 'set-node',
    nodeId: rib.nodes.idOf(node),
    connectionId: taken.connectionId,
    cost: taken.ribIn.costOf(node),
    services: rib.sets.listOf(rib.locRib.servicesOf(node)),
    detours,
  };
}
