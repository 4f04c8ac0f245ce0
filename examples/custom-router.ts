/**
 * @module CustomRouter: a router table of one's own, for the leaves of a star. Two leaves know the hub and nobody else; what is not for
 * the hub goes there all the same, and the hub passes it on. Run it with `node dist/examples/custom-router.js`.
 */
import {
  Behavior,
  createNode,
  LOCAL,
  NetworkBehavior,
  type NextHop,
  type NodeId,
  REJECT,
  type RouteAction,
  RouterTable,
  Rpc,
  toNode,
} from '../index.js';
import { routerTableChecks } from '../testing/index.js';

/** What is for this node stays; everything else goes to the neighbour that has been connected for longest. */
class LeafRouter extends RouterTable {
  readonly #links = new Map<number, NextHop>();
  readonly #own = new Set<number>();

  override pathToNode(nodeId: NodeId, except?: number) {
    return nodeId === this.self ? LOCAL : this.#away(except);
  }
  override pathToKey(_key: NodeId, except?: number) {
    return this.#away(except);
  }
  override pathToService(serviceId: number, _meta: number, except?: number) {
    return this.#own.has(serviceId) ? LOCAL : this.#away(except);
  }
  override pathsToServices(serviceId: number, _scope: number, except?: number) {
    return { local: this.#own.has(serviceId), next: this.#hubs(except) };
  }
  override linkUp(connectionId: number, nodeId: NodeId) {
    if (!this.#links.has(connectionId)) this.#links.set(connectionId, { connectionId, nodeId });
  }
  override linkDown(connectionId: number) {
    this.#links.delete(connectionId);
  }
  override registerService(serviceId: number) {
    this.#own.add(serviceId);
  }
  override unregisterService(serviceId: number) {
    this.#own.delete(serviceId);
  }

  #away(except: number | undefined): RouteAction {
    const [hub] = this.#hubs(except);
    return hub === undefined ? REJECT : { type: 'next', ...hub };
  }
  /** One or none. Nothing goes back to where it came from. */
  #hubs(except: number | undefined): NextHop[] {
    return [...this.#links.values()].filter(({ connectionId }) => connectionId !== except).slice(0, 1);
  }
}

@Behavior({ serviceId: 64, name: 'greeter' })
class Greeter extends NetworkBehavior {
  @Rpc() greet(request: { name: string }) {
    return { text: `Hello ${request.name}` };
  }
}

const checks = routerTableChecks({ reach: 'all' });
for (const check of checks) check.run(() => new LeafRouter());
console.log(`the table keeps the contract of router tables: all ${checks.length} checks hold`);

const hub = await createNode({ listen: ['tcp://127.0.0.1:0'] });
const bob = await createNode({ router: LeafRouter });
const cleo = await createNode({ router: LeafRouter, behaviors: [Greeter] });
for (const node of [hub, bob, cleo]) await node.start();
for (const leaf of [bob, cleo]) await leaf.connect(`${hub.addresses[0]}`);

const { text } = await bob.client(Greeter, toNode(cleo.id)).greet({ name: 'leaf' });
console.log(`cleo answers bob over the hub: ${text}`);
console.log(`the hub has passed on ${hub.metrics()['messages_forwarded_total']} messages`);

for (const node of [bob, cleo, hub]) await node.stop();
