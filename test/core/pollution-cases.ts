/**
 * @module Pollution cases of row 84: eighteen inputs that aim at prototypes, conversions and awaiting, and what the codec says to each.
 * Data only, because a child process with a frozen Object.prototype runs them too.
 */
import type { CborVerdict } from '../../core/wire/cbor-scan.js';

export interface PollutionCase {
  readonly title: string;
  readonly hex: string;
  readonly verdict: CborVerdict;
}

const hexOf = (text: string): string => [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const textHex = (text: string): string => (0x60 + text.length).toString(16) + hexOf(text);
/** { polluted: true } */
const PAYLOAD = `a1${textHex('polluted')}f5`;
const mapOf = (key: string, value = PAYLOAD): string => `a1${textHex(key)}${value}`;

export const POLLUTION_CASES: readonly PollutionCase[] = [
  { title: '__proto__ as a key', hex: mapOf('__proto__'), verdict: 'key-forbidden' },
  { title: '__proto__ in a map in an array', hex: `81${mapOf('a', mapOf('__proto__'))}`, verdict: 'key-forbidden' },
  {
    title: '__proto__ as the last of many keys',
    hex: `a3${textHex('a')}00${textHex('b')}00${textHex('__proto__')}${PAYLOAD}`,
    verdict: 'key-forbidden',
  },
  { title: 'constructor.prototype', hex: mapOf('constructor', mapOf('prototype')), verdict: 'key-forbidden' },
  { title: 'prototype', hex: mapOf('prototype'), verdict: 'key-forbidden' },
  { title: '__defineGetter__', hex: mapOf('__defineGetter__'), verdict: 'key-forbidden' },
  { title: '__proto__ as a byte string', hex: `a149${hexOf('__proto__')}${PAYLOAD}`, verdict: 'key-type' },
  { title: '__proto__ in two chunks', hex: `a17f${textHex('__pro')}${textHex('to__')}ff${PAYLOAD}`, verdict: 'indefinite' },
  { title: '__proto__ in an overlong form', hex: `a16a5fc19f${hexOf('proto__')}${PAYLOAD}`, verdict: 'text' },
  { title: '__proto__ in an array as key, which converts to it', hex: `a181${textHex('__proto__')}${PAYLOAD}`, verdict: 'key-type' },
  { title: '__proto__ as the field of a record definition', hex: `d9dfff8319000181${textHex('__proto__')}${PAYLOAD}`, verdict: 'tag' },
  { title: '__proto__ in a tagged Map', hex: `d90103${mapOf('__proto__')}`, verdict: 'tag' },
  { title: 'a shared reference, which can make a circle', hex: 'd81c81d81d00', verdict: 'tag' },
  {
    title: 'a duplicate key that replaces a checked one',
    hex: `a2${textHex('role')}${textHex('user')}${textHex('role')}${textHex('root')}`,
    verdict: 'key-duplicate',
  },
  { title: 'toString and valueOf that are no functions', hex: mapOf('toString', 'f6'), verdict: 'key-forbidden' },
  { title: 'hasOwnProperty that is no function', hex: mapOf('hasOwnProperty', '01'), verdict: 'key-forbidden' },
  { title: 'a then to wait for', hex: mapOf('then', '01'), verdict: 'plain' },
  { title: 'a toJSON to call', hex: mapOf('toJSON', mapOf('a', '01')), verdict: 'plain' },
];
