/**
 * @module LocalOrder: what the readers of this node are given, one thing after another. A reader may hand a message to the application at once, and
 * the application may publish within its callback: then the other readers get what was published first before they get that. What waits
 * comes in a callback of its own, so that a chain of messages leaves other work its turn.
 */
import { type BehaviorAgent, WakeTimer } from '../../../core/index.js';

/** Work that may wait; beyond it publishers are held back. */
const WAITING_MAX = 1_024;

type Work = (agent: BehaviorAgent) => void;

export class LocalOrder {
  private readonly waiting: Work[] = [];
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.goOn(agent));
  private isBusy = false;

  /** `roomAgain`: everything that waited has been done. */
  constructor(private readonly roomAgain: Work) {}

  /** Work that is begun now would come between. */
  get mustWait(): boolean {
    return this.isBusy || this.waiting.length > 0;
  }

  get hasRoom(): boolean {
    return this.waiting.length < WAITING_MAX;
  }

  /** Until `leave`, which gets what this returns, whatever happens. */
  enter(): boolean {
    const { isBusy } = this;
    this.isBusy = true;
    return isBusy;
  }

  leave(outer: boolean): void {
    this.isBusy = outer;
  }

  /** Does it after what is being done and what waits. */
  later(agent: BehaviorAgent, work: Work): void {
    this.waiting.push(work);
    this.timer.at(agent, agent.nowMs);
  }

  stop(): void {
    this.waiting.length = 0;
    this.timer.cancel();
  }

  /** What is added meanwhile waits for the next time. */
  private goOn(agent: BehaviorAgent): void {
    const outer = this.enter();
    try {
      for (let count = this.waiting.length; count > 0; count--) this.waiting.shift()?.(agent);
    } finally {
      this.leave(outer);
      if (this.waiting.length > 0) this.timer.at(agent, agent.nowMs);
    }
    if (this.waiting.length === 0) this.roomAgain(agent);
  }
}
