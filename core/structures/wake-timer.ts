/**
 * @module WakeTimer: one timer for everything that an owner waits for: the earliest wish wins. There is no timer before there is a wish. One
 * that was lost with a callback that failed is noticed by the next wish. Pure but for the agent that lends the timer.
 */

/** What `after` gives. */
export interface LentTimer {
  /** The callback ran, or will not run. */
  readonly isDone: boolean;
  cancel(): void;
}

/** What lends the timer: the agent of a callback. */
export interface TimerSource {
  readonly nowMs: number;
  after(delayMs: number, callback: (source: this) => void): LentTimer;
}

export class WakeTimer<Source extends TimerSource> {
  private timer: LentTimer | undefined;
  private timerDueMs = Number.POSITIVE_INFINITY;

  /** `wake`: called once for each wish that was the earliest, with the time of it; it looks at what is due, and wishes again. */
  constructor(private readonly wake: (source: Source, dueMs: number) => void) {}

  /** When the owner is woken; `Infinity` without a wish. */
  get dueMs(): number {
    return this.timer === undefined || this.timer.isDone ? Number.POSITIVE_INFINITY : this.timerDueMs;
  }

  /** Wakes the owner at `dueMs` at the latest, and not before the callback that wishes it has returned. `Infinity` is no wish. */
  at(source: Source, dueMs: number): void {
    if (dueMs >= this.dueMs) return;
    this.timer?.cancel();
    this.timerDueMs = Math.max(dueMs, source.nowMs);
    this.timer = source.after(this.timerDueMs - source.nowMs, (later) => {
      this.timer = undefined;
      this.wake(later, this.timerDueMs);
    });
  }

  /** Wakes the owner after `delayMs` at the latest. */
  within(source: Source, delayMs: number): void {
    this.at(source, source.nowMs + delayMs);
  }

  /** Nothing is waited for any more. */
  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
