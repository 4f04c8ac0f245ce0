/**
 * @module What a hostile member of a space may send: for each type of message, a function that makes the next one. For `member-floods.ts`.
 */
import { signRecord } from '../../behaviours/addressbook/book/record.js';
import { BITMAP_BYTES } from '../../behaviours/addressbook/gossip/digest.js';
import { toWire } from '../../behaviours/addressbook/gossip/messages.js';
import { toWire as toHandshake } from '../../behaviours/handshake/messages.js';
import { encodeHello, encodeSync } from '../../behaviours/router-sync/messages.js';
import { encodeValue, type NodeId, nodeIdFromBytes, parseAddress } from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { NodeSigner } from '../../core/security/signer.js';
import { writeU32 } from '../../core/structures/bytes.js';
import { encodeClose, encodeLost, encodePing, encodePong, encodeReady, encodeServices } from '../../core/wire/link-control.js';
import { type HeaderDraft, KIND_DIRECT, KIND_KEY, KIND_NODE, KIND_SERVICE, KIND_SERVICES } from '../../core/wire/message.js';
import { seededIdentity } from '../../testing/index.js';

export interface Flood {
  readonly header?: Partial<HeaderDraft>;
  readonly body: Uint8Array;
}

/** Whom it is sent to. */
export interface Target {
  readonly nodeId: NodeId;
  readonly idBytes: Uint8Array;
  /** A topic that the node publishes. */
  readonly topicId: NodeId;
  readonly connectionId: number;
}

/** The next message; `undefined` when there is none in this turn. */
export type Next = (index: number, target: Target) => Flood | undefined;

const IDENTITIES = 512;
const signers: NodeSigner[] = [];
const ONE = Uint8Array.of(1);
const to = (serviceId: number, body: Uint8Array): Flood => ({ header: { fromServiceId: serviceId, serviceId }, body });
const routed = (kind: number, rest: Partial<HeaderDraft>): Flood => ({
  header: { kind, ttl: 64, fromServiceId: 64, serviceId: 64, ...rest },
  body: ONE,
});

/** An id that nobody has. */
export function id(index: number): Uint8Array {
  const bytes = new Uint8Array(32).fill(7);
  writeU32(bytes, 0, index);
  return bytes;
}

/** A message of the exchange kit: id, kind, attempt, content. */
function exchange(index: number, kind: number, content: Uint8Array, header: Partial<HeaderDraft> = {}): Flood {
  const bytes = new Uint8Array(10 + content.length);
  writeU32(bytes, 4, index);
  bytes[8] = kind;
  bytes.set(content, 10);
  return { header: { fromServiceId: 6, serviceId: 6, ...header }, body: bytes };
}

/** Service, timeout, window, method, value. */
function requestBytes(serviceId: number, method: string, value: unknown, window = 0): Uint8Array {
  const name = new TextEncoder().encode(method);
  const encoded = encodeValue(value);
  const bytes = new Uint8Array(9 + name.length + encoded.length);
  bytes[0] = serviceId;
  writeU32(bytes, 1, 60_000);
  bytes[6] = window;
  bytes[8] = name.length;
  bytes.set(name, 9);
  bytes.set(encoded, 9 + name.length);
  return bytes;
}

export function callTo(serviceId: number, index: number, method: string, value: unknown): Flood {
  return exchange(index, 1, requestBytes(serviceId, method, value));
}

const request = (index: number, method: string, value: unknown): Flood => callTo(64, index, method, value);

const news = (records: readonly Uint8Array[]): Flood =>
  to(2, encodeValue(toWire({ type: 'news', records, hints: [], isAnswer: false, isLast: false })));

/** Of as many identities as there are, one after another; each with a new number. */
function record(index: number): Uint8Array {
  const at = index % IDENTITIES;
  signers[at] ??= new NodeSigner(seededIdentity(`flood ${at}`, nodeCrypto), nodeCrypto, 'public');
  const signer = signers[at] as NodeSigner;
  const address = parseAddress(`tcp://20.${(index >> 8) & 255}.${index & 255}.1:7400`);
  return signRecord([address], Date.now() + index, signer).bytes;
}

function forged(index: number): Uint8Array {
  const bytes = record(index).slice();
  bytes[20] = (bytes[20] as number) ^ 1;
  return bytes;
}

const BOMB = Array.from({ length: 20_000 }, () => 0);
const many = (from: number) => Uint8Array.from({ length: 64 }, (_, index) => (from * 64 + index) % 256).sort();

export const FLOODS: Readonly<Record<string, Next>> = {
  ping: (index) => ({ body: encodePing(index) }),
  pong: (index) => ({ body: encodePong(index) }),
  services: (index) => ({ body: encodeServices(many(index % 2)) }),
  lost: (index) => ({
    body: encodeLost({ cause: 'unreachable', fromServiceId: 6, serviceId: 6, streamId: index, payloadStart: id(index).subarray(0, 16) }),
  }),
  'lost, routed': (index, { idBytes }) => ({
    header: { kind: KIND_NODE, ttl: 64, destination: idBytes },
    body: encodeLost({ cause: 'unreachable', fromServiceId: 6, serviceId: 6, streamId: 0, payloadStart: id(index).subarray(0, 16) }),
  }),
  ready: () => ({ body: encodeReady(many(1)) }),
  close: () => ({ body: encodeClose(1, 'x'.repeat(200)) }),
  'unknown control': () => ({ body: Uint8Array.of(200, 1, 2, 3) }),
  handshake: (index) => to(1, encodeValue({ stage: 1 + (index % 3) })),
  'handshake, updates': (index) =>
    to(
      1,
      encodeValue(
        toHandshake({
          stage: 'update',
          me: {
            addresses: Array.from({ length: 16 }, (_, at) => `tcp://20.${at}.${(index >> 8) & 255}.${index & 255}:7400`),
            name: `n${index}`,
          },
        }),
      ),
    ),
  'gossip, 16 signed records': (index) => news(Array.from({ length: 16 }, (_, at) => record(index * 16 + at))),
  'gossip, forged records': (index) => news([forged(index)]),
  'gossip, hints': (index) =>
    to(
      2,
      encodeValue({ type: 1, records: [], hints: Array.from({ length: 64 }, (_, at) => [id(index * 64 + at), ['tcp://20.0.0.1:7400']]) }),
    ),
  'gossip, digest': (index) => to(2, encodeValue(toWire({ type: 'digest', salt: index, buckets: new Uint8Array(256) }))),
  'gossip, want': (index) => to(2, encodeValue(toWire({ type: 'want', marks: Array.from({ length: 1_000 }, (_, at) => index + at) }))),
  'gossip, have': (index) =>
    to(
      2,
      encodeValue(
        toWire({
          type: 'have',
          buckets: new Uint8Array(BITMAP_BYTES).fill(255),
          marks: Array.from({ length: 16_000 }, (_, at) => index + at),
        }),
      ),
    ),
  'gossip, remove': (index) =>
    to(2, encodeValue(toWire({ type: 'remove', nodeIds: Array.from({ length: 64 }, (_, at) => nodeIdFromBytes(id(index * 64 + at))) }))),
  'router-sync, hello': (index) => to(3, encodeHello({ kind: index % 2 === 0 ? 'path-vector/1' : 'other', isAnswerWanted: true })),
  'router-sync, what is no sync': (index) => to(3, encodeSync(id(index))),
  'call, echo': (index) => request(index, 'echo', 1),
  'call, slow': (index) => request(index, 'slow', 1),
  'call, unknown method': (index) => request(index, `m${index}`, 1),
  'call, 20,000 items': (index) => request(index, 'echo', BOMB),
  'call, stream of responses': (index) => exchange(index, 1, requestBytes(64, 'count', 1_000_000, 255)),
  'call, credit': (index) => exchange(index % 64, 16, Uint8Array.of(0, 0, 0, 0, 255, 255)),
  'call, unknown': (index) => exchange(index, 4, new Uint8Array(6)),
  'call, of sources without end': (index, { idBytes }) =>
    exchange(index, 1, requestBytes(64, 'slow', 1), { kind: KIND_NODE, ttl: 64, destination: idBytes, source: id(index) }),
  'call, ask': (index) => exchange(index, 3, new Uint8Array(0)),
  'call, answer': (index) => exchange(index, 2, new Uint8Array(7)),
  'call, cancel': (index) => exchange(index, 5, new Uint8Array(0)),
  'direct, one byte': () => to(64, ONE),
  'direct, nobody there': () => to(99, ONE),
  'streams, topics, envelopes, peering: no form': (index) => to([8, 5, 14, 15][index % 4] as number, id(index)),
  'routed to the node': (_index, { idBytes }) => routed(KIND_NODE, { destination: idBytes }),
  'routed to the node, sources without end': (index, { idBytes }) => routed(KIND_NODE, { destination: idBytes, source: id(index) }),
  'routed to nobody': (index) => routed(KIND_NODE, { destination: id(index) }),
  'routed to a key': (index) => routed(KIND_KEY, { destination: id(index) }),
  'routed to a service': (index) => routed(KIND_SERVICE, { routedServiceId: index & 255 }),
  'broadcast of a service': (index) => routed(KIND_SERVICES, { routedServiceId: 64, sequence: index }),
  'broadcast of 256 services': (index) => routed(KIND_SERVICES, { routedServiceId: index & 255, sequence: index }),
  'one message in 64 KiB': () => ({ header: { kind: KIND_DIRECT, fromServiceId: 64, serviceId: 64 }, body: new Uint8Array(65_000) }),
};
