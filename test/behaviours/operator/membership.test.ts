/** @module Membership in virtual time: who connects, who is refused and learns nothing, and how a certificate ends. */
import { expect } from 'chai';
import { AddressBookBehavior, OperatorBehavior } from '../../../behaviours/index.js';
import type { NetworkError } from '../../../index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { areConnected, authorityOf, HOUR_MS, operatorOf, SPACE, SpaceWorld, warnings, YEAR_MS } from './support.js';

describe('membership of a space', () => {
  let world: SpaceWorld;
  beforeEach(() => {
    world = new SpaceWorld();
  });
  afterEach(() => world.end());

  const refusal = async (dialer: SimulatedNode, acceptor: SimulatedNode): Promise<string> => {
    const error = await dialer.connect(`sim://${acceptor.name}`).catch((cause: unknown) => cause);
    return (error as NetworkError).message;
  };
  /** Whatever it knows of others beside what it was told by its user. */
  const addressesKnownTo = (node: SimulatedNode) =>
    node
      .behavior(AddressBookBehavior)
      .entries()
      .flatMap(({ addresses }) => addresses.map(({ text }) => text));

  it('members connect, and exchange addresses as ever', async () => {
    const [one, two] = [await world.member('one'), await world.member('two', { seeds: ['one'] })];
    await world.net.runUntil(() => areConnected(one, two), 5_000);
    await world.net.run(2_000);
    expect(addressesKnownTo(one)).to.deep.equal(['sim://two']);
    expect(operatorOf(one).counters).to.include({ refused: 0, expelled: 0 });
  });

  it('refuses, with the reason and in both directions, whoever has no good certificate, and tells them no address (TH-08)', async () => {
    const member = await world.member('member');
    const other = await world.member('other', { seeds: ['member'] });
    await world.net.runUntil(() => areConnected(member, other), 5_000);
    const rival = authorityOf(SPACE, 'rival');
    const strangers: readonly (readonly [SimulatedNode, string])[] = [
      [await world.node('plain'), 'no membership certificate was presented'],
      [await world.node('open', { behaviors: [OperatorBehavior] }), 'no membership certificate was presented'],
      [
        await world.member('foreign', {
          space: { name: SPACE, authority: rival.publicKey },
          certificate: world.certificateOf('foreign', { authority: rival }),
        }),
        'of another authority',
      ],
      [await world.member('late', { certificate: world.certificateOf('late', { untilMs: -6 * 60_000 }) }), 'has expired'],
      [await world.member('early', { certificate: world.certificateOf('early', { fromMs: 6 * 60_000 }) }), 'not valid yet'],
    ];
    for (const [stranger, reason] of strangers) {
      expect(await refusal(stranger, member), `${stranger.name} dials`).to.include(reason);
      expect(await refusal(member, stranger), `${stranger.name} is dialled`).to.match(/certificate/);
      await world.net.run(3_000);
      expect(addressesKnownTo(stranger), stranger.name).to.deep.equal([]);
      expect(stranger.connections()).to.deep.equal([]);
    }
    expect(addressesKnownTo(member)).to.deep.equal(['sim://other']);
    expect(operatorOf(member).counters.refused).to.be.at.least(strangers.length);
  });

  it('a certificate for another key, space or authority, or none, is an error of the node that is made with it', async () => {
    const wrong: readonly (readonly [string, Uint8Array | undefined])[] = [
      ['for another node', world.certificateOf('somebody')],
      ['for another space', world.certificateOf('node', { authority: authorityOf('other.example') })],
      ['of another authority', world.certificateOf('node', { authority: authorityOf(SPACE, 'rival') })],
      ['malformed', Uint8Array.of(1, 2, 3)],
      ['signature', world.certificateOf('node').map((byte, at) => (at === 0 ? byte ^ 1 : byte))],
    ];
    for (const [reason, certificate] of wrong) {
      const error = await world.member('node', { ...(certificate && { certificate }) }).catch((cause: unknown) => cause);
      expect((error as NetworkError).message, reason).to.include(reason);
    }
    const space = { name: SPACE, authority: world.authority.publicKey };
    const none = await world.node('node', { behaviors: [[OperatorBehavior, { space }]] }).catch((cause: unknown) => cause);
    expect((none as NetworkError).message).to.include('this node has no certificate');
  });

  it('clocks that differ by 4 min do no harm, by a year refuse, and are warned of once with all times (row 92, row 107)', async () => {
    const { logger, lines } = warnings();
    const operator = await world.member('operator', { serve: 'memory' });
    const near = await world.member('near', {
      seeds: ['operator'],
      node: { clock: world.clock(4 * 60_000 + HOUR_MS), seeds: ['sim://operator'] },
    });
    await world.net.runUntil(() => areConnected(operator, near), 5_000);
    const far = await world.member('far', { node: { clock: world.clock(YEAR_MS), logger, seeds: ['sim://operator'] } });
    await world.net.run(20_000);
    expect(far.connections()).to.deep.equal([]);
    const shown = lines.filter(([, message]) => message.includes('refused for its time'));
    expect(shown).to.have.lengthOf(1);
    expect(shown[0]?.[0]).to.include({ peer: operator.id.slice(0, 8), operators: 'unknown' });
    expect(shown[0]?.[0])
      .to.have.property('ours')
      .that.matches(/^2026-/);
    expect(shown[0]?.[0])
      .to.have.property('theirs')
      .that.matches(/^2025-/);
    expect(shown[0]?.[0]).to.have.all.keys('ours', 'theirs', 'peer', 'operators', 'validFrom', 'validUntil');
  });

  it('shows what the clock of an operator says beside both times, where one has answered', async () => {
    const { logger, lines } = warnings();
    const operator = await world.member('operator', { serve: 'memory', node: { clock: world.clock(-60_000) } });
    const space = { name: SPACE, authority: world.authority.publicKey, operators: [`sim://${operator.id}@operator`] };
    const node = await world.member('node', { space, node: { logger, seeds: ['sim://operator'] } });
    await world.net.runUntil(() => areConnected(operator, node), 5_000);
    await world.net.waitFor(operatorOf(node).lookUp(operator.id));
    const late = await world.member('late', { certificate: world.certificateOf('late', { untilMs: -6 * 60_000 }) });
    await refusal(late, node);
    const [fields] = lines.find(([, message]) => message.includes('refused for its time')) ?? [{}];
    const times = fields as { ours: string; operators: string };
    expect(Date.parse(times.ours) - Date.parse(times.operators)).to.be.closeTo(60_000, 50);
  });

  it('ends a connection when the certificate does, 5 min included, unless a new one was presented in time', async () => {
    const [one, two, three] = [
      await world.member('one'),
      await world.member('two', { certificate: world.certificateOf('two', { untilMs: 60_000 }), seeds: ['one'] }),
      await world.member('three', { certificate: world.certificateOf('three', { untilMs: 60_000 }), seeds: ['one'] }),
    ];
    await world.net.runUntil(() => areConnected(one, two) && areConnected(one, three), 5_000);
    operatorOf(three).useCertificate(world.certificateOf('three'));
    await world.net.run(5 * 60_000);
    expect([areConnected(one, two), areConnected(one, three)]).to.deep.equal([true, true]);
    await world.net.run(120_000);
    expect([areConnected(one, two), areConnected(one, three)]).to.deep.equal([false, true]);
    expect(operatorOf(one).counters.expelled).to.be.at.least(1);
    expect(() => operatorOf(two).useCertificate(world.certificateOf('one')))
      .to.throw()
      .with.property('code', 'MEMBERSHIP_INVALID');
  });

  it('ends a connection at the end of a certificate that is shorter than a minute, and not before (row 92)', async () => {
    const one = await world.member('one', { clockToleranceMs: 0 });
    const two = await world.member('two', { certificate: world.certificateOf('two', { untilMs: 20_000 }), seeds: ['one'] });
    await world.net.runUntil(() => areConnected(one, two), 5_000);
    await world.net.run(19_900 - world.net.nowMs);
    expect([areConnected(one, two), operatorOf(one).counters.expelled]).to.deep.equal([true, 0]);
    await world.net.run(200);
    expect([areConnected(one, two), operatorOf(one).counters.expelled]).to.deep.equal([false, 1]);
  });
});

describe('an open space', () => {
  it('admits everybody, needs no certificate, and knows none (TH-07)', async () => {
    const world = new SpaceWorld();
    const open = { behaviors: [OperatorBehavior] };
    const one = await world.node('one', open);
    const [two, plain] = [await world.node('two', { ...open, seeds: ['sim://one'] }), await world.node('plain', { seeds: ['sim://one'] })];
    await world.net.runUntil(() => areConnected(one, two) && areConnected(one, plain), 5_000);
    expect(() => operatorOf(one).useRevocations(world.authority.revoke(two.id)))
      .to.throw()
      .with.property('code', 'MEMBERSHIP_INVALID');
    await world.end();
  });
});
