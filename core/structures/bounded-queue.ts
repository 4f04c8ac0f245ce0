/**
 * @module BoundedQueue: the one bounded queue. A ring that grows from little to its bound, takes and gives in constant time, and counts
 * what it refused and dropped, so that `node.queues()` can show it. It has no callbacks and no clock.
 */
import { NetworkError } from '../errors.js';

/**
 * What happens to an item for which there is no room. `reject`: `push` returns `full`, and the caller keeps it. `drop-oldest`: the oldest ones give way.
 * `drop-newest`: it is lost.
 */
export type QueuePolicy = 'reject' | 'drop-oldest' | 'drop-newest';

/** `queued`: kept. `displaced`: kept, and older ones were lost for it. `full`: not kept, by policy reject. `dropped`: lost. */
export type PushResult = 'queued' | 'displaced' | 'full' | 'dropped';

export interface QueueOptions<T> {
  /** For people: what waits here, and for whom. */
  readonly name: string;
  readonly policy: QueuePolicy;
  /** Most entries, 1 or more. */
  readonly lengthMax: number;
  /** Most bytes of all entries together by `sizeOf`, 1 or more. Absent: only the entries are bounded, which fits items of constant size. */
  readonly bytesMax?: number;
  /** The memory that an item costs, in bytes. Must not change while the item waits. Absent: 0. */
  readonly sizeOf?: (item: T) => number;
}

/** What `node.queues()` shows of one queue. */
export interface QueueSnapshot {
  readonly name: string;
  readonly length: number;
  readonly bytes: number;
  readonly lengthMax: number;
  readonly bytesMax: number | undefined;
  /** The most entries that ever waited. */
  readonly highMark: number;
  /** Items that were lost. */
  readonly droppedCount: number;
  /** Items for which `push` returned `full`. */
  readonly refusedCount: number;
}

/** Powers of two. A ring that runs empty is given back when it is larger than the second one. */
const CAPACITY_MIN = 16;
const CAPACITY_KEPT = 1024;

export class BoundedQueue<T> {
  readonly name: string;
  readonly policy: QueuePolicy;
  readonly lengthMax: number;
  readonly bytesMax: number | undefined;
  readonly #sizeOf: (item: T) => number;
  /** The ring; its length is a power of two, and unused slots are `undefined`. */
  #slots: (T | undefined)[] = new Array(CAPACITY_MIN);
  #head = 0;
  #length = 0;
  #bytes = 0;
  #highMark = 0;
  #droppedCount = 0;
  #refusedCount = 0;

  constructor(options: QueueOptions<T>) {
    this.name = options.name;
    this.policy = options.policy;
    this.lengthMax = bound('lengthMax', options.lengthMax);
    this.bytesMax = options.bytesMax === undefined ? undefined : bound('bytesMax', options.bytesMax);
    this.#sizeOf = options.sizeOf ?? (() => 0);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes of all waiting entries by `sizeOf`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An item that is larger than the whole queue may be is refused or dropped itself, whatever the policy. */
  push(item: T): PushResult {
    const size = this.#sizeOf(item);
    if (this.#hasRoom(size)) {
      this.#append(item, size);
      return 'queued';
    }
    if (this.policy === 'drop-oldest' && (this.bytesMax === undefined || size <= this.bytesMax)) {
      while (!this.#hasRoom(size)) this.#lose(1);
      this.#append(item, size);
      return 'displaced';
    }
    if (this.policy === 'reject') {
      this.#refusedCount++;
      return 'full';
    }
    this.#droppedCount++;
    return 'dropped';
  }

  /** The oldest item, which leaves the queue. `undefined` when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head] as T;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    this.#bytes -= this.#sizeOf(item);
    if (this.#length === 0) this.#shrink();
    return item;
  }

  /** The oldest item, which stays. */
  peek(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Takes back the newest items until `length` are left, for a callback that failed. They count as neither dropped nor refused. */
  cutBack(length: number): void {
    while (this.#length > length) {
      const index = (this.#head + --this.#length) & (this.#slots.length - 1);
      this.#bytes -= this.#sizeOf(this.#slots[index] as T);
      this.#slots[index] = undefined;
    }
  }

  /** Loses everything, counted as dropped. Returns how many items that were. */
  clear(): number {
    const lostCount = this.#length;
    this.#lose(lostCount);
    return lostCount;
  }

  snapshot(): QueueSnapshot {
    return {
      name: this.name,
      length: this.#length,
      bytes: this.#bytes,
      lengthMax: this.lengthMax,
      bytesMax: this.bytesMax,
      highMark: this.#highMark,
      droppedCount: this.#droppedCount,
      refusedCount: this.#refusedCount,
    };
  }

  #hasRoom(size: number): boolean {
    return this.#length < this.lengthMax && (this.bytesMax === undefined || this.#bytes + size <= this.bytesMax);
  }

  #append(item: T, size: number): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
    this.#bytes += size;
    if (this.#length > this.#highMark) this.#highMark = this.#length;
  }

  #lose(count: number): void {
    this.#droppedCount += count;
    for (let lost = 0; lost < count; lost++) this.shift();
  }

  /** Doubles a full ring, with the oldest item at its start. */
  #grow(): void {
    const ordered = [...this.#slots.slice(this.#head), ...this.#slots.slice(0, this.#head)];
    ordered.length = this.#slots.length * 2;
    this.#slots = ordered;
    this.#head = 0;
  }

  #shrink(): void {
    if (this.#slots.length <= CAPACITY_KEPT) return;
    this.#slots = new Array(CAPACITY_MIN);
    this.#head = 0;
  }
}

function bound(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new NetworkError('ARGUMENT_INVALID', `${name} is ${value}; it must be a whole number of 1 or more`);
}
