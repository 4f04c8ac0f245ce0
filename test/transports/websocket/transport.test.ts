/** @module Tests of the WebSocket transport: the transport contract in all its forms, what is bound and dialled, and how failures are named. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { expect } from 'chai';
import { type Address, parseAddress } from '../../../core/address/address.js';
import { transportSuite } from '../../../testing/conformance/transport-suite.js';
import { TransportWorld } from '../../../testing/conformance/transport-world.js';
import { type WebSocketOptions, WebSocketTransport } from '../../../transports/websocket/node/index.js';
import { HAS_IPV6, rawConnect, rawServer, turnsUntil } from '../tcp/fixtures.js';
import { attachedFixture, closed, closeServer, fixture, openWorld, platformFixture, portOf, request, TLS, UPGRADE } from './fixtures.js';

transportSuite(() => fixture('ws://127.0.0.5:0/mesh'), { name: 'ws' });
transportSuite(() => fixture('wss://127.0.0.5:0', { tls: TLS }), { name: 'wss, with a certificate of its own' });
transportSuite(() => attachedFixture(), { name: "ws, at an application's server" });
transportSuite(() => platformFixture('ws://127.0.0.5:0'), { name: "ws, dialled by the platform's WebSocket" });
if (HAS_IPV6) {
  const byName = (bound: readonly Address[]) => (bound[0] as Address).withHost('localhost');
  transportSuite(() => fixture('ws://[::]:0', {}, byName), { name: 'ws on both families, dialled by name' });
}

async function listenFailure(transport: WebSocketTransport, text: string) {
  const world = new TransportWorld({ ...fixture('ws://127.0.0.5:0'), listening: transport });
  const listener = world.startListening(parseAddress(text));
  await world.until(() => listener.failures.length + listener.listened.length > 0, 'the listener answers');
  await world.close();
  return listener.failures[0];
}

async function dialFailure(address: Address, options: WebSocketOptions = {}) {
  const world = new TransportWorld({ ...fixture('ws://127.0.0.5:0'), dialling: new WebSocketTransport(options) });
  const dial = world.dial(address);
  await world.until(() => dial.isSettled, 'the dial is settled');
  await world.close();
  return dial.failures[0];
}

/** What a dialled link sends a server for one write: so many bytes. */
async function sentBy(chunks: readonly Uint8Array[], byteCount: number): Promise<Buffer> {
  const received: Buffer[] = [];
  const server = createServer().on('upgrade', ({ headers }, socket) => {
    const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', (bytes: Buffer) => received.push(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.6', resolve));
  const world = new TransportWorld(fixture('ws://127.0.0.5:0'));
  const dial = world.dial(parseAddress(`ws://127.0.0.6:${portOf(server)}`));
  await world.until(() => dial.isSettled, 'it connects');
  dial.connected[0]?.write(...chunks);
  await turnsUntil(() => Buffer.concat(received).length >= byteCount, 'everything arrives');
  const bytes = Buffer.concat(received);
  await world.close();
  closeServer(server);
  return bytes;
}

const bound = (listener: { listened: readonly (readonly Address[])[] }) => listener.listened[0]?.[0] as Address;

describe('WebSocketTransport', () => {
  it('refuses options that it does not know, or that are wrong, by name', () => {
    const wrong: [unknown, string][] = [
      [{ pth: '/mesh' }, 'pth'],
      [{ path: 'mesh' }, 'path'],
      [{ origins: ['app.example'] }, 'origins'],
      [{ trustedProxies: ['10.0.0.0/33'] }, 'trustedProxies'],
      [{ trustedProxies: ['proxy'] }, 'trustedProxies'],
      [{ socketsMax: 0 }, 'socketsMax'],
      [{ server: {} }, 'server'],
    ];
    for (const [options, name] of wrong)
      expect(() => new WebSocketTransport(options as WebSocketOptions))
        .to.throw(name)
        .with.property('code', 'OPTION_INVALID');
    expect(new WebSocketTransport({ trustedProxies: ['10.0.0.0/32', '::1'], origins: ['https://app.example'], path: '/mesh' })).to.be.an(
      'object',
    );
  });

  it('takes the path of the option where an address has none, and shows it', async () => {
    const { world } = openWorld({ path: '/overlay' }, 'ws://127.0.0.5:0');
    const listener = await world.listen();
    expect(bound(listener).name).to.equal('overlay');
    await world.connect(listener);
    const refused = await dialFailure(bound(listener).withPort(bound(listener).port), {});
    expect(refused).to.equal(undefined);
    await world.finish();
  });

  it('answers other paths and plain requests with an HTTP status, and a dial of them names it', async () => {
    const { world } = openWorld();
    const listener = await world.listen();
    const address = bound(listener);
    const other = await dialFailure(parseAddress(`ws://127.0.0.5:${address.port}/other`));
    expect(other?.code).to.equal('UPGRADE_REFUSED');
    expect(other?.message).to.contain('HTTP 404').and.contain('/other');
    expect((await request(address, [])).status).to.equal(426);
    expect((await request(address, ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'])).status).to.equal(400);
    expect((await request(address, ['Connection: Upgrade', 'Upgrade: other'])).status).to.be.oneOf([400, 426]);
    expect((await request(address)).status).to.equal(101);
    await world.finish();
  });

  it('names what is not trusted in a certificate, and what is no TLS', async () => {
    const { world } = openWorld({ tls: TLS }, 'wss://127.0.0.5:0');
    const listener = await world.listen();
    const address = bound(listener);
    const unknown = await dialFailure(address);
    expect(unknown?.code).to.equal('CERTIFICATE_REFUSED');
    expect(unknown?.message).to.contain('DEPTH_ZERO_SELF_SIGNED_CERT');
    const plain = await rawServer('127.0.0.5', (socket) => socket.write('220 mail.example ready\r\n'));
    for (const scheme of ['ws', 'wss'])
      expect((await dialFailure(parseAddress(`${scheme}://127.0.0.5:${plain.port}`)))?.code, scheme).to.equal('UPGRADE_REFUSED');
    plain.stop();
    const reset = await dialFailure(parseAddress(`ws://127.0.0.5:${address.port}`));
    expect([reset?.code, reset?.details['systemCode']]).to.deep.equal(['TRANSPORT_FAILED', 'ECONNRESET']);
    await world.finish();
  });

  it('a certificate for another name is refused', async () => {
    const { world } = openWorld({ tls: TLS }, 'wss://127.0.0.7:0');
    const listener = await world.listen();
    const failure = await dialFailure(bound(listener), { tls: { ca: TLS.ca } });
    expect(failure?.code).to.equal('CERTIFICATE_REFUSED');
    expect(failure?.message).to.contain('ALTNAME');
    await world.close();
  });

  it('masks the frames that it sends, with a key of 0', async () => {
    expect([...(await sentBy([Uint8Array.of(7, 8)], 8))]).to.deep.equal([0x82, 0x82, 0, 0, 0, 0, 7, 8]);
  });

  it('sends the chunks of a write in as few messages as hold them, with the length in its shortest form', async () => {
    const chunks = (...sizes: number[]) => sizes.map((size) => new Uint8Array(size).fill(7));
    const small = await sentBy(chunks(100, 25), 131);
    expect([...small.subarray(0, 7)]).to.deep.equal([0x82, 0x80 + 125, 0, 0, 0, 0, 7]);
    const medium = await sentBy(chunks(2, 65_517, 16), 65_543);
    expect([...medium.subarray(0, 9)]).to.deep.equal([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 7]);
    const record = await sentBy(chunks(2, 0, 65_518, 16), 65_550);
    expect([...record.subarray(0, 15)]).to.deep.equal([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7]);
    const three = await sentBy(chunks(131_000, 72, 131_080), 262_152 + 14 + 14 + 6);
    expect([...three.subarray(0, 10)], '131,072 bytes').to.deep.equal([0x82, 0xff, 0, 0, 0, 0, 0, 2, 0, 0]);
    expect([...three.subarray(131_086, 131_096)], 'as many again').to.deep.equal([0x82, 0xff, 0, 0, 0, 0, 0, 2, 0, 0]);
    expect([...three.subarray(262_172, 262_179)], 'the rest').to.deep.equal([0x82, 0x88, 0, 0, 0, 0, 7]);
  });

  it('wss without a certificate fails at once, with the option that it lacks', () => {
    const { world } = openWorld({}, 'wss://127.0.0.5:0');
    expect(() => world.startListening())
      .to.throw('tls')
      .with.property('code', 'ADDRESS_INVALID');
  });

  it('a name that does not resolve, and a port of 0, are named', async () => {
    const resolver = (_name: string, settle: (answers: [], error?: Error) => void) =>
      queueMicrotask(() => settle([], Object.assign(new Error('none'), { code: 'ENOTFOUND' })));
    const unresolved = await dialFailure(parseAddress('ws://nowhere.example:80'), { resolver });
    expect([unresolved?.code, unresolved?.details['systemCode']]).to.deep.equal(['HOST_UNRESOLVED', 'ENOTFOUND']);
    expect((await dialFailure(parseAddress('ws://127.0.0.5:0')))?.code).to.equal('ADDRESS_INVALID');
  });

  it('beyond socketsMax it refuses what comes, and its own dials', async () => {
    const { world, listening } = openWorld({ socketsMax: 1 });
    const listener = await world.listen();
    const { socket } = await request(bound(listener));
    await request(bound(listener)).then(
      () => expect.fail('the second was accepted'),
      () => undefined,
    );
    expect(listening.stats()).to.include({ open: 1, refused: 1, accepted: 1 });
    socket.destroy();
    await world.until(() => listening.stats().open === 0 || listener.accepted.every(({ isClosed }) => isClosed), 'it is released');
    await world.close();
  });

  it('keeps no more connections that are no WebSockets than it may, a quarter for each address', async () => {
    const { world, listening } = openWorld({ upgradesMax: 8 });
    const listener = await world.listen();
    const silent = await Promise.all([1, 2].map(() => rawConnect(bound(listener))));
    await closed(await rawConnect(bound(listener)));
    const other = await rawConnect(bound(listener), { localAddress: '127.0.0.8' });
    other.write(`GET /mesh HTTP/1.1\r\nHost: test\r\n${UPGRADE.map((line) => `${line}\r\n`).join('')}\r\n`);
    await world.until(() => listener.accepted.length === 1, 'another address has room');
    expect(listening.stats().open).to.equal(3);
    listener.close();
    await Promise.all(silent.map(closed));
    await world.close();
  });
});

describe('WebSocketTransport at a server of the application', () => {
  it('leaves plain requests and other paths to the application, and the server open when it closes', async () => {
    const parts = await attachedFixture();
    const world = new TransportWorld({ ...parts, close: () => {} });
    const listener = await world.listen();
    const answer = await fetch(`http://127.0.0.6:${portOf(parts.server)}/`);
    expect(await answer.text()).to.equal('the application');
    expect((await request(bound(listener), UPGRADE, '/other')).status).to.equal(404);
    parts.server.on('upgrade', (incoming, socket) => {
      if (incoming.url === '/other') socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
    });
    expect((await request(bound(listener), UPGRADE, '/other')).status).to.equal(418);
    await world.finish();
    expect(parts.server.listening).to.equal(true);
    closeServer(parts.server);
  });

  it('refuses a port or a scheme that the server does not have', async () => {
    const { server } = await attachedFixture();
    const wrongPort = await listenFailure(new WebSocketTransport({ server }), 'ws://127.0.0.6:1');
    expect(wrongPort?.code).to.equal('ADDRESS_INVALID');
    expect(wrongPort?.message).to.contain(`listens on port ${portOf(server)}`);
    const wrongScheme = await listenFailure(new WebSocketTransport({ server }), 'wss://127.0.0.6:0');
    expect(wrongScheme?.message).to.contain('ws://');
    closeServer(server);
  });

  it('waits for a server that does not listen yet, and takes one of HTTPS', async () => {
    const server = createTlsServer(TLS);
    const world = new TransportWorld({ ...fixture('wss://127.0.0.5:0', { tls: TLS }), listening: new WebSocketTransport({ server }) });
    const listener = world.startListening(parseAddress('wss://127.0.0.5:0/mesh'));
    server.listen(0, '127.0.0.5');
    await world.until(() => listener.listened.length > 0, 'it listens');
    expect(bound(listener).port).to.equal(portOf(server));
    const [near] = await world.connect(listener);
    expect(near.link.remoteAddress.scheme).to.equal('wss');
    await world.close();
    closeServer(server);
  });
});
