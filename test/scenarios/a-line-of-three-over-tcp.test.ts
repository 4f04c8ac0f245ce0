/**
 * @module S1 and S8 over real TCP, on loopback: three nodes in a line. S1: forced routes at the ends; messages to a node, a key and a service
 * pass the middle; ttl 1 dies there; a middle that is killed and revived heals the line. S8: every table in turn in the middle, swapped
 * under load in both directions; nothing is lost, doubled or out of order. The same in virtual time stands beside this file.
 */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../behaviours/router-sync/index.js';
import {
  createNode,
  encodeValue,
  Identity,
  type Lost,
  type MeshNode,
  type Message,
  NetworkBehavior,
  type NodeId,
  type Route,
  type RouterTable,
  type SendOptions,
  toKey,
  toNode,
  toService,
} from '../../index.js';
import {
  DirectRouter,
  ForceLocalRouter,
  ForceNodeRouter,
  LayeredRouter,
  OverlayRouter,
  PathVectorRouter,
  StaticRouter,
} from '../../routing/index.js';
import { until } from '../../testing/index.js';

const TICK_MS = 1_000;

/** Sends numbers as fast as it is told, again and again where a lane was full, and keeps those that come. */
class Post extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'post' } as const;
  readonly got: { readonly source: NodeId; readonly isVerified: boolean; readonly number: number; readonly streamId: number }[] = [];

  send(route: Route, number: number, options: SendOptions = {}): string {
    return this.perform((agent) => agent.send(route, number, options));
  }

  override onMessage(_agent: unknown, message: Message): void {
    const { source, sourceVerified: isVerified, streamId } = message;
    this.got.push({ source, isVerified, number: message.value<number>() as number, streamId });
  }
}

/** A node of the line: no address book, which would connect the ends. */
async function lineNode(options: Parameters<typeof createNode>[0] = {}): Promise<MeshNode> {
  const node = await createNode({ listen: ['tcp://127.0.0.1:0'], builtins: ['handshake', 'router-sync'], logger: 'silent', ...options });
  await node.start();
  return node;
}

/** Alice - Bob - Carol. Bob dials the ends, wherever he comes back. */
class Line {
  readonly ends: MeshNode[] = [];
  readonly lost: Lost[] = [];
  bob!: MeshNode;
  private readonly identity = Identity.generate();

  constructor(private readonly middle: () => RouterTable) {}

  get alice(): MeshNode {
    return this.ends[0] as MeshNode;
  }

  get carol(): MeshNode {
    return this.ends[1] as MeshNode;
  }

  get isWhole(): boolean {
    return this.ends.every((end) => end.connections().length === 1) && this.bob.connections().length === 2;
  }

  /** `router`: of an end, once it is connected. */
  async start(router?: (index: number, connectionId: number, middle: NodeId) => RouterTable): Promise<this> {
    for (const index of [0, 1]) {
      const end = await lineNode({ behaviors: [Post] });
      if (router !== undefined) end.on('connected', ({ id, nodeId }) => end.useRouter(router(index, id, nodeId)));
      this.ends.push(end);
    }
    this.alice.on('lost', (lost) => this.lost.push(lost));
    await this.revive();
    return this;
  }

  async revive(): Promise<void> {
    const seeds = this.ends.map(({ addresses }) => `${addresses[0]}`);
    this.bob = await lineNode({ identity: this.identity, router: this.middle(), seeds });
    await until(() => this.isWhole);
  }

  /** To the far end by its id, as a key, and as a service. */
  routes(): readonly Route[] {
    return [toNode(this.carol.id), toKey(this.carol.id), toService(64)];
  }

  async stop(): Promise<void> {
    await Promise.all([...this.ends, this.bob].map((node) => node.stop()));
  }
}

const numbers = (node: MeshNode, streamId?: number) =>
  node
    .behavior(Post)
    .got.filter((one) => streamId === undefined || one.streamId === streamId)
    .map(({ number }) => number);

describe('S1 over TCP: a line of three with forced routes at its ends', () => {
  const forced = (index: number, connectionId: number, middle: NodeId) =>
    index === 0 ? new ForceNodeRouter(connectionId, middle) : new ForceLocalRouter();
  for (const Middle of [DirectRouter, LayeredRouter, PathVectorRouter])
    it(`over a ${Middle.name} reaches a node, a key and a service; ttl 1 dies at the middle; it heals when the middle is killed and revived`, async () => {
      const line = await new Line(() => new Middle()).start(forced);
      const { alice, carol, bob } = line;
      const post = alice.behavior(Post);
      for (const [index, route] of line.routes().entries()) {
        expect(post.send(route, 10 + index, { ttl: 1 })).equal('queued');
        expect(post.send(route, index, { ttl: 2, streamId: 7 })).equal('queued');
      }
      await until(() => numbers(carol).length >= 3 && line.lost.length >= 3);
      expect(carol.behavior(Post).got).eql([0, 1, 2].map((number) => ({ source: alice.id, isVerified: false, number, streamId: 7 })));
      const died = { cause: 'hop-limit', by: bob.id, fromServiceId: 64, serviceId: 64, streamId: 0 };
      expect(line.lost).eql([10, 11, 12].map((number) => ({ ...died, payloadStart: encodeValue(number) })));
      expect(bob.metrics()).include({ messages_dropped_hop_limit_total: 3 });
      bob.kill();
      await until(() => line.ends.every((end) => end.connections().length === 0));
      expect(post.send(toNode(carol.id), 99)).equal('unreachable');
      await line.revive();
      for (const [index, route] of line.routes().entries()) expect(post.send(route, 20 + index)).equal('queued');
      await until(() => numbers(carol).length >= 6, 3 * TICK_MS);
      expect(numbers(carol)).eql([0, 1, 2, 20, 21, 22]);
      await line.stop();
    });
});

const PER_BURST = 40;
const BURSTS = 150;
const STREAMS = [1, 2, 3];

describe('S8 over TCP: routers that are swapped under load', () => {
  /** A table that leads everywhere in a line of three at once, before it has learned anything: it knows the neighbours. */
  const tables = (line: Line): readonly (() => RouterTable)[] => [
    () => new PathVectorRouter(),
    () => new DirectRouter(),
    () => new LayeredRouter(),
    () => new OverlayRouter(),
    () => new StaticRouter({ default: line.carol.id }),
  ];

  for (const [index, name] of ['PathVectorRouter', 'DirectRouter', 'LayeredRouter', 'OverlayRouter', 'StaticRouter'].entries())
    it(`from ${name} to every other table and back, in the middle and at the ends: nothing is lost, doubled or out of order`, async () => {
      const line = await new Line(() => new PathVectorRouter()).start(
        (_end, connectionId, middle) => new ForceNodeRouter(connectionId, middle),
      );
      const all = tables(line);
      const from = all[index] as () => RouterTable;
      const { alice, carol, bob } = line;
      let swaps = 0;
      const sent = new Map<MeshNode, number>();
      for (let burst = 0; burst < BURSTS; burst++) {
        bob.useRouter(burst % 2 === 0 ? from() : (all[(burst >> 1) % all.length] as () => RouterTable)());
        const viaBob = () => new StaticRouter({ default: bob.id });
        for (const end of line.ends) end.useRouter(viaBob());
        swaps++;
        for (const [end, other] of [
          [alice, carol],
          [carol, alice],
        ] as const)
          for (let count = 0; count < PER_BURST; count++)
            for (const streamId of STREAMS)
              if (end.behavior(Post).send(toNode(other.id), burst * PER_BURST + count, { streamId }) === 'queued')
                sent.set(end, (sent.get(end) ?? 0) + 1);
        // What is under way now passes the next table.
        await new Promise((resolve) => setImmediate(resolve));
      }
      const total = BURSTS * PER_BURST;
      await until(() => line.ends.every((end) => numbers(end).length >= total * STREAMS.length), 10_000);
      expect([swaps, ...sent.values()]).eql([BURSTS, total * STREAMS.length, total * STREAMS.length]);
      const inOrder = Array.from({ length: total }, (_, number) => number);
      for (const end of line.ends) for (const streamId of STREAMS) expect(numbers(end, streamId)).eql(inOrder);
      expect(bob.metrics()).include({ messages_dropped_unreachable_total: 0, messages_dropped_lane_full_total: 0 });
      expect(bob.behavior(RouterSyncBehavior).counters.syncsSent).above(0);
      await line.stop();
    });
});
