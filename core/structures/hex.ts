/**
 * @module Hex: bytes as lower-case hexadecimal digits, two for each, and back. Ids are such texts. A text is made at once from the codes of its
 * digits: one that is joined from pieces takes twice as long. Pure.
 */
const CODES = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** The digits of the text that is being made, by their number; longer ones are made each time. */
const DIGITS: number[][] = [];
const DIGITS_KEPT = 64;
/** No function takes any number of arguments. */
const PIECE_BYTES = 1_024;

/** The text of `count` bytes from `offset` on. */
export function hexOf(bytes: Uint8Array, offset = 0, count = bytes.length - offset): string {
  if (count > PIECE_BYTES) return hexOf(bytes, offset, PIECE_BYTES) + hexOf(bytes, offset + PIECE_BYTES, count - PIECE_BYTES);
  const digits = digitsFor(2 * count);
  for (let index = 0; index < count; index++) {
    const byte = bytes[offset + index] as number;
    digits[2 * index] = CODES[byte >> 4] as number;
    digits[2 * index + 1] = CODES[byte & 15] as number;
  }
  return String.fromCharCode.apply(undefined, digits);
}

/** Writes the bytes of a text of such digits. The caller has checked both. */
export function writeHex(text: string, target: Uint8Array, offset: number): void {
  for (let at = 0; at < text.length; at += 2)
    target[offset + at / 2] = (nibble(text.charCodeAt(at)) << 4) | nibble(text.charCodeAt(at + 1));
}

function digitsFor(length: number): number[] {
  const known = DIGITS[length];
  if (known !== undefined) return known;
  const digits = new Array<number>(length).fill(0);
  if (length <= DIGITS_KEPT) DIGITS[length] = digits;
  return digits;
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
