/** @module Openings: what strangers send first (row 4), at the level of streams and of sockets. Holds no test. */
import { bytes, joined, seededRandom } from './support.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** By name. Each is wrong at one of its first four bytes. */
export const OPENINGS: Readonly<Record<string, Uint8Array>> = {
  'HTTP request': text('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'),
  'HTTP upgrade': text('POST /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  'HTTP/2 preface': text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'a method that begins like the magic': text('MKCOL /a HTTP/1.1\r\n\r\n'),
  'TLS client hello': joined([bytes('160301020001 0001fc0303'.replace(' ', '')), new Uint8Array(512).fill(0x5a)]),
  SSH: text('SSH-2.0-OpenSSH_9.6\r\n'),
  SMTP: text('EHLO example.org\r\n'),
  SOCKS5: bytes('050100'),
  'proxy header': text('PROXY TCP4 192.0.2.1 192.0.2.2 4000 7400\r\n'),
  'proxy header 2': bytes('0d0a0d0a000d0a515549540a2111000c'),
  MQTT: bytes('101000044d5154540402003c0004746573740000'),
  multistream: text('\x13/multistream/1.0.0\n'),
  'a length prefix of zeros': new Uint8Array(64),
  'all ones': new Uint8Array(64).fill(0xff),
  'a megabyte of noise': seededRandom(4).bytes(2 ** 20),
  'the magic and another version': bytes('4d57020100200000'),
  'the magic and another pattern': bytes('4d57010200200000'),
};
