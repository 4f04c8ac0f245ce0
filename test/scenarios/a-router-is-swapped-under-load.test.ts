/** @module S8, with one-hop tables: routers are swapped under load, at the ends and in the middle; nothing is lost, doubled or out of order. */
import { expect } from 'chai';
import { type Message, NetworkBehavior, toNode } from '../../core/index.js';
import { DirectRouter, StaticRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';

const SECONDS = 5;
const PER_BURST = 25;
const BURST_MS = 10;
const SWAP_MS = 7;

class Counter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'counter' } as const;
  readonly heard: number[] = [];
  sent = 0;
  burst(to: SimulatedNode, count: number): void {
    this.perform((agent) => {
      for (let index = 0; index < count; index++) if (agent.send(toNode(to.id), this.sent) === 'queued') this.sent++;
    });
  }
  override onMessage(_agent: unknown, message: Message): void {
    this.heard.push(message.value<number>() as number);
  }
}

describe('routers that are swapped under load (S8)', () => {
  it('lose nothing, double nothing, and keep the order', async () => {
    const network = new SimulatedNetwork({ seed: 8, latencyMs: 10, jitterMs: 5 });
    const bob = await network.createNode({ name: 'bob', builtins: [], behaviors: [Counter] });
    await bob.start();
    const viaBob = () => new StaticRouter({ default: bob.id });
    const [alice, carol] = (await Promise.all(
      ['alice', 'carol'].map((name) =>
        network.createNode({ name, builtins: [], seeds: ['sim://bob'], behaviors: [Counter], router: viaBob() }),
      ),
    )) as [SimulatedNode, SimulatedNode];
    await network.start(alice, carol);
    await network.runUntil(() => [alice, carol].every((end) => end.connections().length === 1));
    let swaps = 0;
    for (let atMs = 0; atMs < SECONDS * 1_000; atMs += SWAP_MS)
      network.after(atMs, () => {
        swaps++;
        bob.useRouter(DirectRouter);
        for (const end of [alice, carol]) end.useRouter(viaBob());
      });
    for (let atMs = 0; atMs < SECONDS * 1_000; atMs += BURST_MS)
      network.after(atMs, () => {
        alice.behavior(Counter).burst(carol, PER_BURST);
        carol.behavior(Counter).burst(alice, PER_BURST);
      });
    await network.run(SECONDS * 1_000 + 1_000);
    for (const [from, to] of [
      [alice, carol],
      [carol, alice],
    ] as const) {
      expect(from.behavior(Counter).sent).to.equal(((SECONDS * 1_000) / BURST_MS) * PER_BURST);
      expect(to.behavior(Counter).heard).to.deep.equal(Array.from({ length: from.behavior(Counter).sent }, (_, index) => index));
    }
    expect([swaps, bob.metrics()['messages_dropped_unreachable_total']]).to.deep.equal([Math.ceil((SECONDS * 1_000) / SWAP_MS), 0]);
    await network.stop();
  });

  it('that cannot be taken leave the old one at work', async () => {
    const network = new SimulatedNetwork({ seed: 9 });
    const bob = await network.createNode({ name: 'bob', builtins: [], behaviors: [Counter] });
    const alice = await network.createNode({ name: 'alice', builtins: [], seeds: ['sim://bob'], behaviors: [Counter] });
    await network.start(bob, alice);
    await network.runUntil(() => alice.connections().length === 1);
    class Broken extends DirectRouter {
      override linkUp(): void {
        throw new Error('bug');
      }
    }
    expect(() => alice.useRouter(Broken)).to.throw('bug');
    alice.behavior(Counter).burst(bob, 3);
    await network.run(100);
    expect(bob.behavior(Counter).heard).to.deep.equal([0, 1, 2]);
    await network.stop();
  });
});
