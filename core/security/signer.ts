/**
 * @module Signer: what behaviours sign and check with the nodes' identities, without ever holding a key. Every signature is bound to the
 * space's name and to a domain that the behaviour names, and is valid for no other use: not as the proof of a secure handshake, not
 * as another behaviour's signature, not in another space.
 */

import type { NodeId } from '../address/node-id.js';
import type { Signer } from '../api/ports.js';
import { ByteWriter } from '../structures/byte-writer.js';
import type { Crypto } from './crypto.js';
import type { Identity } from './identity.js';
import { nodeIdOf } from './identity.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const CONTEXT = encode('meshwright/signed/1');

export class NodeSigner implements Signer {
  readonly #identity: Identity;
  readonly #crypto: Crypto;
  readonly #space: Uint8Array;

  constructor(identity: Identity, crypto: Crypto, networkName: string) {
    this.#identity = identity;
    this.#crypto = crypto;
    this.#space = encode(networkName);
  }

  get publicKey(): Uint8Array {
    return this.#identity.publicKey.slice();
  }

  sign(domain: string, message: Uint8Array): Uint8Array {
    return this.#identity.sign(signedBytes(this.#space, domain, message));
  }

  verify(publicKey: Uint8Array, domain: string, message: Uint8Array, signature: Uint8Array): boolean {
    return (
      this.#crypto.isAcceptablePublicKey(publicKey) && this.#crypto.verify(publicKey, signedBytes(this.#space, domain, message), signature)
    );
  }

  nodeIdOf(publicKey: Uint8Array): NodeId {
    return nodeIdOf(publicKey, this.#crypto);
  }

  hash(bytes: Uint8Array): Uint8Array {
    return this.#crypto.sha256(bytes);
  }
}

/** What an identity that is no node's signs for a space, as `NodeSigner` checks it. */
export function signFor(space: string, identity: Identity, domain: string, message: Uint8Array): Uint8Array {
  return identity.sign(signedBytes(encode(space), domain, message));
}

/** Context, then space and domain each after its length, then the message: no two of them run into each other. */
function signedBytes(space: Uint8Array, domain: string, message: Uint8Array): Uint8Array {
  const writer = new ByteWriter().bytes(CONTEXT);
  for (const part of [space, encode(domain)]) writer.u16(part.length).bytes(part);
  return writer.bytes(message).written;
}
