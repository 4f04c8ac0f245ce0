/**
 * @module The codec: which values are carried, how they change on the way, and what encoding refuses.
 */
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { NetworkError } from '../../../core/errors.js';
import { ByteWriter } from '../../../core/structures/byte-writer.js';
import { equalBytes } from '../../../core/structures/bytes.js';
import { FORBIDDEN_KEYS } from '../../../core/wire/cbor-keys.js';
import { scanCbor } from '../../../core/wire/cbor-scan.js';
import { type Decoded, decodeValue, encodeValue, VALUE_LIMITS_DEFAULT, writeValue } from '../../../core/wire/codec.js';
import { EXACT, fromHex, toHex } from '../cbor-corpus.js';

/** What decoding gives for a value that encoding takes. */
function arrived(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(arrived);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, arrived(item)]));
}

function roundTrip(value: unknown): unknown {
  const decoded = decodeValue(encodeValue(value));
  expect(decoded, 'refused').to.not.equal(undefined);
  return decoded?.value;
}

function unencodable(value: unknown): string {
  try {
    encodeValue(value);
  } catch (error) {
    expect(error).to.be.instanceOf(NetworkError);
    expect((error as NetworkError).code).to.equal('CODEC_UNENCODABLE');
    return (error as NetworkError).message;
  }
  throw new Error('it was encoded');
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const text = fc.string({ unit: 'binary', maxLength: 100 }).filter((string) => !string.startsWith('\ufeff'));
const key = text.filter((string) => !FORBIDDEN_KEYS.has(string));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, tie('leaf'), fc.array(tie('tree'), { maxLength: 5 }), fc.dictionary(key, tie('tree'), { maxKeys: 30 })),
  leaf: fc.oneof(
    fc.constantFrom(null, undefined, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 64n) + 1n, max: 2n ** 64n - 1n }),
    text,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
  ),
}));

describe('codec', () => {
  for (const [hex, value] of EXACT) {
    it(`carries ${hex}`, () => {
      expect(toHex(encodeValue(value))).to.equal(hex);
      expect(decodeValue(fromHex(hex))).to.deep.equal({ value });
    });
  }

  it('gives back every value that it takes', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(roundTrip(value)).to.deep.equal(arrived(value));
      }),
      { numRuns: 500 },
    );
  });

  it('encodes nothing that its own scan would refuse', () => {
    fc.assert(
      fc.property(tree, (value) => scanCbor(encodeValue(value), VALUE_LIMITS_DEFAULT) === 'plain'),
      { numRuns: 500 },
    );
  });

  it('tells a decoded undefined from a refusal', () => {
    expect(decodeValue(fromHex('f7'))).to.deep.equal({ value: undefined });
    expect(decodeValue(fromHex('f8'))).to.equal(undefined);
    expect(decodeValue(new Uint8Array(0))).to.equal(undefined);
  });

  it('gives integers as numbers up to 2^53 - 1 and exactly as bigints beyond, never rounded', () => {
    expect(decodeValue(fromHex('1b001fffffffffffff'))?.value).to.equal(Number.MAX_SAFE_INTEGER);
    expect(decodeValue(fromHex('1b0020000000000000'))?.value).to.equal(2n ** 53n);
    expect(decodeValue(fromHex('3b001ffffffffffffe'))?.value).to.equal(Number.MIN_SAFE_INTEGER);
    expect(decodeValue(fromHex('3b001fffffffffffff'))?.value).to.equal(-(2n ** 53n));
    expect(decodeValue(fromHex('3bffffffffffffffff'))?.value).to.equal(-(2n ** 64n));
    expect(decodeValue(fromHex('821b00000100000000001bffffffffffffffff'))?.value).to.deep.equal([2 ** 40, 2n ** 64n - 1n]);
    expect(roundTrip({ small: 5n, large: [2n ** 63n] })).to.deep.equal({ small: 5, large: [2n ** 63n] });
  });

  it('reads floats of 16, 32 and 64 bits', () => {
    const floats: readonly (readonly [string, number])[] = [
      ['f93c00', 1],
      ['f9c400', -4],
      ['f90001', 2 ** -24],
      ['f903ff', 1023 * 2 ** -24],
      ['f90400', 2 ** -14],
      ['f97bff', 65_504],
      ['f97c00', Number.POSITIVE_INFINITY],
      ['f9fc00', Number.NEGATIVE_INFINITY],
      ['f97e00', Number.NaN],
      ['fa47c35000', 100_000],
      ['fb3ff199999999999a', 1.1],
    ];
    for (const [hex, value] of floats) expect(decodeValue(fromHex(hex)), hex).to.deep.equal({ value });
  });

  it('reads keys as they are, whatever keys were read before', () => {
    const keys = ['', 'a', 'ab', 'ba', 'é', 'Ã©', 'c\u0083', 'x'.repeat(23), 'x'.repeat(24), 'y'.repeat(300)];
    for (const first of keys)
      for (const second of keys)
        expect([first, second].map((key) => roundTrip({ [key]: 1 }))).to.deep.equal([{ [first]: 1 }, { [second]: 1 }]);
  });

  it('encodes what a getter encodes while its object is being encoded', () => {
    let inner: Uint8Array | undefined;
    const outer = {
      a: 'before',
      get b() {
        inner = encodeValue(['within']);
        return 1;
      },
    };
    expect(toHex(encodeValue(outer))).to.equal('a26161666265666f7265616201');
    expect(toHex(inner as Uint8Array)).to.equal('816677697468696e');
  });

  it('writes -0 as 0 and keeps NaN and the infinities', () => {
    expect(toHex(encodeValue(-0))).to.equal('00');
    expect(decodeValue(fromHex('f98000'))?.value).to.equal(-0);
    expect(roundTrip([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])).to.deep.equal([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('writes a value behind room for a head as it encodes it alone, byte strings of every length of head too', () => {
    const writer = new ByteWriter();
    const lengths = [0, 1, 23, 24, 255, 256, 65_535, 65_536];
    for (const value of [{ a: [1, 'x'] }, undefined, 7n, ...lengths.map((length) => new Uint8Array(length).fill(7))]) {
      writeValue(writer, 3, value);
      expect(writer.length).to.equal(3 + encodeValue(value).length);
      expect(equalBytes(writer.written.subarray(3), encodeValue(value))).to.equal(true);
      expect(decodeValue(encodeValue(value))?.value).to.deep.equal(typeof value === 'bigint' ? Number(value) : value);
    }
  });

  it('refuses a byte string that is not in its shortest form, is cut, or has something behind it', () => {
    const bytes = (head: readonly number[], length: number) => Uint8Array.from([...head, ...new Array<number>(length).fill(7)]);
    for (const [head, length] of [
      [[0x58, 23], 23],
      [[0x59, 0, 255], 255],
      [[0x5a, 0, 0, 255, 255], 65_535],
      [[0x5b, 0, 0, 0, 0, 0, 1, 0, 0], 65_536],
    ] as const)
      expect(decodeValue(bytes(head, length))).to.equal(undefined);
    for (const [head, length] of [
      [[0x41], 1],
      [[0x58, 24], 24],
      [[0x59, 1, 0], 256],
    ] as const) {
      expect(decodeValue(bytes(head, length))?.value).to.deep.equal(new Uint8Array(length).fill(7));
      for (const wrong of [length - 1, length + 1]) expect(decodeValue(bytes(head, wrong))).to.equal(undefined);
    }
  });

  it('takes Buffers, holes, objects without prototype and plain data of another realm as what they hold', () => {
    expect(toHex(encodeValue(Buffer.from([1, 2])))).to.equal('420102');
    expect(roundTrip(new Array(2))).to.deep.equal([undefined, undefined]);
    expect(toHex(encodeValue(Object.assign(Object.create(null), { a: 1 })))).to.equal('a1616101');
    expect(toHex(encodeValue(runInNewContext('({ a: [1, { b: 2 }] })')))).to.equal('a161618201a1616202');
    expect(toHex(encodeValue(runInNewContext('[1]')))).to.equal('8101');
    expect(toHex(encodeValue(new (class List extends Array<number> {})(0, 1)))).to.equal('820001');
    expect(toHex(encodeValue(Object.assign(Object.create(null), { [Symbol.iterator]: () => [][Symbol.iterator]() })))).to.equal('a0');
  });

  it('names the place of what cannot be carried', () => {
    class Point {}
    expect(unencodable(() => 1)).to.equal('value is a function');
    expect(unencodable({ list: [1, { call: () => 1 }] })).to.equal('value.list[1].call is a function');
    expect(unencodable([Symbol('s')])).to.equal('value[0] is a symbol');
    expect(unencodable({ point: new Point() })).to.match(/^value\.point is an instance of Point/);
    for (const instance of [new Map(), new Set(), new Date(), /x/, new Error('x'), new Float64Array(1), new DataView(new ArrayBuffer(1))]) {
      expect(unencodable([instance])).to.match(/^value\[0\] is an instance of /);
    }
    expect(unencodable([Promise.resolve()])).to.equal('value[0] is a promise: await it first');
  });

  it('refuses bigints beyond 64 bits and takes the ones within', () => {
    expect(unencodable({ id: 2n ** 64n })).to.match(/^value\.id is a bigint/);
    expect(unencodable(-(2n ** 64n))).to.match(/^value is a bigint/);
    expect(roundTrip(2n ** 64n - 1n)).to.equal(2n ** 64n - 1n);
  });

  it('refuses what would arrive as another text: half of a surrogate pair, a leading byte order mark', () => {
    expect(unencodable({ text: 'a\ud800' })).to.match(/^value\.text has half/);
    expect(unencodable({ '\udc00': 1 })).to.match(/key that has half/);
    expect(unencodable(`\ufeff${'x'.repeat(80)}`)).to.match(/byte order mark/);
    expect(unencodable({ '\ufeff': 1 })).to.match(/byte order mark/);
    expect(roundTrip(`x\ufeff\u{1f600}${'y'.repeat(80)}`)).to.equal(`x\ufeff\u{1f600}${'y'.repeat(80)}`);
  });

  it('refuses the keys that a remote would refuse', () => {
    for (const forbidden of FORBIDDEN_KEYS) expect(unencodable([JSON.parse(`{ "${forbidden}": 1 }`)])).to.include(`the key ${forbidden}`);
    const near = Object.fromEntries(['proto', 'then', 'toJSON', 'length'].map((allowed) => [allowed, 1]));
    expect(roundTrip(near)).to.deep.equal(near);
  });

  it('takes 16 levels and refuses 17 and circles on the way out', () => {
    expect(roundTrip(nested(16))).to.deep.equal(nested(16));
    expect(unencodable(nested(17))).to.match(/nested deeper than 16 levels/);
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(unencodable(circle)).to.match(/contains itself/);
  });

  it('takes as many items as the limit says and refuses one more on the way out, counting keys', () => {
    const limits = { valueDepthMax: 16, valueItemsMax: 5 };
    expect(decodeValue(encodeValue({ a: 1, b: 2 }, limits), limits)).to.deep.equal({ value: { a: 1, b: 2 } });
    expect(encodeValue([1, 2, 3, 4], limits).length).to.equal(5);
    expect(() => encodeValue([1, 2, 3, 4, 5], limits)).to.throw('value[4] makes more than 5 items');
    expect(() => encodeValue({ a: 1, b: 2, c: 3 }, limits)).to.throw('more than 5 items');
    expect(() => encodeValue(new Array(1e9))).to.throw('more than 65536 items');
  });

  it('gives bytes of its own, in the class Uint8Array', () => {
    const encoded = encodeValue([1, 'first']);
    encodeValue([2, 'second']);
    expect(toHex(encoded)).to.equal('8201656669727374');
    expect(Object.getPrototypeOf(encoded)).to.equal(Uint8Array.prototype);
    expect(encoded.buffer.byteLength).to.equal(encoded.length);
  });

  for (const [size, title] of [
    [3, 'small'],
    [5000, 'large'],
  ] as const) {
    it(`decodes byte strings of ${title} inputs to copies in the class Uint8Array, and leaves the input as it was`, () => {
      const input = Buffer.from(encodeValue([new Uint8Array(size).fill(7)]));
      const decoded = decodeValue(input);
      input.fill(9);
      decodeValue(encodeValue([new Uint8Array(size).fill(8)]));
      const [bytes] = (decoded as Decoded).value as [Uint8Array];
      expect(bytes).to.deep.equal(new Uint8Array(size).fill(7));
      expect(Object.getPrototypeOf(bytes)).to.equal(Uint8Array.prototype);
      expect(bytes.buffer.byteLength).to.equal(size);
      expect(Object.keys(input).filter((name) => !/^\d+$/.test(name))).to.deep.equal([]);
    });
  }

  it('works on after a getter that throws', () => {
    const throwing = {
      get value(): never {
        throw new Error('mine');
      },
    };
    expect(() => encodeValue([1, throwing])).to.throw('mine');
    expect(toHex(encodeValue({ a: 1 }))).to.equal('a1616101');
  });

  it('carries a value of a mebibyte, and small ones after it', () => {
    const large = { text: 'ä'.repeat(300_000), bytes: new Uint8Array(400_000).fill(5) };
    expect(roundTrip(large)).to.deep.equal(large);
    expect(toHex(encodeValue({ a: 1 }))).to.equal('a1616101');
  });
});
