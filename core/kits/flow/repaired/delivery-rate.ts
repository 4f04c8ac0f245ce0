/**
 * @module DeliveryRate: how much has to be in transit so that a path stays busy, by what it has passed lately. It knows the rate, and the bursts in
 * which acknowledgements come: where they are held up, because a radio gathers them or a process waits for the processor, more is needed by what came
 * beyond the rate. Both are measured as BBR does (draft-ietf-ccwg-bbr, "delivery rate" and "extra acked"): the bytes of a round by the time in which they
 * were acknowledged or sent, whichever is longer, so that what was held up does not look fast. May not know why acknowledgements are late. Pure.
 */

/** The highest value of each second also counts in the next. */
const MEMORY_MS = 1_000;
/** A burst counts for at most what the path passes in this time. */
const BURST_MAX_MS = 100;

export class DeliveryRate {
  /** Bytes in a millisecond. */
  readonly #rate = new RecentMost();
  /** Bytes beyond the rate. */
  readonly #burst = new RecentMost();
  #roundBytes = 0;
  #roundBeganMs = 0;
  /** When the newest packet that had arrived by the beginning of the round was sent. */
  #roundSentMs = 0;
  #roundBurst = 0;
  /** Bytes that have arrived since arrivals were last no faster than the rate, and the time of that. */
  #comeBytes = 0;
  #comeSinceMs = 0;

  acknowledged(byteCount: number, nowMs: number): void {
    const passedBytes = this.#rate.most * (nowMs - this.#comeSinceMs);
    if (this.#comeBytes <= passedBytes) {
      this.#comeBytes = 0;
      this.#comeSinceMs = nowMs;
    }
    this.#comeBytes += byteCount;
    this.#roundBytes += byteCount;
    this.#roundBurst = Math.max(this.#roundBurst, this.#comeBytes - this.#rate.most * (nowMs - this.#comeSinceMs));
  }

  /** Everything that was sent before the round began has come or is lost; the newest of what has come was sent at `sentMs`. `isSteady`: the window is known. */
  roundEnded(sentMs: number, nowMs: number, isSteady: boolean): void {
    const tookMs = Math.max(nowMs - this.#roundBeganMs, sentMs - this.#roundSentMs);
    const rate = tookMs > 0 ? this.#roundBytes / tookMs : 0;
    // What comes faster than ever before is no burst.
    if (isSteady && rate <= this.#rate.most) this.#burst.see(this.#roundBurst, nowMs);
    this.#rate.see(rate, nowMs);
    this.#roundBytes = 0;
    this.#roundBeganMs = nowMs;
    this.#roundSentMs = sentMs;
    this.#roundBurst = 0;
  }

  /** So many bytes in transit keep the path busy for `ms` and for as long as acknowledgements were recently delayed. */
  bytesFor(ms: number): number {
    const rate = this.#rate.most;
    return rate * ms + Math.min(this.#burst.most, rate * BURST_MAX_MS);
  }

  /** Scales down what was measured, because only this share of it is still believed. */
  doubt(share: number): void {
    this.#rate.scale(share);
    this.#burst.scale(share);
  }
}

/** The greatest value of the last second or two. */
class RecentMost {
  #latest = 0;
  #earlier = 0;
  #endsMs = 0;

  get most(): number {
    return Math.max(this.#latest, this.#earlier);
  }

  see(value: number, nowMs: number): void {
    if (nowMs >= this.#endsMs) {
      this.#earlier = nowMs >= this.#endsMs + MEMORY_MS ? 0 : this.#latest;
      this.#latest = 0;
      this.#endsMs = nowMs + MEMORY_MS;
    }
    this.#latest = Math.max(this.#latest, value);
  }

  scale(share: number): void {
    this.#latest *= share;
    this.#earlier *= share;
  }
}
