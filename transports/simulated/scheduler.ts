/**
 * @module Scheduler: virtual time and everything that will happen in it, in one order: by time, then by the order of scheduling. What
 * asks for the end of its turn runs after everything else of the same instant. It is bounded: a queue
 * that overflows, and an instant that never ends, are errors.
 */
import { type Deadlined, DeadlineHeap } from '../../core/structures/deadline-heap.js';

export interface SchedulerLimits {
  /** Events that may wait at once. */
  readonly eventsMax: number;
  /** Events of one instant: more mean that time does not pass any more. */
  readonly eventsPerInstantMax: number;
}

/** Something that will happen; `cancel` takes it. */
export interface ScheduledEvent extends Deadlined {
  readonly work: () => void;
}

export class Scheduler {
  nowMs = 0;
  /** Events that have happened. */
  eventCount = 0;
  readonly #queue = new DeadlineHeap<ScheduledEvent>();
  #turnEnds: (() => void)[] = [];
  #instantCount = 0;

  constructor(
    private readonly limits: SchedulerLimits,
    private readonly error: (text: string) => Error,
  ) {}

  /** What waits for a turn of the real event loop. */
  turnsAwaited = 0;

  /** Events that wait. */
  get size(): number {
    return this.#queue.size + this.#turnEnds.length;
  }

  /** When the next event happens; `Infinity` without one. */
  get nextMs(): number {
    return this.#turnEnds.length > 0 ? this.nowMs : this.#queue.nextDueMs;
  }

  /** Schedules an event, at once at the earliest. */
  after(delayMs: number, work: () => void): ScheduledEvent {
    const dueMs = delayMs > 0 ? this.nowMs + delayMs : this.nowMs;
    const event: ScheduledEvent = { dueMs, work, heapIndex: -1, heapOrder: 0 };
    if (dueMs === Number.POSITIVE_INFINITY) return event;
    if (this.#queue.size >= this.limits.eventsMax) throw this.error(`more than ${this.limits.eventsMax} events wait`);
    this.#queue.add(event);
    return event;
  }

  cancel(event: ScheduledEvent): void {
    this.#queue.remove(event);
  }

  /** Calls back when nothing else is left of this instant. */
  endOfTurn(work: () => void): void {
    this.#turnEnds.push(work);
  }

  /** Moves to the next event's instant and does everything that belongs to it. */
  runInstant(): void {
    this.advance(this.nextMs);
    for (;;) {
      const event = this.#queue.takeDue(this.nowMs);
      if (event !== undefined) this.#run(event);
      else if (this.#turnEnds.length > 0) this.#endTurn();
      else return;
    }
  }

  /** Lets time pass in which nothing happens. */
  advance(toMs: number): void {
    if (toMs <= this.nowMs || toMs === Number.POSITIVE_INFINITY) return;
    this.nowMs = toMs;
    this.#instantCount = 0;
  }

  #run({ work }: ScheduledEvent): void {
    this.#count();
    work();
  }

  #endTurn(): void {
    const works = this.#turnEnds;
    this.#turnEnds = [];
    let done = 0;
    try {
      for (const work of works) {
        this.#count();
        done++;
        work();
      }
    } finally {
      if (done < works.length) this.#turnEnds.unshift(...works.slice(done));
    }
  }

  #count(): void {
    this.eventCount++;
    if (++this.#instantCount <= this.limits.eventsPerInstantMax) return;
    this.#instantCount = 0;
    throw this.error(`more than ${this.limits.eventsPerInstantMax} events happened while no time passed`);
  }
}
