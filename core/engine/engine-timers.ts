/**
 * @module EngineTimers: parts of the engine that wait as behaviours do, so that the same structures serve both: deadlines as timers.
 */
import type { LentTimer, TimerSource } from '../structures/wake-timer.js';
import type { EngineContext } from './context.js';

export abstract class EngineTimers implements TimerSource {
  constructor(protected readonly context: EngineContext) {}

  get nowMs(): number {
    return this.context.nowMs;
  }

  after(delayMs: number, work: (source: this) => void): LentTimer {
    const { deadlines, nowMs } = this.context;
    const id = deadlines.add(() => work(this), nowMs + delayMs);
    return {
      get isDone() {
        return deadlines.get(id) === undefined;
      },
      cancel: () => void deadlines.take(id),
    };
  }
}
