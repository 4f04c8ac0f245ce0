/**
 * @module Identity: the Ed25519 key that a node is, and the node id made from it. The seed leaves it by `exportSeed` only, for the key
 * file; printing, logging or encoding an identity shows its node id. Imports no platform: crypto and randomness are arguments.
 */

import { type NodeId, nodeIdFromBytes, shortId } from '../address/node-id.js';
import type { Random } from '../api/ports.js';
import { NetworkError } from '../errors.js';
import { fallback, options as only, optionsReader, text, unchecked } from '../schema/index.js';
import { CLASS_MARK } from '../structures/copies.js';
import type { Crypto, SigningKey } from './crypto.js';

export const SEED_BYTES = 32;

/** The domain of node ids, and 1 for the key type Ed25519. */
const NODE_ID_DOMAIN = Uint8Array.of(...new TextEncoder().encode('meshwright/id/1'), 1);

/** Empty for none. */
const ZONE_PATTERN = /^(?:[0-9a-f]{2}){0,2}$/;
/** So many times the average: with a fair source one search in 10^27 fails. */
const TRIES_PER_FIT = 64;

export interface IdentityOptions {
  /**
   * The first one or two bytes of the node id, as 2 or 4 hex digits. Tables for zoned networks take them for the place of the node.
   * Absent: any id. Two bytes take some seconds.
   */
  readonly zone?: string;
}

/** Other ports than the platform's, as `simulatedCrypto` for nodes of a simulated network. */
export interface IdentityPorts {
  readonly crypto?: Crypto;
  readonly random?: Random;
}

/** `Identity` with crypto and randomness of a platform in place. */
export interface IdentityFactory {
  /** See `Identity.generate` of the core. */
  generate(options?: IdentityOptions & IdentityPorts): Identity;
  /** The identity of 32 secret bytes: always the same one. Throws `CRYPTO_FAILED` unless the seed has 32 bytes. */
  fromSeed(seed: Uint8Array, crypto?: Crypto): Identity;
  [Symbol.hasInstance](value: unknown): value is Identity;
}

const readOptions = optionsReader(
  'Identity.generate',
  only({
    zone: fallback(
      text(4, { pattern: ZONE_PATTERN, what: 'the first one or two bytes of the node id, as 2 or 4 lower-case hex digits' }),
      '',
    ),
    crypto: unchecked<Crypto | undefined>(),
    random: unchecked<Random | undefined>(),
  }),
  'ARGUMENT_INVALID',
);

export function identityFactory(crypto: Crypto, random: Random): IdentityFactory {
  return {
    generate: (given = {}) => {
      const options = readOptions(given);
      return Identity.generate(options.crypto ?? crypto, options.random ?? random, options);
    },
    fromSeed: (seed, other = crypto) => Identity.fromSeed(seed, other),
    [Symbol.hasInstance]: (value): value is Identity => value instanceof Identity,
  };
}

/** The node id of an Ed25519 public key: SHA-256 over domain, key type and key. */
export function nodeIdOf(publicKey: Uint8Array, crypto: Crypto): NodeId {
  const input = new Uint8Array(NODE_ID_DOMAIN.length + publicKey.length);
  input.set(NODE_ID_DOMAIN, 0);
  input.set(publicKey, NODE_ID_DOMAIN.length);
  return nodeIdFromBytes(crypto.sha256(input));
}

export class Identity {
  /** Known in every copy of this package. */
  static readonly [CLASS_MARK]: string = 'Identity';

  readonly nodeId: NodeId;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly #seed: Uint8Array;
  readonly #key: SigningKey;

  private constructor(seed: Uint8Array, crypto: Crypto) {
    this.#seed = seed;
    this.#key = crypto.signingKey(seed);
    this.publicKey = this.#key.publicKey;
    this.nodeId = nodeIdOf(this.publicKey, crypto);
  }

  /**
   * A fresh identity. For a zone, keys are made until one has a fitting node id: 256 or 65,536 of them on average, at once and
   * without a pause. Throws `ARGUMENT_INVALID` for a zone that is none, and `CRYPTO_FAILED` when `random` does not come to a fitting key.
   */
  static generate(crypto: Crypto, random: Random, { zone = '' }: IdentityOptions = {}): Identity {
    if (typeof zone !== 'string' || !ZONE_PATTERN.test(zone))
      throw new NetworkError('ARGUMENT_INVALID', 'zone must be the first one or two bytes of the node id, as 2 or 4 lower-case hex digits');
    for (let tries = TRIES_PER_FIT * 16 ** zone.length; tries > 0; tries--) {
      const identity = Identity.fromSeed(random.bytes(SEED_BYTES), crypto);
      if (identity.nodeId.startsWith(zone)) return identity;
    }
    throw new NetworkError('CRYPTO_FAILED', 'no key was found for the zone: the random port repeats itself');
  }

  /** The identity of a seed: always the same one. Throws `CRYPTO_FAILED` unless the seed has 32 bytes. */
  static fromSeed(seed: Uint8Array, crypto: Crypto): Identity {
    if (!(seed instanceof Uint8Array) || seed.length !== SEED_BYTES)
      throw new NetworkError('CRYPTO_FAILED', `seed must be a Uint8Array of ${SEED_BYTES} bytes`);
    return new Identity(Uint8Array.from(seed), crypto);
  }

  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return this.#key.sign(message);
  }

  /** A copy of the secret seed. Its possession is this node's identity. */
  exportSeed(): Uint8Array {
    return this.#seed.slice();
  }

  toString(): string {
    return `Identity(${shortId(this.nodeId)})`;
  }

  toJSON(): { readonly nodeId: NodeId } {
    return { nodeId: this.nodeId };
  }

  /** What `util.inspect` and `console.log` show on Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
