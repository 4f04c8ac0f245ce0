/** @module Tests of how many flights opening takes, and of what a side may see of a link before it is decided (DESIGN 5, row 15). */
import { expect } from 'chai';
import { type BehaviorAgent, type Connection, NetworkBehavior, type NodeEvents, toConnection } from '../../../index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { recordingBehavior } from '../../../testing/index.js';
import { all, next, Peer, World } from './support.js';

/** Sends as soon as it may. */
class Eager extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'eager' } as const;

  override onOutgoingConnectionConnected(agent: BehaviorAgent, { id }: Connection): void {
    agent.send(toConnection(id), 'first');
  }
}

async function pairOf(seed: number, latencyMs: number): Promise<{ net: SimulatedNetwork; anna: SimulatedNode; ben: SimulatedNode }> {
  const net = new SimulatedNetwork({ seed, latencyMs });
  const anna = await net.createNode({ name: 'anna', behaviors: [Eager] });
  const ben = await net.createNode({ name: 'ben', behaviors: [Eager] });
  await net.start(anna, ben);
  return { net, anna, ben };
}

describe('opening a connection', () => {
  it('takes three round trips with all defaults, the channel’s own included, whichever id is the smaller', async () => {
    const smaller = new Set<boolean>();
    for (let seed = 0; seed < 20; seed++) {
      const { net, anna, ben } = await pairOf(seed, 50);
      smaller.add(anna.id < ben.id);
      const startMs = net.nowMs;
      await anna.connect('sim://ben');
      expect(net.nowMs - startMs, `seed ${seed}`).to.be.within(300, 310);
      await net.stop();
    }
    expect([...smaller].sort()).to.deep.equal([false, true]);
  });

  it('takes three writes of the dialler, its first messages included, and two of the acceptor', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { net, anna } = await pairOf(seed, 50);
      await anna.connect('sim://ben');
      await net.run(50);
      const writes = net.trace().filter(({ kind }) => kind === 'bytes');
      const of = (name: string) => writes.filter(({ from }) => from === name).length;
      expect([of('anna'), of('ben')], `seed ${seed}`).to.deep.equal([3, 2]);
      await net.stop();
    }
  });

  it('shows a link that loses to the gates of the larger dialler, with the reason, and to nobody else', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const net = new SimulatedNetwork({ seed, latencyMs: 20 });
      const admit = (agent: BehaviorAgent, { id }: Connection) => void agent.admit(id);
      const reactions = { onIncomingConnectionConnected: admit, onOutgoingConnectionConnected: admit };
      const gates = [0, 1].map(() => recordingBehavior({ serviceId: 81, gate: true, reactions }));
      const others = [0, 1].map(() => recordingBehavior({ serviceId: 82 }));
      const nodes = await Promise.all(
        [0, 1].map((index) => net.createNode({ name: `n${index}`, builtins: [], behaviors: [gates[index], others[index]] as never })),
      );
      const [one, two] = nodes as [SimulatedNode, SimulatedNode];
      await net.start(one, two);
      await Promise.all([one.connect('sim://n1'), two.connect('sim://n0')]);
      await net.run(1_000);
      const larger = one.id > two.id ? 0 : 1;
      const ofGate = gates[larger]?.hooks.filter((hook) => /^on.*(Connected|Disconnected)$/.test(hook)) ?? [];
      expect(ofGate, `seed ${seed}`).to.include('onOutgoingConnectionDisconnected');
      for (const other of others) expect(other.hooks.filter((hook) => hook.endsWith('Disconnected'))).to.deep.equal([]);
      await net.stop();
    }
  });

  it('undoes what an acceptor accepted of a dialler whose FINAL differs, and shows the connection to nobody', async () => {
    const world = new World();
    const forgotten: number[] = [];
    class Keeper extends NetworkBehavior {
      static readonly behavior = { serviceId: 83, name: 'keeper' } as const;
      readonly accepted: number[] = [];
      override get ports() {
        const accept = (_agent: unknown, _value: unknown, { id }: { id: number }) => void this.accepted.push(id);
        const forget = (_agent: unknown, { id }: { id: number }) => void forgotten.push(id);
        return { handshakeSection: { name: 'kept', offer: () => 1, accept: accept as never, forget } };
      }
    }
    const honest = await world.node('honest', { behaviors: [Keeper] });
    const INITIAL = { stage: 1, me: { addresses: [] }, you: 'mem://honest', sections: [['kept', Uint8Array.of(1)]] };
    const liar = new Peer((say, heard) => {
      if (heard === undefined) say(INITIAL);
      if ((heard as { stage?: number } | undefined)?.stage === 1)
        say({ stage: 2, me: { addresses: [] }, you: 'mem://other', accepted: [] });
    });
    const peer = await world.node('liar', { builtins: [], behaviors: [liar] });
    const [refused, opened]: [Promise<NodeEvents['refused']>, unknown[]] = [next(honest, 'refused'), all(honest, 'connected')];
    await peer.connect('mem://honest');
    const { connectionId } = await refused;
    expect([honest.behavior(Keeper).accepted, forgotten, opened]).to.deep.equal([[connectionId], [connectionId], []]);
    await world.end();
  });
});
