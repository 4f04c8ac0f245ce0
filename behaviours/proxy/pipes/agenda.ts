/**
 * @module Agenda: what falls due for connections that are under way: deadlines, and pauses of those that are faster than they may be. When the behaviour
 * has ended everything is due at once.
 */
import { type BehaviorAgent, PENDING_FULL, PendingTable, WakeTimer } from '../../../core/index.js';

type Perform = (work: (agent: BehaviorAgent) => void) => void;

export class Agenda {
  private readonly pending: PendingTable<() => void>;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));

  /** `sizeMax`: beyond it what is added is due at once. */
  constructor(
    private readonly perform: Perform,
    sizeMax: number,
  ) {
    this.pending = new PendingTable(sizeMax);
  }

  /** Calls back once, from outside of a callback, unless it is cancelled by what this returns. */
  later(delayMs: number, work: () => void): () => void {
    let id = PENDING_FULL;
    try {
      this.perform((agent) => {
        id = this.pending.add(work, agent.nowMs + delayMs);
        this.timer.within(agent, delayMs);
      });
    } catch {
      // The behaviour has ended.
    }
    if (id === PENDING_FULL) work();
    return () => void this.pending.take(id);
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.later(delayMs, resolve));
  }

  /** Rejects what has not settled in time with what `expired` gives, which may end the work itself. */
  within<T>(delayMs: number, work: () => Promise<T>, expired: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.later(delayMs, () => reject(expired()));
      work().then(resolve, reject).finally(cancel);
    });
  }

  stop(): void {
    this.timer.cancel();
    for (;;) {
      const due = this.pending.takeDue(Number.POSITIVE_INFINITY);
      if (due === undefined) return;
      due.value();
    }
  }

  private look(agent: BehaviorAgent): void {
    for (let due = this.pending.takeDue(agent.nowMs); due !== undefined; due = this.pending.takeDue(agent.nowMs)) due.value();
    this.timer.at(agent, this.pending.nextDueMs);
  }
}
