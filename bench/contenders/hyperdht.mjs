/**
 * @module hyperdht: encrypted streams over UDP between nodes that find each other in a DHT; the server's process runs one of its own.
 * A stream keeps the bounds of what is written.
 */
import { once } from 'node:events';
import DHT from 'hyperdht';
import createTestnet from 'hyperdht/testnet.js';
import { ANSWER, MESSAGE, REQUEST } from './framing.mjs';
import { PendingCalls } from './sockets.mjs';

export const supports = ['send', 'bulk', 'call', 'newcomers', 'idle'];

const DHT_NODES = 3;
const HEAD_BYTES = 5;

export async function openServer(onMessage) {
  const testnet = await createTestnet(DHT_NODES);
  // Reachable, as whoever listens on a port is: nobody has to punch holes.
  const node = testnet.createNode({ firewalled: false });
  const server = node.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const view = bytes.subarray(HEAD_BYTES);
      if (bytes[0] === MESSAGE) onMessage(view);
      else socket.write(packed(ANSWER, bytes.readUInt32BE(1), view));
    });
  });
  const keyPair = DHT.keyPair();
  await server.listen(keyPair);
  return { address: { bootstrap: testnet.bootstrap, key: keyPair.publicKey.toString('hex') } };
}

export async function openClient({ bootstrap, key }) {
  const node = new DHT({ bootstrap, host: '127.0.0.1' });
  const socket = node.connect(Buffer.from(key, 'hex'));
  socket.on('error', () => {});
  await once(socket, 'open');
  const calls = new PendingCalls();
  socket.on('data', (bytes) => calls.settle(bytes.readUInt32BE(1), bytes.subarray(HEAD_BYTES)));
  return {
    send: (payload) => (socket.write(packed(MESSAGE, 0, payload)) ? undefined : once(socket, 'drain')),
    call: (payload) => calls.add((id) => socket.write(packed(REQUEST, id, payload))),
    close: () => node.destroy({ force: true }),
  };
}

function packed(kind, id, payload) {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes[0] = kind;
  bytes.writeUInt32BE(id, 1);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}
