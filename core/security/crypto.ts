/**
 * @module Crypto port: the primitives beneath the secure channel. Two implementations give the same bytes: `platform/node/
 * crypto-node.ts` (native, the default on Node) and `crypto-noble.ts` (portable). The simulator may put a cheap one in its place.
 * No method throws for what a remote sent; bytes in, bytes out.
 */

/** An X25519 private key, ready for use. */
export interface AgreementKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The shared secret, or `undefined` when the remote key is refused (low order: an all-zero result). */
  agree(remotePublicKey: Uint8Array): Uint8Array | undefined;
}

/** An Ed25519 private key, ready for use. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** A sealed piece in two parts, so that it can be written without a copy. Both are memory of their own, which a transport may free. */
export interface Sealed {
  readonly ciphertext: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

/** One ChaCha20-Poly1305 key under Noise's nonce form: 32 zero bits, then the counter as 64 bits little-endian. */
export interface CipherKey {
  /** `counter` -1 stands for 2^64-1, the nonce that Noise's REKEY takes. */
  seal(counter: number, associatedData: Uint8Array | undefined, plaintext: Uint8Array): Sealed;
  /** The plaintext, in memory of its own, or `undefined` when it does not authenticate. `sealed` is ciphertext and tag. */
  open(counter: number, associatedData: Uint8Array | undefined, sealed: Uint8Array): Uint8Array | undefined;
}

export interface Crypto {
  /** For reports: `node`, `noble`, `simulated`. */
  readonly name: string;
  /** What operators should know about it: logged at `info` when a node is created. */
  readonly remark?: string;
  sha256(bytes: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** `secret`: 32 random bytes. */
  agreementKey(secret: Uint8Array): AgreementKey;
  /** `seed`: 32 random bytes. */
  signingKey(seed: Uint8Array): SigningKey;
  cipherKey(key: Uint8Array): CipherKey;
  /** Takes back a plaintext of `CipherKey.open` that is not used any more. Absent: the garbage collector frees it. */
  release?(plaintext: Uint8Array): void;
  /** Whether these 32 bytes are a canonical Ed25519 public key that is not of small order. */
  isAcceptablePublicKey(publicKey: Uint8Array): boolean;
  /** Strict verification (RFC 8032 with S < L). The key has passed `isAcceptablePublicKey`. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
