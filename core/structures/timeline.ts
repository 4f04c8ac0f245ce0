/**
 * @module Timeline: work for later, each with its time, by one timer. Bounded: beyond its size nothing is taken. Pure but for the source that lends the
 * timer.
 */
import { PENDING_FULL, PendingTable } from './pending-table.js';
import { type TimerSource, WakeTimer } from './wake-timer.js';

export class Timeline<Source extends TimerSource> {
  readonly #pending: PendingTable<(source: Source) => void>;
  readonly #timer = new WakeTimer<Source>((source) => this.#wake(source));

  constructor(sizeMax: number) {
    this.#pending = new PendingTable(sizeMax);
  }

  /** Calls back once, after that time, unless it is cancelled by its id; `PENDING_FULL`: there is no room. `owner`: what `cancelOwned` knows it by. */
  add(source: Source, delayMs: number, work: (source: Source) => void, owner?: object): number {
    const id = this.#pending.add(work, source.nowMs + delayMs, owner);
    if (id !== PENDING_FULL) this.#timer.within(source, delayMs);
    return id;
  }

  cancel(id: number): void {
    this.#pending.take(id);
  }

  cancelOwned(owner: object): void {
    this.#pending.takeOwned(owner);
  }

  /** Nothing is called back any more; returns what was to be, the earliest first. */
  stop(): ((source: Source) => void)[] {
    const left: ((source: Source) => void)[] = [];
    this.#timer.cancel();
    for (;;) {
      const due = this.#pending.takeDue(Number.POSITIVE_INFINITY);
      if (due === undefined) return left;
      left.push(due.value);
    }
  }

  #wake(source: Source): void {
    try {
      for (let due = this.#pending.takeDue(source.nowMs); due !== undefined; due = this.#pending.takeDue(source.nowMs)) due.value(source);
    } finally {
      this.#timer.at(source, this.#pending.nextDueMs);
    }
  }
}
