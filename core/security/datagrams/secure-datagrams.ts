/**
 * @module Secure datagrams: the secure channel of one link of datagrams, from the initiation to the last datagram. Give it what comes by `receive`,
 * send what `takeOutput` gives, and at `nextAtMs` call `expire`; `seal` what is to be sent. No IO, no clock: time is an argument.
 *
 * The initiator sends its initiation, and later its confirmation, again after 1, 2, 4 s and a random share, until it has an answer, and every second
 * time as short as every path passes it; the
 * responder sends nothing of its own accord, and answers what comes twice with what it has. No failure is reported to the remote. A response or
 * confirmation that does not authenticate changes nothing: the genuine one may still come.
 *
 * Which keys are used when is in `epochs.ts`.
 */

import type { NodeId } from '../../address/node-id.js';
import { type BackoffSteps, backoffBoundMs } from '../../structures/back-off.js';
import type { AgreementKey } from '../crypto.js';
import { type ChannelRemote, channelRemoteOf, type HandshakeStep, SecureHandshake } from '../secure-handshake.js';
import { NOTHING, type NodeMismatch, type SecureStreamFailure, type SecureStreamState } from '../secure-stream.js';
import { Epochs, type EpochsOptions, type Opened } from './epochs.js';
import {
  CONFIRMATION,
  COOKIE,
  contentOf,
  DATA,
  DATAGRAM_BYTES_MIN,
  INITIATION,
  RESPONSE,
  readInitiation,
  readResponse,
  typeOf,
  writeInitiation,
  writePlain,
  writeResponse,
} from './header.js';

const REPEATS: BackoffSteps = { minMs: 1_000, maxMs: 4_000 };
/** At most so great a part of a wait is added to it at random. */
const JITTER = 1 / 4;
/** A handshake to which so many forged messages came has failed: each costs key agreements. */
const FORGED_MAX = 1_024;

/** What tests may set. */
export interface DatagramHooks {
  readonly ephemeral?: AgreementKey;
  /** The first counter of what this side seals, 0 unless given: a whole number of 0 or more. The remote reads it in each datagram. */
  readonly nonce?: number;
}

export interface SecureDatagramsOptions extends EpochsOptions {
  /** For tests. */
  readonly hooks?: DatagramHooks | undefined;
}

/** What came: nothing that counts, a message of the handshake, or data. */
export type Received = 'refused' | 'handshake' | Opened;

export class SecureDatagrams {
  state: SecureStreamState = 'handshaking';
  failure: SecureStreamFailure | undefined;
  remote: ChannelRemote | undefined;
  mismatch: NodeMismatch | undefined;
  /** Messages of the handshake that came and were taken. */
  messageCount = 0;
  #forgedCount = 0;
  /** The datagram that the remote has not answered, or that answers its own if it comes again. */
  #unanswered: Uint8Array | undefined;
  #repeatCount = 0;
  /** As short as every path passes it is how it went last. */
  #isShort = false;
  #handshake: SecureHandshake | undefined;
  /** Message 1, as the initiator sent it. */
  #initiation: Uint8Array | undefined;
  #hasCookie = false;
  #remoteIndex = 0;
  /** Present once secured. */
  #epochs: Epochs | undefined;
  #repeatAtMs = Number.POSITIVE_INFINITY;
  #output: Uint8Array[] = [];
  /** Names the first epoch. */
  readonly #localIndex: number;

  constructor(private readonly options: SecureDatagramsOptions) {
    this.#handshake = new SecureHandshake({ ...options, ephemeral: options.hooks?.ephemeral });
    this.#localIndex = options.numbers.add();
  }

  /** When `expire` is to be called. */
  get nextAtMs(): number {
    return this.state === 'failed'
      ? Number.POSITIVE_INFINITY
      : Math.min(this.#repeatAtMs, this.#epochs?.nextAtMs ?? Number.POSITIVE_INFINITY);
  }

  get isInitiator(): boolean {
    return this.options.isInitiator;
  }

  /** The initiator's message 1 becomes output. */
  start(nowMs: number): void {
    this.#initiation = (this.#handshake as SecureHandshake).begin();
    this.#askAgain(writeInitiation(this.#preamble, this.#localIndex, this.#initiation), nowMs);
  }

  /** Takes a datagram of the remote, or of anybody else. */
  receive(datagram: Uint8Array, nowMs: number): Received {
    if (this.state === 'failed') return 'refused';
    switch (typeOf(datagram)) {
      case DATA:
        return this.#open(datagram, nowMs);
      case INITIATION:
        return this.#initiated(datagram);
      case RESPONSE:
        return this.#responded(datagram, nowMs);
      case CONFIRMATION:
        return this.#confirmed(datagram, nowMs);
      case COOKIE:
        return this.#asked(datagram, nowMs);
      default:
        return 'refused';
    }
  }

  /** The handshake's datagrams to send, in order, before anything that is sealed. */
  takeOutput(): readonly Uint8Array[] {
    if (this.#output.length === 0) return NOTHING;
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /** As of `Epochs`. */
  get hasRekey(): boolean {
    return this.#epochs?.hasRekey === true;
  }

  takeRekey(): Uint8Array | undefined {
    return this.#epochs?.takeRekey();
  }

  receiveRekey(message: Uint8Array, nowMs: number): void {
    this.#epochs?.receiveRekey(message, nowMs);
    if (this.#epochs?.hasFailed === true) this.#fail('record-failed');
  }

  /** What was sent last goes again; old keys end, and new ones are asked for. */
  expire(nowMs: number): void {
    if (nowMs >= this.#repeatAtMs && this.#unanswered !== undefined) this.#repeat(nowMs);
    this.#epochs?.expire(nowMs);
  }

  /** A datagram; `undefined`: the session has failed, or its keys are used up. */
  seal(plaintext: Uint8Array, nowMs: number): Uint8Array | undefined {
    const datagram = this.#epochs?.seal(plaintext, nowMs);
    if (datagram === undefined) this.#fail('record-failed');
    return datagram;
  }

  /** Ends the session: keys are overwritten as far as JavaScript can; `state` is `failed`, `failure` stays. Idempotent. */
  wipe(): void {
    this.state = 'failed';
    this.options.numbers.delete(this.#localIndex);
    this.#handshake?.wipe();
    this.#epochs?.wipe();
    this.#handshake = undefined;
    this.#epochs = undefined;
    this.#unanswered = undefined;
    this.#output = [];
  }

  get #preamble(): Uint8Array {
    return this.options.space.preamble;
  }

  #open(datagram: Uint8Array, nowMs: number): Received {
    const opened = this.#epochs?.open(datagram, nowMs);
    if (this.#epochs?.hasFailed === true) this.#fail('record-failed');
    // The remote has the confirmation.
    if (opened !== undefined) this.#answered();
    return opened ?? 'refused';
  }

  /** To the responder: message 1, for the first time or again. */
  #initiated(datagram: Uint8Array): Received {
    const initiation = readInitiation(datagram);
    if (this.isInitiator || initiation === undefined) return 'refused';
    if (this.messageCount > 0) {
      if (this.#unanswered !== undefined) this.#output.push(this.#unanswered);
      return 'refused';
    }
    // Without a message 1 that is good there is no session to keep.
    const step = this.#judge(this.#handshake?.receive(initiation.message));
    if (step?.type !== 'reply') {
      this.#fail('handshake-failed');
      return 'handshake';
    }
    this.#remoteIndex = initiation.senderIndex;
    this.#unanswered = writeResponse(this.#remoteIndex, this.#localIndex, step.message);
    this.#output.push(this.#unanswered);
    return 'handshake';
  }

  /** To the initiator: message 2. One that comes again asks for the confirmation once more. */
  #responded(datagram: Uint8Array, nowMs: number): Received {
    if (!this.isInitiator) return 'refused';
    if (this.state === 'secured') {
      if (this.#unanswered !== undefined) this.#output.push(this.#unanswered);
      return 'refused';
    }
    const { senderIndex, message } = readResponse(datagram);
    const step = this.#advance(message);
    if (step?.type !== 'secured' || step.message === undefined) return this.#untaken;
    this.#remoteIndex = senderIndex;
    this.#secure(step, nowMs);
    this.#repeatCount = 0;
    this.#askAgain(writePlain(CONFIRMATION, senderIndex, step.message), nowMs);
    return 'handshake';
  }

  /** To the responder: message 3. */
  #confirmed(datagram: Uint8Array, nowMs: number): Received {
    if (this.isInitiator || this.state === 'secured' || this.messageCount === 0) return 'refused';
    const step = this.#advance(contentOf(datagram));
    if (step?.type !== 'secured') return this.#untaken;
    this.#secure(step, nowMs);
    this.#answered();
    return 'handshake';
  }

  /** To the initiator: the responder is under load, and wants to see that the initiation comes from where it says. Once is enough. */
  #asked(datagram: Uint8Array, nowMs: number): Received {
    if (!this.isInitiator || this.state === 'secured' || this.#hasCookie || this.#initiation === undefined) return 'refused';
    this.#hasCookie = true;
    this.#unanswered = writeInitiation(this.#preamble, this.#localIndex, this.#initiation, contentOf(datagram));
    this.#output.push(this.#sized(this.#unanswered));
    this.#arm(nowMs);
    return 'refused';
  }

  /** What follows from a message; `undefined`: it was forged, or the handshake has failed. */
  #advance(message: Uint8Array): HandshakeStep | undefined {
    return this.#judge(this.#handshake?.attempt(message));
  }

  #judge(step: HandshakeStep | undefined): HandshakeStep | undefined {
    if (step?.type === 'failed' && step.failure === 'handshake-failed' && ++this.#forgedCount < FORGED_MAX) return undefined;
    this.messageCount++;
    if (step?.type !== 'failed') return step;
    if (step.actualNodeId !== undefined) this.mismatch = { expected: this.options.expectedNodeId as NodeId, actual: step.actualNodeId };
    this.#fail(step.failure);
    return undefined;
  }

  /** What a message was from which nothing follows. */
  get #untaken(): Received {
    return this.state === 'failed' ? 'handshake' : 'refused';
  }

  #secure({ send, receive, remote }: HandshakeStep & { readonly type: 'secured' }, nowMs: number): void {
    send.counter = this.options.hooks?.nonce ?? 0;
    const { publicKey } = remote;
    const keys = { send, receive, localIndex: this.#localIndex, remoteIndex: this.#remoteIndex, publicKey };
    this.#epochs = new Epochs(this.options, keys, nowMs);
    this.remote = channelRemoteOf(remote);
    this.#handshake = undefined;
    this.state = 'secured';
  }

  #askAgain(datagram: Uint8Array, nowMs: number): void {
    this.#unanswered = datagram;
    this.#output.push(datagram);
    this.#arm(nowMs);
  }

  #repeat(nowMs: number): void {
    // A cookie may have come from the secret before: the next one counts again.
    this.#hasCookie = false;
    this.#isShort = !this.#isShort;
    this.#output.push(this.#sized(this.#unanswered as Uint8Array));
    this.#arm(nowMs);
  }

  #sized(datagram: Uint8Array): Uint8Array {
    return this.#isShort ? datagram.subarray(0, DATAGRAM_BYTES_MIN) : datagram;
  }

  #arm(nowMs: number): void {
    const boundMs = backoffBoundMs(++this.#repeatCount, REPEATS);
    this.#repeatAtMs = nowMs + boundMs + boundMs * JITTER * this.options.random.float();
  }

  #answered(): void {
    this.#unanswered = undefined;
    this.#repeatAtMs = Number.POSITIVE_INFINITY;
  }

  #fail(failure: SecureStreamFailure): void {
    this.failure ??= failure;
    this.wipe();
  }
}
