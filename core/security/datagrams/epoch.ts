/**
 * @module Epoch: one pair of keys of a session of datagrams, and the indices that name it at its two ends. Counters are explicit: they begin at 0
 * with every epoch, go up by one with each datagram, and never come back. What is not fresh, or does not authenticate, leaves no trace
 * but a count.
 */
import { carve } from '../../structures/carved.js';
import type { CipherState } from '../cipher-state.js';
import { contentOf, counterOf, DATA, HEADER_BYTES, TAG_BYTES, writeHeader } from './header.js';
import { ReplayWindow } from './replay-window.js';

/** What a datagram adds to its plaintext. */
export const DATAGRAM_OVERHEAD = HEADER_BYTES + TAG_BYTES;

/** What an epoch is made of: the states that a handshake gives, which are its own from here on. */
export interface EpochKeys {
  readonly send: CipherState;
  readonly receive: CipherState;
}

export class Epoch {
  readonly #window = new ReplayWindow();
  /** Datagrams that did not authenticate. */
  forgedCount = 0;

  constructor(
    private readonly keys: EpochKeys,
    readonly localIndex: number,
    readonly remoteIndex: number,
    readonly beganMs: number,
  ) {}

  /** Datagrams that were sealed. */
  get sealedCount(): number {
    return this.keys.send.counter;
  }

  /** The greatest counter that has come; -1 before. */
  get newest(): number {
    return this.#window.newest;
  }

  /** A datagram; `undefined`: the epoch is exhausted or wiped. */
  seal(plaintext: Uint8Array): Uint8Array | undefined {
    const datagram = carve(DATAGRAM_OVERHEAD + plaintext.length);
    writeHeader(datagram, DATA, this.remoteIndex, this.keys.send.counter);
    const sealed = this.keys.send.seal(datagram.subarray(0, HEADER_BYTES), plaintext);
    if (sealed === undefined) return undefined;
    datagram.set(sealed.ciphertext, HEADER_BYTES);
    datagram.set(sealed.tag, HEADER_BYTES + plaintext.length);
    return datagram;
  }

  /** The plaintext, in memory of its own; `undefined` for what came before, is too old, or is not the remote's. */
  open(datagram: Uint8Array): Uint8Array | undefined {
    const counter = counterOf(datagram);
    if (!this.#window.isFresh(counter)) return undefined;
    const { receive } = this.keys;
    receive.counter = counter;
    const plaintext = receive.open(datagram.subarray(0, HEADER_BYTES), contentOf(datagram));
    if (plaintext === undefined) {
      this.forgedCount++;
      return undefined;
    }
    this.#window.add(counter);
    // It is taken apart: of a Buffer each view would be a Buffer, which is expensive.
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  }

  wipe(): void {
    this.keys.send.wipe();
    this.keys.receive.wipe();
  }
}
