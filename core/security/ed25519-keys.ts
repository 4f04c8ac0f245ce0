/**
 * @module Ed25519 public keys: which encodings may be an identity. Both crypto backends use this one check, so that they agree. It
 * looks at bytes only: a key that is no point of the curve passes here and then verifies nothing.
 */

const KEY_BYTES = 32;

/** The y coordinates of the eight points of small order (RFC 7748's curve in Edwards form), little-endian, without the sign bit. */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  [0x00, 0x00, ...filled(29, 0x00), 0x00],
  [0x01, 0x00, ...filled(29, 0x00), 0x00],
  [0xec, 0xff, ...filled(29, 0xff), 0x7f],
  hexBytes('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
  hexBytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
].map((bytes) => Uint8Array.from(bytes));

/** Whether these bytes are 32, the canonical encoding of a y below 2^255 - 19, and not a point of small order. Keys are public: not constant-time. */
export function isAcceptableEd25519Key(publicKey: Uint8Array): boolean {
  return publicKey.length === KEY_BYTES && isCanonical(publicKey) && !SMALL_ORDER_Y.some((y) => hasY(publicKey, y));
}

/** y >= p only when all bytes above the lowest are full and the lowest is at least 0xed. */
function isCanonical(publicKey: Uint8Array): boolean {
  if ((publicKey[0] as number) < 0xed || ((publicKey[31] as number) & 0x7f) !== 0x7f) return true;
  for (let index = 1; index < KEY_BYTES - 1; index++) if (publicKey[index] !== 0xff) return true;
  return false;
}

function hasY(publicKey: Uint8Array, y: Uint8Array): boolean {
  for (let index = 0; index < KEY_BYTES - 1; index++) if (publicKey[index] !== y[index]) return false;
  return ((publicKey[31] as number) & 0x7f) === y[31];
}

function filled(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

function hexBytes(hex: string): number[] {
  return Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}
