/**
 * @module What becomes of the memory of records in which streams came: it is freed at once, but for pieces that are kept where they lie.
 */
import { expect } from 'chai';
import { StreamsBehavior } from '../../../behaviours/streams/index.js';
import * as form from '../../../behaviours/streams/messages.js';
import { nodeIdToBytes } from '../../../core/address/node-id.js';
import { ByteWriter } from '../../../core/index.js';
import { varintBytes, writeVarint } from '../../../core/structures/bytes.js';
import { HeaderDraft, KIND_NODE } from '../../../core/wire/message.js';
import { BareNode, SecuredPeer } from '../../../testing/index.js';
import { simulatedCrypto } from '../../../transports/simulated/index.js';
import { bytesOf, STORE, Store } from './support.js';

const STREAMS = 8;
const OWNER = { id: 0, isOpener: true };
const WINDOW_BYTES = 65_536;

function frameOf(streamId: number, payload: Uint8Array): Uint8Array {
  const header = Object.assign(new HeaderDraft(), { ttl: 1, fromServiceId: STREAMS, serviceId: STREAMS, streamId });
  const messageBytes = header.byteLength + payload.length;
  const frame = new Uint8Array(varintBytes(messageBytes) + messageBytes);
  frame.set(payload, header.write(frame, writeVarint(frame, 0, messageBytes)));
  return frame;
}

/** A node with a peer, the lengths of what was freed since the peer was greeted, and how the peer says something of streams. */
function met() {
  const released: number[] = [];
  const release = (plaintext: Uint8Array) => released.push(plaintext.fill(0).length);
  const crypto = { ...simulatedCrypto, release };
  const node = new BareNode('node', { crypto, behaviors: [Store, [StreamsBehavior, { windowBytes: WINDOW_BYTES }]] });
  node.start();
  const peer = node.accept((link) => new SecuredPeer(link, { services: [STREAMS] })).begin();
  released.length = 0;
  const say = (streamId: number, ...payloads: readonly Uint8Array[]) =>
    peer.sendPlaintext(Buffer.concat(payloads.map((payload) => frameOf(streamId, payload))));
  const sayFrame = (write: (writer: ByteWriter) => void) => {
    const writer = new ByteWriter();
    write(writer);
    say(0, writer.written);
  };
  const open = () =>
    sayFrame((writer) =>
      form.writeOpen(writer, OWNER, { serviceId: STORE, credit: 0, timeoutMs: 60_000, silenceMs: 60_000, name: 'hold' }),
    );
  return { node, released, open, sayFrame, data: (...pieces: readonly Uint8Array[]) => say(form.streamIdOf(OWNER), ...pieces) };
}

/** What the stream has to read. */
async function readable(node: BareNode, count: number): Promise<Uint8Array[]> {
  const pipe = node.behavior(Store).streams[0]?.pipe();
  const pieces: Uint8Array[] = [];
  while (pipe !== undefined && pieces.length < count) pieces.push((await pipe.read()) as Uint8Array);
  return pieces;
}

describe('memory of records with', () => {
  it('row 104: data of no stream, and frames, is freed at once', () => {
    const { released, data, open, sayFrame } = met();
    data(bytesOf(1_000), bytesOf(1_000));
    expect(released.length).to.equal(1);
    open();
    sayFrame((writer) => form.writePing(writer));
    sayFrame((writer) => form.writeReset(writer, OWNER, 'STREAM_RESET', 'enough'));
    expect(released.length).to.equal(4);
    data(bytesOf(1_000));
    expect(released.length).to.equal(5);
  });

  it('row 104: data beyond the window is freed, and none of it is copied or held', () => {
    const { node, released, open, data } = met();
    open();
    data(bytesOf(WINDOW_BYTES / 2));
    released.length = 0;
    data(bytesOf(WINDOW_BYTES / 2 + 1));
    expect(released.length).to.equal(1);
    expect(node.behavior(Store).streams.length).to.equal(1);
    node.advance(0);
    expect(node.behavior(StreamsBehavior).streamCount).to.equal(0);
  });

  it('a piece that is most of it is held, and of smaller ones only their copies', async () => {
    const { node, released, open, data } = met();
    open();
    released.length = 0;
    data(bytesOf(30_000, 2), bytesOf(20, 3));
    expect(released).to.deep.equal([]);
    data(bytesOf(100, 4), bytesOf(100, 5), bytesOf(100, 6));
    expect(released.length).to.equal(1);
    const pieces = [bytesOf(30_000, 2), bytesOf(20, 3), bytesOf(100, 4), bytesOf(100, 5), bytesOf(100, 6)];
    expect(await readable(node, 5)).to.deep.equal(pieces);
  });
});

describe('refusals of streams', () => {
  /** A node at which a peer that takes no answers opens many streams, as a node behind it. */
  function refusing(serviceId: number, count: number) {
    let released = 0;
    const crypto = { ...simulatedCrypto, release: () => released++ };
    const node = new BareNode('node', { crypto, behaviors: [Store, [StreamsBehavior, { streamsPerNodeMax: 4 }]] });
    node.start();
    const peer = node.accept((link) => new SecuredPeer(link, { services: [STREAMS] })).begin();
    for (let id = 0; id < count; id++) {
      const [open, packet] = [new ByteWriter(), new ByteWriter()];
      form.writeOpen(open, { id, isOpener: true }, { serviceId, credit: 0, timeoutMs: 60_000, silenceMs: 60_000, name: 'hold' });
      packet.u8(form.FIRST_PACKET).u48(7).u48(id).varint(open.written.length).bytes(open.written);
      const route = { kind: KIND_NODE, source: new Uint8Array(32).fill(9), destination: nodeIdToBytes(node.id) };
      peer.sendMessage({ ...route, fromServiceId: STREAMS, serviceId: STREAMS, payload: packet.written });
    }
    return { node, released: () => released, streams: node.behavior(StreamsBehavior) };
  }

  it('row 104: are no more than 1,024 beside the streams when the remote cannot be answered', () => {
    const { node, released, streams } = refusing(STORE, 3_000);
    expect(node.behavior(Store).streams.length).to.equal(4);
    expect(streams.counters.refused).to.equal(1_024);
    expect(released()).to.equal(3_000);
  });

  it('row 104: are no streams: beyond a limit, and of services that nobody offers or that take none, nothing but the refusal is kept', () => {
    const { counters, streamCount } = refusing(STORE, 1_000).streams;
    expect({ streamCount, refused: counters.refused, reset: counters.reset }).to.deep.equal({ streamCount: 4, refused: 996, reset: 0 });
    for (const serviceId of [99, STREAMS]) {
      const none = refusing(serviceId, 1_000).streams;
      expect([none.streamCount, none.counters.refused, none.counters.reset], `${serviceId}`).to.deep.equal([0, 1_000, 0]);
    }
  });

  it('make room for others when their session is over', () => {
    const { node, streams } = refusing(99, 1_000);
    expect(streams.sessionCount).to.equal(1);
    node.advance(200_000);
    expect([streams.sessionCount, streams['refusals'].waiting]).to.deep.equal([0, 0]);
  });
});
