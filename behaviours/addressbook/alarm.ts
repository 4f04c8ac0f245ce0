/**
 * @module Alarm: the one timer of the address book: the earliest wish wins. It does not exist before somebody wishes something. Pure but
 * for the agent.
 */
import type { BehaviorAgent, Cancellable } from '../../core/index.js';

export class Alarm {
  private timer: { readonly cancellable: Cancellable; readonly dueMs: number } | undefined;

  constructor(private readonly ring: (agent: BehaviorAgent) => void) {}

  /** Rings after that time at the latest. */
  within(agent: BehaviorAgent, delayMs: number): void {
    const dueMs = agent.nowMs + Math.max(0, delayMs);
    if (this.timer !== undefined && this.timer.dueMs <= dueMs) return;
    this.timer?.cancellable.cancel();
    const cancellable = agent.after(dueMs - agent.nowMs, (later) => {
      this.timer = undefined;
      this.ring(later);
    });
    this.timer = { dueMs, cancellable };
  }
}
