/**
 * @module What comes over the new channel of a hand-over before it may be read: it is kept back where the transport can do that, nothing of it is
 * lost or read twice, wherever in a chunk the channel is proven and whatever share of the turn is left then.
 */
import { expect } from 'chai';
import { toConnection } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { converse, pairOf } from './conversation.js';

/** What the tests look at, and change, of a link. */
interface InnerLink {
  readonly direction: string;
  readonly phase: string;
  readonly handshakeCount: number;
  readonly channel: { readonly kind: string } | undefined;
  readonly heldBytes: number;
}

interface Inner {
  readonly network: {
    readonly links: { openTo(id: string): InnerLink | undefined };
    readonly parts: {
      readonly pipeline: { readonly budget: { hasRoom(link: InnerLink): boolean } };
    };
  };
}

const inner = (node: SimulatedNode) => (node as unknown as Inner).network;

describe('the new channel of a hand-over', () => {
  for (const seed of [2, 3])
    it(`row 113: gives up nothing that came in one chunk with the last message of its handshake (seed ${seed})`, async () => {
      const pair = await pairOf(seed);
      const { sim, ada } = pair;
      // The name of the channel comes over the relay before its proof does.
      sim.setLink('ada', 'bob', { latencyMs: 200, jitterMs: 0 });
      await converse(pair, 200, (round) => round === 50 && sim.heal());
      expect(ada.metrics()['handovers_total']).to.equal(1);
      await sim.stop();
    });

  for (const seed of [1])
    it(`row 113: is read once when it is proven by what a full turn had left over (seed ${seed})`, async () => {
      const pair = await pairOf(seed);
      const { sim, ada, bob } = pair;
      let deferredCount = 0;
      for (const node of [ada, bob]) {
        const { budget } = inner(node).parts.pipeline;
        const hasRoom = budget.hasRoom.bind(budget);
        const askedOnce = new Set<InnerLink>();
        const deferred = new Set<InnerLink>();
        budget.hasRoom = (link) => {
          const isMeant = link.direction === 'incoming' && link.phase === 'securing' && link.handshakeCount === 1;
          if (!isMeant || link.channel?.kind !== 'stream' || deferred.has(link)) return hasRoom(link);
          if (!askedOnce.has(link)) return askedOnce.add(link) && hasRoom(link);
          deferredCount++;
          return !deferred.add(link);
        };
      }
      await converse(pair, 200, (round) => round === 50 && sim.heal());
      expect([ada.metrics()['handovers_total'], deferredCount > 0]).to.deep.equal([1, true]);
      await sim.stop();
    });

  it('row 113: is paused until the old one was read to its end, however much is sent and however slow the old one is', async () => {
    const { sim, hubs, ada, bob } = await pairOf(1);
    const [small, large] = ada.id < bob.id ? [ada, bob] : [bob, ada];
    for (const { name } of hubs) for (const end of ['ada', 'bob']) sim.setLink(name, end, { latencyMs: 100, jitterMs: 0 });
    sim.setLink('ada', 'bob', { latencyMs: 1, jitterMs: 0 });
    await sim.run(2_000);
    const connection = large.connections().find(({ nodeId }) => nodeId === small.id);
    const ended: string[] = [];
    for (const node of [ada, bob]) node.on('disconnected', ({ reason }) => ended.push(reason.code));
    sim.heal();
    let heldMax = 0;
    for (let round = 0; round < 4_000 && connection?.path === 'relayed'; round++) {
      for (let result = 'queued'; result === 'queued'; ) result = large.send(toConnection(connection.id), 64, new Uint8Array(30_000));
      await sim.run(5);
    }
    for (let round = 0; round < 200; round++) {
      for (let result = 'queued'; result === 'queued'; ) result = large.send(toConnection(connection?.id ?? 0), 64, new Uint8Array(30_000));
      await sim.run(5);
      heldMax = Math.max(heldMax, inner(small).links.openTo(large.id)?.heldBytes ?? 0);
    }
    expect([connection?.path, ended]).to.deep.equal(['direct', []]);
    expect(heldMax).to.be.below(1_048_576);
    await sim.stop();
  });
});
