/**
 * @module Tests of the buffer pool: sizes, bounds, and that links which share it never see each other's bytes.
 */
import { expect } from 'chai';
import { PrefixedReader } from '../../../core/security/prefixed-reader.js';
import { giveBuffer, takeBuffer } from '../../../core/structures/buffer-pool.js';
import { varintBytes, writeVarint } from '../../../core/structures/bytes.js';
import { FrameReader } from '../../../core/wire/frame.js';

function framed(byte: number, size: number): Uint8Array {
  const bytes = new Uint8Array(varintBytes(size) + size).fill(byte);
  writeVarint(bytes, 0, size);
  return bytes;
}

describe('the buffer pool', () => {
  it('gives at least what was asked for, to the byte around its sizes', () => {
    const sizes = [1, 32_767, 32_768, 65_535, 65_536, 131_070, 131_071];
    expect(sizes.map((size) => takeBuffer(size).length)).to.deep.equal([1, 32_767, 65_535, 65_535, 131_070, 131_070, 131_071]);
  });

  it('gives a buffer again only after it was given back, and keeps 16 of a size at most', () => {
    const first = takeBuffer(65_535);
    expect(takeBuffer(65_535)).to.not.equal(first);
    giveBuffer(first);
    expect(takeBuffer(65_535)).to.equal(first);
    const many = Array.from({ length: 20 }, () => new Uint8Array(65_535));
    for (const buffer of many) giveBuffer(buffer);
    const again = Array.from({ length: 20 }, () => takeBuffer(65_535));
    expect(again.filter((buffer) => many.includes(buffer as Uint8Array<ArrayBuffer>)).length).to.equal(16);
  });

  it('takes no buffer of another size', () => {
    const odd = new Uint8Array(65_534);
    giveBuffer(odd);
    expect(takeBuffer(65_534)).to.not.equal(odd);
  });

  it('keeps frames of two links apart that arrive in turns, and leaves an idle reader without a buffer', () => {
    const readers = [new FrameReader(200_000), new FrameReader(200_000)] as const;
    for (let round = 1; round <= 3; round++) {
      const frames = readers.map((_, index) => framed(10 * round + index, 70_000));
      for (const [index, reader] of readers.entries()) {
        reader.push((frames[index] as Uint8Array).slice(0, 40_000));
        expect(reader.next()).to.equal(false);
      }
      for (const [index, reader] of readers.entries()) {
        reader.push((frames[index] as Uint8Array).slice(40_000));
        expect(reader.next()).to.equal(true);
        const frame = reader.bytes.subarray(reader.start, reader.end);
        expect(frame.length).to.equal(70_000);
        expect(frame.every((byte) => byte === 10 * round + index)).to.equal(true);
        expect(reader.next()).to.equal(false);
        expect(reader.bytes.length).to.equal(0);
      }
    }
  });

  it('keeps records of two links apart that arrive in turns', () => {
    const readers = [new PrefixedReader(1, 65_535), new PrefixedReader(1, 65_535)] as const;
    const record = (byte: number) => {
      const bytes = new Uint8Array(2 + 50_000).fill(byte);
      bytes.set([50_000 >>> 8, 50_000 & 0xff]);
      return bytes;
    };
    for (const [index, reader] of readers.entries()) {
      reader.push(record(index + 1).subarray(0, 30_000));
      expect(reader.read()).to.equal(undefined);
    }
    for (const [index, reader] of readers.entries()) {
      reader.push(record(index + 1).subarray(30_000));
      const body = reader.read();
      expect(body?.length).to.equal(50_000);
      expect(body?.every((byte) => byte === index + 1)).to.equal(true);
      expect(reader.read()).to.equal(undefined);
      expect(reader.bufferedBytes).to.equal(0);
    }
  });
});
