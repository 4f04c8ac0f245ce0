/**
 * @module A relayed connection becomes a direct one while it is used: id, connection and handlers stay, and of numbered messages of several
 * services, in both directions, none is lost, doubled or out of order, whatever happens to relays and channels at the time.
 */
import { expect } from 'chai';
import { toNode } from '../../../core/index.js';
import { converse, pairOf, talkThrough } from './conversation.js';
import { errorOf } from './support.js';

describe('a relayed connection', () => {
  it('becomes direct by itself when a direct path is there, under traffic in both directions, and stays the same connection', async () => {
    const pair = await pairOf(1);
    const { sim, ada, bob, id } = pair;
    const before = ada.connections().find((connection) => connection.id === id);
    expect(before?.path).to.equal('relayed');
    await converse(pair, 400, (round) => round === 50 && sim.heal());
    const after = ada.connections().find((connection) => connection.id === id);
    expect([after === before, after?.path, bob.connections().filter(({ nodeId }) => nodeId === ada.id).length]).to.deep.equal([
      true,
      'direct',
      1,
    ]);
    expect(ada.explain(toNode(bob.id)).path).to.include({ type: 'direct', connectionId: id });
    expect(ada.metrics()['handovers_total']).to.equal(1);
    await sim.run(30_000);
    expect(ada.links().find(({ connectionId }) => connectionId === id)?.rttMs).to.be.below(40);
    await sim.stop();
    expect(sim.faults).to.deep.equal([]);
  });

  for (const seed of [3, 5, 7, 1014, 1023, 1029])
    it(`row 113: loses nothing when the relay dies in the midst of the hand-over (seed ${seed})`, async () => {
      const { hasDied, isSame, path } = await talkThrough('relay-dies', seed, 350, { relays: 2 });
      expect({ hasDied, isSame, path }).to.deep.equal({ hasDied: true, isSame: true, path: 'direct' });
    });

  it('row 113: a hand-over or a resumption that names no proven channel, comes twice, or from the side that does not decide, changes nothing', async () => {
    const pair = await pairOf(9);
    const { sim, ada, bob } = pair;
    const forged = [
      Uint8Array.of(8, ...Array(16).fill(7)),
      Uint8Array.of(9, 0, 1, 64, ...Array(12).fill(7)),
      Uint8Array.of(10, 64, ...Array(7).fill(0)),
    ];
    for (const [from, to] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      const { network } = from as unknown as {
        network: { links: { openTo(id: string): object; sendControl(link: object, body: Uint8Array): void } };
      };
      const { runner } = from as unknown as { runner: { enter(work: () => void): void } };
      for (let round = 0; round < 3; round++)
        for (const body of forged) runner.enter(() => network.links.sendControl(network.links.openTo(to.id), body));
    }
    await converse(pair, 50, () => {});
    expect([ada, bob].map((node) => node.connections().filter(({ path }) => path === 'relayed').length)).to.deep.equal([1, 1]);
    const refused = [ada, bob].map((node) => Number(node.metrics()['control_unknown_total'] ?? node.metrics()['unknown_control_total']));
    expect(Math.min(...refused)).to.be.at.least(8);
    await sim.stop();
  });

  it('stays relayed while there is no other path, and a dial of its node gives it back', async () => {
    const { sim, ada, bob, id } = await pairOf(10);
    await sim.run(60_000);
    expect((await ada.connect(bob.id)).id).to.equal(id);
    expect((await errorOf(ada.connect('sim://bob', { timeoutMs: 3_000 }))).code).to.equal('DIAL_TIMEOUT');
    expect(ada.connections().find((connection) => connection.id === id)?.path).to.equal('relayed');
    await sim.stop();
  });
});
