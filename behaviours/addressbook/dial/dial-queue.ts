/**
 * @module DialQueue: the dials of discovery: ten at once, and ten that wait. Pure; what is dialled is its holder's business.
 */
export const DIAL_QUEUE_LIMITS = { workers: 10, waiting: 10 } as const;

export class DialQueue<T extends object> {
  private readonly running = new Set<T>();
  private waiting: T[] = [];

  /** How many more may be added. */
  get room(): number {
    return DIAL_QUEUE_LIMITS.workers + DIAL_QUEUE_LIMITS.waiting - this.running.size - this.waiting.length;
  }

  /** All workers have something to do, so that others may wait. */
  get isBusy(): boolean {
    return this.running.size >= DIAL_QUEUE_LIMITS.workers;
  }

  /** Those that run or wait. */
  get all(): readonly T[] {
    return [...this.running, ...this.waiting];
  }

  /** False when there is no room; it is not kept then. */
  add(dial: T): boolean {
    if (this.room <= 0) return false;
    this.push(dial);
    return true;
  }

  /** Also when there is no room: its holder bounds how many there are. */
  push(dial: T): void {
    this.waiting.push(dial);
  }

  /** The next one to be dialled, if a worker is free; it runs from now on. */
  next(): T | undefined {
    if (this.running.size >= DIAL_QUEUE_LIMITS.workers) return undefined;
    const dial = this.waiting.shift();
    if (dial !== undefined) this.running.add(dial);
    return dial;
  }

  /** Whether it ran or waited. */
  end(dial: T): boolean {
    const count = this.waiting.length;
    this.waiting = this.waiting.filter((other) => other !== dial);
    return this.running.delete(dial) || this.waiting.length < count;
  }
}
