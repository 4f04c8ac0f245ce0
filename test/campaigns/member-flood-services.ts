/**
 * @module What a hostile member may send to the services that carry streams, topics, envelopes and frames of peers, and to a router table whose
 * session it keeps: for `member-floods.ts`. Bodies are valid until the next one is made.
 */
import { encodeEnvelope, encodeHello as encodeEnvelopeHello, encodeGrant, encodeWant } from '../../behaviours/envelopes/messages.js';
import * as peering from '../../behaviours/peering/protocol/messages.js';
import { bytesInRun, writeInRun } from '../../behaviours/pubsub/feeds/run.js';
import * as pubsub from '../../behaviours/pubsub/messages.js';
import { decodeMessage, encodeHello, encodeSync } from '../../behaviours/router-sync/messages.js';
import * as streams from '../../behaviours/streams/messages.js';
import { ByteWriter, encodeValue, type Message, type NodeId, nodeIdFromBytes } from '../../core/index.js';
import { KIND_NODE } from '../../core/wire/message.js';
import { type MeshNode, NetworkBehavior } from '../../index.js';
import { PathVectorRouter } from '../../routing/index.js';
import { callTo, type Flood, id, type Next, type Target } from './member-flood-messages.js';

const KILOBYTE = new Uint8Array(1_024).fill(5);
const writer = new ByteWriter();
const to = (serviceId: number, body: Uint8Array, streamId = 0): Flood => ({
  header: { fromServiceId: serviceId, serviceId, streamId },
  body,
});
/** The messages of a list, one after another, again and again. */
const inTurn =
  (...list: readonly Next[]): Next =>
  (index, target) =>
    (list[index % list.length] as Next)(Math.floor(index / list.length), target);

const opener = (index: number) => ({ id: index, isOpener: true });
const FIELDS = { serviceId: 64, credit: 65_536, timeoutMs: 60_000, silenceMs: 60_000, name: 'flood' };
const frame = (write: (writer: ByteWriter) => void): Uint8Array => {
  write(writer.clear());
  return writer.written;
};
const open: Next = (index) =>
  to(
    8,
    frame((into) => streams.writeOpen(into, opener(index), FIELDS)),
  );
const data =
  (owner: (index: number) => number): Next =>
  (index) =>
    to(8, KILOBYTE, streams.streamIdOf(opener(owner(index))));

/** A packet of a session between nodes that are no neighbours, with an open in it: under whatever source. */
const packet = (kind: number, index: number, target: Target, source: Uint8Array | undefined): Flood => {
  const inner = frame((into) => streams.writeOpen(into, opener(index), FIELDS)).slice();
  const body = frame((into) =>
    into
      .u8(kind)
      .u48(kind === streams.FIRST_PACKET ? index : 7)
      .u48(index)
      .varint(inner.length)
      .bytes(inner),
  );
  return { header: { kind: KIND_NODE, ttl: 64, fromServiceId: 8, serviceId: 8, destination: target.idBytes, source }, body };
};

const topics = new pubsub.MessageWriter();
const subscribe = (label: number, publisher: NodeId, topicId: NodeId): Flood =>
  to(5, topics.subscribe({ label, publisher, topicId, count: 1, window: 0, epoch: 0, from: 0 }));
const published = (index: number): Flood => {
  const bytes = new Uint8Array(pubsub.HEAD_BYTES + bytesInRun(100));
  pubsub.writeHead(bytes, pubsub.MESSAGES, index + 1);
  writeInRun(bytes, pubsub.HEAD_BYTES, pubsub.FORM_BYTES, new Uint8Array(100));
  return to(5, bytes, index % 64);
};
const gap = { from: 1, count: 9, cause: 'unknown', where: undefined } as const;
const entries = Array.from({ length: 1_000 }, (_, label) => ({ label, count: 1, limit: pubsub.NUMBER_MAX }));
const registration = (index: number, count: number) => ({
  place: id(index),
  wishes: Array.from({ length: count }, (_, at) => [id(index * count + at), `flood/${index}/${at}`]),
  topics: Array.from({ length: count }, (_, at) => [id(index * count + at), `flood/${index}/${at}`, '']),
  isFirst: true,
  isLast: true,
});

const introduction = { peerType: 'standard', port: 7_400, remoteEpoch: 0, received: 0, room: 64, frameBytesMax: 65_536 } as const;
const peer = (message: peering.ControlMessage): Flood => to(15, encodeValue(peering.toWire(message)));
const hello = (index: number): Flood => peer({ type: 'hello', ...introduction, attempt: index, epoch: index + 1 });
/** A frame under whatever number comes next: the first message of a session is a hello. */
const peerFrame = (index: number): Flood => {
  if (index === 0) return peer({ type: 'hello', ...introduction, attempt: 1, epoch: 1 });
  return to(15, peering.numberFrame(peering.frameToWire(KILOBYTE), index - 1));
};

export const SERVICE_FLOODS: Readonly<Record<string, Next>> = {
  'stream, open': open,
  'stream, data without an open': data((index) => index),
  'stream, data of one that nobody reads': (index, target) => (index === 0 ? open(0, target) : data(() => 0)(index, target)),
  'stream, open, data and reset': inTurn(
    open,
    data((index) => index),
    (index) =>
      to(
        8,
        frame((into) => streams.writeReset(into, opener(index), 'STREAM_RESET', 'x'.repeat(200))),
      ),
  ),
  'stream, credit and end': inTurn(
    (index) =>
      to(
        8,
        frame((into) => streams.writeNumber(into, streams.CREDIT, opener(index % 64), index)),
      ),
    (index) =>
      to(
        8,
        frame((into) => streams.writeNumber(into, streams.END, opener(index % 64), index)),
      ),
    (index) =>
      to(
        8,
        frame((into) => streams.writeNumber(into, streams.ACCEPT, opener(index % 64), index)),
      ),
    () =>
      to(
        8,
        frame((into) => streams.writePing(into)),
      ),
  ),
  'stream, sessions without end': (index, target) => packet(streams.FIRST_PACKET, index, target, undefined),
  'stream, sessions of sources without end': (index, target) => packet(streams.FIRST_PACKET, index, target, id(index)),
  'stream, packets of one session': (index, target) =>
    packet(index === 0 ? streams.FIRST_PACKET : streams.PACKET, index === 0 ? 7 : index, target, id(1)),
  'stream, receipts': (index, target) => ({
    header: { kind: KIND_NODE, ttl: 64, fromServiceId: 8, serviceId: 8, destination: target.idBytes, source: id(index) },
    body: frame((into) => into.u8(streams.RECEIPT).u48(index).u16(0).u8(1).u48(index).u32(0)),
  }),
  'topic, subscribe to what is there': (index, { nodeId, topicId }) => subscribe(index, nodeId, topicId),
  'topic, subscribe to what is not there': (index, { nodeId }) => subscribe(index, nodeId, nodeIdFromBytes(id(index))),
  'topic, subscribe through the node': (index) => subscribe(index, nodeIdFromBytes(id(index)), nodeIdFromBytes(id(index + 1))),
  'topic, subscribe and leave': inTurn(
    (index, { nodeId, topicId }) => subscribe(index, nodeId, topicId),
    (index) => to(5, topics.leave(index)),
  ),
  'topic, bound, refused, beat and missed': inTurn(
    (index) => to(5, topics.bound({ label: index % 64, epoch: index, next: 1, hops: 1, kept: 0 })),
    (index) => to(5, topics.refused(index % 64, 'ended')),
    (index) => to(5, topics.beat(index % 64, index)),
    (index) => to(5, topics.missed(index % 64, gap)),
  ),
  'topic, messages': published,
  'topic, credit': (index) => to(5, topics.credit(index % 64, index)),
  'topic, refresh of 1,000': () => to(5, topics.refresh(entries)),
  'topic, register 1': (index) => callTo(5, index, 'register', registration(index, 1)),
  'topic, register 500': (index) => callTo(5, index, 'register', registration(index, 500)),
  'topic, offers': (index) =>
    callTo(5, index, 'offers', { offers: Array.from({ length: 500 }, (_, at) => [id(at), id(index * 500 + at), `flood/${at}`, '']) }),
  'topic, history': (index, { topicId }) =>
    callTo(5, index, 'history', { topic: Buffer.from(topicId, 'hex'), epoch: index % 3, from: 1, count: 1_024 }),
  'envelope, hello': (index) => to(14, encodeEnvelopeHello(index, true)),
  'envelope, envelopes': (index) => to(14, index === 0 ? encodeEnvelopeHello(1, true) : encodeEnvelope(KILOBYTE)),
  'envelope, grant and want': inTurn(
    (index) => to(14, index === 0 ? encodeEnvelopeHello(1, true) : encodeGrant(index)),
    (index) => to(14, encodeWant(index)),
  ),
  'peer, hello': hello,
  'peer, ack and refuse': inTurn(
    hello,
    (index) => peer({ type: 'ack', ...introduction, attempt: index, epoch: index + 1 }),
    (index) => peer({ type: 'refuse', attempt: index, reason: 'no' }),
  ),
  'peer, frames': peerFrame,
  'peer, progress': (index) => (index === 0 ? hello(1) : peer({ type: 'progress', received: 0, room: 64 })),
  'peer, hello and bye': inTurn(hello, () => peer({ type: 'bye' })),
};

const NEIGHBOURS = 500;
/** Services that change with each sync. */
const CHANGED = 100;

/** A table with five hundred neighbours that are not there, whose services change all the time; its session with the node is a real one. */
export class SyncSource extends NetworkBehavior {
  static readonly behavior = { serviceId: 3, name: 'router-sync' } as const;
  readonly #table = new PathVectorRouter();
  #connectionId = 0;

  override onMessage(_agent: unknown, { payload, connectionId }: Message): void {
    const message = decodeMessage(payload);
    const metric = { rttMs: 1, lossRatio: 0, bandwidth: undefined };
    if (message?.type === 'sync') this.#table.applySync(connectionId as number, metric, message.bytes);
  }

  next(node: MeshNode): Next {
    this.#table.attach(node.id);
    for (let at = 0; at < NEIGHBOURS; at++) {
      this.#table.linkUp(1_000_000 + at, nodeIdFromBytes(id(at)));
      this.#table.linkMetric(1_000_000 + at, { rttMs: 5, lossRatio: 0, bandwidth: undefined });
    }
    return (index, target) => this.#sync(index, target);
  }

  #sync(index: number, { nodeId, connectionId }: Target): Flood | undefined {
    if (connectionId !== this.#connectionId) {
      this.#table.linkDown(this.#connectionId);
      this.#table.linkUp(connectionId, nodeId);
      this.#connectionId = connectionId;
      return to(3, encodeHello({ kind: 'path-vector/1', isAnswerWanted: true }));
    }
    for (let at = 0; at < CHANGED; at++) {
      const neighbour = (index * CHANGED + at) % NEIGHBOURS;
      this.#table.linkServices(1_000_000 + neighbour, [index & 255, (index >> 8) & 255]);
    }
    const sync = this.#table.createNews(nodeId) ?? this.#table.createSync(nodeId);
    return sync && to(3, encodeSync(sync));
  }
}
