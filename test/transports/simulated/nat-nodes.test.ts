/**
 * @module Nodes behind the simulator's NATs: who connects to whom over secured datagram links, what becomes of a link whose mapping changes,
 * what `reachability()` says, streams and local networks.
 */
import { expect } from 'chai';
import type { NetworkError } from '../../../core/index.js';
import { type NatKind, type NatOptions, SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { Chat } from './support.js';

const PORT = 7_400;

/** A node that listens for datagrams, without built-in behaviours. */
async function nodeAt(network: SimulatedNetwork, name: string, nat?: string): Promise<SimulatedNode> {
  const listen = [`udp://${name}:${PORT}`];
  const node = await network.createNode({ name, listen, behaviors: [Chat], builtins: [], ...(nat === undefined ? {} : { nat }) });
  await network.start(node);
  return node;
}

async function worldOf(kind: NatKind, options: Partial<NatOptions> = {}, seed = 1) {
  const network = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5, onFault: 'reject' });
  network.addNat('home', { kind, ...options });
  const [ada, bob, eve] = [await nodeAt(network, 'ada', 'home'), await nodeAt(network, 'bob'), await nodeAt(network, 'eve')];
  return { network, ada, bob, eve };
}

/** `connected`, at both ends, or why not. */
async function dial(network: SimulatedNetwork, from: SimulatedNode, address: string): Promise<string> {
  const outcome = await from.connect(address, { timeoutMs: 5_000 }).then(
    () => 'connected',
    ({ code }: NetworkError) => code,
  );
  await network.run(100);
  return outcome;
}

async function exchange(network: SimulatedNetwork, one: SimulatedNode, other: SimulatedNode): Promise<unknown[]> {
  const [ours, theirs] = [one.behavior(Chat), other.behavior(Chat)];
  const before = [ours.texts.length, theirs.texts.length];
  ours.say(other, 'ping');
  theirs.say(one, 'pong');
  await network.run(15_000);
  return [...theirs.texts.slice(before[1]), ...ours.texts.slice(before[0])];
}

const seenAt = (node: SimulatedNode) => node.links()[0]?.remoteAddress.text ?? '';

describe('nodes behind a simulated NAT', () => {
  for (const kind of ['open', 'full-cone', 'restricted', 'port-restricted', 'symmetric', 'blocked'] as const) {
    const [goesOut, comesIn] = [kind !== 'blocked', kind === 'open' || kind === 'full-cone'];
    it(`of kind ${kind}: ${goesOut ? 'connect to a public one' : 'connect nowhere'}; ${comesIn ? 'others' : 'nobody else'} may connect there`, async () => {
      const { network, ada, bob, eve } = await worldOf(kind);
      expect(await dial(network, eve, 'udp://home:32768'), 'before Ada has sent anything').to.not.equal('connected');
      expect((await dial(network, eve, `udp://ada:${PORT}`)) === 'connected', 'at an address of her own').to.equal(kind === 'open');
      expect((await dial(network, ada, `udp://bob:${PORT}`)) === 'connected').to.equal(goesOut);
      if (!goesOut) return network.stop();
      expect(await exchange(network, ada, bob)).to.deep.equal(['ping', 'pong']);
      if (kind !== 'open') expect(await dial(network, eve, seenAt(bob))).to.equal(comesIn ? 'connected' : 'DIAL_TIMEOUT');
      return network.stop();
    });
  }

  it('keep a link whose mapping is forgotten whenever it is quiet, and whose address changes with it', async () => {
    const { network, ada, bob } = await worldOf('symmetric', { mappingTimeoutMs: 1_000 });
    await dial(network, ada, `udp://bob:${PORT}`);
    const [first, connection] = [seenAt(bob), bob.connections()[0]];
    await network.run(120_000);
    expect(seenAt(bob)).to.not.equal(first);
    expect(await exchange(network, ada, bob)).to.deep.equal(['ping', 'pong']);
    expect(bob.connections()[0]?.id).to.equal(connection?.id);
    await network.stop();
  });

  it('keep a link when they move behind another NAT', async () => {
    const { network, ada, bob } = await worldOf('port-restricted');
    network.addNat('cafe', { kind: 'symmetric' });
    await dial(network, ada, `udp://bob:${PORT}`);
    network.setNat(ada, 'cafe');
    expect(await exchange(network, ada, bob)).to.deep.equal(['ping', 'pong']);
    expect([bob.connections().length, bob.links()[0]?.remoteAddress.host]).to.deep.equal([1, 'cafe']);
    await network.stop();
  });

  it('stay behind it when they start again', async () => {
    const { network, bob, eve } = await worldOf('restricted');
    const ada = await network.restart('ada');
    expect(await dial(network, ada, `udp://bob:${PORT}`)).to.equal('connected');
    expect(bob.links()[0]?.remoteAddress.host).to.equal('home');
    expect(await dial(network, eve, `udp://ada:${PORT}`)).to.equal('DIAL_TIMEOUT');
    await network.stop();
  });

  it('run the same by the same seed, and otherwise by another', async () => {
    const hashOf = async (seed: number) => {
      const { network, ada, bob } = await worldOf('symmetric', { mappingTimeoutMs: 2_000 }, seed);
      await dial(network, ada, `udp://bob:${PORT}`);
      await exchange(network, ada, bob);
      await network.stop();
      return network.traceHash();
    };
    const [hash, again, other] = [await hashOf(5), await hashOf(5), await hashOf(6)];
    expect(again).to.equal(hash);
    expect(other).to.not.equal(hash);
  });
});

describe('reachability behind a simulated NAT', () => {
  const CASES: readonly (readonly [kinds: readonly NatKind[], mapping: string, kind: string])[] = [
    [['open'], 'none', 'unknown'],
    [['full-cone'], 'endpoint-independent', 'nat'],
    [['restricted'], 'endpoint-independent', 'nat'],
    [['port-restricted'], 'endpoint-independent', 'nat'],
    [['symmetric'], 'address-dependent', 'nat'],
    [['port-restricted', 'restricted'], 'endpoint-independent', 'nat'],
    [['port-restricted', 'symmetric'], 'address-dependent', 'nat'],
  ];

  for (const [kinds, mapping, kind] of CASES)
    it(`of kind ${kinds.join(' behind ')}: ${kind}, mapping ${mapping} (USERS 21)`, async () => {
      const network = new SimulatedNetwork({ seed: 1, latencyMs: 10, onFault: 'reject' });
      const nats = kinds.map((_, index) => `5.6.7.${8 + index}`);
      for (const [index, nat] of [...nats.entries()].reverse()) {
        const behind = nats[index + 1];
        network.addNat(nat, { kind: kinds[index] as NatKind, ...(behind === undefined ? {} : { behind }) });
      }
      const builtins = ['handshake'] as const;
      const seeds = ['udp://9.9.9.1:7400', 'udp://9.9.9.2:7400'];
      for (const name of ['9.9.9.1', '9.9.9.2']) await network.createNode({ name, listen: [`udp://${name}:7400`], builtins });
      const ada = await network.createNode({ name: '10.0.0.5', nat: nats[0] as string, listen: ['udp://10.0.0.5:7400'], seeds, builtins });
      await network.start(...network.nodes);
      await network.run(5_000);
      const { kind: found, nat, addresses } = ada.reachability();
      expect([found, nat]).to.deep.equal([kind, mapping]);
      expect([...new Set(addresses.map(({ host }) => host))]).to.deep.equal([kinds[0] === 'open' ? '10.0.0.5' : nats.at(-1)]);
      expect(addresses).to.have.length(mapping === 'address-dependent' ? 2 : 1);
      await network.stop();
    });
});

describe('streams and local networks behind a simulated NAT', () => {
  it('streams go out, whatever the kind, and are seen at the NAT; they come in from behind the same NAT only', async () => {
    const network = new SimulatedNetwork({ seed: 1, onFault: 'reject' });
    network.addNat('home', { kind: 'blocked' });
    const [ada, ann, bob] = [
      await network.createNode({ name: 'ada', nat: 'home', builtins: [] }),
      await network.createNode({ name: 'ann', nat: 'home', builtins: [] }),
      await network.createNode({ name: 'bob', builtins: [] }),
    ];
    await network.start(ada, ann, bob);
    expect(await dial(network, bob, 'sim://ada')).to.equal('DIAL_TIMEOUT');
    expect(await dial(network, ada, 'sim://bob')).to.equal('connected');
    expect(bob.links()[0]?.remoteAddress.host).to.equal('home');
    expect(await dial(network, ann, 'sim://ada')).to.equal('connected');
    expect(ada.connections().map(({ remoteAddress }) => remoteAddress.host)).to.deep.equal(['bob', 'ann']);
    await network.stop();
  });

  it('hosts behind one NAT are a local network of their own', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    network.addNat('home', { kind: 'restricted' });
    const queried: string[] = [];
    const channels = ['ada', 'ann', 'bob', 'eve'].map((name) =>
      network.lan(name).open(
        { topic: 'mesh' } as never,
        {
          onHosts: () => {},
          onQuery: () => void queried.push(name),
          onAnnouncement: () => {},
          onFailed: () => {},
        } as never,
      ),
    );
    for (const name of ['ada', 'ann']) network.setNat(name, 'home');
    for (const expected of [['ann'], ['ada'], ['eve'], ['bob']]) {
      channels.shift()?.query();
      await network.run(100);
      expect(queried.splice(0)).to.deep.equal(expected);
    }
  });
});
