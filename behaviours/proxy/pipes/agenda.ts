/**
 * @module Agenda: what falls due for connections that are under way: deadlines, and pauses of those that are faster than they may be. When the behaviour
 * has ended everything is due at once.
 */
import { type BehaviorAgent, PENDING_FULL, Timeline } from '../../../core/index.js';

type Perform = (work: (agent: BehaviorAgent) => void) => void;

export class Agenda {
  private readonly timeline: Timeline<BehaviorAgent>;

  /** `sizeMax`: beyond it what is added is due at once. */
  constructor(
    private readonly perform: Perform,
    sizeMax: number,
  ) {
    this.timeline = new Timeline(sizeMax);
  }

  /** Calls back once, from outside of a callback, unless it is cancelled by what this returns. */
  later(delayMs: number, work: () => void): () => void {
    let id = PENDING_FULL;
    try {
      this.perform((agent) => {
        id = this.timeline.add(agent, delayMs, work);
      });
    } catch {
      // The behaviour has ended.
    }
    if (id === PENDING_FULL) work();
    return () => this.timeline.cancel(id);
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
    for (const work of this.timeline.stop()) (work as () => void)();
  }
}
