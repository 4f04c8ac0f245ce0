/**
 * @module Mutual TLS 1.3: both sides show a certificate of one private authority. No session is resumed: every connection is fresh.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { serveSockets, socketClient } from './sockets.mjs';

const directory = process.env.BENCH_CERTIFICATES ?? '';
const file = (name) => readFileSync(join(directory, name));
const options = () => ({
  ca: file('authority.pem'),
  cert: file('node.pem'),
  key: file('node.key'),
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_CHACHA20_POLY1305_SHA256',
});

const served = { ...options(), requestCert: true, rejectUnauthorized: true };

export const serve = (mode, report) => serveSockets((onSocket) => tls.createServer(served, onSocket), mode, report);

export function client(port) {
  const secureContext = tls.createSecureContext(options());
  return socketClient((to) => connect(to, secureContext), port);
}

/** A server that does not listen, with its certificate read and its key ready. Answers how it ends, which is nothing. */
export function endpoint() {
  tls.createServer(served);
  return () => {};
}

async function connect(port, secureContext) {
  const socket = tls.connect({ port, host: '127.0.0.1', secureContext, servername: 'node.test', checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  return socket;
}
