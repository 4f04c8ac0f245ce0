/**
 * @module Floods and slow subscribers: what they take is their own, and topics beside them lose nothing and are no later. `FLOOD_SECONDS` floods longer:
 * with 4 it is 100,000 topics.
 */
import { expect } from 'chai';
import * as wire from '../../../behaviours/pubsub/messages.js';
import { type BehaviorAgent, type Message, NetworkBehavior, type NodeId, toConnection, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Ledger } from './ledger.js';
import { pubsubOf, ready, World } from './support.js';

const SECONDS = Number(process.env['FLOOD_SECONDS'] ?? 1);
const TICK_MS = 5;

/** Has the service, and floods with it. */
class Flooder extends NetworkBehavior {
  static readonly behavior = { serviceId: 5, name: 'pubsub', rpc: ['register'] } as const;
  readonly writer = new wire.MessageWriter();
  override onMessage(_agent: BehaviorAgent, _message: Message): void {}
  register(): unknown {
    return { offers: [] };
  }
  flood(to: NodeId, work: (send: (bytes: Uint8Array, streamId?: number) => void) => void): void {
    this.perform((agent) => {
      const route = toConnection(agent.connectionTo(to)?.id ?? 0);
      work((bytes, streamId = 0) => agent.send(route, bytes, { streamId }));
    });
  }
}

describe('a flood of a member (row 75)', () => {
  it('of 50,000 messages a second, half of them of ever new topics, and of names of a MiB takes less than 64 MiB, and a topic beside it loses nothing', async function () {
    this.timeout(240_000);
    const world = new World();
    const [publisher, relay, subscriber] = (await world.line(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    const flooder = await world.net.createNode({
      ...{ name: 'flooder', seeds: ['sim://n1'], builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [Flooder] },
    });
    await world.net.start(flooder);
    await world.net.run(2_000);
    const ledger = new Ledger();
    const interest = pubsubOf(subscriber).subscribe('news', ledger.options('subscriber'));
    const intent = pubsubOf(publisher).publish('news');
    await ready(world.net, intent, interest);
    const { writer } = flooder.behavior(Flooder);
    const message = Uint8Array.of(wire.MESSAGES, 0, 0, 0, 0, 0, 1, 3, 1);
    const topicOf = (index: number) => index.toString(16).padStart(64, '0') as NodeId;
    const refused: string[] = [];
    const register = (name: string, index: number) => {
      const topics = Array.from({ length: 1_000 }, (_, at) => [Buffer.from(topicOf(1_000 * index + at), 'hex'), `${name}/${at}`, '']);
      const value = { place: new Uint8Array(32).fill(index), wishes: [], topics: name.length > 256 ? topics.slice(0, 1) : topics };
      flooder.call(toNode(relay.id), 5, 'register', { ...value, isFirst: true, isLast: true }).catch(({ code }) => refused.push(code));
    };
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    let subscribed = 0;
    for (let passedMs = 0; passedMs < SECONDS * 1_000; passedMs += TICK_MS) {
      flooder.behavior(Flooder).flood(relay.id, (send) => {
        for (let index = 0; index < 125; index++) send(message, 1 + (index % 64));
        for (let index = 0; index < 125; index++, subscribed++)
          send(
            writer.subscribe({
              label: subscribed,
              publisher: publisher.id,
              topicId: topicOf(subscribed),
              count: 1,
              window: 0,
              epoch: 0,
              from: 0,
            }),
          );
      });
      if (passedMs % 40 === 0) register(passedMs % 80 === 0 ? `f/${passedMs}` : 'x'.repeat(2 ** 20 - 1_000), passedMs / 40);
      for (let sent = 0; sent < TICK_MS; sent++) intent.send(passedMs + sent);
      await world.net.run(TICK_MS);
    }
    globalThis.gc?.();
    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).to.be.below(64);
    expect(subscribed).to.equal(25_000 * SECONDS);
    await world.net.run(5_000);
    expect(ledger.totals).to.deep.equal({ delivered: SECONDS * 1_000, missed: 0, lostSight: 0, causes: {} });
    expect(ledger.faults).to.deep.equal([]);
    expect(new Set(refused)).to.include.members(['LIMIT_EXCEEDED', 'PUBSUB_MALFORMED']);
    expect(pubsubOf(relay).counters.messagesUnknown).to.be.above(12_500 * SECONDS);
    expect([pubsubOf(relay).registrationCount, pubsubOf(relay).feedCount].every((count) => count <= 4_096 + 10)).to.equal(true);
    await world.net.stop();
  });
});

describe('a slow subscriber (row 76)', () => {
  /** How late messages are at a subscriber that reads at once: the 99th of 100, in ms. */
  async function p99(slow: 'none' | 'drop-oldest' | 'drop-newest' | 'latest'): Promise<number> {
    const world = new World(4, { bandwidth: 1_000_000 });
    const [publisher, , near, far] = (await world.line(4)) as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    const late: number[] = [];
    const onMessage = ({ value }: { readonly value: unknown }) => late.push(world.net.nowMs - (value as { readonly atMs: number }).atMs);
    const fast = [near, far].map((node) => pubsubOf(node).subscribe('news', { onMessage }));
    const others = slow === 'none' ? [] : [near, far].map((node) => pubsubOf(node).subscribe('news', { whenFull: slow, waitingMax: 8 }));
    const intent = pubsubOf(publisher).publish('news');
    await ready(world.net, intent, ...fast, ...others);
    for (let sent = 0; sent < 3_000; sent++) {
      intent.send({ atMs: world.net.nowMs, text: 'x'.repeat(100) });
      await world.net.run(1);
    }
    await world.net.run(1_000);
    await world.net.stop();
    expect(late.length).to.equal(6_000);
    return late.sort((a, b) => a - b)[Math.floor(0.99 * late.length)] as number;
  }

  for (const slow of ['drop-oldest', 'drop-newest', 'latest'] as const)
    it(`with ${slow} fills its own queue alone: others are as late as without it, by 20 % at most`, async function () {
      this.timeout(120_000);
      const quiet = await p99('none');
      expect((await p99(slow)) / quiet).to.be.within(0.8, 1.2);
    });
});
