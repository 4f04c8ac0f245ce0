/** @module Bytes: whole numbers as functions, as a reader and as a writer, against literal bytes and against each other. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ByteReader } from '../../../core/structures/byte-reader.js';
import { ByteWriter } from '../../../core/structures/byte-writer.js';
import * as bytes from '../../../core/structures/bytes.js';
import { hexOf as digitsOf } from '../../../core/structures/hex.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const hexOf = (data: Uint8Array) => Buffer.from(data).toString('hex');

describe('bytes', () => {
  it('reads and writes whole numbers, big-endian, at an offset', () => {
    const cases = [
      [2, bytes.readU16, bytes.writeU16, [0, 1, 0x8001, 0xffff]],
      [3, bytes.readU24, bytes.writeU24, [0, 1, 0x80_0001, 0xff_ffff]],
      [4, bytes.readU32, bytes.writeU32, [0, 1, 0x8000_0001, 0xffff_ffff]],
      [6, bytes.readU48, bytes.writeU48, [0, 1, 0x8000_0000_0001, 0xffff_ffff_ffff]],
      [8, bytes.readU64, bytes.writeU64, [0, 1, 0x8000_0001, Number.MAX_SAFE_INTEGER]],
    ] as const;
    for (const [byteCount, read, write, values] of cases)
      for (const value of values) {
        const room = new Uint8Array(byteCount + 2).fill(0xee);
        write(room, 1, value);
        expect(hexOf(room)).to.equal(`ee${value.toString(16).padStart(2 * byteCount, '0')}ee`);
        expect(read(room, 1)).to.equal(value);
      }
  });

  it('reads no safe integer from eight bytes above 2^53 - 1', () => {
    expect(Number.isSafeInteger(bytes.readU64(hex('001fffffffffffff'), 0))).to.equal(true);
    expect(Number.isSafeInteger(bytes.readU64(hex('0020000000000000'), 0))).to.equal(false);
    expect(Number.isSafeInteger(bytes.readU64(hex('ffffffffffffffff'), 0))).to.equal(false);
  });

  it('reads and writes words, little-endian and signed', () => {
    const room = new Uint8Array(6);
    bytes.writeWordLittleEndian(room, 1, 0x8403_0201);
    expect(hexOf(room)).to.equal('000102038400');
    expect(bytes.readWordLittleEndian(room, 1)).to.equal(0x8403_0201 | 0);
  });

  it('writes varints in as few bytes as they take', () => {
    const cases: readonly [number, string][] = [
      [0, '00'],
      [0x7f, '7f'],
      [0x80, '8001'],
      [0x3fff, 'ff7f'],
      [0x4000, '808001'],
      [0x1f_ffff, 'ffff7f'],
      [0x20_0000, '80808001'],
      [0xfff_ffff, 'ffffff7f'],
      [0x1000_0000, '8080808001'],
      [0xffff_ffff, 'ffffffff0f'],
    ];
    for (const [value, written] of cases) {
      const room = new Uint8Array(8);
      const end = bytes.writeVarint(room, 1, value);
      expect(hexOf(room.subarray(1, end)), String(value)).to.equal(written);
      expect(bytes.varintBytes(value)).to.equal(end - 1);
      expect(new ByteReader(hex(written)).varint()).to.equal(value);
    }
  });

  it('joins and compares', () => {
    expect(hexOf(bytes.joinBytes([hex('01'), hex(''), hex('0203')]))).to.equal('010203');
    expect(bytes.joinBytes([])).to.have.lengthOf(0);
    expect(bytes.equalBytes(hex('0102'), hex('0102'))).to.equal(true);
    expect(bytes.equalBytes(hex('0102'), hex('0103'))).to.equal(false);
    expect(bytes.equalBytes(hex('0102'), hex('010203'))).to.equal(false);
  });
});

describe('byte reader', () => {
  it('fails for good at the end, and gives 0 and nothing from then on', () => {
    const reader = new ByteReader(hex('0102030405'));
    expect([reader.u16(), reader.left, reader.hasFailed]).to.deep.equal([0x0102, 3, false]);
    expect([reader.u32(), reader.hasFailed]).to.deep.equal([0, true]);
    expect([reader.u8(), reader.u24(), reader.u48(), reader.u64(), reader.varint(), reader.utf8(1)]).to.deep.equal([0, 0, 0, 0, 0, '']);
    expect([reader.rest().length, reader.left, reader.isComplete]).to.deep.equal([0, 0, false]);
  });

  it('is complete when exactly everything was read', () => {
    const reader = new ByteReader(hex('aa0102bb'), 1, 3);
    expect([reader.u8(), reader.isComplete]).to.deep.equal([1, false]);
    expect([reader.u8(), reader.isComplete]).to.deep.equal([2, true]);
    expect([reader.view(0).length, reader.isComplete]).to.deep.equal([0, true]);
    expect([reader.skip(1), reader.isComplete]).to.deep.equal([-1, false]);
    expect(reader.reset(hex('07')).u8()).to.equal(7);
    expect(reader.isComplete).to.equal(true);
  });

  it('refuses numbers above 2^53 - 1, and varints that are too long or too large', () => {
    expect(new ByteReader(hex('001fffffffffffff')).u64()).to.equal(Number.MAX_SAFE_INTEGER);
    const refused: readonly [string, (reader: ByteReader) => unknown][] = [
      ['0020000000000000', (reader) => reader.u64()],
      ['8000', (reader) => reader.varint()],
      ['ffffffff10', (reader) => reader.varint()],
      ['808080808001', (reader) => reader.varint()],
      ['80', (reader) => reader.varint()],
    ];
    for (const [data, read] of refused) {
      const reader = new ByteReader(hex(data));
      expect(read(reader), data).to.equal(0);
      expect(reader.hasFailed, data).to.equal(true);
    }
  });

  it('copies, and gives views', () => {
    const data = Buffer.from('010203', 'hex');
    const reader = new ByteReader(data);
    const [copy, view] = [reader.copy(1), reader.view(2)];
    data.fill(0xff);
    expect([hexOf(copy), hexOf(view)]).to.deep.equal(['01', 'ffff']);
  });

  it('reads text, and refuses what is none', () => {
    expect(new ByteReader(hex('c3a9e282ac')).utf8(5)).to.equal('é€');
    expect(new ByteReader(hex('')).utf8(0)).to.equal('');
    for (const data of ['c3', 'ff', 'eda080', 'efbbbf61']) {
      const reader = new ByteReader(hex(data));
      expect([reader.utf8(data.length / 2), reader.hasFailed], data).to.deep.equal(['', true]);
    }
  });
});

describe('hexadecimal digits', () => {
  it('are those of the bytes at any place and of any length, and a reader that lacks bytes fails', () => {
    const bytes = Uint8Array.from({ length: 5_000 }, (_, index) => index * 7);
    for (const count of [0, 1, 18, 32, 33, 1_024, 1_025, 4_999])
      expect(digitsOf(bytes, 1, count)).to.equal(Buffer.from(bytes.subarray(1, 1 + count)).toString('hex'));
    expect(digitsOf(bytes)).to.equal(Buffer.from(bytes).toString('hex'));
    const reader = new ByteReader(hex('00ff10'));
    expect([reader.hex(2), reader.hasFailed]).to.deep.equal(['00ff', false]);
    expect([reader.hex(2), reader.hasFailed]).to.deep.equal(['0000', true]);
  });
});

describe('byte writer', () => {
  it('writes into the slab that it was given, and grows beyond it', () => {
    const slab = new Uint8Array(4);
    const writer = new ByteWriter(slab).u8(1).u24(0x020304);
    expect(writer.slab).to.equal(slab);
    writer.u16(0x0506).utf8('é').varint(300).bytes(hex('0909')).u48(7).u64(8);
    expect(hexOf(writer.written)).to.equal(`01020304${'0506'}${'c3a9'}${'ac02'}${'0909'}${'000000000007'}${'0000000000000008'}`);
    expect(hexOf(slab)).to.equal('01020304');
    expect(hexOf(new ByteWriter().hex('00ff10').hex('').written)).to.equal('00ff10');
    const copy = writer.copy();
    writer.clear().u32(0xffff_ffff);
    expect([hexOf(writer.written), hexOf(copy.subarray(0, 4))]).to.deep.equal(['ffffffff', '01020304']);
  });

  it('is read back whatever was written, and no prefix of it is complete', () => {
    const field = fc.oneof(
      fc.tuple(fc.constant('u8' as const), fc.nat(0xff)),
      fc.tuple(fc.constant('u16' as const), fc.nat(0xffff)),
      fc.tuple(fc.constant('u24' as const), fc.nat(0xff_ffff)),
      fc.tuple(fc.constant('u32' as const), fc.nat(0xffff_ffff)),
      fc.tuple(fc.constant('u48' as const), fc.nat(0xffff_ffff_ffff)),
      fc.tuple(fc.constant('u64' as const), fc.nat(Number.MAX_SAFE_INTEGER)),
      fc.tuple(fc.constant('varint' as const), fc.nat(0xffff_ffff)),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 40 }), (fields) => {
        const writer = new ByteWriter(new Uint8Array(1));
        for (const [kind, value] of fields) writer[kind](value);
        const reader = new ByteReader(writer.written);
        expect(fields.map(([kind]) => reader[kind]())).to.deep.equal(fields.map(([, value]) => value));
        expect(reader.isComplete).to.equal(true);
        const cut = new ByteReader(writer.written, 0, writer.length - 1);
        for (const [kind] of fields) cut[kind]();
        expect(cut.hasFailed).to.equal(true);
      }),
    );
  });
});

describe('WordView', () => {
  const viewOf = (data: Uint8Array) => {
    const view = new bytes.WordView();
    view.lookAt(data);
    return view;
  };

  it('finds fixed bytes where they are, at any offset of any part of a buffer, and one byte of another value nowhere', () => {
    const room = hex('eeee0102030405060708ee');
    const view = viewOf(room.subarray(1));
    expect([0, 1, 2].map((offset) => view.matches(offset, viewOf(hex('0102030405060708'))))).to.deep.equal([false, true, false]);
    for (let index = 2; index < 10; index++) {
      const other = room.slice(2, 10);
      other[index - 2] = 0xee;
      expect(view.matches(1, viewOf(other))).to.equal(false);
    }
  });

  it('looks at other bytes when it is told to, and at none after a release', () => {
    const view = viewOf(hex('01020304'));
    view.lookAt(hex('05060708'));
    expect([view.matches(0, viewOf(hex('01020304'))), view.matches(0, viewOf(hex('05060708')))]).to.deep.equal([false, true]);
    view.release();
    expect(() => view.matches(0, viewOf(hex('05060708')))).to.throw(RangeError);
  });
});
