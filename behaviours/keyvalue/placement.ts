/**
 * @module MapPlacement: which nodes hold a map: those closest to its key by the port `placement`, as far as they run this service. What was found is kept
 * until the router table changes, or for a second.
 */
import { BoundedMap, type ClosestNodes, type NodeId, nodeIdFromBytes, type RouterTable, type Sealer } from '../../core/index.js';
import type { MapAgent, Placed } from './host.js';

const DOMAIN = 'meshwright/keyvalue/map/1:';
const MAPS_MAX = 8_192;
const KEPT_MS = 1_000;
/** Closest nodes that are looked at first, and, where too few of them run this service, then. */
const LOOKED_AT = 64;
const LOOKED_AT_MAX = 65_536;
/** Beyond the holders: who may have been one before. */
const OTHERS = 2;

interface Found {
  placed: Placed | undefined;
  revision: number | undefined;
  atMs: number;
}

export class MapPlacement {
  private readonly keys = new BoundedMap<string, NodeId>(MAPS_MAX);
  private readonly found = new BoundedMap<string, Found>(MAPS_MAX);

  constructor(
    private readonly router: RouterTable,
    private readonly sealer: Sealer,
    private readonly serviceId: number,
    private readonly holders: number,
  ) {}

  /** By now; `undefined`: nobody knows any node yet. */
  of(agent: MapAgent, map: string): Placed | undefined {
    const known = this.found.get(map);
    const { revision } = this.router;
    const isFresh = known !== undefined && revision !== undefined && revision === known.revision && agent.nowMs < known.atMs + KEPT_MS;
    if (isFresh) return known.placed;
    const found = known ?? { placed: undefined, revision, atMs: agent.nowMs };
    found.revision = revision;
    found.atMs = agent.nowMs;
    this.found.set(map, found);
    this.lookUp(agent, map, found, LOOKED_AT);
    return found.placed;
  }

  private lookUp(agent: MapAgent, map: string, found: Found, count: number): void {
    const [placement] = agent.ports('placement');
    placement?.use((port) => port.closest(this.keyOf(map), count, (closest) => this.settled(agent, map, found, count, closest)));
  }

  private settled(agent: MapAgent, map: string, found: Found, count: number, { nodes, isComplete }: ClosestNodes): void {
    const able = nodes.filter((node) => this.router.offers(node, this.serviceId) !== false);
    if (able.length < this.holders + OTHERS && nodes.length >= count && count < LOOKED_AT_MAX)
      return this.lookUp(agent, map, found, LOOKED_AT_MAX);
    if (able.length === 0) return;
    const others = able.slice(this.holders, this.holders + OTHERS);
    found.placed = { nodes: able.slice(0, this.holders), others, isComplete };
  }

  private keyOf(map: string): NodeId {
    const known = this.keys.get(map);
    if (known !== undefined) return known;
    const key = nodeIdFromBytes(this.sealer.tag(DOMAIN + map));
    this.keys.set(map, key);
    return key;
  }
}
