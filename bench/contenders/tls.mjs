/**
 * @module Mutual TLS 1.3: both sides show a certificate of one private authority. No session is resumed: every connection is fresh.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { openSocketClient, openSocketServer, SOCKETS_SUPPORT } from './sockets.mjs';

export const supports = [...SOCKETS_SUPPORT, 'create'];

const file = (name) => readFileSync(join(process.env.BENCH_CERTIFICATES, name));
const keys = () => ({ ca: file('authority.pem'), cert: file('node.pem'), key: file('node.key') });
const OPTIONS = { minVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' };
const SERVED = { ...OPTIONS, requestCert: true, rejectUnauthorized: true };
let secureContext;

export const openServer = (onMessage) => openSocketServer((onSocket) => tls.createServer({ ...keys(), ...SERVED }, onSocket), onMessage);

/** Its key and certificate are read once for a process; the handshake is what a fresh connection costs. */
export async function openClient(port) {
  secureContext ??= tls.createSecureContext({ ...keys(), ...OPTIONS });
  const socket = tls.connect({ port, host: '127.0.0.1', secureContext, servername: 'node.test' });
  await once(socket, 'secureConnect');
  return openSocketClient(socket);
}

const given = process.env.BENCH_CERTIFICATES === undefined ? undefined : keys();

/** A server that does not listen, with its certificate and key ready. Answers how it ends, which is nothing. */
export function openEndpoint() {
  tls.createServer({ ...given, ...SERVED });
  return () => {};
}
