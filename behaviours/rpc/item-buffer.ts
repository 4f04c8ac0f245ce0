/**
 * @module ItemBuffer: what came of a sequence, until it is read. Puts items in order, holds back the end and the failure until all items
 * before them were read, and counts the credit. A pure structure: it answers what the remote did wrong with a value.
 */
import { CreditReceiver, type StreamItem } from '../../core/index.js';

export class ItemBuffer {
  private readonly items = new Map<number, unknown>();
  private readonly credit: CreditReceiver;
  private readCount = 0;
  /** The least number of items that the sequence has. */
  private itemCount = 0;
  private endCount = Number.POSITIVE_INFINITY;
  private ending: StreamItem | undefined = undefined;

  constructor(window: number) {
    this.credit = new CreditReceiver(window);
  }

  /** The total to announce. */
  get granted(): number {
    return this.credit.granted;
  }

  /** Everything has come: the remote has nothing more to say. */
  get isComplete(): boolean {
    return this.readCount + this.items.size >= this.endCount;
  }

  /** Nothing but the ending is left to read. */
  get isReadOut(): boolean {
    return this.readCount >= this.endCount;
  }

  /** `violation`: the remote sends more than it may. */
  onItem(index: number, value: unknown): 'ok' | 'repeated' | 'violation' {
    if (index < this.readCount || this.items.has(index)) return 'repeated';
    if (index >= this.credit.granted || index >= this.endCount) return 'violation';
    this.credit.onReceived(1);
    this.itemCount = Math.max(this.itemCount, index + 1);
    this.items.set(index, value);
    return 'ok';
  }

  /** The remote says that the sequence is over after `count` items. Whether that fits what it sent; only the first word counts. */
  onEnd(count: number, ending: StreamItem): boolean {
    if (this.ending !== undefined) return true;
    if (count < this.itemCount || count > this.credit.granted) return false;
    this.endCount = count;
    this.ending = ending;
    return true;
  }

  /** The sequence is over on this side: what is in order is still read. */
  breakOff(ending: StreamItem): void {
    let count = this.readCount;
    while (this.items.has(count)) count++;
    this.endCount = count;
    this.ending = ending;
  }

  /** The next item in order, or the ending when there is none before it; `undefined` while it has not come. */
  read(): StreamItem | undefined {
    const index = this.readCount;
    if (index >= this.endCount) return this.ending;
    if (!this.items.has(index)) return undefined;
    const value = this.items.get(index);
    this.items.delete(index);
    this.readCount++;
    return { type: 'ok', value };
  }

  /** An item was read: the total to announce, when that is worth a message. */
  consumed(): number | undefined {
    return this.credit.onConsumed(1);
  }
}
