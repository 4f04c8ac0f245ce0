/** @module Tests of which packets of a link are decoded at all. */
import { expect } from 'chai';
import { GUARD_LIMITS, PacketGuard } from '../../../../../core/platform/node/lan/packet-guard.js';

/** A header with these four counts, and a body. */
function packet(counts: readonly number[], body = '_topic'): Buffer {
  const header = Buffer.alloc(12);
  for (const [index, count] of counts.entries()) header.writeUInt16BE(count, 4 + 2 * index);
  return Buffer.concat([header, Buffer.from(body)]);
}

describe('the guard of LAN discovery', () => {
  let guard: PacketGuard;
  beforeEach(() => {
    guard = new PacketGuard('_topic');
  });

  it('lets pass what is about the topic, and does not count what is about others', () => {
    expect(guard.admits(packet([1, 0, 0, 0]), 0)).to.equal(true);
    expect(guard.admits(packet([1, 0, 0, 0], '_other'), 0)).to.equal(false);
    expect(guard.admits(Buffer.alloc(0), 0)).to.equal(false);
    expect(guard.admits(Buffer.from('_topic'), 0)).to.equal(false);
    expect(guard.droppedCount).to.equal(0);
  });

  it('drops what is longer than a frame', () => {
    const room = GUARD_LIMITS.packetBytesMax - 12 - '_topic'.length;
    expect(guard.admits(packet([1, 0, 0, 0], `_topic${'x'.repeat(room)}`), 0)).to.equal(true);
    expect(guard.admits(packet([1, 0, 0, 0], `_topic${'x'.repeat(room + 1)}`), 0)).to.equal(false);
    expect(guard.droppedCount).to.equal(1);
  });

  it('drops what announces more records than it needs, for which decoders would make room', () => {
    expect(guard.admits(packet([4, 4, 4, 4]), 0)).to.equal(true);
    for (const counts of [
      [4, 4, 4, 5],
      [65_535, 0, 0, 0],
      [0, 65_535, 65_535, 65_535],
    ])
      expect(guard.admits(packet(counts), 0), counts.join()).to.equal(false);
    expect(guard.droppedCount).to.equal(3);
  });

  it('drops what is too much within a second, and takes as many again with time', () => {
    const flood = Array.from({ length: GUARD_LIMITS.packetsPerSecond + 10 }, () => guard.admits(packet([1, 0, 0, 0]), 5));
    expect(flood.filter(Boolean)).to.have.length(GUARD_LIMITS.packetsPerSecond);
    expect(guard.droppedCount).to.equal(10);
    const later = Array.from({ length: 300 }, () => guard.admits(packet([1, 0, 0, 0]), 505));
    expect(later.filter(Boolean)).to.have.length(GUARD_LIMITS.packetsPerSecond / 2);
  });
});
