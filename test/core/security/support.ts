/**
 * @module Support for the tests of the secure channel: both backends, seeded randomness, published vectors, two parties and their
 * streams. Holds no test.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Random } from '../../../core/api/ports.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { AgreementKeys } from '../../../core/security/agreement-keys.js';
import type { AgreementKey, Crypto } from '../../../core/security/crypto.js';
import { nobleCrypto } from '../../../core/security/crypto-noble.js';
import { Identity } from '../../../core/security/identity.js';
import { SecureStream, type SecureStreamOptions } from '../../../core/security/secure-stream.js';
import { type SpaceOptions, spaceOf } from '../../../core/security/space.js';

export const BACKENDS: readonly Crypto[] = [nodeCrypto, nobleCrypto];

export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

export function hex(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString('hex');
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** The same bytes for the same seed: a small generator (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { float, bytes: (byteCount) => Uint8Array.from({ length: byteCount }, () => Math.floor(float() * 256)) };
}

/** A published vector file, or `undefined` where the folder is not at hand. */
export function vectorFile<T>(name: string): T | undefined {
  const path = resolve(process.cwd(), '..', 'shared', 'vectors', name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
}

/** What Wycheproof files have in common. */
export interface WycheproofFile<Group> {
  readonly testGroups: readonly Group[];
}

/** What stays of a node between its links. */
export interface Party {
  readonly identity: Identity;
  readonly staticKey: AgreementKey;
  readonly instance: Uint8Array;
  readonly keys: AgreementKeys;
}

export function party(seed: number, crypto: Crypto = nodeCrypto): Party {
  const random = seededRandom(seed);
  const identity = Identity.generate(crypto, random);
  return { identity, staticKey: crypto.agreementKey(random.bytes(32)), instance: random.bytes(8), keys: new AgreementKeys(crypto, random) };
}

export const ALICE = party(1);
export const BOB = party(2);

/** The options of a stream; its space by name and key. */
export type StreamOptions = Partial<SecureStreamOptions & SpaceOptions>;

export function streamOf(owner: Party, isInitiator: boolean, options: StreamOptions = {}): SecureStream {
  const { networkName = 'public', networkKey, crypto = nodeCrypto } = options;
  const space = spaceOf({ networkName, networkKey }, 'stream', crypto);
  return new SecureStream({ crypto, space, ...owner, isInitiator, ...options });
}

/** Everything that `stream` wants to send. */
export function outputOf(stream: SecureStream): Uint8Array {
  return joined(stream.takeOutput());
}

/** The records that `chunk` completes. */
export function receive(stream: SecureStream, chunk: Uint8Array): Uint8Array[] {
  stream.push(chunk);
  const plaintexts: Uint8Array[] = [];
  for (let next = stream.read(); next !== undefined; next = stream.read()) plaintexts.push(next);
  return plaintexts;
}

export function sealed(stream: SecureStream, plaintext: Uint8Array): Uint8Array {
  const record = stream.seal(plaintext);
  if (record === undefined) throw new Error(`nothing was sealed: ${stream.failure}`);
  return joined(record);
}

/** The three flights of a handshake, as bytes on the wire. */
export interface Flights {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly third: Uint8Array;
}

/** Runs the handshake of two fresh streams as far as it goes. */
export function shakeHands(initiator: SecureStream, responder: SecureStream): Flights {
  initiator.start();
  const first = outputOf(initiator);
  responder.push(first);
  const second = outputOf(responder);
  initiator.push(second);
  const third = outputOf(initiator);
  responder.push(third);
  return { first, second, third };
}

/** Two secured streams: Alice's, who dialled, and Bob's. */
export function securedPair(options: StreamOptions = {}): {
  readonly alice: SecureStream;
  readonly bob: SecureStream;
  readonly flights: Flights;
} {
  const alice = streamOf(ALICE, true, options);
  const bob = streamOf(BOB, false, options);
  const flights = shakeHands(alice, bob);
  if (alice.state !== 'secured' || bob.state !== 'secured') throw new Error(`no handshake: ${alice.failure} ${bob.failure}`);
  return { alice, bob, flights };
}

/** The eight X25519 points of low order with their non-canonical spellings, without the top bit that X25519 ignores. */
export const LOW_ORDER_X25519: readonly Uint8Array[] = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
].map(bytes);

/** The fourteen Ed25519 encodings of small order: five y with both signs, and y = p and y = p + 1 with both. */
export const SMALL_ORDER_ED25519: readonly Uint8Array[] = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
].flatMap((text) => {
  const positive = bytes(text);
  const negative = positive.slice();
  negative[31] = (negative[31] as number) | 0x80;
  return [positive, negative];
});

const FIXED_EPHEMERALS = [nodeCrypto.agreementKey(bytes('33'.repeat(32))), nodeCrypto.agreementKey(bytes('44'.repeat(32)))] as const;

/** Alice and Bob with ephemeral keys that are the same each time. */
export function fixedPair(networkKey?: Uint8Array): readonly [SecureStream, SecureStream] {
  const [first, second] = FIXED_EPHEMERALS;
  return [
    streamOf(ALICE, true, { networkKey, hooks: { ephemeral: first } }),
    streamOf(BOB, false, { networkKey, hooks: { ephemeral: second } }),
  ];
}
