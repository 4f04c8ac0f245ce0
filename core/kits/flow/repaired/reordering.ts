/**
 * @module Reordering: how far and how long the packets of a path are overtaken without being lost, as far as that is known, and so when one counts as
 * lost (RFC 8985, section 6.2): when three later ones have come, or one, and a round trip and an eighth have passed; more of both where that was wrong
 * lately. What was learned fades with every round trip. Pure.
 */
import type { RoundTrip } from './round-trip.js';

/** So many later packets may overtake one; more when that has proven wrong, up to the greatest. */
const OVERTAKING_FIRST = 3;
const OVERTAKING_MAX = 256;
/** So much of what was learned is forgotten in a round trip. */
const FADING = 1 / 32;

export class Reordering {
  #overtaking = OVERTAKING_FIRST;
  /** What a packet may take longer than a round trip, besides what every packet may. */
  #extraMs = 0;

  /** Whether so many later ones are too many. */
  isOvertaken(count: number): boolean {
    return count >= Math.round(this.#overtaking);
  }

  /** After so long a packet is lost that later ones have overtaken. */
  lateMs(roundTrip: RoundTrip): number {
    return roundTrip.lateMs + this.#extraMs;
  }

  /** A packet has come after all, after `count` later ones and `passedMs`. */
  wronglyLost(count: number, passedMs: number, roundTrip: RoundTrip): void {
    this.#overtaking = Math.min(Math.max(this.#overtaking, count + 1), OVERTAKING_MAX);
    const extraMs = Math.max(this.#extraMs, passedMs - roundTrip.lateMs);
    this.#extraMs = Math.min(extraMs, roundTrip.smoothedMs ?? 0);
  }

  roundEnded(): void {
    this.#overtaking += (OVERTAKING_FIRST - this.#overtaking) * FADING;
    this.#extraMs -= this.#extraMs * FADING;
  }
}
