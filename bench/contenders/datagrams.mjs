/**
 * @module The datagram limit: plain sockets and one AEAD for each datagram, as long as those of Meshwright, and no protocol: no order, no repair, no pace. What
 * the receiving process has no time for, its system drops; what counts is what it was handed.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export const supports = ['bulk'];

const CIPHER = 'chacha20-poly1305';
const [DATAGRAM_BYTES, KEY_BYTES, COUNTER_BYTES, TAG_BYTES] = [1_200, 32, 8, 16];
const PIECE_BYTES = DATAGRAM_BYTES - COUNTER_BYTES - TAG_BYTES;
/** As Meshwright has them. */
const BUFFER_BYTES = 4_194_304;
/** Datagrams that the system has not taken yet. */
const WAITING_MAX = 128;

export async function openServer(onMessage) {
  const key = randomBytes(KEY_BYTES);
  const socket = await boundSocket();
  socket.on('message', (datagram) => onMessage(opened(key, datagram)));
  return { address: { port: socket.address().port, key: key.toString('hex') }, close: () => socket.close() };
}

export async function openClient({ port, key: text }) {
  const key = Buffer.from(text, 'hex');
  const socket = await boundSocket();
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let counter = 0n;
  let waiting = 0;
  let wake;
  const taken = () => {
    if (--waiting < WAITING_MAX) wake?.();
  };
  return {
    send(payload) {
      for (let at = 0; at < payload.length; at += PIECE_BYTES) {
        waiting++;
        socket.send(sealed(key, counter++, payload.subarray(at, at + PIECE_BYTES)), taken);
      }
      if (waiting < WAITING_MAX) return undefined;
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
    close: () => socket.close(),
  };
}

async function boundSocket() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Its number, then the ciphertext and its tag, in one piece. */
function sealed(key, counter, plaintext) {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(counter, 4);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const datagram = Buffer.allocUnsafe(COUNTER_BYTES + plaintext.length + TAG_BYTES);
  datagram.set(nonce.subarray(4));
  datagram.set(cipher.update(plaintext), COUNTER_BYTES);
  cipher.final();
  datagram.set(cipher.getAuthTag(), COUNTER_BYTES + plaintext.length);
  return datagram;
}

function opened(key, datagram) {
  const nonce = Buffer.alloc(12);
  nonce.set(datagram.subarray(0, COUNTER_BYTES), 4);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(datagram.subarray(-TAG_BYTES));
  const plaintext = decipher.update(datagram.subarray(COUNTER_BYTES, -TAG_BYTES));
  decipher.final();
  return plaintext;
}
