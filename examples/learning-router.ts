/**
 * @module LearningRouter: a router table of one's own that learns from its neighbours. Each node advertises to each neighbour once a second
 * which nodes it reaches, on which path and with which services; a path through the receiver is never advertised nor taken (split horizon).
 * Six nodes in a ring find each other, and take the path around the other side when one of them dies. Run it with `node dist/examples/learning-router.js`.
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
interface Route {
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
  readonly #routes = new Map<number, Map<NodeId, Route>>();
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
    this.#routes.set(connectionId, new Map([[nodeId, { path: [nodeId], services: [] }]]));
  }
  override linkServices(connectionId: number, services: readonly number[]) {
    const link = this.#links.get(connectionId);
    if (link !== undefined) this.#routes.get(connectionId)?.set(link.nodeId, { path: [link.nodeId], services });
  }
  override linkDown(connectionId: number) {
    this.#links.delete(connectionId);
    this.#filled.delete(connectionId);
    this.#routes.delete(connectionId);
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
    for (const [connectionId, routes] of this.#routes)
      if (connectionId !== except) for (const id of routes.keys()) if (distance(id) < distance(closest)) closest = id;
    return this.pathToNode(closest, except);
  }
  override pathToService(serviceId: number, _meta: number, except?: number) {
    return this.#own.has(serviceId) ? LOCAL : this.#shortest((_id, { services }) => services.includes(serviceId), except).action;
  }
  override pathsToServices(serviceId: number, scope: number, except?: number, source = this.self) {
    const isWithin = (id?: NodeId) => id !== undefined && source !== undefined && sharesPrefix(id, source, scope);
    const next = [...this.#links.values()].filter(({ connectionId }) => {
      const routes = [...(this.#routes.get(connectionId) ?? [])];
      return connectionId !== except && routes.some(([id, { services }]) => services.includes(serviceId) && isWithin(id));
    });
    return { local: this.#own.has(serviceId) && isWithin(this.self), next };
  }

  /** Once a second for each neighbour: the shortest route to every node, but for those that lead through that neighbour. */
  override createSync(forNode: NodeId) {
    const ids = new Set([...this.#routes.values()].flatMap((routes) => [...routes.keys()]));
    const advertised: Route[] = [{ path: [this.self as NodeId], services: [...this.#own] }];
    for (const id of ids) {
      const { route } = this.#shortest((other, { path }) => other === id && !path.includes(forNode));
      if (route !== undefined) advertised.push({ path: [this.self as NodeId, ...route.path], services: route.services });
    }
    return new TextEncoder().encode(JSON.stringify(advertised.slice(0, NODES_MAX)));
  }
  /** Replaces all that this neighbour has advertised before; no bytes at all take it back. What is malformed changes nothing. */
  override applySync(connectionId: number, _metric: LinkMetric, sync: Uint8Array) {
    const link = this.#links.get(connectionId);
    const itself = [...(this.#routes.get(connectionId)?.values() ?? [])].filter(({ path }) => path.length === 1);
    const advertised = sync.length === 0 ? itself : readRoutes(sync);
    if (link === undefined || advertised === undefined) return;
    this.#filled.add(connectionId);
    const usable = advertised.filter(({ path }) => path[0] === link.nodeId && !path.includes(this.self as NodeId));
    this.#routes.set(connectionId, new Map(usable.map((route) => [route.path.at(-1) as NodeId, route])));
  }

  override explain(rule: RouteRule) {
    const { route } = rule.type === 'node' ? this.#shortest((id) => id === rule.nodeId) : {};
    const reason = route === undefined ? 'no route is needed, or known' : `via ${route.path.map(shortId).join(', ')}`;
    return { rule, action: this.pathTo(rule, 0), reason, rejected: [] };
  }

  #shortest(isWanted: (id: NodeId, route: Route) => boolean, except?: number): { action: RouteAction; route?: Route } {
    let best: { action: RouteAction; route?: Route } = { action: REJECT };
    for (const [connectionId, link] of this.#links) {
      if (connectionId === except) continue;
      for (const [id, route] of this.#routes.get(connectionId) ?? [])
        if (isWanted(id, route) && route.path.length < (best.route?.path.length ?? Number.POSITIVE_INFINITY))
          best = { action: { type: 'next', ...link }, route };
    }
    return best;
  }
}

/** A neighbour may send anything. */
function readRoutes(sync: Uint8Array): readonly Route[] | undefined {
  try {
    const routes: unknown = JSON.parse(new TextDecoder().decode(sync));
    return Array.isArray(routes) && routes.length <= NODES_MAX && routes.every(isRoute) ? routes : undefined;
  } catch {
    return undefined;
  }
}

function isRoute(route: Partial<Route> | undefined): boolean {
  const { path, services } = route ?? {};
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
