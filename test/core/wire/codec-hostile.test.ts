/**
 * @module The codec against hostile input: what lies, bombs and pollution cost and change (rows 83 and 84).
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CborReader } from '../../../core/wire/cbor-reader.js';
import { scanCbor } from '../../../core/wire/cbor-scan.js';
import { decodeValue, encodeValue, VALUE_LIMITS_DEFAULT } from '../../../core/wire/codec.js';
import { fromHex } from '../cbor-corpus.js';
import { costRatio } from '../cost-ratio.js';
import { POLLUTION_CASES } from '../pollution-cases.js';

const MIB = 1024 * 1024;

/** Heads that promise much more than there is. */
const LENGTH_LIES = [
  '5affffffff00',
  '5b000000007fffffff00',
  '5bffffffffffffffff00',
  '7affffffff61',
  '7b001fffffffffffff61',
  '9affffffff00',
  '9a0000ffff00',
  '9b00000001000000000000',
  'baffffffff616100',
  'ba00007fff616100',
  'bb7fffffffffffffff616100',
  '829affffffff9affffffff',
  `${'9a0000ffff'.repeat(16)}00`,
  `${'ba00007fff6161'.repeat(16)}00`,
];

const DEPTH_BOMBS: readonly (readonly [title: string, unit: string])[] = [
  ['arrays', '81'],
  ['maps', 'a16161'],
  ['maps in keys', 'a1'],
  ['arrays of indefinite length', '9f'],
  ['tags', 'c1'],
  ['long tags', 'd9d9f7'],
  ['arrays and maps in turn', '81a16161'],
  ['arrays with a large count', '9affffffff'],
];

function repeated(unit: string, byteCount: number): Uint8Array {
  const bytes = fromHex(unit);
  return Uint8Array.from({ length: byteCount }, (_, index) => bytes[index % bytes.length] as number);
}

/** Bytes that a call leaves on the heap and beside it before anything is collected. */
function memoryCost(work: () => void): number {
  globalThis.gc?.();
  const before = process.memoryUsage();
  work();
  const after = process.memoryUsage();
  return after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
}

function expectUnpolluted(): void {
  const fresh = {} as Record<string, unknown>;
  expect(fresh['polluted']).to.equal(undefined);
  for (const name in fresh) expect.fail(`Object.prototype has ${name}`);
}

describe('codec against hostile input', () => {
  it('row 83: lengths that lie cost less than 1 MiB of memory', () => {
    for (const hex of LENGTH_LIES) {
      const bytes = fromHex(hex);
      expect(decodeValue(bytes), hex).to.equal(undefined);
      expect(
        memoryCost(() => decodeValue(bytes)),
        hex,
      ).to.be.lessThan(MIB);
    }
    expect(memoryCost(() => LENGTH_LIES.map((hex) => decodeValue(fromHex(hex))))).to.be.lessThan(MIB);
  });

  for (const [title, unit] of DEPTH_BOMBS) {
    it(`row 83: a mebibyte of nested ${title} is refused at the price of a sixteenth of it`, () => {
      const [all, part] = [repeated(unit, MIB), repeated(unit, MIB / 16)];
      expect(decodeValue(all)).to.equal(undefined);
      const decodedOften = (bytes: Uint8Array) => () => {
        for (let attempt = 0; attempt < 2_000; attempt++) decodeValue(bytes);
      };
      expect(costRatio(decodedOften(all), decodedOften(part), 8)).to.be.lessThan(8);
    });
  }

  const EXPENSIVE: readonly (readonly [string, (count: number) => unknown])[] = [
    ['keys', (count) => Object.fromEntries(Array.from({ length: count >> 1 }, (_, index) => [index.toString(36).padStart(20, 'x'), 0]))],
    ['bigints', (count) => new Array(count).fill(2n ** 60n)],
    ['maps', (count) => Array.from({ length: count }, () => ({}))],
    ['characters', (count) => '\u{10ffff}'.repeat(4 * count)],
    ['bytes', (count) => new Uint8Array(16 * count)],
  ];
  for (const [title, madeOf] of EXPENSIVE) {
    it(`row 83: as many ${title} as are allowed cost no more for each than an eighth of them`, () => {
      const [few, all] = [encodeValue(madeOf(8_191)), encodeValue(madeOf(65_535))];
      expect(decodeValue(all)).to.not.equal(undefined);
      const ratio = costRatio(
        () => decodeValue(all),
        () => decodeValue(few),
        8 * 4,
      );
      expect(ratio).to.be.lessThan(8 * 4);
    });
  }

  it('row 83: bytes that change after the scan end the reading where they end', () => {
    for (const hex of ['82', '9affffffff', 'baffffffff', 'a16161'])
      expect(() => new CborReader(fromHex(hex)).read(), hex).to.throw(RangeError);
  });

  it('row 84: the table has 18 cases', () => {
    expect(POLLUTION_CASES.length).to.equal(18);
  });

  for (const { title, hex, verdict } of POLLUTION_CASES) {
    it(`row 84: ${title}: ${verdict}, and nothing is polluted`, async () => {
      const bytes = fromHex(hex);
      expect(scanCbor(bytes, VALUE_LIMITS_DEFAULT)).to.equal(verdict);
      const decoded = decodeValue(bytes);
      expectUnpolluted();
      expect(decoded !== undefined).to.equal(verdict === 'plain');
      if (decoded === undefined) return;
      const value = decoded.value as object;
      expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
      expect(await value).to.equal(value);
      expect(JSON.parse(JSON.stringify(value))).to.deep.equal(value);
      expect(String(value)).to.equal('[object Object]');
      expectUnpolluted();
    });
  }

  it('row 84: every case ends the same with a frozen Object.prototype', () => {
    const child = fileURLToPath(new URL('frozen-prototype.child.js', import.meta.url));
    expect(execFileSync(process.execPath, [child], { encoding: 'utf8' })).to.equal('18');
  });
});
