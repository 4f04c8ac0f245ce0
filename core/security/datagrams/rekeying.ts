/**
 * @module Rekeying: a new handshake within a session, whose messages the old keys protect, and which gives the next pair of keys. A message is u8 step (1 to
 * 3), u32 the sender's index in the new epoch (0 in step 3), and the Noise message of that step. Messages may come twice; what is not the next
 * step changes nothing.
 */
import { readU32, writeU32 } from '../../structures/bytes.js';
import { SecureHandshake, type SecureHandshakeOptions } from '../secure-handshake.js';
import type { EpochKeys } from './epoch.js';

const STEP_BYTES = 5;
const INITIATE = 1;
const RESPOND = 2;
const CONFIRM = 3;

/** What the new epoch is made of. */
export interface NextEpoch extends EpochKeys {
  readonly localIndex: number;
  readonly remoteIndex: number;
  /** Whose keys they are: who has proven it just now. */
  readonly publicKey: Uint8Array;
}

/** What follows from a message. */
export interface RekeyResult {
  /** To be sent to the remote, and sent again until it has come. */
  readonly reply?: Uint8Array;
  readonly next?: NextEpoch;
  readonly hasFailed?: boolean;
}

const NOTHING: RekeyResult = {};
const FAILED: RekeyResult = { hasFailed: true };

export class Rekeying {
  readonly #handshake: SecureHandshake;
  /** The step that is waited for. */
  #awaited: number;
  /** The remote's, once it is known. */
  remoteIndex = 0;

  constructor(
    options: SecureHandshakeOptions,
    readonly localIndex: number,
  ) {
    this.#handshake = new SecureHandshake(options);
    this.#awaited = options.isInitiator ? RESPOND : INITIATE;
  }

  /** Whether a message begins a new handshake. */
  static begins(message: Uint8Array): boolean {
    return message[0] === INITIATE;
  }

  /** The sender's index in a message. */
  static indexOf(message: Uint8Array): number {
    return message.length < STEP_BYTES ? 0 : readU32(message, 1);
  }

  /** The initiator's first message. */
  begin(): Uint8Array {
    return stepOf(INITIATE, this.localIndex, this.#handshake.begin());
  }

  receive(message: Uint8Array): RekeyResult {
    if (message.length <= STEP_BYTES || message[0] !== this.#awaited) return NOTHING;
    if (this.#awaited !== CONFIRM) this.remoteIndex = readU32(message, 1);
    const step = this.#handshake.receive(message.subarray(STEP_BYTES));
    if (step.type === 'failed') return FAILED;
    this.#awaited = step.type === 'reply' ? CONFIRM : 0;
    if (step.type === 'reply') return { reply: stepOf(RESPOND, this.localIndex, step.message) };
    const { send, receive, remote } = step;
    const next = { send, receive, localIndex: this.localIndex, remoteIndex: this.remoteIndex, publicKey: remote.publicKey };
    return step.message === undefined ? { next } : { next, reply: stepOf(CONFIRM, 0, step.message) };
  }

  wipe(): void {
    this.#handshake.wipe();
  }
}

function stepOf(step: number, index: number, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(STEP_BYTES + message.length);
  bytes[0] = step;
  writeU32(bytes, 1, index);
  bytes.set(message, STEP_BYTES);
  return bytes;
}
