/**
 * @module The CBOR scan: which bytes are a value and why others are not, beside RFC 8949 appendix A and F (row 83).
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { FORBIDDEN_KEYS } from '../../../core/wire/cbor-keys.js';
import { type CborVerdict, scanCbor } from '../../../core/wire/cbor-scan.js';
import { decodeValue, encodeValue, VALUE_LIMITS_DEFAULT } from '../../../core/wire/codec.js';
import { APPENDIX_F, fromHex, publishedVectors, toHex } from '../cbor-corpus.js';

function verdictOf(hex: string): CborVerdict {
  return scanCbor(fromHex(hex), VALUE_LIMITS_DEFAULT);
}

/** Each accepted input beside its nearest refused ones. */
const VERDICTS: readonly (readonly [hex: string, verdict: CborVerdict])[] = [
  ['', 'truncated'],
  ['00', 'plain'],
  ['0000', 'trailing'],
  ['1817', 'not-shortest'],
  ['1818', 'plain'],
  ['1900ff', 'not-shortest'],
  ['190100', 'plain'],
  ['1a0000ffff', 'not-shortest'],
  ['1a00010000', 'plain'],
  ['1b00000000ffffffff', 'not-shortest'],
  ['1b0000000100000000', 'plain'],
  ['3817', 'not-shortest'],
  ['3b00000000ffffffff', 'not-shortest'],
  ['3b0000000100000000', 'plain'],
  ['580100', 'not-shortest'],
  ['78016a', 'not-shortest'],
  ['980100', 'not-shortest'],
  ['b801616100', 'not-shortest'],
  ['5b000000000000000100', 'not-shortest'],
  ['41', 'truncated'],
  ['4100', 'plain'],
  ['410000', 'trailing'],
  ['8201', 'truncated'],
  ['9affffffff00', 'truncated'],
  ['b9ffff616100', 'truncated'],
  ['820102', 'plain'],
  ['82010203', 'trailing'],
  ['f3', 'simple'],
  ['f4', 'plain'],
  ['f7', 'plain'],
  ['f817', 'simple'],
  ['f820', 'simple'],
  ['f90000', 'plain'],
  ['fa00000000', 'plain'],
  ['fb0000000000000000', 'plain'],
  ['fb00000000000000', 'truncated'],
  ['c000', 'tag'],
  ['c249010000000000000000', 'tag'],
  ['d9d9f700', 'tag'],
  ['9fff', 'indefinite'],
  ['ff', 'indefinite'],
  ['a1616100', 'plain'],
  ['a10000', 'key-type'],
  ['a1416100', 'key-type'],
  ['a1f600', 'key-type'],
  ['a1806100', 'key-type'],
  ['a2616100616200', 'plain'],
  ['a2616100616100', 'key-duplicate'],
  ['82a1616100a1616100', 'plain'],
  ['a26161a16161006162a1616100', 'plain'],
  ['a26161a1616200616100', 'key-duplicate'],
  ['a26000', 'truncated'],
  ['a16000', 'plain'],
  ['a2600060f6', 'key-duplicate'],
];

/** Text as bytes, valid and invalid. */
const TEXTS: readonly (readonly [hex: string, isValid: boolean])[] = [
  ['7f', true],
  ['80', false],
  ['c180', false],
  ['c280', true],
  ['c2', false],
  ['c27f', false],
  ['dfbf', true],
  ['e09fbf', false],
  ['e0a080', true],
  ['ed9fbf', true],
  ['eda080', false],
  ['ee8080', true],
  ['efbfbf', true],
  ['e0a0', false],
  ['e0a07f', false],
  ['f08fbfbf', false],
  ['f0908080', true],
  ['f48fbfbf', true],
  ['f4908080', false],
  ['f5808080', false],
  ['f09080', false],
  ['f0908061', false],
  ['efbbbf', false],
  ['61efbbbf', true],
];

describe('cbor-scan', () => {
  for (const [hex, verdict] of VERDICTS) {
    it(`says ${verdict} to ${hex === '' ? 'nothing' : hex}`, () => {
      expect(verdictOf(hex)).to.equal(verdict);
    });
  }

  for (const [heading, examples] of Object.entries(APPENDIX_F)) {
    it(`row 83: refuses RFC 8949 appendix F, ${heading}`, () => {
      for (const hex of examples) {
        expect(verdictOf(hex), hex).to.not.equal('plain');
        expect(decodeValue(fromHex(hex)), hex).to.equal(undefined);
      }
    });
  }

  for (const [hex, isValid] of TEXTS) {
    it(`row 83: ${isValid ? 'takes' : 'refuses'} text of the bytes ${hex}, as value and as key`, () => {
      const bytes = (0x60 + hex.length / 2).toString(16) + hex;
      expect(verdictOf(bytes)).to.equal(isValid ? 'plain' : 'text');
      expect(verdictOf(`a1${bytes}00`)).to.equal(isValid ? 'plain' : 'text');
    });
  }

  it('row 83: agrees with the platform on which bytes are UTF-8', () => {
    const strict = new TextDecoder('utf-8', { fatal: true });
    const unit = fc.oneof(
      fc.constantFrom(0x7f, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x9f, 0xa0, 0x8f, 0x90),
      fc.integer({ min: 0, max: 255 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), (units) => {
        const bytes = Uint8Array.from(units);
        let isValid = !(bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf);
        try {
          strict.decode(bytes);
        } catch {
          isValid = false;
        }
        expect(verdictOf((0x60 + bytes.length).toString(16) + toHex(bytes))).to.equal(isValid ? 'plain' : 'text');
      }),
      { numRuns: 5000 },
    );
  });

  it('row 83: refuses every forbidden key at every level, and the nearest other ones pass', () => {
    for (const key of FORBIDDEN_KEYS) {
      const item = `${(0x60 + key.length).toString(16).padStart(2, '0')}${Buffer.from(key).toString('hex')}00`;
      expect(verdictOf(`a1${item}`), key).to.equal('key-forbidden');
      expect(verdictOf(`a1616181a1${item}`), key).to.equal('key-forbidden');
      expect(verdictOf(toHex(encodeValue({ [`${key}_`]: 0, [key.slice(1)]: 0, [`x${key.slice(1)}`]: key }))), key).to.equal('plain');
    }
  });

  for (const size of [2, 16, 17, 300]) {
    it(`row 83: finds the one duplicate among ${size} keys, wherever it stands`, () => {
      const keys = Array.from({ length: size }, (_, index) => `key${index}`);
      const asMap = (names: readonly string[]): Uint8Array => {
        const pairs = names.map((name) => toHex(encodeValue(name)) + toHex(encodeValue({ [name]: [name] }))).join('');
        const head = size < 24 ? (0xa0 + size).toString(16) : `b9${size.toString(16).padStart(4, '0')}`;
        return fromHex(head + pairs);
      };
      expect(scanCbor(asMap(keys), VALUE_LIMITS_DEFAULT)).to.equal('plain');
      for (const index of [1, size - 1]) expect(scanCbor(asMap(keys.with(index, 'key0')), VALUE_LIMITS_DEFAULT)).to.equal('key-duplicate');
    });
  }

  it('takes 16 levels of arrays and maps and refuses 17', () => {
    expect(verdictOf(`${'81'.repeat(16)}00`)).to.equal('plain');
    expect(verdictOf(`${'81'.repeat(17)}00`)).to.equal('depth');
    expect(verdictOf(`${'a16161'.repeat(16)}00`)).to.equal('plain');
    expect(verdictOf(`${'a16161'.repeat(17)}00`)).to.equal('depth');
    expect(verdictOf(`${'81'.repeat(16)}80`)).to.equal('depth');
    expect(scanCbor(fromHex('80'), { valueDepthMax: 0, valueItemsMax: 9 })).to.equal('depth');
  });

  it('takes as many items as the limit says and refuses one more', () => {
    const limits = { valueDepthMax: 16, valueItemsMax: 5 };
    expect(scanCbor(fromHex('8400000000'), limits)).to.equal('plain');
    expect(scanCbor(fromHex('850000000000'), limits)).to.equal('items');
    expect(scanCbor(fromHex('a2616100616200'), limits)).to.equal('plain');
    expect(scanCbor(fromHex('828100820000'), limits)).to.equal('items');
    const full = encodeValue(new Array(65_535).fill(0));
    expect(scanCbor(full, VALUE_LIMITS_DEFAULT)).to.equal('plain');
    expect(scanCbor(Uint8Array.of(0x9a, 0, 1, 0, 0, ...new Uint8Array(65_536)), VALUE_LIMITS_DEFAULT)).to.equal('items');
  });

  it('refuses every beginning of an accepted value, and every value with a byte behind it', () => {
    const bytes = encodeValue({ id: 1, method: 'greet', value: { name: 'wörld', list: [1.5, -300, 2n ** 60n, new Uint8Array(30)] } });
    for (let length = 0; length < bytes.length; length++)
      expect(scanCbor(bytes.subarray(0, length), VALUE_LIMITS_DEFAULT)).to.equal('truncated');
    expect(scanCbor(Uint8Array.of(...bytes, 0), VALUE_LIMITS_DEFAULT)).to.equal('trailing');
  });
});

/** What of RFC 8949 appendix A is refused, and why; everything else there is decoded to its value. */
const APPENDIX_A_REFUSALS: readonly (readonly [why: CborVerdict, hex: RegExp])[] = [
  ['tag', /^[cd]/],
  ['indefinite', /^(5f|7f|9f|bf|83018202039f|83019f|826161bf)/],
  ['simple', /^(f0|f8)/],
  ['key-type', /^a201020304$/],
];

const DIAGNOSTICS: Readonly<Record<string, unknown>> = {
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
  undefined: undefined,
  "h''": new Uint8Array(0),
  "h'01020304'": Uint8Array.of(1, 2, 3, 4),
};

describe('cbor-scan with the published vectors', () => {
  for (const file of ['appendix_a.rfc8949.json', 'appendix_a.rfc7049.verbatim.json']) {
    it(`row 83: ${file}: each vector decodes to its value, or is refused for the reason that it is there for`, function () {
      const vectors = publishedVectors(file) ?? this.skip();
      for (const { hex, decoded, diagnostic } of vectors) {
        const refusal = APPENDIX_A_REFUSALS.find(([, pattern]) => pattern.test(hex));
        if (refusal !== undefined) expect(verdictOf(hex), hex).to.equal(refusal[0]);
        else if (diagnostic !== undefined) expect(decodeValue(fromHex(hex)), hex).to.deep.equal({ value: DIAGNOSTICS[diagnostic] });
        else expect(asInJson(decodeValue(fromHex(hex))?.value), hex).to.deep.equal(asInJson(decoded));
      }
    });
  }

  it('row 83: fail.cbor-test-vectors: none is accepted', function () {
    const vectors = publishedVectors('fail.cbor-test-vectors.json') ?? this.skip();
    expect(vectors.length).to.be.greaterThan(600);
    for (const { hex } of vectors) expect(decodeValue(fromHex(hex)), hex).to.equal(undefined);
  });
});

/** The vectors' files have 64-bit integers rounded, and one of them has lost the sign of -0. */
function asInJson(value: unknown): unknown {
  if (value === 0) return 0;
  return typeof value === 'bigint' ? Number(value) : value;
}
