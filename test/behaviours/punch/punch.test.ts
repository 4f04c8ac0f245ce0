/**
 * @module The punch behaviour: nodes behind the same NAT and behind several, what the way through costs messages, and what is said where there is none.
 */
import { expect } from 'chai';
import { toConnection, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { INBOX, Inbox, inboxOf } from '../circuit/support.js';
import { meet } from './matrix.js';
import { ALICE_NAT, BOB_NAT, pathBetween, punchOf, worldOf } from './support.js';

/** What `explain` says of the last attempt. */
function saidOf(from: SimulatedNode, to: SimulatedNode): string {
  const candidates = from.explain(toNode(to.id)).path?.candidates ?? [];
  return candidates.map(({ reason }) => reason).find((reason) => reason.startsWith('through NATs')) ?? '';
}

describe('punch', () => {
  it('two nodes behind one NAT that turns nothing round meet in their own network; behind one that does, too (USERS 21)', async () => {
    for (const hairpin of [false, true]) {
      const met = await meet({ kind: 'port-restricted', hairpin }, 'open', { isShared: true });
      expect(met.paths, met.reasons.join('; ')).to.deep.equal(['direct', 'direct']);
    }
  });

  it('behind two NATs each they meet as behind one; behind one carrier, if it turns datagrams round', async () => {
    const carrier = { kind: 'port-restricted', behind: '7.8.9.1' } as const;
    for (const [outer, isBobBehind, paths] of [
      [{ kind: 'restricted' }, false, 'direct'],
      [{ kind: 'restricted', hairpin: true }, true, 'direct'],
      [{ kind: 'restricted' }, true, 'relayed'],
    ] as const) {
      const before = (network: { addNat(name: string, options: object): void }) => network.addNat('7.8.9.1', outer);
      const met = await meet(carrier, isBobBehind ? carrier : 'port-restricted', { before: before as never });
      expect(met.paths, `${outer.kind} ${met.reasons.join('; ')}`).to.deep.equal([paths, paths]);
    }
  });

  it('a relayed connection becomes the direct one, and of what is sent meanwhile nothing is lost, doubled or out of order', async () => {
    const { network, alice, bob } = await worldOf('symmetric', 'port-restricted', { behaviors: [Inbox] });
    const connection = await alice.connect(bob.id);
    expect(connection.path).to.equal('relayed');
    let count = 0;
    while (pathBetween(alice, bob) !== 'direct' && network.nowMs < 60_000) {
      alice.send(toConnection(connection.id), INBOX, new Uint8Array([count >> 8, count++ & 255]));
      await network.run(10);
    }
    await network.run(2_000);
    const numbers = inboxOf(bob).received.map(([high = 0, low = 0]) => high * 256 + low);
    expect(numbers).to.deep.equal(Array.from({ length: count }, (_, index) => index));
    expect(count).to.be.above(100);
    expect([alice.connections().includes(connection), connection.path]).to.deep.equal([true, 'direct']);
    expect([punchOf(alice).counters.guessed, punchOf(bob).counters.guessed]).to.deep.equal([1, 1]);
    await network.stop();
  });

  it('two that dial each other at the same moment meet in one attempt, without a relay', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { network, alice, bob, relay, other } = await worldOf('port-restricted', 'port-restricted', { seed });
      const beganMs = network.nowMs;
      const dials = [alice.connect(bob.id), bob.connect(alice.id)];
      expect((await Promise.all(dials)).map(({ path }) => path)).to.deep.equal(['direct', 'direct']);
      // The first initiation may come too early, and the second is sent a second later.
      expect(network.nowMs - beganMs).to.be.below(2_000);
      expect(punchOf(relay).counters.helped + punchOf(other).counters.helped).to.equal(1);
      await network.stop();
    }
  });

  it('who dials a node while an attempt with it runs gets what comes of that attempt, whenever it began to', async () => {
    const { network, alice, bob } = await worldOf('port-restricted', 'port-restricted');
    const dials = [alice.connect(bob.id)];
    while (pathBetween(alice, bob) === 'none' && dials.length < 100) {
      await network.run(20);
      dials.push(alice.connect(bob.id));
    }
    const connections = await Promise.all(dials);
    expect([new Set(connections).size, connections[0]?.path, punchOf(alice).counters.asked]).to.deep.equal([1, 'direct', 1]);
    expect(dials.length).to.be.within(10, 99);
    await network.stop();
  });

  it('the NAT is known from two helpers, over streams too, and `unknown` with one', async () => {
    const known = await worldOf('symmetric', 'restricted');
    expect([known.alice, known.bob].map((node) => node.reachability().nat)).to.deep.equal(['address-dependent', 'endpoint-independent']);
    expect([...new Set(known.bob.reachability().addresses.map(({ host }) => host))]).to.deep.equal([BOB_NAT]);
    expect(known.alice.reachability().addresses.every(({ host }) => host === ALICE_NAT)).to.equal(true);
    await known.network.stop();
    const unknown = await worldOf('symmetric', 'restricted', { helpers: { help: false } });
    expect(unknown.alice.reachability().nat).to.equal('unknown');
    await unknown.network.stop();
  });

  for (const seed of [2, 3])
    it(`the NAT is asked after anew when a new connection shows the node in another network (seed ${seed})`, async () => {
      const { network, alice, relay, other } = await worldOf('symmetric', 'restricted', { seed });
      // From here on the timer takes minutes.
      await network.run(30_000);
      expect(alice.reachability().nat).to.equal('address-dependent');
      network.addNat('7.8.9.10', { kind: 'port-restricted' });
      network.setNat(alice, '7.8.9.10');
      for (const { id } of [relay, other]) alice.disconnectNode(id);
      await network.runUntil(() => alice.connections().length === 2, 60_000);
      await network.run(5_000);
      expect(alice.reachability().nat).to.equal('endpoint-independent');
      await network.stop();
    });

  const CASES = [
    ['symmetric', 'symmetric', {}, 'the NATs of both sides map each remote to another address'],
    ['symmetric', 'port-restricted', { punch: { guess: false } }, 'one NAT maps each remote to another address, and ports are not guessed'],
    ['restricted', 'restricted', { helpers: { help: false } }, 'it helps nobody'],
    ['restricted', 'restricted', { helpersListen: false }, 'no address of it for datagrams is known'],
    ['restricted', 'restricted', { announce: ['udp://9.9.9.66:7400'] }, 'no address of it for datagrams is known'],
    ['restricted', 'restricted', { bobAt: '2001:db8::9' }, 'it sees one of the two over IPv4, the other over IPv6'],
    ['restricted', 'blocked', {}, 'no datagram of this node or of the other one has reached it'],
  ] as const;
  for (const [one, other, options, reason] of CASES)
    it(`stays relayed, and explain says why: ${reason} (H-23, USERS 21)`, async () => {
      const { network, alice, bob } = await worldOf(one, other, options);
      await alice.connect(bob.id);
      await network.run(20_000);
      expect(pathBetween(alice, bob)).to.equal('relayed');
      expect(saidOf(alice, bob)).to.match(new RegExp(`^through NATs .*${reason}$`));
      await network.stop();
    });

  it('an attempt leaves nothing behind: no token, no socket, no queue, at the helpers neither', async () => {
    const { network, alice, bob, relay, other } = await worldOf('symmetric', 'port-restricted');
    await alice.connect(bob.id);
    await network.run(60_000);
    expect(pathBetween(alice, bob)).to.equal('direct');
    for (const node of [alice, bob, relay, other])
      for (const { name, messages } of node.queues()) if (name.startsWith('punch.')) expect(messages, name).to.equal(0);
    for (const node of network.nodes) expect(probesOf(node)).to.deep.equal({ awaited: 0, welcome: 0, taken: node === alice ? 1 : 0 });
    await network.stop();
  });
});

/** What the engine keeps of probes. */
function probesOf(node: SimulatedNode) {
  const { probes } = (node as unknown as { network: { parts: { probes: Record<'awaited' | 'welcome' | 'taken', { size: number }> } } })
    .network.parts;
  return { awaited: probes.awaited.size, welcome: probes.welcome.size, taken: probes.taken.size };
}
