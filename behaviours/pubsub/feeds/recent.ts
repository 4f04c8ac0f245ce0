/**
 * @module Recent: the last messages of a feed, for neighbours that come over another path and lack them. A bridge of some seconds, not a history: bounded
 * for each feed, and by one budget for all feeds of the node. Pure.
 */

/** What one feed keeps at most. */
const MESSAGES_MAX = 64;
const BYTES_MAX = 64 * 1_024;

/** Bytes that all feeds of a node may keep together. */
export class RecentBudget {
  constructor(public left: number) {}
}

export class Recent {
  /** Whole messages, the oldest first, with numbers that follow each other up to `last`. */
  private messages: Uint8Array[] = [];
  private last = 0;
  private byteCount = 0;

  constructor(private readonly budget: RecentBudget) {}

  /** The number of the oldest one from which all are kept up to `next`, which comes after them; `next` when there is none. */
  fromBefore(next: number): number {
    return this.last === next - 1 ? this.from : next;
  }

  /** Copies the message. One that does not follow the last one begins anew. */
  add(number: number, payload: Uint8Array): void {
    if (number !== this.last + 1) this.clear();
    this.last = number;
    this.messages.push(payload.slice());
    this.byteCount += payload.length;
    this.budget.left -= payload.length;
    while (this.messages.length > MESSAGES_MAX || this.byteCount > BYTES_MAX || (this.budget.left < 0 && this.messages.length > 0))
      this.drop();
  }

  /** Those from a number on. */
  since(number: number): readonly Uint8Array[] {
    return this.messages.slice(Math.max(0, number - this.from));
  }

  clear(): void {
    while (this.messages.length > 0) this.drop();
  }

  private get from(): number {
    return this.last + 1 - this.messages.length;
  }

  private drop(): void {
    const length = this.messages.shift()?.length ?? 0;
    this.byteCount -= length;
    this.budget.left += length;
  }
}
