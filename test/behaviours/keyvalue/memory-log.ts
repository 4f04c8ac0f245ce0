/**
 * @module MemoryLog: a log in memory for tests, which outlives a node as a disk does: a record is durable a little later, and what is not is lost with a
 * crash.
 */
import { type LogStorage, NetworkError } from '../../../core/index.js';

export class MemoryLog implements LogStorage {
  durable: Uint8Array[] = [];
  /** Everything that is appended from now on fails. */
  isFull = false;
  /** Records that a damaged disk has lost. */
  lost = 0;
  private life = 0;

  constructor(
    private readonly after: (delayMs: number, work: () => void) => void,
    private readonly delayMs = 3,
  ) {}

  append(record: Uint8Array, settle: (error?: NetworkError) => void): void {
    const bytes = record.slice();
    this.later(() => {
      if (this.isFull) return settle(new NetworkError('STORAGE_FAILED', 'the disk is full'));
      this.durable.push(bytes);
      settle();
    });
  }

  replay(each: (record: Uint8Array) => void): number {
    for (const record of this.durable) each(record);
    return this.lost;
  }

  compact(records: Iterable<Uint8Array>, settle: (error?: NetworkError) => void): void {
    const length = this.durable.length;
    const all = [...records];
    this.later(() => {
      if (this.isFull) return settle(new NetworkError('STORAGE_FAILED', 'the disk is full'));
      this.durable = [...all, ...this.durable.slice(length)];
      settle();
    });
  }

  /** The machine fails. */
  crash(): void {
    this.life++;
  }

  private later(work: () => void): void {
    const { life } = this;
    this.after(this.delayMs, () => {
      if (life === this.life) work();
    });
  }
}
