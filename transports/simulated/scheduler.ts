/**
 * @module Scheduler: virtual time and everything that will happen in it, in one order: by time, then by the order of scheduling. What
 * asks for the end of its turn runs after everything else of the same instant. It knows no node and no promise, and is bounded: a queue
 * that overflows, and an instant that never ends, are errors.
 */

export interface SchedulerLimits {
  /** Events that may wait at once. */
  readonly eventsMax: number;
  /** Events of one instant: more mean that time does not pass any more. */
  readonly eventsPerInstantMax: number;
}

/** Something that will happen; `cancel` takes it. */
export interface ScheduledEvent {
  readonly dueMs: number;
  readonly sequence: number;
  /** Absent once it was cancelled or done. */
  work: (() => void) | undefined;
}

/** Cancelled events stay in the queue until they surface or outnumber the others. */
const CANCELLED_MAX = 1_024;

export class Scheduler {
  nowMs = 0;
  /** Events that have happened. */
  eventCount = 0;
  /** A binary heap. */
  #queue: ScheduledEvent[] = [];
  #cancelledCount = 0;
  #turnEnds: (() => void)[] = [];
  #lastSequence = 0;
  #instantCount = 0;

  constructor(
    private readonly limits: SchedulerLimits,
    private readonly error: (text: string) => Error,
  ) {}

  /** Events that wait. */
  get size(): number {
    return this.#queue.length - this.#cancelledCount + this.#turnEnds.length;
  }

  /** When the next event happens; `Infinity` without one. */
  get nextMs(): number {
    if (this.#turnEnds.length > 0) return this.nowMs;
    this.#dropCancelled();
    return this.#queue[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Schedules an event, at once at the earliest. */
  after(delayMs: number, work: () => void): ScheduledEvent {
    const dueMs = delayMs > 0 ? this.nowMs + delayMs : this.nowMs;
    const event: ScheduledEvent = { dueMs, sequence: ++this.#lastSequence, work };
    if (dueMs === Number.POSITIVE_INFINITY) return event;
    if (this.#queue.length >= this.limits.eventsMax) throw this.error(`more than ${this.limits.eventsMax} events wait`);
    this.#push(event);
    return event;
  }

  cancel(event: ScheduledEvent): void {
    if (event.work === undefined) return;
    event.work = undefined;
    if (event.dueMs === Number.POSITIVE_INFINITY) return;
    this.#cancelledCount++;
    if (this.#cancelledCount > CANCELLED_MAX && 2 * this.#cancelledCount > this.#queue.length) this.#compact();
  }

  /** Calls back when nothing else is left of this instant. */
  endOfTurn(work: () => void): void {
    this.#turnEnds.push(work);
  }

  /** Moves to the next event's instant and does everything that belongs to it. */
  runInstant(): void {
    this.advance(this.nextMs);
    for (;;) {
      this.#dropCancelled();
      const next = this.#queue[0];
      if (next !== undefined && next.dueMs <= this.nowMs) this.#run(this.#pop());
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

  #run(event: ScheduledEvent): void {
    const work = event.work as () => void;
    event.work = undefined;
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

  #dropCancelled(): void {
    while (this.#queue.length > 0 && (this.#queue[0] as ScheduledEvent).work === undefined) {
      this.#pop();
      this.#cancelledCount--;
    }
  }

  /** A sorted list is a heap. */
  #compact(): void {
    this.#queue = this.#queue.filter((event) => event.work !== undefined).sort((left, right) => (isBefore(left, right) ? -1 : 1));
    this.#cancelledCount = 0;
  }

  #push(event: ScheduledEvent): void {
    const queue = this.#queue;
    let index = queue.length;
    queue.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(queue[parent] as ScheduledEvent, event)) break;
      queue[index] = queue[parent] as ScheduledEvent;
      index = parent;
    }
    queue[index] = event;
  }

  #pop(): ScheduledEvent {
    const queue = this.#queue;
    const top = queue[0] as ScheduledEvent;
    const last = queue.pop() as ScheduledEvent;
    if (queue.length > 0) this.#sink(last);
    return top;
  }

  #sink(event: ScheduledEvent): void {
    const queue = this.#queue;
    let index = 0;
    for (let child = 1; child < queue.length; child = 2 * index + 1) {
      if (child + 1 < queue.length && isBefore(queue[child + 1] as ScheduledEvent, queue[child] as ScheduledEvent)) child++;
      if (isBefore(event, queue[child] as ScheduledEvent)) break;
      queue[index] = queue[child] as ScheduledEvent;
      index = child;
    }
    queue[index] = event;
  }
}

function isBefore(left: ScheduledEvent, right: ScheduledEvent): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.sequence < right.sequence);
}
