/** @module Tests of the LAN port on Node: real sockets on loopback, ports that are taken, packages that are missing, junk and floods. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { type LanChannel, NetworkError } from '../../../../../core/index.js';
import { loadMdns } from '../../../../../core/platform/node/lan/lan-socket.js';
import { NodeLan, type NodeLanOptions } from '../../../../../core/platform/node/lan/node-lan.js';
import { until } from '../../../../../testing/index.js';
import { loopbackName, whyNoMulticast } from './probe.js';

const GROUP = '224.0.0.251';

/** A channel, and everything that its sink hears. */
class Ear {
  readonly told: { readonly text: string; readonly ttlSeconds: number; readonly host: string }[] = [];
  readonly hosts: (readonly string[])[] = [];
  readonly failures: NetworkError[] = [];
  askedCount = 0;
  readonly channel: LanChannel;

  constructor(lan: NodeLan, topic: string, interfaces: readonly string[] | undefined = [loopbackName() as string]) {
    this.channel = lan.open(
      { topic, interfaces },
      {
        onHosts: (hosts) => void this.hosts.push(hosts),
        onQuery: () => void this.askedCount++,
        onAnnouncement: (bytes, ttlSeconds, host) => void this.told.push({ text: Buffer.from(bytes).toString(), ttlSeconds, host }),
        onFailed: (cause) => void this.failures.push(cause),
      },
    );
  }

  tell(text: string, ttlSeconds = 60): void {
    this.channel.announce('127.0.0.1', Buffer.from(text), ttlSeconds);
  }
}

describe('the LAN port on Node', () => {
  let sockets: Socket[];
  let ears: Ear[];
  let port: number;

  before(async function () {
    const flaw = loopbackName() === undefined ? 'no loopback interface' : await whyNoMulticast();
    if (flaw === undefined) return;
    console.warn(`      skipped, because this machine cannot multicast: ${flaw}`);
    this.skip();
  });
  beforeEach(async () => {
    [sockets, ears] = [[], []];
    // A port of its own, so that nobody else on the machine is heard.
    const free = await bound({ reuseAddr: false });
    port = free.address().port;
    free.close();
  });
  afterEach(() => {
    for (const { channel } of ears) channel.close();
    for (const socket of sockets) socket.close();
  });

  async function bound(options: { readonly reuseAddr: boolean }, at = 0): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', ...options });
    socket.bind(at, '0.0.0.0');
    await once(socket, 'listening');
    return socket;
  }

  function ear(topic = 'topic', options: NodeLanOptions = {}, interfaces?: readonly string[]): Ear {
    const made = new Ear(new NodeLan({ port, ...options }), topic, interfaces);
    ears.push(made);
    return made;
  }

  async function ready(...waiting: readonly Ear[]): Promise<void> {
    await until(() => waiting.every(({ hosts }) => hosts.at(-1)?.includes('127.0.0.1') === true), 5_000);
  }

  it('what one tells the others of the topic hear, with the host it came from; and nobody hears itself', async () => {
    const [a, b, other] = [ear(), ear(), ear('other')];
    await ready(a, b, other);
    a.tell('hello', 60);
    a.tell('goodbye', 0);
    await until(() => b.told.length === 2, 5_000);
    expect(b.told).to.deep.equal([
      { text: 'hello', ttlSeconds: 60, host: '127.0.0.1' },
      { text: 'goodbye', ttlSeconds: 0, host: '127.0.0.1' },
    ]);
    b.channel.query();
    await until(() => a.askedCount === 1, 5_000);
    expect([a.told, b.askedCount, other.told, other.askedCount]).to.deep.equal([[], 0, [], 0]);
  });

  it('what was told before the close still goes out, and then no handle is left', async () => {
    const [a, b] = [ear(), ear()];
    await ready(a, b);
    a.tell('goodbye', 0);
    a.channel.close();
    a.channel.close();
    await until(() => b.told.length === 1, 5_000);
    b.channel.close();
    a.tell('late');
    await until(() => !process.getActiveResourcesInfo().includes('UDPWRAP'), 5_000);
  });

  it('closed at once it has opened nothing, and tells nothing', async () => {
    const a = ear();
    a.channel.close();
    await loadMdns();
    await new Promise((resolve) => setImmediate(resolve));
    expect([a.hosts, a.failures, process.getActiveResourcesInfo().includes('UDPWRAP')]).to.deep.equal([[], [], false]);
  });

  it('a port that somebody holds for himself is one failure, with its reason', async () => {
    sockets.push(await bound({ reuseAddr: false }, port));
    const a = ear();
    await until(() => a.failures.length === 1, 5_000);
    expect([a.failures[0]?.code, a.failures[0]?.details]).to.deep.equal(['LAN_UNAVAILABLE', { host: '127.0.0.1' }]);
    expect(a.failures[0]?.message).to.match(/EADDRINUSE/);
    expect(a.hosts).to.deep.equal([]);
  });

  it('shares the port with other responders of the machine', async () => {
    sockets.push(await bound({ reuseAddr: true }, port));
    const a = ear();
    await ready(a);
    expect(a.failures).to.deep.equal([]);
  });

  it('a machine without the interface, or without the package, is one failure', async () => {
    const cases = [
      ear('topic', {}, ['nowhere0']),
      ear('topic', { interfaces: () => ({}) }),
      ear('topic', { load: () => Promise.reject(new NetworkError('LAN_UNAVAILABLE', 'not installed')) }),
    ];
    await until(() => cases.every(({ failures }) => failures.length === 1), 5_000);
    expect(cases.map(({ failures }) => failures[0]?.code)).to.deep.equal(['LAN_UNAVAILABLE', 'LAN_UNAVAILABLE', 'LAN_UNAVAILABLE']);
  });

  it('interfaces that come and go are noticed', async () => {
    let there: ReturnType<typeof networkInterfaces> = {};
    const a = ear('topic', { scanMs: 20, interfaces: () => there });
    const b = ear();
    await until(() => a.failures.length === 1, 5_000);
    for (let round = 1; round <= 3; round++) {
      there = networkInterfaces();
      await ready(a, b);
      b.told.length = 0;
      a.tell('back');
      await until(() => b.told.length === 1, 5_000);
      there = {};
      await until(() => a.failures.length === round + 1, 5_000);
      expect(a.hosts.at(-1)).to.deep.equal([]);
    }
    expect(a.hosts).to.have.length(6);
  });

  it('an address from which no packet can go is left out, and the others are used', async () => {
    const lo = networkInterfaces()[loopbackName() as string] ?? [];
    const ghost = { family: 'IPv4' as const, address: '203.0.113.77', cidr: '203.0.113.77/24', internal: false, mac: '', netmask: '' };
    const a = ear('topic', { interfaces: () => ({ [loopbackName() as string]: [ghost, ...lo] }) });
    await ready(a);
    await until(() => a.hosts.at(-1)?.length === 1, 5_000);
    expect(a.failures).to.deep.equal([]);
  });

  it('junk, packets from other ports, and floods are not heard, and the next word is', async () => {
    const [a, b] = [ear(), ear()];
    await ready(a, b);
    const stranger = await bound({ reuseAddr: false });
    sockets.push(stranger);
    stranger.setMulticastInterface('127.0.0.1');
    const header = (count: number) => Buffer.from([0, 0, 0x84, 0, 0, 0, count >> 8, count & 255, 0, 0, 0, 0]);
    const junk = [
      Buffer.alloc(0),
      Buffer.from('_topic'),
      Buffer.concat([header(65_535), Buffer.from('_topic')]),
      Buffer.concat([header(1), Buffer.from('_topic'.repeat(9_000))]),
    ];
    for (let round = 0; round < 500; round++) for (const bytes of junk) stranger.send(bytes, port, GROUP);
    await new Promise((resolve) => stranger.send(Buffer.from('last'), port, GROUP, resolve));
    await until(() => {
      if (b.told.length === 0) a.tell('still there');
      return b.told.length > 0;
    }, 5_000);
    expect(b.told[0]?.text).to.equal('still there');
    expect([b.askedCount, b.failures]).to.deep.equal([0, []]);
  });

  it('a topic that is none, and more than can be told, are refused', async () => {
    for (const topic of ['', 'x'.repeat(61), 'A', 'a.b', '_a']) expect(() => ear(topic), topic).to.throw(NetworkError, 'topic');
    const a = ear('x'.repeat(60));
    await ready(a);
    a.channel.announce('127.0.0.1', new Uint8Array(253), 60);
    expect(() => a.channel.announce('127.0.0.1', new Uint8Array(254), 60)).to.throw(NetworkError, '254 bytes');
    expect(() => a.channel.announce('10.9.9.9', new Uint8Array(1), 60)).not.to.throw();
  });
});
