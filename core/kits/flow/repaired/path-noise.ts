/**
 * @module PathNoise: by how much the round trips of a path are longer than the shortest one without any queue: on some paths they vary (radio, reordering).
 * That shows while the window is the least one, so that next to nothing of this path's own is in transit, and packets still take longer than the
 * shortest did. It is believed as far as round trips scatter meanwhile, and as much again: where they are all about as long, it is the queue of others,
 * and whoever took that for noise would add to it. It fades by half in 10 s. Pure.
 */

/** So many times the scatter is believed. */
const SCATTERS = 2;
/** After so long half of it is believed. */
const AGE_MS = 10_000;

export class PathNoise {
  ms = 0;
  #atMs = 0;
  /** The window was the least one when the last round ended; since then the shortest and the longest round trip. */
  #wasLeast = false;
  #shortestMs = Number.POSITIVE_INFINITY;
  #longestMs = 0;

  measured(sampleMs: number, nowMs: number): void {
    if (nowMs - this.#atMs > AGE_MS) this.#set(this.ms / 2, nowMs);
    if (!this.#wasLeast) return;
    this.#shortestMs = Math.min(this.#shortestMs, sampleMs);
    this.#longestMs = Math.max(this.#longestMs, sampleMs);
  }

  /** `excessMs`: what round trips take longer than the shortest one. Whether more is believed than before. */
  roundEnded(isLeast: boolean, excessMs: number, nowMs: number): boolean {
    const believedMs = Math.min(excessMs, SCATTERS * (this.#longestMs - this.#shortestMs));
    const isMore = isLeast && this.#wasLeast && believedMs > this.ms;
    if (isMore) this.#set(believedMs, nowMs);
    if (!isLeast) {
      this.#shortestMs = Number.POSITIVE_INFINITY;
      this.#longestMs = 0;
    }
    this.#wasLeast = isLeast;
    return isMore;
  }

  #set(noiseMs: number, nowMs: number): void {
    this.ms = noiseMs;
    this.#atMs = nowMs;
  }
}
