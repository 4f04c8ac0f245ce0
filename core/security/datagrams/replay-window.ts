/**
 * @module ReplayWindow: which counters of a session have come, so that each datagram takes effect once (RFC 6479). Of the newest 2,048 counters it
 * is known; what is older counts as seen. A counter is looked up before its datagram is authenticated, and added only after that. Pure.
 */

/** The newest counters that are told apart. */
export const WINDOW_COUNTERS = 2_048;

const BITS = 32;
/** One word more than the window: it is being cleared. */
const WORDS = WINDOW_COUNTERS / BITS + 1;

export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS);
  #newest = -1;

  /** The greatest counter that was added; -1 before. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether the counter may still come. */
  isFresh(counter: number): boolean {
    if (counter > this.#newest) return true;
    if (counter <= this.#newest - WINDOW_COUNTERS) return false;
    return ((this.#words[wordAt(counter)] as number) & bitOf(counter)) === 0;
  }

  /** The datagram of that counter, which was fresh, is authentic. */
  add(counter: number): void {
    if (counter > this.#newest) this.#advance(counter);
    const at = wordAt(counter);
    this.#words[at] = (this.#words[at] as number) | bitOf(counter);
  }

  /** Forgets what falls out of the window. */
  #advance(counter: number): void {
    const last = Math.floor(this.#newest / BITS);
    const count = Math.min(Math.floor(counter / BITS) - last, WORDS);
    for (let step = 1; step <= count; step++) this.#words[(last + step + WORDS) % WORDS] = 0;
    this.#newest = counter;
  }
}

function wordAt(counter: number): number {
  return Math.floor(counter / BITS) % WORDS;
}

function bitOf(counter: number): number {
  return 1 << (counter % BITS);
}
