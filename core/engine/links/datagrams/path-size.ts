/**
 * @module PathSize: how long the datagrams of a path may be, because systems and hops drop in silence what is too long for them (RFC 4821, RFC 8899).
 * They begin with 1,200 bytes. When three long ones in a row are lost, while one of 548 bytes or less that was sent after the first of them arrives,
 * all have at most 548 bytes from then on. After a second, and then in pauses that double up to 10 minutes, one is long again; if one arrives that is
 * as long as a lost one, all are. May not look into packets. Pure.
 */
import type { PacketObserver } from '../../../kits/flow/repaired/index.js';
import { DATAGRAM_BYTES_MAX, DATAGRAM_BYTES_MIN } from '../../../security/datagrams/header.js';
import { type BackoffSteps, backoffBoundMs } from '../../../structures/back-off.js';

const LOST_MAX = 3;
const TRIALS: BackoffSteps = { minMs: 1_000, maxMs: 600_000 };

export class PathSize implements PacketObserver {
  #isSmall = false;
  /** The longest that has arrived, the newest of them. */
  #longestBytes = DATAGRAM_BYTES_MIN;
  #longest = -1;
  /** The newest short one that has arrived. */
  #newestShort = -1;
  /** Long ones that are lost since then; the shortest and the oldest of them. */
  #lostCount = 0;
  #shortestLostBytes = Number.POSITIVE_INFINITY;
  #oldestLost = Number.POSITIVE_INFINITY;
  #trialCount = 0;
  /** When a long one is tried; `Infinity` while one is on its way, absent before that is known. */
  #trialAtMs: number | undefined;

  /** How long datagrams may be, but for one that is tried. */
  get bytes(): number {
    return this.#isSmall ? DATAGRAM_BYTES_MIN : DATAGRAM_BYTES_MAX;
  }

  /** How long the next datagram may be. */
  bytesAt(nowMs: number): number {
    if (!this.#isSmall) return this.bytes;
    this.#trialAtMs ??= nowMs + backoffBoundMs(++this.#trialCount, TRIALS);
    return nowMs < this.#trialAtMs ? DATAGRAM_BYTES_MIN : DATAGRAM_BYTES_MAX;
  }

  sent(byteCount: number): void {
    if (byteCount > DATAGRAM_BYTES_MIN) this.#trialAtMs = Number.POSITIVE_INFINITY;
  }

  arrived(number: number, byteCount: number): void {
    if (byteCount <= DATAGRAM_BYTES_MIN) this.#newestShort = Math.max(this.#newestShort, number);
    else this.#longArrived(number, byteCount);
    this.#judge();
  }

  lost(number: number, byteCount: number): void {
    if (byteCount <= DATAGRAM_BYTES_MIN) return;
    this.#trialAtMs = undefined;
    if (number < this.#longest && byteCount <= this.#longestBytes) return;
    this.#lostCount++;
    this.#shortestLostBytes = Math.min(this.#shortestLostBytes, byteCount);
    this.#oldestLost = Math.min(this.#oldestLost, number);
    this.#judge();
  }

  /** Packets take another path, which may be of another size. */
  changed(): void {
    this.#longestBytes = DATAGRAM_BYTES_MIN;
    this.#passes();
  }

  #longArrived(number: number, byteCount: number): void {
    // One that was shorter than it could have been says nothing about longer ones.
    this.#trialAtMs = undefined;
    if (byteCount >= this.#longestBytes) {
      this.#longestBytes = byteCount;
      this.#longest = Math.max(this.#longest, number);
    }
    if (byteCount >= this.#shortestLostBytes && number > this.#oldestLost) this.#passes();
  }

  #passes(): void {
    this.#isSmall = false;
    this.#trialCount = 0;
    this.#lostCount = 0;
    this.#shortestLostBytes = Number.POSITIVE_INFINITY;
    this.#oldestLost = Number.POSITIVE_INFINITY;
  }

  #judge(): void {
    if (this.#isSmall || this.#lostCount < LOST_MAX || this.#newestShort < this.#oldestLost) return;
    this.#isSmall = true;
    this.#trialAtMs = undefined;
  }
}
