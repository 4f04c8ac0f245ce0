/** @module A remote that has proven who it is, has its keys, and keeps no rule: what its packets can do to the node at the other end. */
import { expect } from 'chai';
import { type SentItem, writeItem, writeNumber } from '../../../../core/engine/links/datagrams/packet.js';
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
});
