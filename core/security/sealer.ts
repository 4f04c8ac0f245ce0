/**
 * @module Sealer: encryption that only the members of a space can read and make, for behaviours that send over media which others can read. Keys follow from the
 * space's name and, in a private space, from its secret; a behaviour sees neither. Every message has a key of its own, made from 16 random
 * bytes that precede it, so that no nonce is ever used twice.
 */
import type { Random, Sealer } from '../api/ports.js';
import { joinBytes } from '../structures/bytes.js';
import type { CipherKey, Crypto } from './crypto.js';
import { hkdfExpand, hkdfExtract } from './hkdf.js';
import type { SpaceOptions } from './space.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const ROOT_SALT = encode('meshwright/sealed/1');
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
/** What a sealed message is longer than its content. */
export const SEAL_BYTES = SALT_BYTES + TAG_BYTES;

export class SpaceSealer implements Sealer {
  readonly #crypto: Crypto;
  readonly #random: Random;
  readonly #root: Uint8Array;

  constructor({ networkName, networkKey }: SpaceOptions, crypto: Crypto, random: Random) {
    this.#crypto = crypto;
    this.#random = random;
    const kind = networkKey === undefined ? 0 : 1;
    this.#root = hkdfExtract(crypto, ROOT_SALT, Uint8Array.of(kind, ...(networkKey ?? []), ...encode(networkName)));
  }

  tag(domain: string): Uint8Array {
    return this.#derive('tag', domain);
  }

  seal(domain: string, content: Uint8Array): Uint8Array {
    const salt = this.#random.bytes(SALT_BYTES);
    const { ciphertext, tag } = this.#messageKey(domain, salt).seal(0, undefined, content);
    return joinBytes([salt, ciphertext, tag]);
  }

  open(domain: string, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < SEAL_BYTES) return undefined;
    return this.#messageKey(domain, sealed.subarray(0, SALT_BYTES)).open(0, undefined, sealed.subarray(SALT_BYTES));
  }

  #messageKey(domain: string, salt: Uint8Array): CipherKey {
    return this.#crypto.cipherKey(hkdfExpand(this.#crypto, this.#derive('key', domain), salt, KEY_BYTES));
  }

  /** The use has no zero byte in it, so that use and domain do not run into each other. */
  #derive(use: 'tag' | 'key', domain: string): Uint8Array {
    return hkdfExpand(this.#crypto, this.#root, encode(`${use}\0${domain}`), KEY_BYTES);
  }
}
