/**
 * @module Schedule: what of this behaviour falls due: openings, relayed circuits, ways; one timer for all of it. Pure but for the agent
 * that lends the timer.
 */
import { type BehaviorAgent, type Deadlined, DeadlineHeap, WakeTimer } from '../../core/index.js';

/** Something that looks at itself when its time has come. */
export abstract class Due implements Deadlined {
  dueMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  heapOrder = 0;

  /** Returns when it is to look again; `Infinity`: when somebody else says so. */
  abstract expire(agent: BehaviorAgent): number;
}

export class Schedule {
  private readonly heap = new DeadlineHeap<Due>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.wake(agent));

  /** The entry is looked at then, and not at another time. `Infinity`: not at all. */
  set(agent: BehaviorAgent, due: Due, dueMs: number): void {
    if (due.heapIndex >= 0 && due.dueMs === dueMs) return;
    this.heap.remove(due);
    due.dueMs = dueMs;
    if (dueMs !== Number.POSITIVE_INFINITY) this.heap.add(due);
    this.timer.at(agent, this.heap.nextDueMs);
  }

  /** The entry is looked at then, or before: for what is put off often, and copes with being looked at early. */
  atLatest(agent: BehaviorAgent, due: Due, dueMs: number): void {
    if (due.heapIndex < 0 || dueMs < due.dueMs) this.set(agent, due, dueMs);
  }

  remove(due: Due): void {
    this.heap.remove(due);
  }

  private wake(agent: BehaviorAgent): void {
    const { nowMs } = agent;
    for (let due = this.heap.takeDue(nowMs); due !== undefined; due = this.heap.takeDue(nowMs)) {
      const nextMs = due.expire(agent);
      if (nextMs !== Number.POSITIVE_INFINITY) this.set(agent, due, Math.max(nextMs, nowMs + 1));
    }
    this.timer.at(agent, this.heap.nextDueMs);
  }
}
