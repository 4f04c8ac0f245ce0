/**
 * @module CongestionWindow: how much may be in transit. It goes by delay: what a packet takes longer than the shortest round trip is the
 * queue at the narrowest hop, and that is kept at a quarter of the shortest round trip, 5 to 25 ms, so that others who use the hop hardly
 * notice. A loss alone is weak evidence, because relays drop messages for reasons of their own: the window shrinks when much is lost (`loss-share.ts`),
 * and when a relay signals that its lane is full. The window begins small, and doubles with each round trip until there is a queue
 * (slow start); then it grows by up to a sixteenth of itself and one packet a round trip.
 *
 * Delay is weak evidence, too: where processes wait for the processor, round trips are long without any queue. Below what the path has lately passed in
 * the shortest round trip and the queue that is aimed at (`delivery-rate.ts`), delay does not shrink the window: it doubles, as in slow start. Only a queue
 * that stands for a quarter of a second (CoDel, RFC 8289) does.
 *
 * The shortest round trip is only known while the queue is empty. When it was not seen for 10 s, the window is closed but for two packets for one
 * round trip (drain), and the shortest one is taken from there.
 *
 * Where round trips vary without any queue, so much is not counted as one (`path-noise.ts`). Pure; sizes are bytes.
 */

import { DeliveryRate } from './delivery-rate.js';
import { AFTER_LOSS, LossShare } from './loss-share.js';
import { PathNoise } from './path-noise.js';

/** The unit in which small windows grow. */
export const SEGMENT_BYTES = 1_200;
const WINDOW_MIN_BYTES = 2 * SEGMENT_BYTES;
const WINDOW_FIRST_BYTES = 5 * SEGMENT_BYTES;
export const WINDOW_MAX_BYTES = 4_194_304;

/** The queue that is aimed at, as a share of the shortest round trip, and its bounds. */
const QUEUE_SHARE = 1 / 4;
const QUEUE_MIN_MS = 5;
const QUEUE_MAX_MS = 25;
/** In a round trip without a queue the window grows by this share, besides one segment; with more queue than wanted it shrinks by up to four times as much. */
const GROWTH = 1 / 16;
const SHRINKING_MAX = 4;
const AFTER_FULL = 0.5;
const LATEST_COUNT = 4;
/** A queue that is longer than the one that is aimed at by this factor, and stands for so long, is believed, whatever the path has passed lately. */
const STANDING_AIMS = 2;
const STANDING_MS = 250;
const PASSING_SLACK_BYTES = 3 * SEGMENT_BYTES;
const BASE_AGE_MS = 10_000;
/** A round trip that is hardly longer than the shortest one shows that the shortest one still holds. */
const SAME_FACTOR = 1.02;
const SAME_MS = 0.5;
/** Pacing is a little faster than the window, so that it does not hold the window up. */
const PACE_FACTOR = 1.25;
const PACE_FACTOR_START = 2;

export class CongestionWindow {
  #bytes = WINDOW_FIRST_BYTES;
  #isStarting = true;
  /** The shortest round trip, and when it was seen last. */
  #baseMs = Number.POSITIVE_INFINITY;
  #baseSeenMs = 0;
  /** When the queue was no longer than one that is believed. */
  #shortSeenMs = 0;
  /** The shortest ones of this half of a round trip and of the one before. */
  #recentMs = Number.POSITIVE_INFINITY;
  #earlierMs = Number.POSITIVE_INFINITY;
  #halfEndsMs = 0;
  /** The latest ones: in slow start a queue must be noticed at once. */
  readonly #latestMs: number[] = [];
  readonly #loss = new LossShare();
  readonly #delivery = new DeliveryRate();
  #beforeLossBytes = 0;
  /** In this round. */
  #hasShrunk = false;
  readonly #noise = new PathNoise();
  /** While draining: when it ends, once little is in transit. */
  #drainEndsMs: number | undefined;
  #isDraining = false;

  /** What may be in transit now. */
  get bytes(): number {
    return this.#isDraining ? Math.min(this.#bytes, WINDOW_MIN_BYTES) : this.#bytes;
  }

  /** Bytes that may leave in a millisecond. */
  paceOf(roundTripMs: number): number {
    return ((this.#isStarting ? PACE_FACTOR_START : PACE_FACTOR) * this.bytes) / roundTripMs;
  }

  /** A packet has come, after so long. `isLimited`: the window was what held the sender up. */
  acknowledged(byteCount: number, sampleMs: number, nowMs: number, isLimited: boolean): void {
    this.#loss.arrived(byteCount);
    this.#delivery.acknowledged(byteCount, nowMs);
    this.#measure(sampleMs, nowMs);
    if (this.#isDraining) return;
    const aimMs = Math.min(Math.max(this.#baseMs * QUEUE_SHARE, QUEUE_MIN_MS), QUEUE_MAX_MS);
    const recentMs = this.#isStarting ? Math.min(...this.#latestMs) : Math.min(this.#recentMs, this.#earlierMs);
    const queueMs = recentMs - this.#baseMs - this.#noise.ms;
    if (queueMs <= STANDING_AIMS * aimMs) this.#shortSeenMs = nowMs;
    const passingBytes = nowMs - this.#shortSeenMs < STANDING_MS ? this.#passingBytes(aimMs) : 0;
    if (this.#isStarting && queueMs > aimMs / 2) {
      this.#isStarting = false;
      this.#shrinkByDelay(this.#bytes / 2, passingBytes);
    }
    const isDoubling = this.#isStarting || this.#bytes < passingBytes;
    const share = isDoubling ? 1 : Math.max((aimMs - queueMs) / aimMs, -SHRINKING_MAX);
    if (share > 0 && !isLimited) return;
    const step = isDoubling ? byteCount : share * byteCount * (SEGMENT_BYTES / this.#bytes + GROWTH);
    if (share > 0) this.#resize(this.#bytes + step);
    else this.#shrinkByDelay(this.#bytes + step, passingBytes);
  }

  lost(byteCount: number): void {
    this.#loss.lost(byteCount);
  }

  /** A packet that counted as lost has come after all. */
  found(byteCount: number): void {
    if (this.#loss.found(byteCount)) this.#resize(Math.max(this.#bytes, this.#beforeLossBytes));
  }

  /** A relay signals that its lane is full. */
  full(): void {
    this.#shrink(AFTER_FULL);
  }

  /** Everything that was sent before the round began is accounted for; the newest of what has come was sent at `sentMs`. */
  roundEnded(sentMs: number, nowMs: number): void {
    this.#delivery.roundEnded(sentMs, nowMs, !this.#isStarting);
    if (this.#loss.roundEnded()) {
      this.#beforeLossBytes = this.#bytes;
      this.#shrink(AFTER_LOSS);
    }
    this.#hasShrunk = false;
    const isLeast = this.#bytes <= WINDOW_MIN_BYTES && !this.#isDraining;
    const excessMs = Math.min(this.#recentMs, this.#earlierMs) - this.#baseMs;
    if (this.#noise.roundEnded(isLeast, excessMs, nowMs)) this.#isStarting = true;
  }

  /** Nothing comes through any more. */
  collapse(): void {
    this.#isStarting = true;
    this.#delivery.doubt(0);
    this.#resize(WINDOW_MIN_BYTES);
  }

  /** Called with what is in transit before something is sent: the shortest round trip may have to be looked for. */
  look(inTransitBytes: number, roundTripMs: number, nowMs: number): void {
    if (!this.#isDraining && this.#baseSeenMs > 0 && nowMs - this.#baseSeenMs > BASE_AGE_MS) this.#isDraining = true;
    if (!this.#isDraining) return;
    if (this.#drainEndsMs === undefined) {
      if (inTransitBytes > WINDOW_MIN_BYTES) return;
      this.#drainEndsMs = nowMs + roundTripMs;
      this.#baseMs = Number.POSITIVE_INFINITY;
    } else if (nowMs >= this.#drainEndsMs && this.#baseMs !== Number.POSITIVE_INFINITY) {
      this.#isDraining = false;
      this.#drainEndsMs = undefined;
      this.#recentMs = this.#baseMs;
    }
  }

  #measure(sampleMs: number, nowMs: number): void {
    if (sampleMs <= this.#baseMs * SAME_FACTOR + SAME_MS) this.#baseSeenMs = nowMs;
    this.#baseMs = Math.min(this.#baseMs, sampleMs);
    this.#noise.measured(sampleMs, nowMs);
    this.#latestMs.push(sampleMs);
    if (this.#latestMs.length > LATEST_COUNT) this.#latestMs.shift();
    if (nowMs >= this.#halfEndsMs) {
      this.#earlierMs = this.#recentMs;
      this.#recentMs = sampleMs;
      this.#halfEndsMs = nowMs + sampleMs / 2;
    }
    this.#recentMs = Math.min(this.#recentMs, sampleMs);
  }

  /** So much in transit makes no longer queue than is aimed at, also where it is a packet more, and two are acknowledged at once. */
  #passingBytes(aimMs: number): number {
    return this.#delivery.bytesFor(this.#baseMs + aimMs) - PASSING_SLACK_BYTES;
  }

  /** Not below what the path passes. */
  #shrinkByDelay(byteCount: number, passingBytes: number): void {
    this.#resize(Math.max(byteCount, Math.min(this.#bytes, passingBytes)));
  }

  #shrink(share: number): void {
    if (this.#hasShrunk) return;
    this.#hasShrunk = true;
    this.#isStarting = false;
    this.#delivery.doubt(share);
    this.#resize(this.#bytes * share);
  }

  #resize(byteCount: number): void {
    this.#bytes = Math.min(Math.max(byteCount, WINDOW_MIN_BYTES), WINDOW_MAX_BYTES);
  }
}
