/** @module Tests of what remotes may do to a WebSocket (SECURITY row 33): fragments, floods, compression, missing masks, proxies, origins. */
import { expect } from 'chai';
import type { Address } from '../../../core/address/address.js';
import type { WebSocketOptions } from '../../../transports/websocket/node/index.js';
import { turnsUntil } from '../tcp/fixtures.js';
import { closed, frame, openWorld, request, UPGRADE } from './fixtures.js';

const MIB = 2 ** 20;
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];
const HALF_CORE = 0.5;

/** A link whose remote is a plain socket, so that the test writes the frames. */
async function rawLink(options: WebSocketOptions = {}, lines: readonly string[] = UPGRADE) {
  const { world } = openWorld(options);
  const listener = await world.listen();
  const address = listener.listened[0]?.[0] as Address;
  const { status, socket } = await request(address, lines);
  const [record] = listener.accepted;
  return { world, listener, address, status, socket, record: record as NonNullable<typeof record> };
}

/** The closing code in a frame that the server sent. */
async function closingCode(frames: readonly Buffer[]): Promise<number> {
  const sent = Buffer.concat(frames);
  const begin = sent.findIndex((byte, index) => byte === 0x88 && (sent[index + 1] as number) >= 2);
  return begin < 0 ? 0 : sent.readUInt16BE(begin + 2);
}

/** Sends frames, and tells how the link ended. */
async function endOf(...frames: Buffer[]) {
  const { world, socket, record } = await rawLink();
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  socket.write(Buffer.concat(frames));
  await world.until(() => record.isClosed, 'the link ends');
  await closed(socket);
  const code = await closingCode(received);
  const [cause] = record.closes;
  const bytes = record.received;
  await world.close();
  return { code, cause, bytes };
}

describe('WebSocket remotes (row 33: websocket)', () => {
  it('takes binary messages, whole and in fragments, as one pipe of bytes', async () => {
    const { world, socket, record } = await rawLink();
    socket.write(frame(BINARY, Uint8Array.of(1, 2)));
    socket.write(Buffer.concat([frame(BINARY, Uint8Array.of(3), { isFinal: false }), frame(PING), frame(CONTINUATION, Uint8Array.of(4))]));
    socket.write(frame(BINARY));
    await world.until(() => record.received.length === 4, 'the bytes arrive');
    expect(record.received).to.deep.equal([1, 2, 3, 4]);
    socket.write(frame(CLOSE, Uint8Array.of(3, 0xe8)));
    await world.until(() => record.isClosed, 'it ends');
    expect(record.closes).to.deep.equal([undefined]);
    await world.close();
  });

  const refused: [string, Buffer[], number, string][] = [
    ['a frame without a mask', [frame(BINARY, Uint8Array.of(1), { isMasked: false })], 1002, 'WS_ERR_EXPECTED_MASK'],
    ['a compressed frame', [frame(BINARY, Uint8Array.of(1), { rsv: 0x40 })], 1002, 'WS_ERR_UNEXPECTED_RSV_1'],
    ['a reserved bit', [frame(BINARY, Uint8Array.of(1), { rsv: 0x20 })], 1002, 'WS_ERR_UNEXPECTED_RSV_2_3'],
    ['an unknown opcode', [frame(3)], 1002, 'WS_ERR_INVALID_OPCODE'],
    ['a continuation of nothing', [frame(CONTINUATION, Uint8Array.of(1))], 1002, 'WS_ERR_INVALID_OPCODE'],
    ['a fragmented ping', [frame(PING, Uint8Array.of(1), { isFinal: false })], 1002, 'WS_ERR_EXPECTED_FIN'],
    ['a long ping', [frame(PING, new Uint8Array(126))], 1002, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
    ['a text', [frame(TEXT, Buffer.from('hello'))], 0, 'a text message was received'],
    [
      'more fragments than 64',
      [
        frame(BINARY, Uint8Array.of(1), { isFinal: false }),
        ...Array.from({ length: 64 }, () => frame(CONTINUATION, Uint8Array.of(1), { isFinal: false })),
      ],
      1008,
      'WS_ERR_TOO_MANY_BUFFERED_PARTS',
    ],
  ];
  for (const [name, frames, code, flaw] of refused) {
    it(`${name} ends the link, and nothing of it is taken`, async () => {
      const end = await endOf(...frames);
      expect(end.cause?.message).to.contain(flaw);
      expect([0, code]).to.include(end.code);
      expect(end.bytes).to.deep.equal([]);
    });
  }

  it('64 fragments are taken, and 131,072 bytes; a longer message is refused by its head alone', async () => {
    const { world, socket, record } = await rawLink();
    record.onEach = () => {};
    socket.write(frame(BINARY, Uint8Array.of(1), { isFinal: false }));
    for (let index = 0; index < 62; index++) socket.write(frame(CONTINUATION, Uint8Array.of(1), { isFinal: false }));
    socket.write(frame(CONTINUATION, Uint8Array.of(1)));
    await world.until(() => record.receivedBytes === 64, 'the fragments arrive');
    const head = (length: number) =>
      Uint8Array.from([0x82, 0xff, 0, 0, 0, 0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, 0, 0, 0, 0]);
    socket.write(head(131_072));
    socket.write(new Uint8Array(131_072));
    await world.until(() => record.receivedBytes === 64 + 131_072, 'the message arrives');
    socket.write(head(131_073));
    await world.until(() => record.isClosed, 'the link ends');
    expect(record.closes[0]?.message).to.contain('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
    await world.close();
  });

  it('compression is not agreed to', async () => {
    const { world, status, socket, record } = await rawLink({}, [...UPGRADE, 'Sec-WebSocket-Extensions: permessage-deflate']);
    expect(status).to.equal(101);
    socket.write(frame(BINARY, Uint8Array.of(0x4a, 0x04, 0x00), { rsv: 0x40 }));
    await world.until(() => record.isClosed, 'the link ends');
    expect(record.closes[0]?.message).to.contain('RSV_1');
    await world.close();
  });

  it('a ping is answered; of many that wait, the newest', async () => {
    const { world, socket } = await rawLink();
    const received: Buffer[] = [];
    socket.on('data', (bytes) => received.push(bytes));
    socket.write(frame(PING, Uint8Array.of(7)));
    await turnsUntil(() => Buffer.concat(received).includes(Buffer.of(0x8a, 1, 7)), 'the answer comes');
    socket.write(Buffer.concat(Array.from({ length: 50 }, (_, index) => frame(PING, Uint8Array.of(index)))));
    await turnsUntil(() => Buffer.concat(received).includes(Buffer.of(0x8a, 1, 49)), 'the newest is answered');
    expect(Buffer.concat(received).filter((byte) => byte === 0x8a).length).to.be.lessThan(52);
    await world.close();
  });

  for (const [name, opcode, most] of [
    ['pings', PING, 1_000],
    ['pongs', PONG, 1_000],
    ['empty messages', BINARY, 1_000],
  ] as const) {
    it(`${most} ${name} between data are borne, one more ends the link`, async () => {
      const { world, socket, record } = await rawLink();
      socket.resume();
      const flood = Buffer.concat(Array.from({ length: most }, () => frame(opcode)));
      socket.write(Buffer.concat([flood, frame(BINARY, Uint8Array.of(1)), flood, frame(BINARY, Uint8Array.of(2))]));
      await world.until(() => record.received.length === 2, 'what comes between them arrives');
      socket.write(Buffer.concat([flood, frame(opcode)]));
      await world.until(() => record.isClosed, 'the link ends');
      expect(record.closes[0]?.message).to.contain('without data');
      await world.close();
    });
  }

  it('a remote that pings and never reads costs less than 32 MiB and half a core', async () => {
    const { world, socket, record } = await rawLink();
    socket.pause();
    const flood = Buffer.concat([...Array.from({ length: 900 }, () => frame(PING, new Uint8Array(125))), frame(BINARY, Uint8Array.of(1))]);
    const before = { memory: process.memoryUsage(), cpu: process.cpuUsage() };
    for (let index = 0; index < 100; index++) {
      socket.write(flood);
      const expected = index + 1;
      await world.until(() => record.receivedBytes >= expected, 'the flood passes');
    }
    const memory = process.memoryUsage();
    const grown = memory.arrayBuffers + memory.external - before.memory.arrayBuffers - before.memory.external;
    expect(grown).to.be.lessThan(32 * MIB);
    // Nine times ten thousand pings, sender and receiver in one process: an attacker sends no more a second than this takes of a core.
    const cpuMs = (process.cpuUsage(before.cpu).user + process.cpuUsage(before.cpu).system) / 1000;
    expect(cpuMs / 90_000, 'ms for each ping').to.be.lessThan(HALF_CORE / 10);
    await world.close();
  });
});

describe('WebSocket requests', () => {
  it('pages of other origins than the listed ones are answered 403; programs without an origin may connect', async () => {
    const { world, address, status } = await rawLink({ origins: ['https://app.example'] });
    expect(status).to.equal(101);
    expect((await request(address, [...UPGRADE, 'Origin: https://app.example'])).status).to.equal(101);
    for (const origin of ['https://evil.example', 'https://app.example.evil', 'http://app.example', 'null'])
      expect((await request(address, [...UPGRADE, `Origin: ${origin}`])).status, origin).to.equal(403);
    await world.close();
  });

  const forwarded: [string, readonly string[], string | undefined, string][] = [
    ['without trusted proxies the header means nothing', [], '203.0.113.9', '127.0.0.1'],
    ['a trusted proxy tells who is behind it', ['127.0.0.1'], '203.0.113.9', '203.0.113.9'],
    [
      'what stands before the first stranger is invented',
      ['127.0.0.0/8', '10.0.0.0/8'],
      '198.51.100.1, 203.0.113.9, 10.0.0.2',
      '203.0.113.9',
    ],
    ['proxies alone: the outermost', ['127.0.0.0/8', '10.0.0.0/8'], '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['IPv6, and ports', ['127.0.0.1'], '[2001:db8::7]:4711', '2001:db8::7'],
    ['a text that is no address ends the search', ['127.0.0.1'], '203.0.113.9, unknown', '127.0.0.1'],
    ['no header', ['127.0.0.1'], undefined, '127.0.0.1'],
  ];
  for (const [name, trustedProxies, header, expected] of forwarded) {
    it(`X-Forwarded-For: ${name}`, async () => {
      const lines = header === undefined ? UPGRADE : [...UPGRADE, `X-Forwarded-For: ${header}`];
      const { world, record } = await rawLink({ trustedProxies }, lines);
      expect(record.link.remoteAddress.host).to.equal(expected);
      expect(record.link.remoteAddress.port === 0).to.equal(expected !== '127.0.0.1');
      await world.close();
    });
  }
});
