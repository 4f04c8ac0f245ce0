/**
 * @module History: the last messages of a topic that its publisher keeps for those who come later or miss some. Bounded in number, bytes and time. Pure.
 */
import type { KeptMessage } from '../meeting/messages.js';

/** What one topic keeps at most, whatever its options. */
const BYTES_MAX = 4 * 1_024 * 1_024;
/** Emptied places at the front before the list is moved. */
const SLACK = 1_024;

interface Entry {
  readonly message: KeptMessage;
  readonly keptMs: number;
}

export class History {
  private entries: Entry[] = [];
  private head = 0;
  private byteCount = 0;

  constructor(
    readonly countMax: number,
    private readonly ageMaxMs: number,
  ) {}

  get size(): number {
    return this.entries.length - this.head;
  }

  /** Copies the content. Numbers follow each other. */
  add(number: number, form: number, content: Uint8Array, nowMs: number): void {
    this.entries.push({ message: { number, form, content: content.slice() }, keptMs: nowMs });
    this.byteCount += content.length;
    while (this.size > this.countMax || this.byteCount > BYTES_MAX) this.drop();
    this.expire(nowMs);
  }

  /** The newest of `count` messages from a number on that are kept, as many as fit into the bytes. They follow each other. */
  take(from: number, count: number, bytesMax: number, nowMs: number): readonly KeptMessage[] {
    this.expire(nowMs);
    const first = this.entries[this.head]?.message.number ?? from;
    const start = this.head + Math.max(0, from - first);
    const found: KeptMessage[] = [];
    let bytes = 0;
    for (let index = Math.min(this.entries.length, this.head + from + count - first) - 1; index >= start; index--) {
      const { message } = this.entries[index] as Entry;
      bytes += message.content.length;
      if (bytes > bytesMax) break;
      found.push(message);
    }
    return found.reverse();
  }

  private expire(nowMs: number): void {
    while (this.size > 0 && (this.entries[this.head] as Entry).keptMs + this.ageMaxMs < nowMs) this.drop();
  }

  private drop(): void {
    this.byteCount -= (this.entries[this.head] as Entry).message.content.length;
    this.head++;
    if (this.head < SLACK && this.size > 0) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }
}
