/**
 * @module Frames: the same frames come out however the stream is cut; nothing is allocated for a length that is refused.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { varintBytes, writeVarint } from '../../../core/structures/bytes.js';
import { FrameReader } from '../../../core/wire/frame.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

function readAll(reader: FrameReader, plaintexts: readonly Uint8Array[]): string[] {
  const frames: string[] = [];
  for (const plaintext of plaintexts) {
    reader.push(plaintext);
    while (reader.next()) frames.push(Buffer.from(reader.bytes.subarray(reader.start, reader.end)).toString('hex'));
  }
  return frames;
}

describe('FrameReader', () => {
  it('cuts a plaintext into its frames', () => {
    expect(readAll(new FrameReader(100), [hex('01 aa 02 bb cc')])).to.deep.equal(['aa', 'bbcc']);
  });

  it('puts a frame together that spans plaintexts, its length too (row 32)', () => {
    const long = new Uint8Array(300).fill(7);
    const wire = [...hex('ac 02'), ...long];
    const pieces = wire.map((byte) => Uint8Array.of(byte));
    expect(readAll(new FrameReader(300), pieces)).to.deep.equal([Buffer.from(long).toString('hex')]);
  });

  it('takes the longest frame that is allowed, and refuses one byte more from its length alone (row 7)', () => {
    expect(readAll(new FrameReader(2), [hex('02 aa bb')])).to.deep.equal(['aabb']);
    const reader = new FrameReader(2);
    expect(readAll(reader, [hex('03')])).to.deep.equal([]);
    expect(reader.isBroken).to.equal(true);
  });

  for (const [name, wire] of [
    ['an empty frame', '00'],
    ['a length in a longer form than needed', '81 00'],
    ['a length of five bytes', '80 80 80 80 01'],
  ] as const) {
    it(`refuses ${name}`, () => {
      const reader = new FrameReader(2 ** 28);
      expect(readAll(reader, [hex(wire)])).to.deep.equal([]);
      expect(reader.isBroken).to.equal(true);
    });
  }

  it('takes a length of four bytes', () => {
    const reader = new FrameReader(2 ** 28);
    reader.push(hex('ff ff ff 7f'));
    expect(reader.next()).to.equal(false);
    expect(reader.isBroken).to.equal(false);
  });

  it('gives a frame again that was not taken, whole or gathered, and goes on behind it', () => {
    const reader = new FrameReader(400);
    const read = () => reader.next() && Buffer.from(reader.bytes.subarray(reader.start, reader.end)).toString('hex');
    reader.push(hex('01 aa 02 bb'));
    expect(read()).to.equal('aa');
    reader.again();
    expect([read(), read()]).to.deep.equal(['aa', false]);
    reader.push(hex('cc 01 dd'));
    expect(read()).to.equal('bbcc');
    reader.again();
    expect([read(), read(), read()]).to.deep.equal(['bbcc', 'dd', false]);
  });

  it('reads nothing more once it is broken', () => {
    const reader = new FrameReader(2);
    expect(readAll(reader, [hex('00 01 aa'), hex('01 aa')])).to.deep.equal([]);
  });

  it('gives the same frames however the stream is cut', () => {
    const frame = fc.uint8Array({ minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (frames, cuts) => {
        const wire: number[] = [];
        for (const bytes of frames) {
          const prefix = new Uint8Array(varintBytes(bytes.length));
          writeVarint(prefix, 0, bytes.length);
          wire.push(...prefix, ...bytes);
        }
        const pieces: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < wire.length; turn++) {
          const size = cuts[turn % cuts.length] as number;
          pieces.push(Uint8Array.from(wire.slice(at, at + size)));
          at += size;
        }
        expect(readAll(new FrameReader(400), pieces)).to.deep.equal(frames.map((bytes) => Buffer.from(bytes).toString('hex')));
      }),
    );
  });
});
