/**
 * @module LossShare: whether so much of a path is lost that its window must be too large. Relays and radio lose some by themselves, whatever the
 * window is: what is still lost after the window has shrunk is not of its making, and is not counted against it any more. A judgement that rests on packets that
 * come after all is taken back. Pure; sizes are bytes.
 */

/** What too much loss leaves of a window. */
export const AFTER_LOSS = 0.7;
/** When the window has shrunk, and no more than this share of what arrived before arrives, it was not too large. */
const LIKE_WINDOW = 0.8;
/** More than that, besides what the path loses by itself, is too much. */
const SHARE_MAX = 1 / 8;
/** More than that no path is believed to lose by itself. */
const OWN_SHARE_MAX = 1 / 5;
const LOST_COUNT_MIN = 3;
/** Whole rounds are judged, as soon as they have so many packets together. */
const PACKETS_MIN = 48;
/** How fast it is believed that a path loses less than it did. */
const RELIEF = 1 / 4;

/** A judgement that may still prove wrong. */
interface Judgement {
  /** What arrived in a round. */
  readonly roundBytes: number;
  lostBytes: number;
  readonly bytesMax: number;
}

export class LossShare {
  #roundCount = 0;
  #bytes = 0;
  #packetCount = 0;
  #lostBytes = 0;
  #lostCount = 0;
  /** What the path loses by itself. */
  #ownShare = 0;
  /** The last judgement, until the next one. */
  #tooMuch: Judgement | undefined;
  /** What was sent before the last judgement is not judged again. */
  #isSettling = false;

  arrived(byteCount: number): void {
    this.#bytes += byteCount;
    this.#packetCount++;
  }

  lost(byteCount: number): void {
    this.arrived(byteCount);
    this.#lostBytes += byteCount;
    this.#lostCount++;
  }

  /** One that counted as lost has come. Whether the last judgement was wrong: too little was lost for it. */
  found(byteCount: number): boolean {
    this.#lostBytes = Math.max(0, this.#lostBytes - byteCount);
    this.#lostCount = Math.max(0, this.#lostCount - 1);
    if (this.#tooMuch === undefined) return false;
    this.#tooMuch.lostBytes -= byteCount;
    if (this.#tooMuch.lostBytes > this.#tooMuch.bytesMax) return false;
    this.#tooMuch = undefined;
    return true;
  }

  /** Everything that was sent before the round began is accounted for. Whether too much is lost. */
  roundEnded(): boolean {
    this.#roundCount++;
    const isJudged = this.#packetCount >= PACKETS_MIN;
    const isTooMuch = isJudged && !this.#isSettling && this.#judge();
    if (!isJudged && !this.#isSettling) return false;
    this.#isSettling = isTooMuch;
    this.#roundCount = 0;
    this.#bytes = 0;
    this.#packetCount = 0;
    this.#lostBytes = 0;
    this.#lostCount = 0;
    return isTooMuch;
  }

  #judge(): boolean {
    const share = this.#lostBytes / this.#bytes;
    const before = this.#tooMuch;
    this.#tooMuch = undefined;
    const roundBytes = (this.#bytes - this.#lostBytes) / this.#roundCount;
    if (before !== undefined && roundBytes < before.roundBytes * LIKE_WINDOW) this.#ownShare = Math.min(share, OWN_SHARE_MAX);
    else if (share < this.#ownShare) this.#ownShare += (share - this.#ownShare) * RELIEF;
    const bytesMax = (this.#ownShare + SHARE_MAX) * this.#bytes;
    if (this.#lostBytes <= bytesMax || this.#lostCount < LOST_COUNT_MIN) return false;
    this.#tooMuch = { roundBytes, lostBytes: this.#lostBytes, bytesMax };
    return true;
  }
}
