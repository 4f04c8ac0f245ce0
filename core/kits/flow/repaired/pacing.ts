/**
 * @module Pacing: when the next packet may leave, so that a window's worth is spread over a round trip. What a timer is late may be made up for: a few
 * milliseconds always, and more where whoever waited for its turn was woken late, because its process waits for the processor. Otherwise such a sender
 * would get through less and less, the path would seem to pass no more, and the window would follow. Pure.
 */

/** A sender may always catch up on this much of the time that it let pass. */
const SLACK_MS = 5;
/** A sender that was waiting and was woken late may catch up on this much. */
const LATE_MAX_MS = 100;

export class Pacing {
  /** From when on the next packet may leave. */
  atMs = 0;
  /** Somebody wanted to send before that. */
  #isAwaited = false;
  #slackMs = SLACK_MS;

  /** Whether a packet may leave. */
  allows(nowMs: number): boolean {
    if (nowMs < this.atMs) {
      this.#isAwaited = true;
      return false;
    }
    if (this.#isAwaited) this.#slackMs = Math.min(Math.max(nowMs - this.atMs, SLACK_MS), LATE_MAX_MS);
    this.#isAwaited = false;
    return true;
  }

  /** A packet has left. At the present pace it takes `takesMs`. */
  sent(takesMs: number, nowMs: number): void {
    this.atMs = Math.max(this.atMs, nowMs - this.#slackMs) + takesMs;
    if (this.atMs >= nowMs - SLACK_MS) this.#slackMs = SLACK_MS;
  }
}
