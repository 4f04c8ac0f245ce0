/**
 * @module Waiters: applications that wait for something, each under a key, the oldest first. Each wait ends once: with a value, an error, its signal, or
 * because nobody wants to know any more.
 */
import { NetworkError } from '../errors.js';
import { limitReached, type ReachedLimit } from '../limits.js';
import { cancelled, onAbort } from '../structures/abort.js';

export interface Waiter<Key, Value> {
  readonly key: Key;
  /** Idempotent. */
  readonly settle: (outcome: Value | NetworkError) => void;
}

export class Waiters<Key, Value> {
  /** A list, not a set: most have one who waits, and another one with each message. */
  readonly #waiting: Waiter<Key, Value>[] = [];

  /** `bound`: how many may wait. */
  constructor(private readonly bound: Omit<ReachedLimit, 'current'>) {}

  get size(): number {
    return this.#waiting.length;
  }

  /** Those who wait now, the oldest first. */
  get all(): readonly Waiter<Key, Value>[] {
    return [...this.#waiting];
  }

  /** Calls back once, unless the returned function is called before. Throws `LIMIT_EXCEEDED`, and `CALL_CANCELLED` for a signal that has aborted. */
  add(key: Key, settle: (outcome: Value | NetworkError) => void, signal?: AbortSignal): () => void {
    if (signal?.aborted === true) throw cancelled(signal);
    const { size: current, bound } = this;
    if (current >= bound.maximum) throw limitReached({ ...bound, current });
    const waiter: Waiter<Key, Value> = {
      key,
      settle: (outcome) => {
        if (leave()) settle(outcome);
      },
    };
    const leave = () => {
      const place = this.#waiting.indexOf(waiter);
      if (place < 0) return false;
      this.#waiting.splice(place, 1);
      leaveSignal();
      return true;
    };
    this.#waiting.push(waiter);
    const leaveSignal = onAbort(signal, waiter.settle);
    return leave;
  }

  /** The same as a promise. */
  wait(key: Key, signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.add(key, (outcome) => (outcome instanceof NetworkError ? reject(outcome) : resolve(outcome)), signal);
    });
  }

  /** Whether there was one. */
  settleOldest(value: Value): boolean {
    const [oldest] = this.#waiting;
    oldest?.settle(value);
    return oldest !== undefined;
  }

  /** Whether there was one. */
  settleNewest(value: Value): boolean {
    const newest = this.#waiting.at(-1);
    newest?.settle(value);
    return newest !== undefined;
  }
}
