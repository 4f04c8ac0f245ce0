/**
 * @module A connection whose channel is lost goes on over another one: it stays the same connection, and of numbered messages of five services in
 * both directions, and of an open stream, nothing is lost, doubled or out of order.
 */
import { expect } from 'chai';
import type { DatagramSink } from '../../../core/index.js';
import { NetworkError } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { converse, type Pair, type PairOptions, pairOf, type Story, talkThrough } from './conversation.js';

/** The system takes the node's socket of datagrams away. */
function breakSocket({ sim }: Pair, node: SimulatedNode): void {
  const { topology } = sim as unknown as { topology: { find(name: string): { instance: { sockets: Map<number, DatagramSink> } } } };
  const { sockets } = topology.find(node.name).instance;
  const sink = sockets.get(7_400);
  sockets.delete(7_400);
  sink?.onFailed(new NetworkError('TRANSPORT_FAILED', 'the network is down'));
}

describe('a connection whose channel is lost', () => {
  for (const [what, options] of [
    ['TCP', { relays: 1 }],
    ['UDP', { relays: 1, direct: 'udp' }],
  ] as const satisfies readonly (readonly [string, PairOptions])[])
    for (const seed of [1, 2])
      it(`row 113: goes on when the only relay dies in the midst of its hand-over to ${what} (seed ${seed})`, async () => {
        const outcome = await talkThrough('relay-dies', seed, 350, options);
        expect(outcome).to.include({ hasDied: true, isSame: true, path: 'direct' });
      });

  for (const seed of [1, 2])
    it(`row 113: goes on over a relay when its direct path over UDP dies (seed ${seed})`, async () => {
      const outcome = await talkThrough('udp-to-relayed' satisfies Story, seed, 350);
      expect(outcome).to.deep.equal({ handovers: 0, resumptions: 2, hasDied: false, isSame: true, path: 'relayed' });
    });

  it('goes back to its direct path when that is there again', async () => {
    const { sim, ada, bob, id } = await pairOf(5, { direct: 'udp', isDirect: true });
    const path = () => ada.connections().find((connection) => connection.id === id)?.path;
    sim.partition(['ada'], ['bob']);
    await sim.runUntil(() => path() === 'relayed', 15_000);
    sim.heal();
    await sim.runUntil(() => path() === 'direct', 60_000);
    await sim.run(20_000);
    expect([path(), bob.connections().filter(({ nodeId }) => nodeId === ada.id).length]).to.deep.equal(['direct', 1]);
    await sim.stop();
  });

  for (const loser of ['ada', 'bob'] as const)
    it(`goes on over another channel when the socket of one side fails (${loser}), whichever side decides`, async () => {
      const pair = await pairOf(7, { direct: 'udp', isDirect: true });
      await converse(pair, 250, (round) => round === 20 && breakSocket(pair, pair[loser]));
      expect(pair.ada.connections().some(({ id }) => id === pair.id)).to.equal(true);
      await pair.sim.stop();
    });

  it('goes on when the socket of its old channel fails in the midst of a hand-over', async () => {
    const pair = await pairOf(9);
    const { sim, ada, bob } = pair;
    const inner = ada as unknown as {
      readonly network: { readonly links: { get(id: number): { readonly former?: { readonly socketId: number } } | undefined } };
      readonly runner: { step(input: object): void };
    };
    let broken = 0;
    await converse(pair, 350, (round) => {
      if (round === 20) sim.heal();
      const socketId = inner.network.links.get(pair.id)?.former?.socketId;
      if (socketId === undefined || broken++ > 0) return;
      inner.runner.step({ type: 'socket-closed', socketId, cause: new NetworkError('TRANSPORT_FAILED', 'it was closed') });
    });
    expect(broken).to.be.above(0);
    expect(ada.connections().find(({ nodeId }) => nodeId === bob.id)).to.include({ id: pair.id, path: 'direct' });
    await sim.stop();
  });

  for (const loser of ['ada', 'bob'] as const)
    it(`goes on when the socket of its new channel fails right after a hand-over (${loser}), whichever side decides`, async () => {
      const pair = await pairOf(1, { direct: 'udp' });
      const { sim, ada, bob, id } = pair;
      sim.heal();
      await sim.runUntil(() => ada.connections().find((connection) => connection.id === id)?.path === 'direct', 15_000);
      await sim.run(500);
      breakSocket(pair, pair[loser]);
      await converse(pair, 150, () => {});
      expect(ada.connections().find(({ nodeId }) => nodeId === bob.id)).to.include({ id, path: 'direct' });
      await sim.stop();
    });

  it('has 10 s for a hand-over, however soon it follows on another one', async () => {
    const pair = await pairOf(9, { relays: 1, direct: 'udp' });
    const { sim, ada, id } = pair;
    const path = () => ada.connections().find((connection) => connection.id === id)?.path;
    sim.heal();
    await sim.runUntil(() => path() === 'direct', 15_000);
    const firstMs = sim.nowMs;
    sim.partition(['ada'], ['bob']);
    await sim.runUntil(() => path() === 'relayed', 15_000);
    sim.heal();
    for (const name of ['ada', 'bob']) sim.setLink(name, 'relay0', { latencyMs: 500 });
    await sim.runUntil(() => path() === 'direct', 15_000);
    expect(sim.nowMs - firstMs, 'the first one is 10 s ago in the midst of the second one').to.be.within(8_500, 9_900);
    await converse(pair, 100, () => {});
    expect([path(), pair.bob.metrics()['handovers_total']]).to.deep.equal(['direct', 2]);
    await sim.stop();
  });

  it('ends after 5 s without another one when its socket has failed', async () => {
    const pair = await pairOf(8, { direct: 'udp', isDirect: true });
    const { sim, ada, bob, hubs, id } = pair;
    const reasons: string[] = [];
    ada.on('disconnected', ({ connection, reason }) => connection.id === id && reasons.push(`${reason.code}: ${reason.text}`));
    for (const hub of hubs) sim.crash(hub);
    sim.partition(['ada'], ['bob']);
    breakSocket(pair, ada);
    await sim.run(4_990);
    expect([ada.connections().some((connection) => connection.id === id), reasons]).to.deep.equal([true, []]);
    await sim.run(20);
    expect(reasons).to.deep.equal(['transport: the network is down']);
    await sim.run(20_000);
    expect(bob.connections()).to.deep.equal([]);
    await sim.stop();
  });

  it('ends when there is no other path', async () => {
    const { sim, ada, bob, hubs } = await pairOf(6, { direct: 'udp', isDirect: true });
    for (const hub of hubs) sim.crash(hub);
    sim.partition(['ada'], ['bob']);
    await sim.run(30_000);
    expect([ada, bob].map((node) => node.connections().length)).to.deep.equal([0, 0]);
    await sim.stop();
  });
});
