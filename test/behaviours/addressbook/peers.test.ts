/** @module Tests of what an application asks of its address book: who is dialled how, who is active, and who was shared with whom (DNDM-31 to 34, 40). */
import { expect } from 'chai';
import { NetworkBehavior } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { seededIdentity } from '../../../testing/index.js';
import { bookOf, idOf, isConnected, Mesh } from './support.js';

describe('kind 18: peers of an application', () => {
  it('DNDM-32: those that are not outbound are known, not dialled, and kept when they come; each names its node', async () => {
    const mesh = new Mesh(41);
    const [a, b] = [await mesh.node('a'), await mesh.node('b')];
    expect(() => bookOf(a).addPeers(['sim://b'], { outbound: false }))
      .to.throw('names no node')
      .with.property('code', 'ARGUMENT_INVALID');
    bookOf(a).addPeers([`sim://${b.id}@b`], { outbound: false });
    await mesh.net.run(600_000);
    expect([isConnected(a, b), bookOf(a).entry(b.id)])
      .to.deep.include(false)
      .and.to.have.nested.property('1.isOutbound', false);
    await b.connect('sim://a');
    await mesh.net.run(1_000);
    expect(bookOf(a).entry(b.id)).to.include({ isConnected: true, isPersistent: true, isOutbound: false });
    const copy = await mesh.node('copy', { listen: [] });
    expect(bookOf(copy).importBook(bookOf(a).exportBook())).to.equal(true);
    await mesh.net.run(600_000);
    expect([isConnected(copy, b), bookOf(copy).entry(b.id)?.isOutbound]).to.deep.equal([false, false]);
    bookOf(copy).addPeers([`sim://${b.id}@b`]);
    await mesh.net.runUntil(() => isConnected(copy, b), 60_000);
    expect(bookOf(copy).entry(b.id)?.isOutbound).to.equal(true);
    await mesh.net.stop();
  }).timeout(60_000);

  it('DNDM-31: as many dials run at once as there are workers', async () => {
    for (const dialWorkers of [1, 3]) {
      const mesh = new Mesh(42, { latencyMs: 50 });
      await mesh.nodes(8);
      const persistent = Array.from({ length: 8 }, (_, index) => `sim://n${index}`);
      const a = await mesh.node('a', { listen: [] }, { persistent, dialWorkers });
      await mesh.net.run(20);
      expect(bookOf(a).counters.dials).to.equal(dialWorkers);
      expect(a.limits().behaviors['addressbook']?.['dialWorkers']).to.equal(dialWorkers);
      await mesh.net.stop();
    }
  });

  it('DNDM-34, DNDM-36: a peer with attempts of its own is given up, and kept when it comes by itself', async () => {
    const mesh = new Mesh(43);
    const a = await mesh.node('a');
    const entry = { address: `sim://${idOf('b')}@b`, attemptsMax: 2, backoff: { minMs: 10, multiplier: 1 } };
    bookOf(a).addPeers([entry]);
    await mesh.net.run(3_600_000);
    expect(bookOf(a).entry(idOf('b'))?.addresses[0]).to.include({ attempts: 3, failures: 3 });
    expect(bookOf(a).entry(idOf('b'))?.rules).to.deep.equal({ attemptsMax: 2, backoff: { minMs: 10, maxMs: 60_000, multiplier: 1 } });
    const b = await mesh.node('b', { identity: seededIdentity('b') });
    await mesh.net.run(600_000);
    expect(isConnected(a, b)).to.equal(false);
    bookOf(a).addPeers([entry]);
    await mesh.net.runUntil(() => isConnected(a, b), 60_000);
    await mesh.net.stop();
  });

  it('DNDM-32, DNDM-40: those that are active, without the remote and what it was sent; sharing ends with the connection', async () => {
    const mesh = new Mesh(44);
    const nodes = await mesh.nodes(4);
    const [a, b, c] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    await mesh.net.runUntil(() => nodes.every((node) => node.connections().length === 3), 60_000);
    await mesh.net.run(60_000);
    const book = bookOf(a);
    const ids = (remote?: SimulatedNode) => book.activePeers(remote?.id).map(({ nodeId }) => nodeId);
    expect([book.connectedCount, ids().length]).to.deep.equal([3, 3]);
    expect(ids(), 'everybody').to.have.members(nodes.slice(1).map(({ id }) => id));
    expect(ids(b), 'gossip has shared everybody').to.deep.equal([]);
    const late = await mesh.net.createNode({ name: 'late', builtins: ['handshake'] });
    await late.start();
    await a.connect('sim://late');
    await mesh.net.run(100);
    expect(ids(b), 'who signs nothing is not shared yet').to.deep.equal([late.id]);
    expect([book.setSharedPeers(b.id, [late.id]), ids(b), ids(c)]).to.deep.equal([true, [], [late.id]]);
    expect(book.setSharedPeers(idOf('nobody'), [late.id])).to.equal(false);
    await a.disconnectNode(b.id);
    await mesh.net.run(10);
    expect(ids(b), 'the connection has ended').to.include(c.id).and.not.to.include(b.id);
    await mesh.net.stop();
  }).timeout(60_000);

  it('ATM-12: a node that refuses because it has enough is asked again later, as one at its limit is', async () => {
    class Full extends NetworkBehavior {
      static readonly behavior = { serviceId: 80, name: 'full' } as const;
      override checkIncomingConnection() {
        return { reason: 'limited' } as const;
      }
    }
    const mesh = new Mesh(45);
    const full = await mesh.net.createNode({ name: 'full', behaviors: [Full] });
    await full.start();
    const a = await mesh.node('a', { listen: [], seeds: ['sim://full'] });
    const errors: unknown[] = [];
    a.on('dial-failed', ({ error }) => errors.push([error.code, error.details['reason'], error.details['by']]));
    await mesh.net.run(60_000);
    expect(errors[0]).to.deep.equal(['REMOTE_REJECTED', 'limited', 'remote']);
    expect(errors.length, 'each 5 s on average').to.be.within(6, 24);
    await mesh.net.stop();
  });
});
