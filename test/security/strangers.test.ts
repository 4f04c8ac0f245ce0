/** @module Strangers: bytes that are no handshake, sizes that are lies, and handshakes of another space, on real sockets. */
import type { Socket } from 'node:net';
import { expect } from 'chai';
import type { MeshNode } from '../../core/index.js';
import { RECORD_OVERHEAD } from '../../core/security/record-layer.js';
import type { SecuredPeer } from '../../testing/index.js';
import { OPENINGS } from '../core/security/openings.js';
import { ALICE, bytes, joined, outputOf, seededRandom, streamOf } from '../core/security/support.js';
import { endOf, openPeer, rawSocket } from './socket-peer.js';
import { addressOf, linksOf, next, placeOf, until, World } from './world.js';

const KEY = bytes('0a'.repeat(32));
const OTHER_KEY = bytes('0b'.repeat(32));
const KIB = 1024;

describe('strangers', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('row 4: 17 garbage openings get not one byte back, one clear reason, and a closed socket; honest dials go on', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.33:0'] });
    for (const [name, opening] of Object.entries(OPENINGS)) {
      const refused = next(node, 'refused');
      const { received, socket } = await exchange(world, node, opening);
      const { reason, nodeId } = await refused;
      expect([received(), socket.destroyed, nodeId], name).to.deep.equal([0, true, undefined]);
      expect(reason.code, name).to.equal(name.endsWith('another version') ? 'version' : 'handshake-failed');
    }
    const honest = await world.node();
    const accepted = next(node, 'connected');
    await honest.connect(addressOf(node));
    expect((await accepted).nodeId).to.equal(honest.id);
  });

  it('row 7: a stranger that announces a message costs less than 64 KiB, and is closed at once when it is too long', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.33:0'] });
    const before = heapBytes();
    const count = 32;
    const sockets = await Promise.all(
      Array.from({ length: count }, (_, index) => rawSocket(world, { ...placeOf(node), localAddress: `127.0.1.${1 + (index % 8)}` })),
    );
    for (const socket of sockets) socket.write(bytes('4d5701011000ff'));
    await until(
      () => linksOf(node).filter((link) => link.channel?.bufferedBytes === 4096).length === count,
      'all have announced 4096 bytes',
    );
    expect((heapBytes() - before) / count).to.be.below(64 * KIB);
    const refused = next(node, 'refused');
    const { received } = await exchange(world, node, bytes('4d5701011001'));
    expect([(await refused).reason.code, received()]).to.deep.equal(['handshake-failed', 0]);
  });

  it('row 7: a node that announces a frame costs less than 64 KiB, and is closed at once when it is too long', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.33:0'] });
    const count = 24;
    const peers: SecuredPeer[] = [];
    for (let index = 0; index < count; index++) peers.push((await openPeer(world, placeOf(node), { name: `peer ${index}` })).peer);
    await until(() => node.connections().length === count, 'all are open');
    const before = heapBytes();
    const bytesBefore = bytesReceived(node);
    const mebibyteAndAByte = bytes('8080400000');
    for (const peer of peers) peer.sendPlaintext(mebibyteAndAByte);
    // On a busy machine there may be answers to pings besides.
    await until(() => bytesReceived(node) >= bytesBefore + count * (RECORD_OVERHEAD + 5), 'all have announced a mebibyte');
    expect((heapBytes() - before) / count).to.be.below(64 * KIB);
    const liar = await openPeer(world, placeOf(node), { name: 'liar' });
    const closed = next(node, 'disconnected');
    liar.peer.sendPlaintext(bytes('ffffff7f'));
    const { reason } = await closed;
    expect([reason.code, reason.by]).to.deep.equal(['protocol-error', 'local']);
    expect(node.connections()).to.have.length(count);
  });

  it('row 18: another name, another key and no key get the same as noise: not one byte', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.33:0'], network: 'inner', networkKey: KEY });
    const openings = {
      'another key': openingOf({ networkName: 'inner', networkKey: OTHER_KEY }),
      'another name': openingOf({ networkName: 'outer', networkKey: KEY }),
      'no key': openingOf({ networkName: 'inner' }),
      noise: joined([bytes('4d5701020030'), seededRandom(18).bytes(48)]),
    };
    for (const [name, opening] of Object.entries(openings)) {
      const refused = next(node, 'refused');
      const { received } = await exchange(world, node, opening);
      expect([received(), (await refused).reason.code], name).to.deep.equal([0, 'handshake-failed']);
    }
    const dialling = await world.node({ network: 'inner', networkKey: OTHER_KEY });
    const failure = await dialling.connect(addressOf(node)).catch((error) => error);
    expect(failure.code).to.equal('HANDSHAKE_FAILED');
  });

  it('row 18: in a public space, one who knows the name and one who does not get as many bytes, and no more after message 3', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.33:0'], network: 'inner' });
    const counts: number[] = [];
    for (const networkName of ['inner', 'outer']) {
      const { received, socket } = await exchange(world, node, openingOf({ networkName }), false);
      await until(() => received() > 0, 'message 2');
      socket.write(joined([bytes('0090'), seededRandom(3).bytes(0x90)]));
      await endOf(socket);
      counts.push(received());
    }
    expect(counts[0]).to.equal(counts[1]);
  });

  it('row 18: how long a refusal takes does not tell a wrong key from noise', async () => {
    const node = await world.node({ listen: ['tcp://127.0.0.33:0'], network: 'inner', networkKey: KEY });
    const openings = [
      openingOf({ networkName: 'inner', networkKey: OTHER_KEY }),
      joined([bytes('4d5701020030'), seededRandom(18).bytes(48)]),
    ];
    const times: number[][] = [[], []];
    for (let round = 0; round < 200; round++) {
      for (const [index, opening] of openings.entries()) {
        const socket = await rawSocket(world, placeOf(node));
        const startMs = performance.now();
        socket.resume().write(opening);
        await endOf(socket);
        times[index]?.push(performance.now() - startMs);
      }
    }
    const [wrongKey, noise] = times.map(quartiles) as [Quartiles, Quartiles];
    const spread = Math.max(wrongKey.upper - wrongKey.lower, noise.upper - noise.lower);
    expect(Math.abs(wrongKey.median - noise.median)).to.be.below(spread + 0.5);
  });
});

/** Sends `opening` on a fresh socket; waits for the end unless told otherwise. */
async function exchange(world: World, node: MeshNode, opening: Uint8Array, isOver = true) {
  const socket: Socket = await rawSocket(world, placeOf(node));
  let count = 0;
  socket.on('data', (data) => {
    count += data.length;
  });
  const closed = endOf(socket);
  socket.write(opening);
  if (isOver) await closed;
  return { socket, received: () => count };
}

/** Preamble and message 1. */
function openingOf(options: Parameters<typeof streamOf>[2]): Uint8Array {
  const stream = streamOf(ALICE, true, options);
  stream.start();
  return outputOf(stream);
}

function bytesReceived(node: MeshNode): number {
  return node.metrics()['link_bytes_received_total'] as number;
}

function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] as number;
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}
