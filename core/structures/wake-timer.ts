/**
 * @module WakeTimer: one timer for everything that an owner waits for: the earliest wish wins. It does not exist before there is a wish.
 * Pure but for the agent that lends the timer.
 */

/** What lends the timer: the agent of a callback. */
export interface TimerSource {
  readonly nowMs: number;
  after(delayMs: number, callback: (source: this) => void): { cancel(): void };
}

export class WakeTimer<Source extends TimerSource> {
  private timer: { readonly cancellable: { cancel(): void }; readonly dueMs: number } | undefined;

  constructor(private readonly wake: (source: Source) => void) {}

  /** Wakes the owner after `delayMs` at the latest. */
  within(source: Source, delayMs: number): void {
    const dueMs = source.nowMs + Math.max(0, delayMs);
    if (this.timer !== undefined && this.timer.dueMs <= dueMs) return;
    this.timer?.cancellable.cancel();
    const cancellable = source.after(dueMs - source.nowMs, (later) => {
      this.timer = undefined;
      this.wake(later);
    });
    this.timer = { dueMs, cancellable };
  }
}
