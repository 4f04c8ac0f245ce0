/**
 * @module HKDF-SHA256 (RFC 5869) over the Crypto port. Noise's own HKDF is the same with an empty `info`. Knows no protocol.
 */
import { NetworkError } from '../errors.js';
import type { Crypto } from './crypto.js';

const HASH_BYTES = 32;
const BLOCKS_MAX = 255;

/** The pseudo-random key: `salt` is the HMAC key, `secret` its message. */
export function hkdfExtract(crypto: Crypto, salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return crypto.hmacSha256(salt, secret);
}

/** `byteCount` bytes (1 to 8160) made from a pseudo-random key. */
export function hkdfExpand(crypto: Crypto, key: Uint8Array, info: Uint8Array, byteCount: number): Uint8Array {
  const blockCount = Math.ceil(byteCount / HASH_BYTES);
  if (blockCount > BLOCKS_MAX)
    throw new NetworkError('ARGUMENT_INVALID', `HKDF gives at most ${BLOCKS_MAX * HASH_BYTES} bytes, not ${byteCount}`);
  const output = new Uint8Array(blockCount * HASH_BYTES);
  const input = new Uint8Array(HASH_BYTES + info.length + 1);
  input.set(info, HASH_BYTES);
  for (let index = 0; index < blockCount; index++) {
    input[input.length - 1] = index + 1;
    const block = crypto.hmacSha256(key, index === 0 ? input.subarray(HASH_BYTES) : input);
    output.set(block, index * HASH_BYTES);
    input.set(block, 0);
  }
  return output.subarray(0, byteCount);
}
