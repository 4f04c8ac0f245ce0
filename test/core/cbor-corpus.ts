/**
 * @module CBOR corpus: hex for the tests of the codec, and the published vectors where their folder stands beside the checkout. Data only.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export interface CborVector {
  readonly hex: string;
  readonly decoded?: unknown;
  /** For what JSON cannot write. */
  readonly diagnostic?: string;
}

/** The vectors of a file, or `undefined` in a clone that stands alone. */
export function publishedVectors(file: string): readonly CborVector[] | undefined {
  const path = join(process.cwd(), '..', 'shared', 'vectors', 'cbor', file);
  if (!existsSync(path)) return undefined;
  const content = JSON.parse(readFileSync(path, 'utf8')) as readonly CborVector[] | { readonly vectors: readonly CborVector[] };
  return 'vectors' in content ? content.vectors : content;
}

/** Values and their one encoding. */
export const EXACT: readonly (readonly [hex: string, value: unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['18ff', 255],
  ['190100', 256],
  ['19ffff', 65_535],
  ['1a00010000', 65_536],
  ['1affffffff', 2 ** 32 - 1],
  ['20', -1],
  ['37', -24],
  ['3818', -25],
  ['3affffffff', -(2 ** 32)],
  ['1b0020000000000000', 2n ** 53n],
  ['1bffffffffffffffff', 2n ** 64n - 1n],
  ['3b001fffffffffffff', -(2n ** 53n)],
  ['3bfffffffffffffffe', -(2n ** 64n) + 1n],
  ['fb4270000000000000', 2 ** 40],
  ['fb3ff199999999999a', 1.1],
  ['fb7e37e43c8800759c', 1e300],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['40', new Uint8Array(0)],
  ['420102', Uint8Array.of(1, 2)],
  ['60', ''],
  ['6161', 'a'],
  ['64f0908591', '\u{10151}'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', {}],
  ['a1616101', { a: 1 }],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
];

/** The examples of RFC 8949 appendix F: what is not well-formed, by its headings. */
export const APPENDIX_F: Readonly<Record<string, readonly string[]>> = {
  'end of input in a head': '18|19|1a|1b|1901|1a0102|1b01020304050607|38|58|78|98|9a01ff00|b8|d8|f8|f900|fa0000|fb000000'.split('|'),
  'strings with short data': '41|61|5affffffff00|5bffffffffffffffff010203|7affffffff00|7b7fffffffffffffff010203'.split('|'),
  'arrays and maps with too few items': '81|818181818181818181|8200|a1|a20102|a100|a2000000'.split('|'),
  'a tag without content': ['c0'],
  'indefinite strings without break': ['5f4100', '7f6100'],
  'indefinite arrays and maps without break': '9f|9f0102|bf|bf01020102|819f|9f8000|9f9f9f9f9fffffffff|9f819f819f9fffffff'.split('|'),
  'reserved additional information': '1c|1d|1e|3c|3d|3e|5c|5d|5e|7c|7d|7e|9c|9d|9e|bc|bd|be|dc|dd|de|fc|fd|fe'.split('|'),
  'reserved simple values': ['f800', 'f801', 'f818', 'f81f'],
  'chunks of another type': '5f00ff|5f21ff|5f6100ff|5f80ff|5fa0ff|5fc000ff|5fe0ff|7f4100ff'.split('|'),
  'chunks of indefinite length': ['5f5f4100ffff', '7f7f6100ffff'],
  'a break on its own': ['ff'],
  'a break in a definite container': '81ff|8200ff|a1ff|a1ff00|a100ff|a20000ff|9f81ff|9f829f819f9fffffffff'.split('|'),
  'a break instead of a value': ['bf00ff', 'bf000000ff'],
  'additional information 31 where it has no meaning': ['1f', '3f', 'df'],
};
