/**
 * @module Platform crypto: the Crypto port that suits the runtime. `node:crypto` of Bun and of Electron comes without ChaCha20-Poly1305; a probe
 * shows it, and the portable ciphers take its place in everything else that is native.
 */
import type { Crypto } from '../../security/crypto.js';
import { nobleCrypto } from '../../security/crypto-noble.js';
import { nodeCrypto } from './crypto-node.js';

/** `native` as it is, or with portable ciphers if it cannot seal. */
export function platformCrypto(native: Crypto = nodeCrypto): Crypto {
  if (canSeal(native)) return native;
  const { release: _, ...others } = native;
  return {
    ...others,
    name: `${native.name}, portable ciphers`,
    remark: 'this runtime has no ChaCha20-Poly1305: the portable one is in use, at a tenth of the speed',
    cipherKey: nobleCrypto.cipherKey,
  };
}

function canSeal({ cipherKey }: Crypto): boolean {
  try {
    cipherKey(new Uint8Array(32)).seal(0, undefined, new Uint8Array(1));
    return true;
  } catch {
    return false;
  }
}
