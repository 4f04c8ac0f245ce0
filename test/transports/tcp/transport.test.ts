/** @module Tests of the TCP transport: the transport contract on every family, what is bound and dialled, and how failures are named. */
import { expect } from 'chai';
import { type Address, parseAddress } from '../../../core/address/address.js';
import type { NetworkError } from '../../../core/errors.js';
import { transportSuite } from '../../../testing/conformance/transport-suite.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';
import { TcpTransport } from '../../../transports/tcp/index.js';
import type { HostResolver } from '../../../transports/tcp/resolve.js';
import { fixture, HAS_IPV6, LINK_LOCAL, openWorld, rawConnect, rawServer } from './fixtures.js';

const dialWith = (host: string) => (bound: readonly Address[]) => (bound[0] as Address).withHost(host);

transportSuite(() => fixture('tcp://127.0.0.2:0'), { name: 'tcp on IPv4' });
transportSuite(() => fixture('tcp://localhost:0'), { name: 'tcp on a name' });
if (HAS_IPV6) {
  transportSuite(() => fixture('tcp://[::1]:0'), { name: 'tcp on IPv6' });
  transportSuite(() => fixture('tcp://[::]:0', dialWith('127.0.0.7')), { name: 'tcp on both, dialled by IPv4' });
  transportSuite(() => fixture('tcp://[::]:0', dialWith('::1')), { name: 'tcp on both, dialled by IPv6' });
}

/** A resolver that knows one name. */
const answering =
  (...hosts: string[]): HostResolver =>
  (_name, settle) =>
    queueMicrotask(() => settle(hosts.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))));

const failing =
  (code: string): HostResolver =>
  (_name, settle) =>
    queueMicrotask(() => settle([], Object.assign(new Error('no answer'), { code })));

async function listenFailure(transport: TcpTransport, text: string) {
  const world = new TransportWorld({ ...fixture('tcp://127.0.0.1:0'), listening: transport });
  const listener = world.startListening(parseAddress(text));
  await world.until(() => listener.failures.length + listener.listened.length > 0, 'the listener answers');
  await world.close();
  return listener.failures[0];
}

async function dialOutcome(transport: TcpTransport, address: Address) {
  const world = new TransportWorld({ ...fixture('tcp://127.0.0.1:0'), dialling: transport });
  const dial = world.dial(address);
  await world.until(() => dial.isSettled, 'the dial is settled');
  const remote = dial.connected[0]?.link.remoteAddress.text;
  await world.finish();
  return { failure: dial.failures[0], remote };
}

/** What a name stands for. */
function resolved(transport: TcpTransport, text: string): Promise<{ addresses?: string[]; failure?: NetworkError }> {
  return new Promise((resolve) => {
    transport.resolve(parseAddress(text), {
      onResolved: (addresses) => resolve({ addresses: addresses.map((address) => address.text) }),
      onFailed: (failure) => resolve({ failure }),
    });
  });
}

describe('tcp listener', () => {
  (HAS_IPV6 ? it : it.skip)('INET-16: [::] is IPv4 and IPv6 on one port, and each peer is shown in its own family', async () => {
    const { world } = openWorld('tcp://[::]:0');
    const listener = await world.listen();
    const [ipv6, ipv4, ...more] = listener.listened[0] ?? [];
    expect([ipv6?.host, ipv4?.host, more.length]).to.deep.equal(['::', '0.0.0.0', 0]);
    expect(ipv6?.port).to.equal(ipv4?.port).and.to.be.above(0);
    for (const host of ['127.0.0.9', '::1']) {
      const count = listener.accepted.length;
      const socket = await rawConnect((ipv4 as Address).withHost(host));
      await world.until(() => listener.accepted.length > count, 'it accepts');
      const link = listener.accepted.at(-1)?.link;
      expect(link?.localAddress?.text).to.equal(ipv4?.withHost(host).text);
      expect(link?.remoteAddress.port).to.equal(socket.localPort);
      expect(link?.remoteAddress.hostKind).to.equal(host === '::1' ? 'ipv6' : 'ipv4');
    }
    await world.finish();
  });

  (HAS_IPV6 ? it : it.skip)('binds one family where the address says so', async () => {
    for (const [text, own, other] of [
      ['tcp://0.0.0.0:0', '127.0.0.1', '::1'],
      ['tcp://[::1]:0', '::1', '127.0.0.1'],
    ] as const) {
      const { world } = openWorld(text);
      const [bound] = (await world.listen()).listened[0] as readonly [Address];
      expect((await dialOutcome(new TcpTransport(), bound.withHost(own))).remote).to.equal(bound.withHost(own).text);
      expect((await dialOutcome(new TcpTransport(), bound.withHost(other))).failure?.code).to.equal('CONNECTION_REFUSED');
      await world.finish();
    }
  });

  it('INET-02: tells the real port, and keeps node id and name of the address', async () => {
    const id = 'ab'.repeat(32);
    const { world } = openWorld(`tcp://${id}@127.0.0.4:0/hall`);
    const [bound] = (await world.listen()).listened[0] as readonly [Address];
    expect(bound.port).to.be.above(0);
    expect(bound.text).to.equal(`tcp://${id}@127.0.0.4:${bound.port}/hall`);
    await world.finish();
  });

  it('binds all addresses of a name that the machine has, on one port', async () => {
    const { world } = openWorld('tcp://here.example:0', { resolver: answering('127.0.0.5', '203.0.113.9', '127.0.0.6') });
    const bound = (await world.listen()).listened[0] ?? [];
    expect(bound.map((address) => address.host)).to.deep.equal(['127.0.0.5', '127.0.0.6']);
    expect(new Set(bound.map((address) => address.port)).size).to.equal(1);
    for (const address of bound) expect((await dialOutcome(new TcpTransport(), address)).remote).to.equal(address.text);
    await world.finish();
  });

  it('row 42: names what it cannot bind, with address and system code', async () => {
    const taken = await rawServer('127.0.0.5', () => {});
    const cases = [
      [`tcp://127.0.0.5:${taken.port}`, 'ADDRESS_IN_USE', 'EADDRINUSE'],
      [`tcp://0.0.0.0:${taken.port}`, 'ADDRESS_IN_USE', 'EADDRINUSE'],
      ...(HAS_IPV6 ? [[`tcp://[::]:${taken.port}`, 'ADDRESS_IN_USE', 'EADDRINUSE']] : []),
      ['tcp://203.0.113.9:0', 'ADDRESS_UNAVAILABLE', 'EADDRNOTAVAIL'],
    ] as const;
    const transport = new TcpTransport();
    for (const [text, code, systemCode] of cases) {
      const failure = await listenFailure(transport, text as string);
      expect(failure?.code, text).to.equal(code);
      expect(failure?.message).to.contain(text).and.to.contain(systemCode);
      expect(failure?.details).to.include({ address: text, port: parseAddress(text as string).port, systemCode });
      expect(failure?.cause).to.have.property('code', systemCode);
    }
    taken.stop();
    expect(await listenFailure(transport, `tcp://127.0.0.5:${taken.port}`)).to.equal(undefined);
  });

  it('row 42: names a host that has no address', async () => {
    const failure = await listenFailure(new TcpTransport({ resolver: failing('ENOTFOUND') }), 'tcp://nowhere.example:80');
    expect(failure?.code).to.equal('HOST_UNRESOLVED');
    expect(failure?.message).to.contain('tcp://nowhere.example:80');
    const absent = await listenFailure(
      new TcpTransport({ resolver: answering('203.0.113.9', '203.0.113.10') }),
      'tcp://elsewhere.example:0',
    );
    expect(absent?.code).to.equal('ADDRESS_UNAVAILABLE');
    expect(absent?.message).to.contain('at 203.0.113.10');
  });

  it('looks for a port that is free on all addresses of a name', async () => {
    const taken = await rawServer('127.0.0.6', () => {});
    const failure = await listenFailure(
      new TcpTransport({ resolver: answering('127.0.0.5', '127.0.0.6') }),
      `tcp://here.example:${taken.port}`,
    );
    expect(failure?.code).to.equal('ADDRESS_IN_USE');
    expect(failure?.message).to.contain('at 127.0.0.6');
    taken.stop();
  });

  it('shows accepted links with the address that the peer dialled from', async () => {
    const { world } = openWorld();
    const listener = await world.listen();
    await rawConnect(world.dialAddress(listener), { localAddress: '127.0.0.77' });
    await world.until(() => listener.accepted.length === 1, 'it accepts');
    expect(listener.accepted[0]?.link.remoteAddress.host).to.equal('127.0.0.77');
    await world.finish();
  });

  (LINK_LOCAL.length > 0 ? it : it.skip)('serves link-local addresses with their zone', async () => {
    const address = parseAddress('tcp://[::1]:0').withHost(LINK_LOCAL[0] as string);
    const { world } = openWorld(address.text);
    const listener = await world.listen();
    const [near, far] = await world.connect(listener);
    expect(near.link.remoteAddress.text).to.equal(listener.listened[0]?.[0]?.text);
    expect(far.link.remoteAddress.host).to.equal(address.host);
    await world.close();
  });

  it('leaves other listeners of the transport alone when one fails', async () => {
    const { world, listening } = openWorld();
    const listener = await world.listen();
    expect((await listenFailure(listening, 'tcp://203.0.113.9:0'))?.code).to.equal('ADDRESS_UNAVAILABLE');
    await world.connect(listener);
    await world.finish();
  });
});

describe('tcp dial', () => {
  it('INET-25: finds the addresses of a name, those of IPv6 first, the families in turn, each once', async () => {
    const resolver = answering('127.0.0.9', '127.0.0.8', '::1', '127.0.0.9');
    const { addresses } = await resolved(new TcpTransport({ resolver }), 'tcp://there.example:7400/x');
    expect(addresses).to.deep.equal(['tcp://[::1]:7400/x', 'tcp://127.0.0.9:7400/x', 'tcp://127.0.0.8:7400/x']);
    const none = { onResolved: () => {}, onFailed: () => {} };
    expect(new TcpTransport({ resolver }).resolve(parseAddress('tcp://127.0.0.9:7400'), none), 'a number is no name').to.equal(undefined);
  });

  it('row 42: names a refusal, with address and system code', async () => {
    const { failure } = await dialOutcome(new TcpTransport(), parseAddress('tcp://127.0.0.8:1'));
    expect(failure?.code).to.equal('CONNECTION_REFUSED');
    expect(failure?.message).to.contain('tcp://127.0.0.8:1').and.to.contain('ECONNREFUSED');
    expect(failure?.details).to.include({ address: 'tcp://127.0.0.8:1', port: 1, systemCode: 'ECONNREFUSED' });
  });

  it('names a host that has no address', async () => {
    for (const resolver of [failing('ENOTFOUND'), failing('EAI_AGAIN'), answering()]) {
      const { failure } = await resolved(new TcpTransport({ resolver }), 'tcp://nowhere.example:80');
      expect(failure?.code).to.equal('HOST_UNRESOLVED');
      expect(failure?.message).to.contain('tcp://nowhere.example:80');
    }
  });

  it('dials no name', async () => {
    const { failure } = await dialOutcome(new TcpTransport({ resolver: answering('127.0.0.8') }), parseAddress('tcp://there.example:80'));
    expect(failure?.code).to.equal('ADDRESS_INVALID');
  });

  it('ignores what is found after a cancel', async () => {
    const settles: (() => void)[] = [];
    const resolver: HostResolver = (_name, settle) => void settles.push(() => settle([{ address: '127.0.0.8', family: 4 }]));
    const transport = new TcpTransport({ resolver });
    const world = new TransportWorld({ ...fixture('tcp://127.0.0.1:0'), dialling: transport, listening: transport });
    const found: unknown[] = [];
    const sink = { onResolved: () => found.push('addresses'), onFailed: () => found.push('error') };
    const lookup = transport.resolve(parseAddress('tcp://there.example:1'), sink);
    const listener = world.startListening(parseAddress('tcp://there.example:0'));
    lookup?.cancel();
    listener.close();
    for (const settle of settles) settle();
    await new Promise((resolve) => setImmediate(resolve));
    expect([found, listener.listened.length, transport.stats().open]).to.deep.equal([[], 0, 0]);
  });

  it('refuses port 0, which is for listening only', async () => {
    const { failure } = await dialOutcome(new TcpTransport(), parseAddress('tcp://127.0.0.1:0'));
    expect(failure?.code).to.equal('ADDRESS_INVALID');
  });

  it('serves no other scheme', () => {
    const transport = new TcpTransport();
    expect(() => transport.listen(parseAddress('mem://a'), {} as never))
      .to.throw('does not serve')
      .with.property('code', 'SCHEME_UNKNOWN');
    expect(() => transport.dial(parseAddress('udp://1.2.3.4:5'), {} as never))
      .to.throw('does not serve')
      .with.property('code', 'SCHEME_UNKNOWN');
  });
});
