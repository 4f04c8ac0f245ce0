/**
 * @module Secure stream: the secure channel of one stream link, from the first byte to the last record. `push` a chunk, then send what
 * `takeOutput` gives, then `read` plaintext until it is dry; `seal` what is to be sent. No IO, no clock: deadlines are the link's.
 * No failure is reported to the remote: a stranger learns only that the channel ended.
 */

import type { NodeId } from '../address/node-id.js';
import type { CloseCode } from '../errors.js';
import { NetworkError } from '../errors.js';
import { writeU16 } from '../structures/bytes.js';
import { noneOf } from '../structures/few-list.js';
import type { AgreementKey } from './crypto.js';
import { PrefixedReader } from './prefixed-reader.js';
import { REKEY_LIMITS, RecordOpener, RecordSealer, type RekeyLimits } from './record-layer.js';
import {
  type ChannelRemote,
  channelRemoteOf,
  type HandshakeStep,
  SecureHandshake,
  type SecureHandshakeOptions,
} from './secure-handshake.js';
import { checkPreambleByte, PREAMBLE_BYTES } from './space.js';

/** Message 1 without anything else is an X25519 key. */
const HANDSHAKE_BYTES_MIN = 32;
const HANDSHAKE_BYTES_MAX = 4_096;
const LENGTH_BYTES = 2;
/** Of a channel that has nothing to send. */
export const NOTHING: readonly Uint8Array[] = [];

/** What tests may set. */
export interface SecureHooks {
  readonly ephemeral?: AgreementKey;
  readonly rekey?: RekeyLimits;
  /** The first counter of both directions: a whole number of 0 or more. */
  readonly nonce?: number;
}

export interface SecureStreamOptions extends Omit<SecureHandshakeOptions, 'ephemeral'> {
  /** The longest handshake message, 4096 bytes unless given (`limits.handshakeBytesMax`). */
  readonly handshakeBytesMax?: number | undefined;
  /** For tests. */
  readonly hooks?: SecureHooks | undefined;
}

export type SecureStreamState = 'handshaking' | 'secured' | 'failed';

/** Why a stream failed, as the close code to report. */
export type SecureStreamFailure = Extract<CloseCode, 'handshake-failed' | 'version' | 'record-failed' | 'self' | 'wrong-node'>;

/** A dial that reached another node than it was meant for. */
export interface NodeMismatch {
  readonly expected: NodeId;
  readonly actual: NodeId;
}

export class SecureStream {
  #state: SecureStreamState = 'handshaking';
  #failure: SecureStreamFailure | undefined;
  #remote: ChannelRemote | undefined;
  #mismatch: NodeMismatch | undefined;
  readonly #isInitiator: boolean;
  readonly #expectedNodeId: NodeId | undefined;
  readonly #reader: PrefixedReader;
  #hooks: SecureHooks | undefined;
  /** Present until the handshake is over. */
  #handshake: SecureHandshake | undefined;
  #messageCount = 0;
  /** How much of the initiator's preamble the responder has seen. */
  #preambleCount = 0;
  #output: Uint8Array[] = noneOf();
  #sealer: RecordSealer | undefined;
  #opener: RecordOpener | undefined;

  constructor(options: SecureStreamOptions) {
    const { hooks, handshakeBytesMax = HANDSHAKE_BYTES_MAX } = options;
    const { space, crypto, keys, identity, staticKey, instance, isInitiator, expectedNodeId } = options;
    const { nonce = 0 } = hooks ?? {};
    // Below 0 lies the counter that Noise keeps for REKEY.
    if (!Number.isSafeInteger(nonce) || nonce < 0)
      throw new NetworkError('ARGUMENT_INVALID', `the first counter is ${nonce}; it must be a whole number of 0 or more`);
    this.#isInitiator = isInitiator;
    this.#expectedNodeId = expectedNodeId;
    this.#hooks = hooks;
    this.#reader = new PrefixedReader(HANDSHAKE_BYTES_MIN, handshakeBytesMax);
    const ephemeral = hooks?.ephemeral;
    this.#handshake = new SecureHandshake({ space, crypto, keys, identity, staticKey, instance, isInitiator, expectedNodeId, ephemeral });
  }

  /** Complete messages of the handshake that came. */
  get messageCount(): number {
    return this.#messageCount;
  }

  get state(): SecureStreamState {
    return this.#state;
  }

  /** Present once `state` is `failed`, unless it was ended by `wipe`. */
  get failure(): SecureStreamFailure | undefined {
    return this.#failure;
  }

  /** Who is at the other end; present only when it is proven, which is when `state` becomes `secured`. */
  get remote(): ChannelRemote | undefined {
    return this.#remote;
  }

  /** Present with the failure `wrong-node`: who was expected and who has proven to be there. */
  get mismatch(): NodeMismatch | undefined {
    return this.#mismatch;
  }

  /** What is kept of an incomplete message or record. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** Once, before anything else: the initiator's first message becomes output. */
  start(): void {
    if (!this.#isInitiator || this.#handshake === undefined) return;
    this.#output = [this.#handshake.preamble, ...framed(this.#handshake.begin())];
  }

  /** Takes bytes of the remote. `chunk` may be reused once `read` has returned `undefined` or `settle` was called. */
  push(chunk: Uint8Array): void {
    if (this.#state === 'failed') return;
    const rest = this.#isInitiator || this.#preambleCount === PREAMBLE_BYTES ? chunk : this.#takePreamble(chunk);
    this.#reader.push(rest);
    while (this.#state === 'handshaking') {
      const message = this.#reader.read();
      if (message === undefined) break;
      this.#messageCount++;
      this.#advance((this.#handshake as SecureHandshake).receive(message));
    }
    if (this.#state === 'handshaking' && this.#reader.isRefused) this.#fail('handshake-failed');
  }

  /** The next record's plaintext; `undefined` when there is none, or after a failure. */
  read(): Uint8Array | undefined {
    const plaintext = this.#opener?.read();
    if (this.#opener?.hasFailed === true) this.#fail('record-failed');
    return plaintext;
  }

  /** Copies what is unread, for a caller that stops before `read` has returned `undefined`. */
  settle(): void {
    this.#reader.settle();
  }

  /** The handshake's bytes to write, in order, before anything that is sealed. They are the caller's. */
  takeOutput(): readonly Uint8Array[] {
    if (this.#output.length === 0) return NOTHING;
    const output = this.#output;
    this.#output = noneOf();
    return output;
  }

  /** A record of 1 to 65,519 bytes, as chunks. `undefined`: the stream has failed or ends here, counters exhausted. Throws before `secured`. */
  seal(plaintext: Uint8Array): readonly Uint8Array[] | undefined {
    if (this.#state === 'handshaking') throw new NetworkError('ARGUMENT_INVALID', 'nothing can be sealed before the handshake is over');
    if (this.#sealer === undefined) return undefined;
    const record = this.#sealer.seal(plaintext);
    if (record === undefined) this.#fail('record-failed');
    return record;
  }

  /** Ends the stream: keys are overwritten as far as JavaScript can, buffers released; `state` is `failed`, `failure` stays. Idempotent. */
  wipe(): void {
    this.#state = 'failed';
    this.#sealer?.wipe();
    this.#opener?.wipe();
    this.#handshake?.wipe();
    this.#reader.refuse();
    this.#sealer = undefined;
    this.#opener = undefined;
    this.#handshake = undefined;
    this.#output = noneOf();
  }

  /** The initiator's preamble is judged byte by byte, so that a stranger is cut off at once. Returns what follows it. */
  #takePreamble(chunk: Uint8Array): Uint8Array {
    const { preamble } = this.#handshake as SecureHandshake;
    let offset = 0;
    while (offset < chunk.length && this.#preambleCount < PREAMBLE_BYTES) {
      const check = checkPreambleByte(preamble, this.#preambleCount++, chunk[offset++] as number);
      if (check === 'good') continue;
      this.#fail(check);
      break;
    }
    return chunk.subarray(offset);
  }

  #advance(step: HandshakeStep): void {
    if (step.type === 'failed') {
      this.#failHandshake(step);
      return;
    }
    if (step.message !== undefined) this.#output = [...this.#output, ...framed(step.message)];
    if (step.type === 'secured') this.#secure(step);
  }

  #secure(step: HandshakeStep & { readonly type: 'secured' }): void {
    const { send, receive, remote } = step;
    const { rekey = REKEY_LIMITS, nonce = 0 } = this.#hooks ?? {};
    send.counter = nonce;
    receive.counter = nonce;
    this.#sealer = new RecordSealer(send, rekey);
    this.#opener = new RecordOpener(receive, rekey, this.#reader);
    this.#remote = channelRemoteOf(remote);
    this.#handshake = undefined;
    this.#hooks = undefined;
    this.#state = 'secured';
  }

  #failHandshake({ failure, actualNodeId }: HandshakeStep & { readonly type: 'failed' }): void {
    if (actualNodeId !== undefined) this.#mismatch = { expected: this.#expectedNodeId as NodeId, actual: actualNodeId };
    this.#fail(failure);
  }

  #fail(failure: SecureStreamFailure): void {
    this.#failure ??= failure;
    this.wipe();
  }
}

function framed(message: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const header = new Uint8Array(LENGTH_BYTES);
  writeU16(header, 0, message.length);
  return [header, message];
}
