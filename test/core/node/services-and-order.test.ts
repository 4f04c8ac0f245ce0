/** @module What holds for the behaviours of every node, in the simulator and on real sockets: their services are known, and they run in one order. */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type ConnectionAgent,
  type ConnectionEvent,
  ConnectionHandler,
  createNode,
  type MeshNode,
  type Message,
  NetworkBehavior,
  type NodeId,
  type NodeOptions,
  toConnection,
  toLocal,
  toService,
} from '../../../index.js';
import { OverlayRouter } from '../../../routing/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { until } from '../../../testing/index.js';

const MESSAGES = 200;

/** Somewhere to run nodes. */
interface World {
  start(options: NodeOptions): Promise<MeshNode>;
  /** Where a node that was started listens. */
  addressOf(node: MeshNode): string;
  runUntil(predicate: () => boolean): Promise<unknown>;
  end(): Promise<unknown>;
}

function simulated(): World {
  const net = new SimulatedNetwork({ seed: 1, latencyMs: 5, jitterMs: 4 });
  let count = 0;
  const start = async (options: NodeOptions) => {
    const node = await net.createNode({ ...options, name: `n${count++}` });
    await net.start(node);
    return node;
  };
  return { start, addressOf: (node) => `${node.addresses[0]}`, runUntil: (fact) => net.runUntil(fact, 10_000), end: () => net.stop() };
}

function real(): World {
  const nodes: MeshNode[] = [];
  const start = async (options: NodeOptions) => {
    const node = await createNode({ ...options, listen: ['tcp://127.0.0.1:0'], logger: 'silent' });
    nodes.push(node);
    await node.start();
    return node;
  };
  const end = () => Promise.all(nodes.map((node) => node.stop()));
  return { start, addressOf: (node) => `${node.addresses[0]}`, runUntil: (fact) => until(fact), end };
}

class Registering extends OverlayRouter {
  readonly services: number[] = [];
  override registerService(serviceId: number): void {
    this.services.push(serviceId);
    super.registerService(serviceId);
  }
}

class Plain extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'plain' } as const;
}

class Taker extends NetworkBehavior {
  static readonly behavior = { serviceId: 77, name: 'taker' } as const;
  readonly taken: unknown[] = [];
  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.taken.push(message.value());
  }
}

/** Writes down in which order its callbacks see what others send, and whether one ran within another one. */
class Ordered extends NetworkBehavior {
  static readonly behavior = { serviceId: 65, name: 'ordered' } as const;
  readonly byHandler = new Map<NodeId, unknown[]>();
  readonly byBehavior = new Map<NodeId, unknown[]>();
  readonly own: unknown[] = [];
  nested = 0;
  private isWithin = false;

  alone(work: () => void): void {
    if (this.isWithin) this.nested++;
    this.isWithin = true;
    work();
    this.isWithin = false;
  }

  sendAll(to: NodeId): void {
    this.perform((agent) => {
      const { id = 0 } = agent.connectionTo(to) ?? {};
      for (let number = 0; number < MESSAGES; number++) agent.send(toConnection(id), number);
    });
  }

  override onConnected(): ConnectionHandler {
    return new Handler(this);
  }
  override onHandlerEvent(_agent: BehaviorAgent, nodeId: NodeId, _connectionId: number, number: unknown): void {
    this.alone(() => note(this.byBehavior, nodeId, number));
  }
  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.alone(() => this.own.push(message.value()));
  }
}

class Handler extends ConnectionHandler {
  constructor(private readonly owner: Ordered) {
    super();
  }
  override onEvent(agent: ConnectionAgent, event: ConnectionEvent): void {
    if (event.type !== 'message') return;
    this.owner.alone(() => {
      note(this.owner.byHandler, agent.connection.nodeId, event.value());
      agent.sendToBehavior(event.value());
      agent.send(toLocal(), event.value());
    });
  }
}

function note(log: Map<NodeId, unknown[]>, nodeId: NodeId, value: unknown): void {
  log.set(nodeId, [...(log.get(nodeId) ?? []), value]);
}

for (const [where, makeWorld] of [
  ['in the simulator', simulated],
  ['on real sockets', real],
] as const)
  describe(`the behaviours of a node, ${where}`, () => {
    let world: World;
    beforeEach(() => {
      world = makeWorld();
    });
    afterEach(() => world.end());
    const builtins = ['handshake', 'router-sync'] as const;

    it('ATM-07: have their services registered in the router when the node is built, so that others reach them by service', async () => {
      const router = new Registering();
      const bob = await world.start({ builtins, router, behaviors: [Plain, Taker] });
      expect([...router.services].sort((one, other) => one - other)).to.deep.equal([1, 3, 64, 77]);
      const alice = await world.start({ builtins, behaviors: [Plain] });
      await alice.connect(world.addressOf(bob));
      await world.runUntil(() => alice.explain(toService(77)).action.type === 'next');
      expect(alice.send(toService(77), 77, 'hello')).to.equal('queued');
      await world.runUntil(() => bob.behavior(Taker).taken.length > 0);
      expect(bob.behavior(Taker).taken).to.deep.equal(['hello']);
      expect(alice.send(toService(78), 78, 'hello'), 'a service that nobody has').to.equal('unreachable');
    });

    it('ATM-15: run one callback at a time, handlers and behaviour, and get what each other node sends in its order', async () => {
      const bob = await world.start({ builtins, behaviors: [Ordered] });
      const others = [await world.start({ builtins, behaviors: [Ordered] }), await world.start({ builtins, behaviors: [Ordered] })];
      for (const other of others) await other.connect(world.addressOf(bob));
      for (const other of others) other.behavior(Ordered).sendAll(bob.id);
      const { byHandler, byBehavior, own } = bob.behavior(Ordered);
      await world.runUntil(() => own.length >= 2 * MESSAGES);
      const numbers = Array.from({ length: MESSAGES }, (_, number) => number);
      for (const { id } of others) expect([byHandler.get(id), byBehavior.get(id)]).to.deep.equal([numbers, numbers]);
      expect(own.length, 'what handlers have sent to the node itself').to.equal(2 * MESSAGES);
      expect(bob.behavior(Ordered).nested).to.equal(0);
    });
  });
