/** @module A remote that has proven who it is, has its keys, and keeps no rule: what its packets can do to the node at the other end. */
import { expect } from 'chai';
import { InboundSequences } from '../../../../core/engine/links/datagrams/inbound-sequences.js';
import { type SentItem, writeItem, writeNumber } from '../../../../core/engine/links/datagrams/packet.js';
import { DATAGRAM_OVERHEAD } from '../../../../core/security/datagrams/epoch.js';
import { DATAGRAM_BYTES_MAX } from '../../../../core/security/datagrams/header.js';
import { ByteWriter } from '../../../../core/structures/byte-writer.js';
import { DatagramWire } from './wire.js';

function packet(number: number, ...items: SentItem[]): Uint8Array {
  const writer = new ByteWriter();
  writeNumber(writer, number);
  for (const item of items) writeItem(writer, item);
  return writer.written.slice();
}

/** The link is in use for a while. */
function live(wire: DatagramWire, durationMs: number): void {
  for (let leftMs = durationMs; leftMs > 0; leftMs -= 25_000) {
    wire.say(1);
    wire.advance(Math.min(25_000, leftMs));
  }
}

describe('a rogue remote', () => {
  it('that makes nonsense of a new handshake ends its link as one whose keys have failed, and nothing else (rows 24, 25)', () => {
    const wire = new DatagramWire().open();
    const [link] = wire.bob.network.links.openLinks();
    live(wire, 75_000);
    wire.put(packet(1_000, { type: 'rekey', bytes: Uint8Array.of(1, 0, 0, 0, 9, 1) }));
    wire.advance(5_000);
    expect([link?.phase, link?.closeReason?.code, link?.closeReason?.by]).to.deep.equal(['closed', 'record-failed', 'local']);
  });

  it('gets no datagram in that is longer than any that is ever sent (row 34)', () => {
    const wire = new DatagramWire().open();
    const { datagramsRefused } = wire.bob.network.metrics;
    const before = datagramsRefused.value;
    wire.put(new Uint8Array(DATAGRAM_BYTES_MAX - DATAGRAM_OVERHEAD));
    expect(datagramsRefused.value - before).to.equal(0);
    wire.put(new Uint8Array(DATAGRAM_BYTES_MAX - DATAGRAM_OVERHEAD + 1));
    expect(datagramsRefused.value - before).to.be.above(0);
  });

  it('holds no memory of a packet by one byte of it, and makes 4,096 pieces of a sequence wait at most (row 34)', () => {
    const inbound = new InboundSequences(65_536, 4_096);
    inbound.isOpen = true;
    const put = (sequence: number, position: number) =>
      inbound.receive([{ sequence, position, bytes: new Uint8Array(1_200).subarray(7, 8) }], undefined, 4_194_304);
    put(0, 1);
    put(0, 0);
    expect([inbound.read(), inbound.read()].map((bytes) => bytes?.buffer.byteLength)).to.deep.equal([1, 1]);
    expect(inbound.keptBytes).to.equal(0);
    for (let count = 0; count < 4_096; count++) expect(put(70, 10_000 + 2 * count)).to.equal(true);
    expect([put(70, 20_000), put(71, 20_000), put(70, 0)]).to.deep.equal([false, true, true]);
  });

  it('makes no piece that comes in order look through all that came early (row 34)', () => {
    const inbound = new InboundSequences(65_536, 4_096);
    inbound.isOpen = true;
    const put = (position: number) => inbound.receive([{ sequence: 70, position, bytes: Uint8Array.of(1) }], undefined, 4_194_304);
    for (let count = 0; count < 1_000; count++) put(10_000 + 2 * count);
    const { keys } = Map.prototype;
    let looks = 0;
    Map.prototype.keys = function () {
      looks++;
      return keys.call(this);
    };
    try {
      for (let position = 0; position < 1_000; position++) put(position);
    } finally {
      Map.prototype.keys = keys;
    }
    expect(looks).to.equal(0);
  });
});
