/**
 * @module LearningRouter: a router table of one's own that learns from its neighbours. Each node tells each neighbour once a second which nodes
 * it reaches, on which path and with which services; nobody takes a path that leads through himself. Six nodes in a ring find each other,
 * and find the other way round when one of them dies. Run it with `node dist/examples/learning-router.js`.
 */
import {
  Behavior,
  isNodeId,
  type LinkMetric,
  LOCAL,
  NetworkBehavior,
  type NextHop,
  type NodeId,
  REJECT,
  type RouteAction,
  type RouteRule,
  RouterTable,
  Rpc,
  sharesPrefix,
  shortId,
  toNode,
} from '../index.js';
import { SimulatedNetwork } from '../simulation.js';
import { routerTableChecks } from '../testing/index.js';

/** How a node is reached: the neighbour first, the node itself last. And what it offers. */
interface Way {
  readonly path: readonly NodeId[];
  readonly services: readonly number[];
}

/** All in one sync, which has to fit into a lane (256 KiB). */
const NODES_MAX = 500;

class PathsRouter extends RouterTable {
  /** Tables of another kind are not understood. */
  override readonly kind = 'example-paths/1';
  readonly #links = new Map<number, NextHop>();
  /** What each link leads to. The neighbour itself is always in it. */
  readonly #ways = new Map<number, Map<NodeId, Way>>();
  readonly #own = new Set<number>();
  /** Links over which a sync has come. */
  readonly #filled = new Set<number>();

  /** Until then a table that this one replaces (`node.useRouter`) is asked too. */
  override get isFilled() {
    return [...this.#links.keys()].every((connectionId) => this.#filled.has(connectionId));
  }
  override linkUp(connectionId: number, nodeId: NodeId) {
    if (this.#links.has(connectionId)) return;
    this.#links.set(connectionId, { connectionId, nodeId });
    this.#ways.set(connectionId, new Map([[nodeId, { path: [nodeId], services: [] }]]));
  }
  override linkServices(connectionId: number, services: readonly number[]) {
    const link = this.#links.get(connectionId);
    if (link !== undefined) this.#ways.get(connectionId)?.set(link.nodeId, { path: [link.nodeId], services });
  }
  override linkDown(connectionId: number) {
    this.#links.delete(connectionId);
    this.#filled.delete(connectionId);
    this.#ways.delete(connectionId);
  }
  override registerService(serviceId: number) {
    this.#own.add(serviceId);
  }
  override unregisterService(serviceId: number) {
    this.#own.delete(serviceId);
  }

  override pathToNode(nodeId: NodeId, except?: number) {
    return nodeId === this.self ? LOCAL : this.#shortest((id) => id === nodeId, except).action;
  }
  override pathToKey(key: NodeId, except?: number) {
    const distance = (id: NodeId) => BigInt(`0x${id}`) ^ BigInt(`0x${key}`);
    let closest = this.self as NodeId;
    for (const [connectionId, ways] of this.#ways)
      if (connectionId !== except) for (const id of ways.keys()) if (distance(id) < distance(closest)) closest = id;
    return this.pathToNode(closest, except);
  }
  override pathToService(serviceId: number, _meta: number, except?: number) {
    return this.#own.has(serviceId) ? LOCAL : this.#shortest((_id, { services }) => services.includes(serviceId), except).action;
  }
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self) {
    const isWithin = (id?: NodeId) => id !== undefined && source !== undefined && sharesPrefix(id, source, scope);
    const next = [...this.#links.values()].filter(({ connectionId }) => {
      const ways = [...(this.#ways.get(connectionId) ?? [])];
      return connectionId !== except && ways.some(([id, { services }]) => services.includes(serviceId) && isWithin(id));
    });
    return { local: this.#own.has(serviceId) && isWithin(this.self), next };
  }

  /** Once a second for each neighbour: the shortest way to every node, but for those that lead through him. */
  override createSync(forNode: NodeId) {
    const ids = new Set([...this.#ways.values()].flatMap((ways) => [...ways.keys()]));
    const told: Way[] = [{ path: [this.self as NodeId], services: [...this.#own] }];
    for (const id of ids) {
      const { way } = this.#shortest((other, { path }) => other === id && !path.includes(forNode));
      if (way !== undefined) told.push({ path: [this.self as NodeId, ...way.path], services: way.services });
    }
    return new TextEncoder().encode(JSON.stringify(told.slice(0, NODES_MAX)));
  }
  /** Replaces all that this neighbour has told before; nothing at all takes it back. What is not as it should be changes nothing. */
  override applySync(connectionId: number, _metric: LinkMetric, sync: Uint8Array) {
    const link = this.#links.get(connectionId);
    const itself = [...(this.#ways.get(connectionId)?.values() ?? [])].filter(({ path }) => path.length === 1);
    const told = sync.length === 0 ? itself : readWays(sync);
    if (link === undefined || told === undefined) return;
    this.#filled.add(connectionId);
    const usable = told.filter(({ path }) => path[0] === link.nodeId && !path.includes(this.self as NodeId));
    this.#ways.set(connectionId, new Map(usable.map((way) => [way.path.at(-1) as NodeId, way])));
  }

  override explain(rule: RouteRule) {
    const { way } = rule.type === 'node' ? this.#shortest((id) => id === rule.nodeId) : {};
    const reason = way === undefined ? 'no path is needed, or known' : `over ${way.path.map(shortId).join(' > ')}`;
    return { rule, action: this.pathTo(rule, 0), reason, rejected: [] };
  }

  #shortest(isWanted: (id: NodeId, way: Way) => boolean, except?: number): { action: RouteAction; way?: Way } {
    let best: { action: RouteAction; way?: Way } = { action: REJECT };
    for (const [connectionId, link] of this.#links) {
      if (connectionId === except) continue;
      for (const [id, way] of this.#ways.get(connectionId) ?? [])
        if (isWanted(id, way) && way.path.length < (best.way?.path.length ?? Number.POSITIVE_INFINITY))
          best = { action: { type: 'next', ...link }, way };
    }
    return best;
  }
}

/** A neighbour may say anything. */
function readWays(sync: Uint8Array): readonly Way[] | undefined {
  try {
    const ways: unknown = JSON.parse(new TextDecoder().decode(sync));
    return Array.isArray(ways) && ways.length <= NODES_MAX && ways.every(isWay) ? ways : undefined;
  } catch {
    return undefined;
  }
}

function isWay(way: Partial<Way> | undefined): boolean {
  const { path, services } = way ?? {};
  const isPath = Array.isArray(path) && path.length > 0 && path.length <= 64 && path.every(isNodeId) && new Set(path).size === path.length;
  return isPath && Array.isArray(services) && services.length <= 256 && services.every(Number.isInteger);
}

@Behavior({ serviceId: 64, name: 'greeter' })
class Greeter extends NetworkBehavior {
  @Rpc() greet(request: { name: string }) {
    return { text: `Hello ${request.name}` };
  }
}

const checks = routerTableChecks({ reach: 'mesh', runs: 2 });
for (const check of checks) check.run(() => new PathsRouter());
console.log(`the table reaches everybody in any mesh: all ${checks.length} checks hold`);

const net = new SimulatedNetwork({ seed: 6, latencyMs: 10 });
for (let index = 0; index < 6; index++) {
  const seeds = index === 0 ? [] : [`sim://n${index - 1}`];
  if (index === 5) seeds.push('sim://n0');
  // No address book: it would connect everybody to everybody.
  await net.createNode({
    name: `n${index}`,
    seeds,
    router: PathsRouter,
    builtins: ['handshake', 'router-sync', 'rpc'],
    behaviors: [Greeter],
  });
}
const nodes = net.nodes;
await net.start(...nodes);
const [ada, , bob] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
const isReached = () => nodes.every((one) => nodes.every((other) => one.router.pathToNode(other.id).type !== 'reject'));
await net.runUntil(isReached);
console.log(`formed: to bob ${ada.explain(toNode(bob.id)).reason}`);
const greet = async () => (await ada.client(Greeter, toNode(bob.id)).greet({ name: 'ada' })).text;
console.log(await greet());

net.crash('n1', { reset: true });
await net.run(5_000);
console.log(`without n1: to bob ${ada.explain(toNode(bob.id)).reason}`);
console.log(await greet());
await net.stop();
