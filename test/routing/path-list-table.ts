/**
 * @module A small table that learns whole paths from its neighbours, to prove the mesh part of `routerTableSuite` with. Every sync is
 * the full table as JSON; a path that holds the reader's own id is not taken. Too simple and too talkative for real use.
 */
import { type NodeId, sharesPrefix } from '../../core/address/node-id.js';
import { isCloser } from '../../core/address/xor-distance.js';
import {
  type ClosestNodes,
  type LinkMetric,
  LOCAL,
  type NextHop,
  REJECT,
  type RouteAction,
  type RouteFanout,
  RouterTable,
} from '../../core/api/router-table.js';

/** A known node: the nodes on the way, itself last, and what it offers. */
export interface KnownPath {
  readonly path: readonly NodeId[];
  readonly services: readonly number[];
}

export class PathListTable extends RouterTable {
  override readonly kind = 'path-list';
  readonly #links = new Map<number, NodeId>();
  /** What each link leads to, by destination. The neighbour itself is always in it. */
  readonly #paths = new Map<number, Map<NodeId, KnownPath>>();
  readonly #own = new Set<number>();
  /** Links whose neighbour has sent a sync. */
  readonly #filled = new Set<number>();

  override get isFilled(): boolean {
    return [...this.#links.keys()].every((connectionId) => this.#filled.has(connectionId));
  }

  /** What a link leads to now, and a way to spoil it: for the tests of the suite. */
  pathsOver(connectionId: number): readonly [NodeId, KnownPath][] {
    return [...(this.#paths.get(connectionId) ?? [])];
  }

  addPaths(connectionId: number, paths: readonly [NodeId, KnownPath][]): void {
    const known = this.#paths.get(connectionId);
    for (const [nodeId, path] of paths) if (known?.has(nodeId) === false) known.set(nodeId, path);
  }

  override linkUp(connectionId: number, nodeId: NodeId): void {
    if (this.#links.has(connectionId)) return;
    this.#links.set(connectionId, nodeId);
    this.#paths.set(connectionId, new Map([[nodeId, { path: [nodeId], services: [] }]]));
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    const nodeId = this.#links.get(connectionId);
    if (nodeId !== undefined) this.#paths.get(connectionId)?.set(nodeId, { path: [nodeId], services: [...services] });
  }

  override linkDown(connectionId: number): void {
    this.#links.delete(connectionId);
    this.#paths.delete(connectionId);
    this.#filled.delete(connectionId);
  }

  override registerService(serviceId: number): void {
    this.#own.add(serviceId);
  }

  override unregisterService(serviceId: number): void {
    this.#own.delete(serviceId);
  }

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    if (nodeId === this.self) return LOCAL;
    return this.#best((id) => id === nodeId, except)?.action ?? REJECT;
  }

  override pathToKey(key: NodeId, except?: number): RouteAction {
    let closest = this.self as NodeId;
    for (const [connectionId, known] of this.#paths) {
      if (connectionId === except) continue;
      for (const nodeId of known.keys()) if (isCloser(nodeId, closest, key)) closest = nodeId;
    }
    return this.pathToNode(closest, except);
  }

  override pathToService(serviceId: number, _meta: number, except?: number): RouteAction {
    if (this.#own.has(serviceId)) return LOCAL;
    return this.#best((_id, known) => known.services.includes(serviceId), except)?.action ?? REJECT;
  }

  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self): RouteFanout {
    const next = new Map<NodeId, NextHop>();
    const isWithin = (nodeId: NodeId | undefined) => nodeId !== undefined && source !== undefined && sharesPrefix(nodeId, source, scope);
    for (const [connectionId, nodeId] of this.#links) {
      const known = [...(this.#paths.get(connectionId) ?? [])];
      const leads = known.some(([id, { services }]) => services.includes(serviceId) && isWithin(id));
      if (leads && connectionId !== except && !next.has(nodeId)) next.set(nodeId, { connectionId, nodeId });
    }
    return { local: this.#own.has(serviceId) && isWithin(this.self), next: [...next.values()] };
  }

  override closest(key: NodeId, count: number): ClosestNodes {
    const known = new Set([this.self as NodeId, ...[...this.#paths.values()].flatMap((paths) => [...paths.keys()])]);
    const nodes = [...known].sort((one, other) => (isCloser(one, other, key) ? -1 : 1)).slice(0, count);
    return { nodes, isComplete: this.isFilled };
  }

  override createSync(forNode: NodeId): Uint8Array | undefined {
    const entries = [[[this.self], [...this.#own]]];
    const known = new Set([...this.#paths.values()].flatMap((paths) => [...paths.keys()]));
    for (const nodeId of known) {
      const best = this.#best((id, { path }) => id === nodeId && !path.includes(forNode), undefined);
      if (best !== undefined) entries.push([[this.self, ...best.known.path], [...best.known.services]]);
    }
    return new TextEncoder().encode(JSON.stringify(entries));
  }

  override applySync(connectionId: number, _metric: LinkMetric, sync: Uint8Array): void {
    const peer = this.#links.get(connectionId);
    const entries = sync.length === 0 ? this.#saidOfItself(connectionId) : readSync(sync);
    if (peer === undefined || entries === undefined) return;
    this.#filled.add(connectionId);
    const usable = entries.filter(([path]) => !path.includes(this.self as NodeId));
    this.#paths.set(connectionId, new Map(usable.map(([path, services]) => [path.at(-1) as NodeId, { path, services }])));
  }

  /** What is left of a neighbour that has nothing to tell: itself. */
  #saidOfItself(connectionId: number): [NodeId[], number[]][] {
    const peer = this.#links.get(connectionId) as NodeId;
    return [[[peer], [...(this.#paths.get(connectionId)?.get(peer)?.services ?? [])]]];
  }

  /** The shortest path that is wanted; among equals the first link's. */
  #best(
    isWanted: (nodeId: NodeId, known: KnownPath) => boolean,
    except: number | undefined,
  ): { action: RouteAction; known: KnownPath } | undefined {
    let best: { action: RouteAction; known: KnownPath } | undefined;
    for (const [connectionId, nodeId] of this.#links) {
      if (connectionId === except) continue;
      for (const [id, known] of this.#paths.get(connectionId) ?? []) {
        const isShorter = best === undefined || known.path.length < best.known.path.length;
        if (isShorter && isWanted(id, known)) best = { action: { type: 'next', connectionId, nodeId }, known };
      }
    }
    return best;
  }
}

export function readSync(sync: Uint8Array): [NodeId[], number[]][] | undefined {
  try {
    const entries: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(sync));
    return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(entry: unknown): entry is [NodeId[], number[]] {
  return Array.isArray(entry) && entry.length === 2 && entry.every(Array.isArray);
}
