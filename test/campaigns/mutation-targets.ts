/**
 * @module Mutation targets: every decoder that reads what a remote sends, with a corpus of good and bad inputs to start from. Add a decoder
 * here and the campaign and `npm test` run it. `verify` says what more must hold of an answer.
 */
import { decodeValue, encodeValue } from '../../core/wire/codec.js';
import {
  decodeControl,
  encodeClose,
  encodeHandover,
  encodeLost,
  encodePace,
  encodePing,
  encodePong,
  encodeReady,
  encodeRest,
  encodeResume,
  encodeServices,
} from '../../core/wire/link-control.js';
import { APPENDIX_F, EXACT, fromHex, publishedVectors, toHex } from '../core/cbor-corpus.js';
import { POLLUTION_CASES } from '../core/pollution-cases.js';

export interface MutationTarget {
  readonly name: string;
  readonly corpus: readonly Uint8Array[];
  /** Must not throw. The answer goes to `verify`. */
  readonly decode: (bytes: Uint8Array) => unknown;
  /** What is wrong with the answer, or nothing. */
  readonly verify?: (bytes: Uint8Array, answer: unknown) => string | undefined;
}

const GOOD_WEIGHT = 20;
const VECTOR_FILES = ['appendix_a.rfc8949.json', 'appendix_a.rfc7049.verbatim.json', 'fail.cbor-test-vectors.json'];

function cborCorpus(): readonly Uint8Array[] {
  const published = VECTOR_FILES.flatMap((file) => (publishedVectors(file) ?? []).map(({ hex }) => hex));
  const own = [...EXACT.map(([hex]) => hex), ...Object.values(APPENDIX_F).flat(), ...POLLUTION_CASES.map(({ hex }) => hex)];
  const values = [
    { id: 1, method: 'greet', value: { name: 'world' } },
    { list: Array.from({ length: 30 }, (_, index) => ({ index, key: `k${index}` })), text: 'ä€\u{1f600}'.repeat(20) },
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`key${index}`, index * 1.5])),
    [2n ** 60n, -(2n ** 60n), 2 ** 40, new Uint8Array(70), 'x'.repeat(300), undefined, null],
  ];
  const all = [...new Set([...published, ...own])].map(fromHex).concat(values.map((value) => encodeValue(value)));
  // Most published inputs are bad ones, and stay bad: the good ones weigh more, so that many mutations reach what follows the scan.
  const good = all.filter((bytes) => decodeValue(bytes) !== undefined);
  return all.concat(...new Array<readonly Uint8Array[]>(GOOD_WEIGHT).fill(good));
}

/** -(2^64): the one value that is read and not written. */
const LEAST_INTEGER = '3bffffffffffffffff';

/** A decoded value encodes, and its encoding is a fixed point: nothing is lost or read in two ways. */
function verifyValue(bytes: Uint8Array, answer: unknown): string | undefined {
  if (answer === undefined || toHex(bytes).includes(LEAST_INTEGER)) return undefined;
  const encoded = encodeValue((answer as { readonly value: unknown }).value);
  const again = decodeValue(encoded);
  if (again === undefined) return 'the value was encoded to what is refused';
  return toHex(encodeValue(again.value)) === toHex(encoded) ? undefined : 'the value changed on its way';
}

/** A control message that is understood has one encoding. */
function verifyControl(bytes: Uint8Array, answer: unknown): string | undefined {
  const message = answer as ReturnType<typeof decodeControl>;
  if (message === 'unknown' || message === 'malformed' || message.type === 'close') return undefined;
  const encoded = {
    ping: () => (message.type === 'ping' ? encodePing(message.value) : bytes),
    pong: () => (message.type === 'pong' ? encodePong(message.value) : bytes),
    ready: () => (message.type === 'ready' ? encodeReady(message.services) : bytes),
    lost: () => (message.type === 'lost' ? encodeLost(message) : bytes),
    pace: () => (message.type === 'pace' ? encodePace(message.ms) : bytes),
    handover: () => (message.type === 'handover' ? encodeHandover(message.channel) : bytes),
    resume: () => (message.type === 'resume' ? encodeResume(message.sequences) : bytes),
    rest: () => (message.type === 'rest' ? encodeRest(message) : bytes),
    services: () => (message.type === 'services' ? encodeServices(message.services) : bytes),
  }[message.type]();
  return toHex(encoded) === toHex(bytes) ? undefined : 'the message has a second encoding';
}

export const MUTATION_TARGETS: readonly MutationTarget[] = [
  { name: 'cbor', corpus: cborCorpus(), decode: (bytes) => decodeValue(bytes), verify: verifyValue },
  {
    name: 'control',
    corpus: [
      ...[encodePing(1), encodePong(2 ** 40), encodeReady([1, 6, 64, 255]), encodeClose(4, 'näh\u{1f600}'), encodeServices([0, 64])],
      encodeResume([
        { sequence: 0, next: 7, end: 2 ** 40 },
        { sequence: 64, next: 0, end: 1 },
      ]),
      encodeRest({ sequence: 64, position: 2 ** 33, bytes: Uint8Array.of(1, 2) }),
    ],
    decode: (bytes) => decodeControl(bytes),
    verify: verifyControl,
  },
];
