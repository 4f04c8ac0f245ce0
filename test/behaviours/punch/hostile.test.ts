/**
 * @module What members may do to each other with the punch service: helpers that refer to victims, referrals that are forged or used again, neighbours
 * that ask too much, and addresses that are not the asker's.
 */
import { expect } from 'chai';
import { AGREED, POP, POPPING, REASONS, REFERRED, REFUSED, writePop, writeReferred } from '../../../behaviours/punch/messages.js';
import { signReferral } from '../../../behaviours/punch/referral.js';
import { ByteWriter, type NatMapping, type NodeId, nodeIdFromBytes, parseAddress, toConnection, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Fake, PORT, punchOf, worldOf } from './support.js';

const VICTIM = '9.9.9.66';
const PROBE_BYTES = 29;
const writer = new ByteWriter();
const nonceOf = (number: number) =>
  new Uint8Array(16)
    .fill(1 + (number % 250))
    .with(0, number >> 8)
    .with(1, number & 255);
/** A node that nobody has met. */
const strangerOf = (number: number): NodeId =>
  nodeIdFromBytes(
    new Uint8Array(32)
      .fill(7)
      .with(0, number >> 8)
      .with(1, number & 255),
  );

interface Lure {
  readonly number: number;
  readonly at?: string;
  readonly mapping?: NatMapping;
  readonly waitMs?: number;
  /** Changes what is sent as a referral. */
  readonly forge?: (fake: Fake, good: Uint8Array, bob: NodeId) => Uint8Array;
}

/** A helper that sends Bob to a victim: asks him, and refers him when he agrees. */
function lure(
  helper: SimulatedNode,
  bob: SimulatedNode,
  { number, at = VICTIM, mapping = 'address-dependent', waitMs = 0, forge }: Lure,
): void {
  const fake = helper.behavior(Fake);
  const about = strangerOf(number);
  fake.answer = (agent, { kind, nonce }, connectionId) => {
    if (kind !== AGREED) return;
    const good = signReferral({ about, forNode: bob.id, nonce }, parseAddress(`udp://${at}:${PORT}`), fake.signer);
    const referral = forge?.(fake, good, bob.id) ?? good;
    agent.send(toConnection(connectionId), writeReferred(writer, nonce, { mapping, waitMs, near: [], referral }));
  };
  const pop = { token: nonceOf(number), mapping, node: about };
  fake.run((agent) => agent.send(toNode(bob.id), writePop(writer, POPPING, nonceOf(number), pop)));
}

describe('punch among members that lie', () => {
  it('row 114: a helper that refers to a victim gets it 131 KiB of small probes in ten minutes at most, from one node', async () => {
    const { network, bob, relay, other } = await worldOf('open', 'port-restricted', { helper: Fake });
    await network.createNode({ name: VICTIM, builtins: [] });
    for (let number = 0; number < 600; number++) {
      lure(number % 2 === 0 ? relay : other, bob, { number });
      await network.run(1_000);
    }
    const { probes, approached, refused } = punchOf(bob).counters;
    expect(approached + refused).to.be.at.least(550);
    expect(probes, 'a guess of ports, and the attempts that a host may have in a minute').to.be.within(2_048, 2_048 + 5 * 100);
    expect(probes * PROBE_BYTES).to.be.below(131 * 1024);
    await network.stop();
  });

  it('row 114: who says again and again that somebody wants to reach a node has it take part five times in a second, and eight at once', async () => {
    const { network, bob, relay } = await worldOf('open', 'restricted', { helper: Fake });
    let most = 0;
    for (let number = 0; number < 300; number++) {
      const pop = { token: nonceOf(number), mapping: 'none', node: strangerOf(number) } as const;
      relay.behavior(Fake).run((agent) => agent.send(toNode(bob.id), writePop(writer, POPPING, nonceOf(number), pop)));
      await network.run(20);
      most = Math.max(most, bob.queues().find(({ name }) => name === 'punch.attempts')?.messages ?? 0);
    }
    expect(punchOf(bob).counters.approached).to.be.within(8, 5 + 5 * 7);
    expect(most).to.equal(8);
    await network.stop();
  });

  it('row 114: a helper has nobody wait for longer than two seconds', async () => {
    const { network, bob, relay } = await worldOf('open', 'restricted', { helper: Fake });
    lure(relay, bob, { number: 1, mapping: 'none', waitMs: 60_000 });
    await network.run(3_000);
    expect(punchOf(bob).counters.probes).to.be.above(0);
    await network.run(3_000);
    expect(bob.queues().find(({ name }) => name === 'punch.attempts')?.messages).to.equal(0);
    await network.stop();
  });

  it('row 114: two guesses that came to nothing cost a helper its standing; with another one there is one more', async () => {
    const { network, bob, relay, other } = await worldOf('open', 'port-restricted', { helper: Fake });
    const guessed: number[] = [];
    for (const [index, helper] of [relay, relay, relay, other].entries()) {
      const before = punchOf(bob).counters.probes;
      lure(helper, bob, { number: index, at: `9.9.8.${index + 1}` });
      await network.run(60_000);
      guessed.push(punchOf(bob).counters.probes - before);
    }
    expect(guessed).to.deep.equal([2_053, 2_053, 5, 2_053]);
    await network.stop();
  });

  const FORGED: readonly (readonly [string, Lure['forge'], string?])[] = [
    ['signed by another node', (_fake, good) => good.with(40, (good[40] as number) ^ 1)],
    [
      'about another node',
      (fake, _good, bob) =>
        signReferral({ about: strangerOf(99), forNode: bob, nonce: nonceOf(1) }, parseAddress(`udp://${VICTIM}:1`), fake.signer),
    ],
    [
      'for another node',
      (fake) =>
        signReferral({ about: strangerOf(1), forNode: strangerOf(9), nonce: nonceOf(1) }, parseAddress(`udp://${VICTIM}:1`), fake.signer),
    ],
    [
      'of another attempt',
      (fake, _good, bob) =>
        signReferral({ about: strangerOf(1), forNode: bob, nonce: nonceOf(2) }, parseAddress(`udp://${VICTIM}:1`), fake.signer),
    ],
    ['cut off', (_fake, good) => good.subarray(0, good.length - 30)],
    ['empty', () => new Uint8Array(0)],
    ['to an address in the network of its receiver', undefined, '10.1.0.1'],
    ['to the machine of its receiver', undefined, '127.0.0.1'],
  ];
  for (const [flaw, forge, at] of FORGED)
    it(`row 114, H-59: a referral ${flaw} leads to no probe`, async () => {
      const { network, bob, relay } = await worldOf('open', 'port-restricted', { helper: Fake });
      lure(relay, bob, { number: 1, ...(forge && { forge }), ...(at && { at }) });
      await network.run(5_000);
      expect([punchOf(bob).counters.probes, punchOf(bob).counters.malformed]).to.deep.equal([0, 1]);
      lure(relay, bob, { number: 1 });
      await network.run(5_000);
      expect(punchOf(bob).counters.probes, 'one that is good').to.be.above(0);
      await network.stop();
    });

  it('H-59: a good referral counts once, from its helper, and only for who was asked', async () => {
    const { network, bob, relay, other } = await worldOf('open', 'restricted', { helper: Fake });
    const referralOf = (fake: Fake, number: number) =>
      signReferral({ about: strangerOf(number), forNode: bob.id, nonce: nonceOf(number) }, parseAddress(`udp://${VICTIM}:1`), fake.signer);
    const send = (from: SimulatedNode, number: number, signer = from) => {
      const referral = referralOf(signer.behavior(Fake), number);
      const bytes = writeReferred(writer, nonceOf(number), { mapping: 'none', waitMs: 0, near: [], referral });
      from.behavior(Fake).run((agent) => agent.send(toNode(bob.id), bytes));
    };
    send(relay, 3);
    await network.run(3_000);
    expect(punchOf(bob).counters.probes, 'nobody has asked').to.equal(0);
    lure(relay, bob, { number: 4, forge: () => new Uint8Array(0) });
    send(other, 4, relay);
    await network.run(3_000);
    expect(punchOf(bob).counters.probes, 'from another helper').to.equal(0);
    lure(relay, bob, { number: 5, mapping: 'none' });
    await network.run(5_000);
    const once = punchOf(bob).counters.probes;
    expect(once).to.equal(5);
    send(relay, 5);
    await network.run(5_000);
    expect(punchOf(bob).counters.probes, 'again').to.equal(once);
    await network.stop();
  });
});

describe('a helper, asked by members that lie', () => {
  /** The reasons of the refusals that Alice got. */
  const refusals = (alice: SimulatedNode) =>
    alice
      .behavior(Fake)
      .received.filter(({ bytes }) => bytes[0] === REFUSED)
      .map(({ bytes }) => REASONS[bytes[17] as number]);

  const pop = (alice: SimulatedNode, helper: NodeId, node: NodeId, number: number) =>
    alice.behavior(Fake).run((agent) => {
      agent.send(toNode(helper), writePop(writer, POP, nonceOf(number), { token: nonceOf(number + 1_000), mapping: 'none', node }));
    });

  it('H-50: takes five requests of one neighbour in a second, eight at a time, and refuses the others with the reason', async () => {
    const { network, alice, bob, relay } = await worldOf('restricted', 'restricted', { asker: Fake, target: Fake });
    for (let number = 0; number < 20; number++) pop(alice, relay.id, bob.id, number);
    await network.run(1_000);
    expect(refusals(alice)).to.deep.equal(Array(15).fill('too-often'));
    await network.run(10_000);
    alice.behavior(Fake).received.length = 0;
    let most = 0;
    for (let number = 50; number < 65; number++) {
      pop(alice, relay.id, bob.id, number);
      await network.run(200);
      most = Math.max(most, relay.queues().find(({ name }) => name === 'punch.requests')?.messages ?? 0);
    }
    expect(refusals(alice).filter((reason) => reason === 'busy')).to.have.length.above(2);
    expect(most).to.equal(8);
    await network.stop();
  });

  it('TH-27: brings nobody to a node that it has no connection to, and nobody to who asks over others', async () => {
    const { network, alice, bob, relay } = await worldOf('restricted', 'restricted', { asker: Fake });
    pop(alice, relay.id, strangerOf(1), 1);
    pop(alice, relay.id, alice.id, 2);
    await network.run(1_000);
    expect(refusals(alice)).to.deep.equal(['no-line', 'no-line']);
    pop(alice, bob.id, relay.id, 3);
    await network.run(1_000);
    expect([punchOf(bob).counters.malformed, punchOf(bob).counters.helped]).to.deep.equal([1, 0]);
    await network.stop();
  });

  it('H-50, row 46: refers only to where the asker is: a probe with its token from another host is none of it', async () => {
    for (const isFromElsewhere of [true, false]) {
      const { network, alice, bob, relay } = await worldOf('restricted', 'restricted', { asker: Fake });
      const eve = await network.createNode({ name: VICTIM, listen: [`udp://${VICTIM}:${PORT}`], builtins: [], behaviors: [Fake] });
      await network.start(eve);
      const token = nonceOf(7 + 1_000);
      pop(alice, relay.id, bob.id, 7);
      await network.run(200);
      (isFromElsewhere ? eve : alice).behavior(Fake).run((agent) => {
        agent.awaitProbe(token, 3_000, () => {});
        agent.probe(parseAddress(`udp://9.9.9.1:${PORT}`), token);
      });
      await network.run(5_000);
      const isReferred = alice.behavior(Fake).received.some(({ bytes }) => bytes[0] === REFERRED);
      expect([isReferred, punchOf(relay).counters.helped]).to.deep.equal(isFromElsewhere ? [false, 0] : [true, 1]);
      expect(refusals(alice)).to.deep.equal(isFromElsewhere ? ['unproven'] : []);
      expect(punchOf(bob).counters.probes > 0).to.equal(!isFromElsewhere);
      await network.stop();
    }
  });
});
