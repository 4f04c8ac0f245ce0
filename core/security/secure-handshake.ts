/**
 * @module Secure handshake: Noise and identity proofs together, message by message and for any kind of link. The initiator's `begin`
 * gives message 1; `receive` takes each message of the remote and returns the next step. Messages come whole: framing is the caller's.
 * No reason is sent to the remote, whatever fails.
 */

import type { NodeId } from '../address/node-id.js';
import { NetworkError } from '../errors.js';
import { equalBytes } from '../structures/bytes.js';
import type { AgreementKeys } from './agreement-keys.js';
import type { CipherState } from './cipher-state.js';
import type { AgreementKey, Crypto } from './crypto.js';
import { type Identity, nodeIdOf } from './identity.js';
import { checkProof, INSTANCE_BYTES, type ProvenIdentity, writeProof } from './identity-proof.js';
import { type HandshakeRead, HandshakeState } from './noise.js';
import type { Space } from './space.js';

const EMPTY = new Uint8Array(0);

export interface SecureHandshakeOptions {
  /** What both sides must share, for this kind of link. */
  readonly space: Space;
  readonly crypto: Crypto;
  /** Gives the ephemeral key. */
  readonly keys: AgreementKeys;
  readonly identity: Identity;
  /** The node's X25519 key: random, apart from the identity, the same for all its links or not. */
  readonly staticKey: AgreementKey;
  /** 8 bytes, random per start of the node. */
  readonly instance: Uint8Array;
  readonly isInitiator: boolean;
  /** For initiators: who must answer. */
  readonly expectedNodeId?: NodeId | undefined;
  /** For tests: the key of this one handshake. */
  readonly ephemeral?: AgreementKey | undefined;
}

/** Who the remote is, proven. */
export interface ProvenRemote {
  readonly nodeId: NodeId;
  readonly publicKey: Uint8Array;
  readonly instance: Uint8Array;
  /** Names this session: the same on both sides, unlike any other. For signatures of applications. */
  readonly channelBinding: Uint8Array;
}

/** What a channel keeps of that: it has one as long as it lives. */
export interface ChannelRemote {
  readonly nodeId: NodeId;
  /** The numbers of the instance's bytes, as text. */
  readonly instance: string;
  readonly channelBinding: Uint8Array;
}

export function channelRemoteOf({ nodeId, instance, channelBinding }: ProvenRemote): ChannelRemote {
  return { nodeId, instance: instance.join('.'), channelBinding };
}

export type HandshakeFailure = 'handshake-failed' | 'self' | 'wrong-node';

/** What follows from a message. */
export type HandshakeStep =
  | { readonly type: 'reply'; readonly message: Uint8Array }
  /** `message`, if any, is sent before anything that `send` seals. */
  | {
      readonly type: 'secured';
      readonly message?: Uint8Array;
      readonly send: CipherState;
      readonly receive: CipherState;
      readonly remote: ProvenRemote;
    }
  /** `actualNodeId` is proven; present with `wrong-node`. */
  | { readonly type: 'failed'; readonly failure: HandshakeFailure; readonly actualNodeId?: NodeId };

const FAILED: HandshakeStep = { type: 'failed', failure: 'handshake-failed' };

export class SecureHandshake {
  /** The first bytes of a stream, from the initiator. */
  readonly preamble: Uint8Array;
  readonly #space: Space;
  readonly #options: SecureHandshakeOptions;
  #noise: HandshakeState;

  constructor(options: SecureHandshakeOptions) {
    const { crypto, isInitiator, staticKey, instance } = options;
    if (instance.length !== INSTANCE_BYTES) throw new NetworkError('ARGUMENT_INVALID', `instance must have ${INSTANCE_BYTES} bytes`);
    this.#options = options;
    this.#space = options.space;
    this.preamble = this.#space.preamble;
    const { pattern, prologue } = this.#space;
    const psk = this.#space.psk?.reveal();
    const ephemeral = (): AgreementKey => options.ephemeral ?? options.keys.take();
    this.#noise = new HandshakeState({ crypto, pattern, isInitiator, prologue, staticKey, ephemeral, psk });
  }

  /** Message 1. For the initiator, once. */
  begin(): Uint8Array {
    return this.#noise.writeMessage(EMPTY) as Uint8Array;
  }

  /** Takes the remote's next message; it is not kept. After `failed` or `secured` no more may follow. */
  receive(message: Uint8Array): HandshakeStep {
    const read = this.#noise.readMessage(message);
    if (read === undefined) return FAILED;
    if (this.#noise.remoteStatic === undefined) return this.#respond(read);
    return this.#conclude(read);
  }

  /** As `receive`, on links into which anybody can put a message: after one that fails as `handshake-failed` all is as it was before. */
  attempt(message: Uint8Array): HandshakeStep {
    const before = this.#noise.copy();
    const step = this.receive(message);
    const isForged = step.type === 'failed' && step.failure === 'handshake-failed';
    const over = isForged ? this.#noise : before;
    over.wipe();
    if (isForged) this.#noise = before;
    return step;
  }

  /** Gives up: the keys so far are overwritten. Idempotent. */
  wipe(): void {
    this.#noise.wipe();
  }

  /** The responder's message 2. Message 1 carries nothing. */
  #respond(read: HandshakeRead): HandshakeStep {
    const message = read.payload.length === 0 ? this.#writeProof() : undefined;
    return message === undefined ? FAILED : { type: 'reply', message };
  }

  /** The remote has shown its identity: in message 2 to the initiator, in message 3 to the responder. */
  #conclude(read: HandshakeRead): HandshakeStep {
    const proven = this.#check(read);
    if (proven === undefined) return FAILED;
    if (equalBytes(proven.publicKey, this.#options.identity.publicKey)) return { type: 'failed', failure: 'self' };
    const nodeId = nodeIdOf(proven.publicKey, this.#options.crypto);
    const { expectedNodeId, isInitiator } = this.#options;
    if (expectedNodeId !== undefined && expectedNodeId !== nodeId) return { type: 'failed', failure: 'wrong-node', actualNodeId: nodeId };
    if (!isInitiator) return this.#secured(proven, nodeId);
    const message = this.#writeProof();
    return message === undefined ? FAILED : { ...this.#secured(proven, nodeId), message };
  }

  #secured({ publicKey, instance }: ProvenIdentity, nodeId: NodeId): HandshakeStep & { readonly type: 'secured' } {
    const { send, receive, handshakeHash } = this.#noise.split();
    return { type: 'secured', send, receive, remote: { nodeId, publicKey, instance, channelBinding: handshakeHash } };
  }

  #writeProof(): Uint8Array | undefined {
    const { identity, instance, isInitiator, staticKey } = this.#options;
    return this.#noise.writeMessage((transcriptHash) =>
      writeProof(identity, instance, {
        isInitiator,
        prologueHash: this.#space.prologueHash,
        staticKey: staticKey.publicKey,
        transcriptHash,
      }),
    );
  }

  #check({ payload, transcriptHash }: HandshakeRead): ProvenIdentity | undefined {
    const { crypto, isInitiator } = this.#options;
    const staticKey = this.#noise.remoteStatic as Uint8Array;
    return checkProof(payload, { isInitiator: !isInitiator, prologueHash: this.#space.prologueHash, staticKey, transcriptHash }, crypto);
  }
}
