/**
 * @module How a node finds out how it can be reached: what follows from what others see, and the state of a running node.
 */
import { expect } from 'chai';
import { type Observation, verdictOf } from '../../../core/engine/links/observations.js';
import { Address, type NodeId, type Reachability } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';

const idOf = (index: number) => index.toString(16).padStart(64, '0') as NodeId;

/** What the remote `index` shows of this node, which is at 10.0.0.5 behind 5.6.7.8 unless the case says otherwise. */
function seen(index: number, fields: { [Name in keyof Observation]?: Observation[Name] | string } = {}): Observation {
  const addresses = {
    remoteAddress: `tcp://9.9.9.${index}:7400`,
    localAddress: 'tcp://10.0.0.5:50000',
    seenAt: `tcp://5.6.7.8:5000${index}`,
  };
  const given = { byNodeId: idOf(index), direction: 'outgoing', kind: 'stream', ...addresses, ...fields };
  const parsed = Object.fromEntries(
    Object.keys(addresses).map((name) => [name, given[name as 'seenAt'] && Address.parse(String(given[name as 'seenAt']))]),
  );
  return { ...given, ...parsed } as Observation;
}

const UDP = { kind: 'datagram', localAddress: 'udp://10.0.0.5:7400' } as const;
const MAPPED = 'udp://5.6.7.8:61000';
const publicly = (index: number) =>
  seen(index, { direction: 'incoming', localAddress: 'tcp://5.6.7.8:7400', seenAt: 'tcp://5.6.7.8:7400' });

const CASES: readonly (readonly [
  name: string,
  observations: readonly Observation[],
  hasRelay: boolean,
  kind: Reachability['kind'],
  nat: Reachability['nat'],
])[] = [
  ['nobody', [], true, 'unknown', 'unknown'],
  ['one that was dialled', [seen(1)], true, 'unknown', 'unknown'],
  ['two on one host', [seen(1), seen(2, { remoteAddress: 'tcp://9.9.9.1:7401' })], true, 'unknown', 'unknown'],
  ['two that see another host, and no relay', [seen(1), seen(2)], false, 'nat', 'unknown'],
  ['two that see another host, and a relay', [seen(1), seen(2)], true, 'relayed', 'unknown'],
  ['two that see its own host', [1, 2].map((index) => seen(index, { localAddress: 'tcp://5.6.7.8:1' })), true, 'unknown', 'unknown'],
  ['one that has connected to its own address', [publicly(1)], false, 'public', 'unknown'],
  [
    'one that has connected to a mapped port',
    [seen(1, { direction: 'incoming', localAddress: 'tcp://10.0.0.5:7400' })],
    false,
    'mapped',
    'unknown',
  ],
  [
    'one of its own network that has connected',
    [
      seen(1, {
        direction: 'incoming',
        remoteAddress: 'tcp://10.0.0.9:7400',
        localAddress: 'tcp://10.0.0.5:7400',
        seenAt: 'tcp://10.0.0.5:7400',
      }),
    ],
    false,
    'unknown',
    'unknown',
  ],
  [
    'a socket that all see at one address',
    [1, 2, 3].map((index) => seen(index, { ...UDP, seenAt: MAPPED })),
    true,
    'nat',
    'endpoint-independent',
  ],
  [
    'a socket that each sees at another port',
    [1, 2].map((index) => seen(index, { ...UDP, seenAt: `udp://5.6.7.8:6100${index}` })),
    true,
    'relayed',
    'address-dependent',
  ],
  ['a socket that one alone sees', [seen(1, { ...UDP, seenAt: MAPPED }), seen(2)], true, 'relayed', 'unknown'],
  [
    'a socket without a NAT',
    [1, 2].map((index) => seen(index, { ...UDP, localAddress: MAPPED, seenAt: MAPPED })),
    false,
    'unknown',
    'none',
  ],
  [
    'two sockets, one of them mapped to each in its own way: the hardest counts',
    [
      ...[1, 2].map((index) => seen(index, { ...UDP, seenAt: MAPPED })),
      ...[3, 4].map((index) => seen(index, { ...UDP, localAddress: 'udp://10.0.0.5:7401', seenAt: `udp://5.6.7.8:6100${index}` })),
    ],
    false,
    'nat',
    'address-dependent',
  ],
];

describe('reachability', () => {
  for (const [name, observations, hasRelay, kind, nat] of CASES)
    it(`seen by ${name}: ${kind}, mapping ${nat} (USERS 21)`, () => {
      const verdict = verdictOf(observations, hasRelay);
      expect([verdict.kind, verdict.nat]).to.deep.equal([kind, nat]);
      expect(verdict.observers).to.have.lengthOf(new Set(verdict.observers).size);
    });

  it('says on whose word it rests, where they see the node, and what is missing', () => {
    expect(verdictOf([seen(1)], false).reason).to.equal(
      'nobody has connected from outside, and 1 of 2 remotes outside of its network say where they see it',
    );
    const { observers, addresses } = verdictOf([seen(1), seen(2, { seenAt: 'tcp://5.6.7.8:50001' })], false);
    expect(observers).to.deep.equal([idOf(1), idOf(2)]);
    expect(addresses.map(({ text }) => text)).to.deep.equal(['tcp://5.6.7.8:50001']);
  });

  it('is a state of the node, which an event, a metric and a time tell, and which ends when those that saw it are long gone', async () => {
    const sim = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const [ada, bob] = [await sim.createNode({ name: 'ada' }), await sim.createNode({ name: 'bob', seeds: ['sim://ada'] })];
    const told: string[] = [];
    ada.on('reachability', ({ kind }) => told.push(kind));
    await sim.start(ada, bob);
    expect(ada.reachability()).to.include({ kind: 'unknown', nat: 'unknown' });
    await sim.run(5_000);
    expect(told).to.deep.equal(['public']);
    const { kind, sinceMs, observers } = ada.reachability();
    expect([kind, observers]).to.deep.equal(['public', [bob.id]]);
    expect(sinceMs).to.be.within(4_000, 5_000);
    expect(ada.metrics()['reachability_state']).to.equal(4);
    expect(bob.reachability().reason).to.include('1 of 2 remotes');
    await bob.stop();
    await sim.run(599_000);
    expect(ada.reachability().kind).to.equal('public');
    await sim.run(2_000);
    expect(told).to.deep.equal(['public', 'unknown']);
    await sim.stop();
  });

  it('kind 14, row 102: has one timer, however often a remote comes and goes', async () => {
    const sim = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const [ada, bob] = [await sim.createNode({ name: 'ada' }), await sim.createNode({ name: 'bob' })];
    await sim.start(ada, bob);
    const pending = async (count: number) => {
      for (let time = 0; time < count; time++) {
        await bob.connect('sim://ada');
        await sim.run(1_000);
        bob.disconnectNode(ada.id);
        await sim.run(1_000);
      }
      await sim.run(60_000);
      return ada.metrics()['deadlines_pending'] as number;
    };
    const few = await pending(5);
    expect(await pending(50)).to.equal(few);
    await sim.stop();
  });
});
