/** @module Tests of port mapping with gateways that answer well, badly, late and never, in virtual time. */
import { expect } from 'chai';
import { AddressBookBehavior } from '../../../behaviours/addressbook/index.js';
import {
  type MappedPort,
  type PortGateway,
  PortMappingBehavior,
  type PortMappingCounters,
  type PortMappingOptions,
} from '../../../behaviours/port-mapping/index.js';
import { type Address, NetworkBehavior, NetworkError } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions } from '../../../simulation.js';

interface Asked {
  readonly port: number;
  readonly protocol: string;
  readonly ttl: number;
}

/** A router that answers as it is told, and notes what it was asked. */
class Gateway implements PortGateway {
  readonly asked: Asked[] = [];
  stopped = 0;

  constructor(public answer: (port: number, signal: AbortSignal) => readonly MappedPort[] | Promise<readonly MappedPort[]>) {}

  async *mapAll(port: number, { protocol, ttl, signal }: Parameters<PortGateway['mapAll']>[1]): AsyncGenerator<MappedPort> {
    this.asked.push({ port, protocol, ttl });
    yield* await this.answer(port, signal);
  }

  async stop(): Promise<void> {
    this.stopped++;
  }
}

const AT: readonly MappedPort[] = [{ externalHost: '5.6.7.8', externalPort: 7_000 }];
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

/** Where others are to dial the node. */
class Announced extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'announced' } as const;

  get now(): readonly Address[] {
    return this.perform((agent) => agent.announced);
  }
}

describe('port mapping', () => {
  let net: SimulatedNetwork;
  beforeEach(() => {
    net = new SimulatedNetwork({ seed: 18, latencyMs: 5 });
  });
  afterEach(() => net.stop());

  async function mapping(options: PortMappingOptions, more: SimulatedNodeOptions = {}): Promise<SimulatedNode> {
    const listen = ['udp://10.0.0.2:7400'];
    const node = await net.createNode({ name: '10.0.0.2', listen, behaviors: [[PortMappingBehavior, options]], ...more });
    await node.start();
    return node;
  }

  const stateOf = (node: SimulatedNode) => {
    const { mapped, problem, counters } = node.behavior(PortMappingBehavior);
    return { mapped: mapped.map(({ text }) => text), problem, counters: { ...counters } as PortMappingCounters };
  };

  it('lets strangers in at the address that the gateway gives, and others learn it (USERS 21)', async () => {
    net.addNat('5.6.7.8', { kind: 'full-cone' });
    const seed = await net.createNode({ name: '9.9.9.1', listen: ['sim://9.9.9.1', 'udp://9.9.9.1:7400'] });
    await seed.start();
    const gateway = new Gateway(() => [{ externalHost: '5.6.7.8', externalPort: seed.links()[0]?.remoteAddress.port ?? 1 }]);
    const inner = await mapping({ gateways: [gateway] }, { nat: '5.6.7.8', seeds: ['udp://9.9.9.1:7400'] });
    await net.runUntil(() => seed.connections().length === 1, 5_000);
    inner.removeBehavior(PortMappingBehavior);
    inner.addBehavior([PortMappingBehavior, { gateways: [gateway] }]);
    await net.run(10_000);
    const known = () =>
      seed
        .behavior(AddressBookBehavior)
        .entry(inner.id)
        ?.addresses.map(({ text }) => text) ?? [];
    expect(known()).to.include(seed.links()[0]?.remoteAddress.text);
    const late = await net.createNode({ name: '9.9.9.2', listen: ['udp://9.9.9.2:7400'], seeds: ['sim://9.9.9.1'] });
    await late.start();
    await net.runUntil(() => late.connections().some(({ nodeId }) => nodeId === inner.id), 30_000);
  });

  it('is announced beside where the node listens, for as long as the behaviour runs', async () => {
    const node = await mapping(
      { gateways: [new Gateway(() => AT)] },
      { behaviors: [Announced, [PortMappingBehavior, { gateways: [new Gateway(() => AT)] }]] },
    );
    const announced = () => node.behavior(Announced).now.map(({ text }) => text);
    await net.run(2_000);
    expect(announced()).to.deep.equal(['udp://10.0.0.2:7400', 'udp://5.6.7.8:7000']);
    expect(node.behavior(Announced).now, 'the same list until it changes').to.equal(node.behavior(Announced).now);
    node.removeBehavior(PortMappingBehavior);
    expect(announced()).to.deep.equal(['udp://10.0.0.2:7400']);
  });

  it('asks for each port at which the node listens on a local network, and for no other', async () => {
    const gateway = new Gateway(() => AT);
    const finder = {
      async *findGateways() {
        yield gateway;
      },
    };
    await mapping({ gateways: finder, leaseMs: 200_000 }, { listen: ['udp://10.0.0.2:7400', 'sim://10.0.0.2:7403'] });
    for (const name of ['8.8.8.8', '127.0.0.1']) await mapping({ gateways: finder }, { name, listen: [`udp://${name}:7401`] });
    await net.run(2_000);
    expect(gateway.asked).to.deep.equal([{ port: 7_400, protocol: 'udp', ttl: 200_000 }]);
  });

  it('asks nobody where the node listens nowhere', async () => {
    const gateway = new Gateway(() => AT);
    const node = await mapping({ gateways: [gateway] }, { listen: [] });
    await net.run(4_000_000);
    expect([gateway.asked, stateOf(node)]).to.deep.equal([[], { mapped: [], problem: undefined, counters: { mapped: 0, failed: 0 } }]);
  });

  it('renews after half of the lease, and announces the new address in place of the old one', async () => {
    let port = 7_000;
    const gateway = new Gateway(() => [{ externalHost: '5.6.7.8', externalPort: port++ }]);
    const node = await mapping({ gateways: [gateway], leaseMs: 200_000 });
    await net.run(85_000);
    expect(stateOf(node).mapped).to.deep.equal(['udp://5.6.7.8:7000']);
    await net.run(20_000);
    expect([stateOf(node).mapped, gateway.asked.length, gateway.stopped]).to.deep.equal([['udp://5.6.7.8:7001'], 2, 0]);
  });

  it('ends its mappings with the node', async () => {
    const gateway = new Gateway(() => AT);
    const node = await mapping({ gateways: [gateway] });
    await net.run(1_000);
    await node.stop();
    expect(gateway.stopped).to.equal(1);
  });

  it('ends what a gateway maps after the node has stopped', async () => {
    let answered: (ports: readonly MappedPort[]) => void = () => {};
    const gateway = new Gateway(() => new Promise((resolve) => (answered = resolve)));
    const node = await mapping({ gateways: [gateway] });
    await net.run(1_000);
    await node.stop();
    expect(gateway.stopped).to.equal(0);
    answered(AT);
    await net.run(1_000);
    expect(gateway.stopped).to.equal(1);
  });

  it('says what a gateway refused, tries again in pauses that grow to an hour, and works once it can', async () => {
    const gateway = new Gateway(() => Promise.reject(new Error('718 ConflictInMappingEntry')));
    const node = await mapping({ gateways: [gateway] });
    await net.run(1_000);
    expect(stateOf(node).problem).to.equal('a gateway refused: 718 ConflictInMappingEntry');
    await net.run(180_000);
    expect(gateway.asked.length, 'after 1 and 2 min').to.equal(3);
    await net.run(24 * 3_600_000);
    expect(gateway.asked.length, 'then in an hour').to.be.within(24, 34);
    gateway.answer = () => AT;
    await net.run(3_700_000);
    expect(stateOf(node)).to.deep.include({ mapped: ['udp://5.6.7.8:7000'], problem: undefined });
  });

  it('does not announce what others cannot dial: a gateway behind another NAT, port 0, no address at all', async () => {
    const said: readonly MappedPort[] = [
      { externalHost: '100.64.0.9', externalPort: 7_000 },
      { externalHost: '5.6.7.8', externalPort: 0 },
      { externalHost: '10.0.0.1', externalPort: 7_000 },
    ];
    const gateway = new Gateway(() => said);
    const node = await mapping({ gateways: [gateway] });
    await net.run(1_000);
    expect(stateOf(node)).to.deep.include({
      mapped: [],
      problem: 'a gateway maps to udp://10.0.0.1:7000, which others cannot dial: private address',
    });
    gateway.answer = () => [{ externalHost: 'not an address', externalPort: 70_000 }];
    await net.run(70_000);
    expect(stateOf(node).problem).to.match(/^a gateway refused: the address/);
  });

  it('waits 30 s for a gateway, and 1 s more for one that does not heed that', async () => {
    const gateway = new Gateway((_port, signal) => aborted(signal));
    const node = await mapping({ gateways: [gateway] });
    await net.runUntil(() => gateway.asked.length === 1, 2_000);
    await net.run(29_900);
    expect(stateOf(node).counters.failed).to.equal(0);
    await net.run(200);
    expect(stateOf(node)).to.deep.equal({ mapped: [], problem: 'a gateway did not answer in time', counters: { mapped: 0, failed: 1 } });
    gateway.answer = () => new Promise(() => {});
    await net.runUntil(() => gateway.asked.length === 2, 62_000);
    await net.run(30_900);
    expect(stateOf(node).counters.failed).to.equal(1);
    await net.run(200);
    expect(stateOf(node).counters.failed).to.equal(2);
  });

  it('looks for gateways, says when there is none, and takes what it finds: 4 at most, 8 addresses', async () => {
    let found = 0;
    const broken = new Gateway(() => []);
    const finder = {
      async *findGateways({ signal }: { readonly signal: AbortSignal }) {
        for (; found > 0; found--) yield broken;
        await aborted(signal);
      },
    };
    const node = await mapping({ gateways: finder });
    await net.run(31_000);
    expect(stateOf(node).problem).to.equal('no gateway was found');
    found = 1_000;
    await net.run(60_000);
    expect([broken.asked.length, found]).to.deep.equal([4, 997]);
    broken.answer = () => Array.from({ length: 1_000 }, (_, index) => ({ externalHost: '5.6.7.8', externalPort: 7_000 + index }));
    await net.run(200_000);
    expect(stateOf(node).mapped.length).to.equal(8);
  });

  it('refuses wrong options by name', () => {
    for (const [options, flaw] of [
      [{ gateways: {} }, 'gateways'],
      [{ gateways: [{ mapAll() {} }] }, 'gateways'],
      [{ gateways: Array.from({ length: 5 }, () => new Gateway(() => AT)) }, 'gateways'],
      [{ gateways: [new Gateway(() => AT)], leaseMs: 119_999 }, 'leaseMs'],
    ] as const)
      expect(() => new PortMappingBehavior(options as PortMappingOptions))
        .to.throw(NetworkError, flaw)
        .with.property('code', 'OPTION_INVALID');
  });
});
