/**
 * @module Epochs: the keys of a session of datagrams, pair after pair. 120 s after a pair began, and a random share later, the session's initiator has
 * a new handshake made within the session (`rekeying.ts`). Its responder seals with the new keys as soon as it has them, its initiator as
 * soon as the responder does; of the epoch before, datagrams are taken for another 10 s, because some are on their way. Keys that were
 * not followed end after 180 s. Pure.
 */
import type { Random } from '../../api/ports.js';
import { equalBytes } from '../../structures/bytes.js';
import type { SecureHandshakeOptions } from '../secure-handshake.js';
import { Epoch } from './epoch.js';
import { receiverOf } from './header.js';
import { type NextEpoch, Rekeying } from './rekeying.js';

const REKEY_MS = 120_000;
/** At most so great a part of that is added to it at random. */
const REKEY_JITTER = 1 / 12;
/** No responder is asked for new keys so soon by who keeps to that. */
const AGE_MIN_MS = 60_000;
/** So many new handshakes are answered within an epoch: each costs key agreements and a proof. */
const ANSWERS_MAX = 4;
const AGE_MAX_MS = 180_000;
const GRACE_MS = 10_000;
/** An epoch to which so many forged datagrams came ends its session. */
const FORGED_MAX = 2 ** 20;

/** The numbers that name a session at this side: a new one for each epoch. */
export interface SessionNumbers {
  add(): number;
  delete(index: number): void;
}

export interface EpochsOptions extends Omit<SecureHandshakeOptions, 'ephemeral'> {
  readonly numbers: SessionNumbers;
  readonly random: Random;
}

/** `isNewest`: with a greater counter than all before. */
export interface Opened {
  readonly plaintext: Uint8Array;
  readonly isNewest: boolean;
}

export class Epochs {
  /** The remote has broken the rules, or forgers have had their chances: nothing is opened and sealed any more. */
  hasFailed = false;
  #current: Epoch;
  #previous: Epoch | undefined;
  #previousEndsMs = Number.POSITIVE_INFINITY;
  /** The initiator opens with it, and seals with it once the remote does. */
  #next: Epoch | undefined;
  #rekeying: Rekeying | undefined;
  #rekeyAtMs = Number.POSITIVE_INFINITY;
  /** New handshakes that were answered in this epoch. */
  #answerCount = 0;
  /** To be sent; what is newer takes its place. */
  #output: Uint8Array | undefined;
  readonly #publicKey: Uint8Array;

  constructor(
    private readonly options: EpochsOptions,
    first: NextEpoch,
    nowMs: number,
  ) {
    this.#publicKey = first.publicKey;
    this.#current = new Epoch(first, first.localIndex, first.remoteIndex, nowMs);
    this.#planRekey(nowMs);
  }

  /** When `expire` is to be called. */
  get nextAtMs(): number {
    return Math.min(this.#rekeyAtMs, this.#previousEndsMs);
  }

  /** There is a message for `takeRekey`. */
  get hasRekey(): boolean {
    return this.#output !== undefined;
  }

  /** The next message of a new handshake, to be sent within the session until it has come. */
  takeRekey(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /** Takes such a message of the remote's. */
  receiveRekey(message: Uint8Array, nowMs: number): void {
    if (!this.options.isInitiator && Rekeying.begins(message)) this.#answer(message, nowMs);
    const { reply, next, hasFailed = false } = this.#rekeying?.receive(message) ?? {};
    if (hasFailed || (next !== undefined && !equalBytes(next.publicKey, this.#publicKey))) this.hasFailed = true;
    else if (reply !== undefined) this.#output = reply;
    if (next === undefined || this.hasFailed) return;
    this.#rekeying = undefined;
    this.#next = new Epoch(next, next.localIndex, next.remoteIndex, nowMs);
    if (!this.options.isInitiator) this.#advance(this.#next, nowMs);
  }

  open(datagram: Uint8Array, nowMs: number): Opened | undefined {
    const epoch = this.#epochOf(receiverOf(datagram), nowMs);
    if (epoch === undefined || this.hasFailed) return undefined;
    const { newest } = epoch;
    const plaintext = epoch.open(datagram);
    if (epoch.forgedCount >= FORGED_MAX) this.hasFailed = true;
    if (plaintext === undefined) return undefined;
    if (epoch === this.#next) this.#advance(epoch, nowMs);
    return { plaintext, isNewest: epoch === this.#current && epoch.newest > newest };
  }

  /** `undefined`: the keys are used up. */
  seal(plaintext: Uint8Array, nowMs: number): Uint8Array | undefined {
    return nowMs - this.#current.beganMs > AGE_MAX_MS ? undefined : this.#current.seal(plaintext);
  }

  expire(nowMs: number): void {
    if (nowMs >= this.#previousEndsMs) this.#endPrevious();
    if (nowMs < this.#rekeyAtMs) return;
    this.#rekeyAtMs = Number.POSITIVE_INFINITY;
    this.#rekeying = this.#newRekeying();
    this.#output = this.#rekeying.begin();
  }

  wipe(): void {
    for (const epoch of [this.#current, this.#previous, this.#next]) if (epoch !== undefined) this.#end(epoch);
    this.#endRekeying();
  }

  /** A new handshake of the remote's; not one that was answered already, and comes again. */
  #answer(message: Uint8Array, nowMs: number): void {
    const index = Rekeying.indexOf(message);
    const isKnown = [this.#current, this.#previous, this.#rekeying].some((known) => known?.remoteIndex === index);
    if (isKnown || nowMs - this.#current.beganMs < AGE_MIN_MS || this.#answerCount >= ANSWERS_MAX) return;
    this.#answerCount++;
    this.#endRekeying();
    this.#rekeying = this.#newRekeying();
  }

  #newRekeying(): Rekeying {
    return new Rekeying(this.options, this.options.numbers.add());
  }

  #endRekeying(): void {
    if (this.#rekeying === undefined) return;
    this.#rekeying.wipe();
    this.options.numbers.delete(this.#rekeying.localIndex);
    this.#rekeying = undefined;
  }

  #planRekey(nowMs: number): void {
    const { isInitiator, random } = this.options;
    if (isInitiator) this.#rekeyAtMs = nowMs + REKEY_MS + REKEY_MS * REKEY_JITTER * random.float();
  }

  #epochOf(localIndex: number, nowMs: number): Epoch | undefined {
    if (this.#current.localIndex === localIndex) return this.#current;
    if (this.#next?.localIndex === localIndex) return this.#next;
    return this.#previous?.localIndex === localIndex && nowMs < this.#previousEndsMs ? this.#previous : undefined;
  }

  /** From here on the new keys seal, and the old ones end soon. */
  #advance(next: Epoch, nowMs: number): void {
    this.#endPrevious();
    this.#previous = this.#current;
    this.#previousEndsMs = nowMs + GRACE_MS;
    this.#current = next;
    this.#next = undefined;
    this.#answerCount = 0;
    this.#planRekey(nowMs);
  }

  #endPrevious(): void {
    if (this.#previous !== undefined) this.#end(this.#previous);
    this.#previous = undefined;
    this.#previousEndsMs = Number.POSITIVE_INFINITY;
  }

  #end(epoch: Epoch): void {
    epoch.wipe();
    this.options.numbers.delete(epoch.localIndex);
  }
}
