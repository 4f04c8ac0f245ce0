/**
 * @module Tests of what the frame reader lends: a plaintext none of whose bytes are seen where they lie may be freed at once.
 */
import { expect } from 'chai';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { varintBytes, writeVarint } from '../../../core/structures/bytes.js';
import { FrameReader } from '../../../core/wire/frame.js';

function frame(size: number): Uint8Array {
  const bytes = new Uint8Array(varintBytes(size) + size).fill(size & 0xff);
  writeVarint(bytes, 0, size);
  return bytes;
}

/** The sizes of the frames that `plaintext` completes. */
function readAll(reader: FrameReader, plaintext: Uint8Array): number[] {
  const sizes: number[] = [];
  reader.push(plaintext);
  while (reader.next()) sizes.push(reader.end - reader.start);
  return sizes;
}

describe('what the frame reader lends of a plaintext', () => {
  it('is nothing while a frame only begins, goes on and ends in it', () => {
    const reader = new FrameReader(100_000);
    const bytes = frame(300);
    for (const [start, end, sizes] of [
      [0, 100, []],
      [100, 200, []],
      [200, bytes.length, [300]],
    ] as const) {
      expect(readAll(reader, bytes.slice(start, end))).to.deep.equal(sizes);
      expect(reader.hasLent).to.equal(false);
    }
  });

  it('is something when one frame lies whole in it, beside the end and the beginning of others; the next plaintext begins anew', () => {
    const reader = new FrameReader(100_000);
    const bytes = Uint8Array.of(...frame(300), ...frame(5), ...frame(300));
    expect(readAll(reader, bytes.slice(0, 100))).to.deep.equal([]);
    expect(readAll(reader, bytes.slice(100, 400))).to.deep.equal([300, 5]);
    expect(reader.hasLent).to.equal(true);
    expect(readAll(reader, bytes.slice(400))).to.deep.equal([300]);
    expect(reader.hasLent).to.equal(false);
  });

  it('is nothing again when all frames in it were given back, each once, and while it was the one that was read last', () => {
    const reader = new FrameReader(100_000);
    reader.push(Uint8Array.of(...frame(5), ...frame(6)));
    expect(reader.next()).to.equal(true);
    const { bytes, end } = reader;
    for (let times = 0; times < 2; times++) reader.giveBack(bytes, end);
    expect(reader.next()).to.equal(true);
    expect(reader.hasLent).to.equal(true);
    reader.giveBack(bytes, end);
    reader.giveBack(new Uint8Array(20), reader.end);
    expect(reader.hasLent).to.equal(true);
    reader.giveBack(bytes, reader.end);
    expect(reader.hasLent).to.equal(false);
    expect(reader.next()).to.equal(false);
  });

  it('is not changed by giving back a frame that was gathered, nor by one that is read again', () => {
    const reader = new FrameReader(100_000);
    const bytes = Uint8Array.of(...frame(5), ...frame(300));
    reader.push(bytes.subarray(0, 100));
    expect(reader.next() && !reader.next()).to.equal(true);
    reader.push(Uint8Array.of(...bytes.subarray(100), ...frame(6)));
    expect(reader.next()).to.equal(true);
    reader.giveBack(reader.bytes, reader.end);
    expect(reader.next()).to.equal(true);
    reader.again();
    expect(reader.next()).to.equal(true);
    reader.giveBack(reader.bytes, reader.end);
    expect(reader.hasLent).to.equal(true);
  });

  it('is read from memory of its own after the plaintexts were released', () => {
    const reader = new FrameReader(100_000);
    const bytes = frame(70_000);
    const [first, second] = [bytes.slice(0, 40_000), bytes.slice(40_000)];
    expect(readAll(reader, first)).to.deep.equal([]);
    nodeCrypto.release?.(first);
    expect(first.length).to.equal(0);
    reader.push(second);
    expect(reader.next()).to.equal(true);
    nodeCrypto.release?.(second);
    expect(reader.bytes.slice(reader.start, reader.end)).to.deep.equal(bytes.slice(3));
  });
});
