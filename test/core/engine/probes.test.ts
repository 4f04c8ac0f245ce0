/**
 * @module Probes: datagrams without a session, as behaviours send and await them: what opens a way, what a token makes welcome, and how all of it ends.
 */
import { expect } from 'chai';
import {
  type Address,
  type BehaviorAgent,
  type Cancellable,
  NetworkBehavior,
  type NetworkError,
  type Probe,
  parseAddress,
} from '../../../core/index.js';
import { type NatKind, SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

class Prober extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'prober' } as const;
  readonly probes: Probe[] = [];

  run<T>(work: (agent: BehaviorAgent) => T): T {
    return this.perform(work);
  }

  await(token: Uint8Array, lifetimeMs = 10_000): Cancellable {
    return this.run((agent) => agent.awaitProbe(token, lifetimeMs, (_agent, probe) => this.probes.push(probe)));
  }
}

const TOKEN = new Uint8Array(16).fill(3);
const OTHER = new Uint8Array(16).fill(4);
const at = (name: string): Address => parseAddress(`udp://${name}:1`);
const proberOf = (node: SimulatedNode) => node.behavior(Prober);

async function pair(listening = true, kind: NatKind = 'port-restricted') {
  const network = new SimulatedNetwork({ seed: 1, latencyMs: 10, onFault: 'reject' });
  network.addNat('home', { kind });
  const [behaviors, builtins] = [[Prober], []] as const;
  const ada = await network.createNode({ name: 'ada', nat: 'home', listen: ['udp://ada:1'], behaviors, builtins });
  const bob = await network.createNode({ name: 'bob', listen: [listening ? 'udp://bob:1' : 'sim://bob'], behaviors, builtins });
  await network.start(ada, bob);
  return { network, ada, bob };
}

const errorOf = (work: () => unknown): [string, string] => {
  try {
    work();
  } catch (thrown) {
    return [(thrown as NetworkError).code, (thrown as NetworkError).message];
  }
  return ['none', ''];
};

describe('probes', () => {
  it('come to who awaits their token, with where they come from, and to nobody else', async () => {
    const { network, ada, bob } = await pair();
    proberOf(bob).await(TOKEN);
    for (const token of [TOKEN, OTHER])
      proberOf(ada).run((agent) => {
        agent.awaitProbe(token, 1_000, () => {});
        agent.probe(at('bob'), token);
      });
    await network.run(100);
    expect(proberOf(bob).probes.map(({ from }) => from.text)).to.deep.equal(['udp://home:32768']);
    expect(bob.metrics()['datagrams_refused_total'], 'the other token').to.equal(1);
    await network.stop();
  });

  it('are sent only while their token is awaited here, and end with its time, with `cancel`, and with their behaviour', async () => {
    const { network, ada, bob } = await pair();
    const awaitedByBob = proberOf(bob).await(TOKEN, 60_000);
    const send = () => proberOf(ada).run((agent) => agent.probe(at('bob'), TOKEN));
    const count = () => proberOf(bob).probes.length;
    send();
    await network.run(100);
    expect(count(), 'not awaited').to.equal(0);
    const awaited = proberOf(ada).await(TOKEN, 1_000);
    send();
    await network.run(100);
    expect([count(), awaited.isDone]).to.deep.equal([1, false]);
    await network.run(1_000);
    send();
    await network.run(100);
    expect([count(), awaited.isDone], 'its time is over').to.deep.equal([1, true]);
    const again = proberOf(ada).await(TOKEN, 1_000);
    proberOf(ada).run(() => again.cancel());
    send();
    await network.run(100);
    expect([count(), again.isDone], 'cancelled').to.deep.equal([1, true]);
    proberOf(ada).await(TOKEN, 60_000);
    const { probes } = proberOf(bob);
    bob.removeBehavior(Prober);
    send();
    await network.run(100);
    expect([probes.length, awaitedByBob.isDone], 'its behaviour is gone').to.deep.equal([1, true]);
    expect(bob.metrics()['datagrams_refused_total']).to.equal(1);
    await network.stop();
  });

  it('a token is awaited once: a second time is over at once, and leaves the first alone', async () => {
    const { network, ada, bob } = await pair();
    proberOf(bob).await(TOKEN);
    const second = proberOf(bob).await(TOKEN);
    expect(second.isDone).to.equal(true);
    proberOf(ada).await(TOKEN);
    proberOf(ada).run((agent) => agent.probe(at('bob'), TOKEN));
    await network.run(100);
    expect(proberOf(bob).probes).to.have.length(1);
    await network.stop();
  });

  it('who was probed may dial a node that does not listen there, until the token is over', async () => {
    for (const isWelcome of [true, false]) {
      const { network, ada, bob } = await pair(false, 'restricted');
      const probed: Probe[] = [];
      proberOf(ada).run((agent) => agent.awaitProbe(TOKEN, 30_000, (_agent, probe) => probed.push(probe)));
      proberOf(ada).run((agent) => agent.probe(at('bob'), TOKEN));
      proberOf(bob).await(TOKEN, 2_000);
      proberOf(bob).run((agent) => agent.probe(parseAddress('udp://home:32768'), TOKEN));
      await network.run(isWelcome ? 100 : 2_500);
      const from = probed[0]?.from as Address;
      expect(from?.host).to.equal('bob');
      const outcome = await ada.connect(from, { timeoutMs: 3_000 }).then(
        () => 'connected',
        ({ code }: NetworkError) => code,
      );
      expect(outcome).to.equal(isWelcome ? 'connected' : 'DIAL_TIMEOUT');
      await network.stop();
    }
  });

  it('a volley leaves from as many sockets, whose answers come back, and one that is dialled from outlives it', async () => {
    const { network, ada, bob } = await pair();
    const answered = new Set<number>();
    proberOf(bob).run((agent) => agent.awaitProbe(TOKEN, 5_000, (later, { from }) => later.probe(from, TOKEN)));
    const socketIds: number[] = [];
    proberOf(ada).run((agent) => {
      agent.awaitProbe(TOKEN, 5_000, (_agent, { socketId }) => socketIds.push(socketId));
      agent.probe(at('bob'), TOKEN, 256);
    });
    await network.run(100);
    for (const socketId of socketIds) answered.add(socketId);
    expect(answered.size).to.equal(256);
    proberOf(ada).run((agent) => agent.dialBack({ from: at('bob'), socketId: socketIds[9] as number }, bob.id));
    await network.run(100);
    const [port] = bob.connections().map(({ remoteAddress }) => remoteAddress.port);
    expect(port).to.be.within(32_768, 32_768 + 256);
    const openSockets = () =>
      (ada as unknown as { runner: { channels: { sockets: { byId: Map<number, unknown> } } } }).runner.channels.sockets.byId.size;
    expect(openSockets()).to.equal(257);
    await network.run(10_000);
    expect(openSockets(), 'the one that listens, and the one that was dialled from').to.equal(2);
    expect([ada, bob].map((node) => node.connections().length)).to.deep.equal([1, 1]);
    await bob.stop();
    await network.run(20_000);
    expect(openSockets()).to.equal(1);
    await network.stop();
  });

  it('a link that comes to a socket of a volley keeps it, as one that leaves from it, and gives it back when it is over', async () => {
    const { network, ada, bob } = await pair();
    const [first] = await new Promise<Probe[]>((resolve) => {
      proberOf(bob).run((agent) => agent.awaitProbe(TOKEN, 5_000, (_agent, probe) => resolve([probe])));
      proberOf(ada).run((agent) => {
        agent.awaitProbe(TOKEN, 5_000, () => {});
        agent.probe(at('bob'), TOKEN, 16);
      });
      void network.run(200);
    });
    proberOf(bob).run((agent) => agent.dialBack(first as Probe, ada.id));
    await network.run(20_000);
    expect([ada, bob].map((node) => node.connections().length)).to.deep.equal([1, 1]);
    const { byId } = (ada as unknown as { runner: { channels: { sockets: { byId: Map<number, unknown> } } } }).runner.channels.sockets;
    expect(byId.size).to.equal(2);
    ada.disconnectNode(bob.id);
    await network.run(20_000);
    expect(byId.size).to.equal(1);
    await network.stop();
  });

  it('a dial from a socket to which no volley’s probe came keeps nothing of it', async () => {
    const { network, ada, bob } = await pair();
    proberOf(ada).run((agent) => {
      agent.awaitProbe(TOKEN, 1_000, () => {});
      agent.probe(at('bob'), TOKEN, 8);
      agent.dialBack({ from: at('bob'), socketId: 3 }, bob.id);
    });
    const { sockets } = (ada as unknown as { runner: { channels: { sockets: { byId: Map<number, unknown> } } } }).runner.channels;
    await network.run(100);
    expect(sockets.byId.size).to.equal(9);
    await network.run(2_000);
    expect(sockets.byId.size, 'its token is over').to.equal(1);
    await network.stop();
  });

  it('name what is wrong with what they are given', async () => {
    const { network, ada } = await pair();
    const run = (work: (agent: BehaviorAgent) => unknown) => errorOf(() => proberOf(ada).run(work));
    const noop = () => {};
    expect(run((agent) => agent.awaitProbe(new Uint8Array(15), 1_000, noop))[1]).to.match(/awaitProbe: token is .* must be 16 bytes/);
    expect(run((agent) => agent.awaitProbe(TOKEN, 60_001, noop))[1]).to.match(/awaitProbe: lifetimeMs is 60001/);
    expect(run((agent) => agent.awaitProbe(TOKEN, 60_000, noop))).to.deep.equal(['none', '']);
    expect(run((agent) => agent.probe('udp://bob:1' as never, TOKEN))[1]).to.match(/probe: to is .* must be an address/);
    expect(run((agent) => agent.probe(at('bob'), TOKEN, 257))[1]).to.match(/probe: socketCount is 257/);
    expect(run((agent) => agent.probe(at('bob'), TOKEN, 256))).to.deep.equal(['none', '']);
    expect(
      run((agent) => agent.probe(parseAddress('sim://bob:1'), TOKEN)),
      'no transport of datagrams',
    ).to.deep.equal(['none', '']);
    const probe = { from: at('bob'), socketId: 1 };
    expect(run((agent) => agent.dialBack({ ...probe, socketId: 0 }, ada.id))[1]).to.match(/dialBack: probe.socketId is 0/);
    expect(run((agent) => agent.dialBack(probe, 'bob' as never))[1]).to.match(/dialBack: nodeId/);
    expect(run((agent) => agent.dialBack(probe, ada.id))).to.deep.equal(['none', '']);
    await network.stop();
  });

  it('at most 4,096 tokens of a node are awaited', async () => {
    const { network, ada } = await pair();
    const tokenOf = (number: number) => new Uint8Array(16).with(0, number >> 8).with(1, number & 255);
    const error = errorOf(() => {
      for (let number = 0; number <= 4_096; number++) proberOf(ada).await(tokenOf(number));
    });
    expect(error[0]).to.equal('LIMIT_EXCEEDED');
    expect(error[1]).to.match(/4096 of 4096/);
    await network.stop();
  });
});
