/**
 * @module PathCheck: where the datagrams of a link go. The remote may move to another address, because its NAT gives it another port, or it changes the
 * network: an authentic datagram with a new greatest counter from there moves the link. Whether the remote is really there is asked by a
 * challenge; until it is answered no more than three times what came from there is sent there, so that a link cannot be turned against a
 * third party. Without an answer the link goes back to where the remote was proven to be. Pure.
 */
import type { Address } from '../../../address/address.js';
import type { Random } from '../../../api/ports.js';
import { type BackoffSteps, backoffBoundMs } from '../../../structures/back-off.js';
import { equalBytes } from '../../../structures/bytes.js';
import { CHALLENGE_BYTES } from './packet.js';

/** So many times what came from an unproven address may be sent to it. */
const UNPROVEN_FACTOR = 3;
const REPEATS: BackoffSteps = { minMs: 250, maxMs: 1_000 };
const CHALLENGES_MAX = 5;

export class PathCheck {
  /** Where datagrams go. */
  current: Address;
  /** When a challenge is to be sent; `Infinity` for none. */
  challengeAtMs = Number.POSITIVE_INFINITY;
  /** Where the remote was proven to be last. */
  #proven: Address | undefined;
  #challenge: Uint8Array | undefined;
  #challengeCount = 0;
  #receivedBytes = 0;
  #sentBytes = 0;

  constructor(
    address: Address,
    private readonly random: Random,
  ) {
    this.current = address;
  }

  get isProven(): boolean {
    return this.#proven === this.current;
  }

  /** Bytes that may be sent now. */
  get allowance(): number {
    return this.isProven ? Number.POSITIVE_INFINITY : UNPROVEN_FACTOR * this.#receivedBytes - this.#sentBytes;
  }

  /** The remote has answered what only somebody at the current address could know. */
  prove(): void {
    this.#proven = this.current;
    this.#challenge = undefined;
    this.challengeAtMs = Number.POSITIVE_INFINITY;
  }

  /** So many bytes came from there: whoever it is, as much may be sent back. */
  received(from: Address, byteCount: number): void {
    if (from.text === this.current.text) this.#receivedBytes += byteCount;
  }

  /** An authentic datagram came. `isNewest`: with a new greatest counter. Whether the link has moved. */
  arrived(from: Address, byteCount: number, isNewest: boolean, nowMs: number): boolean {
    if (from.text === this.current.text || !isNewest) {
      this.received(from, byteCount);
      return false;
    }
    if (from.text === this.#proven?.text) {
      this.current = this.#proven;
      this.prove();
      return true;
    }
    this.current = from;
    this.#receivedBytes = byteCount;
    this.#sentBytes = 0;
    this.#challenge = this.random.bytes(CHALLENGE_BYTES);
    this.#challengeCount = 0;
    this.challengeAtMs = nowMs;
    return true;
  }

  sent(byteCount: number): void {
    this.#sentBytes += byteCount;
  }

  /** The challenge to send, if one is due. */
  takeChallenge(nowMs: number): Uint8Array | undefined {
    if (nowMs < this.challengeAtMs) return undefined;
    this.challengeAtMs = nowMs + backoffBoundMs(++this.#challengeCount, REPEATS);
    return this.#challengeCount > CHALLENGES_MAX ? undefined : this.#challenge;
  }

  /** Time has passed. Whether the link has gone back, because nobody has answered. */
  expire(nowMs: number): boolean {
    if (nowMs < this.challengeAtMs || this.#challengeCount < CHALLENGES_MAX || this.#proven === undefined) return false;
    this.current = this.#proven;
    this.prove();
    return true;
  }

  /** An answer to a challenge; one that was not asked for proves nothing. */
  answered(response: Uint8Array): void {
    if (this.#challenge !== undefined && equalBytes(response, this.#challenge)) this.prove();
  }
}
