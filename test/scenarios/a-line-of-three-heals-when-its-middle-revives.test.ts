/**
 * @module S1, with forced routes at the ends: three nodes in a line; messages to a node, a key and a service pass the middle; ttl 1 dies
 * there; when the middle is killed and revived, the line heals within three ticks. The sending end forces everything over its one link,
 * the receiving end takes everything for its own: an end that forces what it receives, too, could only send it back.
 */
import { expect } from 'chai';
import { type Route, toKey, toNode, toService } from '../../core/index.js';
import { DirectRouter, ForceLocalRouter, ForceNodeRouter, LayeredRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';
import { type RecordingBehavior, recordingBehavior } from '../../testing/index.js';
import { slotOf } from '../core/node/life-cycle.js';

const TICK_MS = 1_000;

type MiddleRouter = typeof DirectRouter | typeof LayeredRouter;

/** Alice - Bob - Carol. The ends know one way only. */
class Line {
  readonly network: SimulatedNetwork;
  readonly heard: Record<string, RecordingBehavior> = {};
  readonly nodes: Record<string, SimulatedNode> = {};

  constructor(
    seed: number,
    private readonly middle: MiddleRouter = DirectRouter,
  ) {
    this.network = new SimulatedNetwork({ seed, latencyMs: 5, jitterMs: 5 });
  }

  async start(limits = {}): Promise<this> {
    await (await this.network.createNode({ name: 'bob', builtins: [], router: this.middle })).start();
    for (const name of ['alice', 'carol']) await this.end(name, limits);
    await this.network.runUntil(() => this.isWhole, 3 * TICK_MS);
    return this;
  }

  get isWhole(): boolean {
    const wanted: Readonly<Record<string, number>> = { alice: 1, bob: 2, carol: 1 };
    return this.network.nodes.length === 3 && this.network.nodes.every((node) => node.connections().length === wanted[node.name]);
  }

  /** Carol's messages, as first bytes. */
  get delivered(): (number | undefined)[] {
    return (this.heard['carol'] as RecordingBehavior).messages.map(({ payload }) => payload[0]);
  }

  send(route: Route, byte: number, options = {}): unknown {
    const alice = this.nodes['alice'] as SimulatedNode;
    const network = alice['network'];
    let result: unknown;
    alice['runner'].enter(() => {
      result = network.callbacks.perform(slotOf({ network }, 64), (agent) => agent.send(route, Uint8Array.of(byte), options));
    });
    return result;
  }

  routes(): readonly Route[] {
    const { id } = this.nodes['carol'] as SimulatedNode;
    return [toNode(id), toKey(id), toService(64)];
  }

  private async end(name: string, limits: object): Promise<void> {
    const behavior = recordingBehavior({ serviceId: 64, name });
    const node = await this.network.createNode({ name, builtins: [], seeds: ['sim://bob'], behaviors: [behavior], limits });
    node.on('connected', ({ id, nodeId }) => node.useRouter(name === 'alice' ? new ForceNodeRouter(id, nodeId) : new ForceLocalRouter()));
    this.heard[name] = behavior;
    this.nodes[name] = node;
    await node.start();
  }
}

describe('a line of three with forced routes at its ends (S1)', () => {
  for (const middle of [DirectRouter, LayeredRouter]) {
    describe(`and a ${middle.name} in its middle`, () => {
      it('delivers to a node, a key and a service; the source is named, and not verified', async () => {
        const line = await new Line(1, middle).start();
        line.routes().forEach((route, index) => void line.send(route, index, { streamId: 7, extension: Uint8Array.of(9) }));
        await line.network.run(TICK_MS);
        expect(line.delivered).to.deep.equal([0, 1, 2]);
        for (const message of line.heard['carol']?.messages ?? []) {
          expect(message).to.include({
            source: line.nodes['alice']?.id,
            sourceVerified: false,
            fromServiceId: 64,
            serviceId: 64,
            streamId: 7,
          });
          expect(message.extension).to.deep.equal(Uint8Array.of(9));
        }
        await line.network.stop();
      });

      it('loses at the middle what may take one hop only, and counts it; two hops are enough', async () => {
        const line = await new Line(2, middle).start();
        const bob = line.network.nodes.find(({ name }) => name === 'bob') as SimulatedNode;
        for (const route of line.routes()) {
          expect(line.send(route, 1, { ttl: 1 })).to.equal('queued');
          expect(line.send(route, 2, { ttl: 2 })).to.equal('queued');
        }
        await line.network.run(TICK_MS);
        expect([line.delivered, bob.metrics()['messages_dropped_hop_limit_total']]).to.deep.equal([[2, 2, 2], 3]);
        await line.network.stop();
      });

      it('heals within three ticks when the middle is killed and revived, twenty times', async () => {
        for (let seed = 0; seed < 20; seed++) {
          const line = await new Line(seed, middle).start();
          line.network.crash('bob', { reset: true });
          const revived = line.network.restart('bob');
          const killedMs = line.network.nowMs;
          await line.network.runUntil(() => !line.isWhole, TICK_MS);
          await line.network.runUntil(() => line.isWhole, 3 * TICK_MS - (line.network.nowMs - killedMs));
          await revived;
          line.routes().forEach((route, index) => void line.send(route, index));
          await line.network.run(100);
          expect(line.delivered, `seed ${seed}`).to.deep.equal([0, 1, 2]);
          await line.network.stop();
        }
      });
    });
  }

  it('heals within three ticks of the revival, too, when the middle was away for a minute and back-off is short', async () => {
    const line = await new Line(3).start({ backoffMaxMs: 2_000 });
    line.network.crash('bob', { reset: true });
    await line.network.run(60 * TICK_MS);
    expect(line.send(line.routes()[0] as Route, 9)).to.equal('unreachable');
    await line.network.restart('bob');
    await line.network.runUntil(() => line.isWhole, 3 * TICK_MS);
    await line.network.stop();
  });
});
