/**
 * @module TurnEnd: work that waits for the end of the turn: what gathers until then goes together, and nobody is called back from within his own call.
 * In the order in which it came. Pure but for the agent that lends the timer.
 */
import { type TimerSource, WakeTimer } from './wake-timer.js';

export class TurnEnd<Source extends TimerSource> {
  private readonly works: ((source: Source) => void)[] = [];
  private readonly timer = new WakeTimer<Source>((source) => this.run(source));

  /** Does it once, when the turn ends. */
  add(source: Source, work: (source: Source) => void): void {
    this.works.push(work);
    this.timer.within(source, 0);
  }

  /** Nothing that waits is done any more. */
  cancel(): void {
    this.works.length = 0;
    this.timer.cancel();
  }

  /** What follows one that throws is done with the next ones. */
  private run(source: Source): void {
    const { length } = this.works;
    let done = 0;
    try {
      while (done < length) this.works[done++]?.(source);
    } finally {
      this.works.splice(0, done);
    }
  }
}
