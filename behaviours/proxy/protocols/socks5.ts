/**
 * @module SOCKS5: the server's side of RFC 1928 and of its user names and passwords (RFC 1929), as a machine that takes bytes and says what to answer.
 * It knows no socket. Names are passed on as they are: nothing is looked up here. Only CONNECT is served.
 */
import { ByteReader, ByteWriter, joinBytes } from '../../../core/index.js';
import { type Target, targetOf, targetOfBytes } from '../rules/target.js';

const VERSION = 5;
const AUTH_VERSION = 1;
const METHOD_NONE = 0;
const METHOD_PASSWORD = 2;
const METHOD_REFUSED = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** What a reply says, as the protocol numbers it. */
const SOCKS_REPLIES = {
  succeeded: 0,
  failure: 1,
  'not-allowed': 2,
  'network-unreachable': 3,
  'host-unreachable': 4,
  refused: 5,
  'command-unknown': 7,
  'address-unknown': 8,
} as const;
export type SocksReply = keyof typeof SOCKS_REPLIES;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What came of some bytes: what to send, and whether that was all: a target that is wanted, or the end of the connection. */
export interface SocksStep {
  readonly send: Uint8Array | undefined;
  readonly target?: Target;
  /** Bytes behind the request: the program's first ones for the target. */
  readonly rest?: Uint8Array;
  /** Why the connection ends, when `send` was sent. */
  readonly failure?: string;
}

type Phase = 'greeting' | 'password' | 'request';
const WAIT: SocksStep = { send: undefined };
const NOTHING = new Uint8Array(0);

export class Socks5 {
  private phase: Phase = 'greeting';
  private kept: Uint8Array = NOTHING;
  private readonly expected: Uint8Array | undefined;

  /** With credentials a program without them is refused. */
  constructor(credentials?: Credentials) {
    this.expected = credentials && passwordFields(credentials);
  }

  /** Takes what the program has sent next, and answers all of it that is complete. Not to be called after a target or a failure. */
  receive(bytes: Uint8Array): SocksStep {
    this.kept = this.kept.length === 0 ? bytes : joinBytes([this.kept, bytes]);
    const sent: Uint8Array[] = [];
    for (;;) {
      const step = this.next();
      if (step.send !== undefined) sent.push(step.send);
      const isOver = step.target !== undefined || step.failure !== undefined || step === WAIT;
      if (isOver) return { ...step, send: sent.length === 0 ? undefined : joinBytes(sent) };
    }
  }

  private next(): SocksStep {
    const reader = new ByteReader(this.kept);
    switch (this.phase) {
      case 'greeting':
        return this.greeting(reader);
      case 'password':
        return this.password(reader);
      case 'request':
        return this.request(reader);
    }
  }

  private greeting(reader: ByteReader): SocksStep {
    if (reader.left > 0 && reader.u8() !== VERSION) return { send: undefined, failure: 'it speaks no SOCKS 5' };
    const methods = reader.view(reader.u8());
    if (reader.hasFailed) return WAIT;
    const method = this.expected === undefined ? METHOD_NONE : METHOD_PASSWORD;
    if (!methods.includes(method)) return { send: Uint8Array.of(VERSION, METHOD_REFUSED), failure: 'it offers no method that is accepted' };
    this.advance(reader, this.expected === undefined ? 'request' : 'password');
    return { send: Uint8Array.of(VERSION, method) };
  }

  private password(reader: ByteReader): SocksStep {
    if (reader.left > 0 && reader.u8() !== AUTH_VERSION) return { send: Uint8Array.of(AUTH_VERSION, 1), failure: 'malformed user name' };
    const start = reader.at;
    reader.view(reader.u8());
    reader.view(reader.u8());
    if (reader.hasFailed) return WAIT;
    const isRight = isSame(this.kept.subarray(start, reader.at), this.expected as Uint8Array);
    if (!isRight) return { send: Uint8Array.of(AUTH_VERSION, 1), failure: 'wrong user name or password' };
    this.advance(reader, 'request');
    return { send: Uint8Array.of(AUTH_VERSION, 0) };
  }

  private request(reader: ByteReader): SocksStep {
    const [version, command, reserved, kind] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()];
    if (reader.hasFailed) return WAIT;
    if (version !== VERSION || reserved !== 0) return { send: socksReply('failure'), failure: 'malformed request' };
    if (command !== CONNECT) return { send: socksReply('command-unknown'), failure: 'only CONNECT is served' };
    if (kind !== IPV4 && kind !== NAME && kind !== IPV6) return { send: socksReply('address-unknown'), failure: 'unknown kind of address' };
    const host = reader.view(kind === IPV4 ? 4 : kind === IPV6 ? 16 : reader.u8());
    const port = reader.u16();
    if (reader.hasFailed) return WAIT;
    const target = kind === NAME ? targetOf(String.fromCharCode(...host), port) : port === 0 ? undefined : targetOfBytes(host, port);
    if (target === undefined) return { send: socksReply('address-unknown'), failure: 'no host and port' };
    return { send: undefined, target, rest: this.kept.slice(reader.at) };
  }

  private advance(reader: ByteReader, phase: Phase): void {
    this.kept = this.kept.slice(reader.at);
    this.phase = phase;
  }
}

/** The answer to a request. Where the far side's socket is bound is not shown. */
export function socksReply(reply: SocksReply): Uint8Array {
  return new ByteWriter().u8(VERSION).u8(SOCKS_REPLIES[reply]).u8(0).u8(IPV4).u32(0).u16(0).copy();
}

function passwordFields({ user, password }: Credentials): Uint8Array {
  const [name, secret] = [user, password].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
  return joinBytes([Uint8Array.of(name.length), name, Uint8Array.of(secret.length), secret]);
}

/** Takes as long whatever differs. */
export function isSame(given: Uint8Array, expected: Uint8Array): boolean {
  let difference = given.length ^ expected.length;
  for (let at = 0; at < expected.length; at++) difference |= (given[at] ?? 0) ^ (expected[at] as number);
  return difference === 0;
}

/** Whether these can be sent: 1 to 255 bytes each. */
export function isUsable({ user, password }: Credentials): boolean {
  return [user, password].every((text) => {
    const { length } = new TextEncoder().encode(text);
    return length >= 1 && length <= 255;
  });
}
