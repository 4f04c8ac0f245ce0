/**
 * @module Waiters: promises of applications that wait for something, each under a key. Each ends once: with a value, an error, or its signal.
 */
import { limitReached, NetworkError } from '../../../core/index.js';
import { cancelled, onAbort } from '../../../core/structures/abort.js';

interface Waiter<Key, Value> {
  readonly key: Key;
  settle(outcome: Value | NetworkError): void;
}

export class Waiters<Key, Value> {
  /** Oldest first. */
  private waiting: readonly Waiter<Key, Value>[] = [];

  constructor(
    private readonly limit: string,
    private readonly maximum: number,
  ) {}

  get count(): number {
    return this.waiting.length;
  }

  /** Rejects with `LIMIT_EXCEEDED` at the bound, and with `CALL_CANCELLED` by the signal. */
  wait(key: Key, signal: AbortSignal | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      const { limit, maximum, count: current } = this;
      if (signal?.aborted === true) throw cancelled(signal);
      if (current >= maximum) throw limitReached({ limit, current, maximum, scope: 'peering' });
      const waiter: Waiter<Key, Value> = {
        key,
        settle: (outcome) => {
          this.waiting = this.waiting.filter((other) => other !== waiter);
          leaveSignal();
          if (outcome instanceof NetworkError) reject(outcome);
          else resolve(outcome);
        },
      };
      this.waiting = [...this.waiting, waiter];
      const leaveSignal = onAbort(signal, waiter.settle);
    });
  }

  /** Whether there was one. */
  settleNewest(value: Value): boolean {
    const newest = this.waiting.at(-1);
    newest?.settle(value);
    return newest !== undefined;
  }

  /** Settles those that are meant. */
  settle(outcomeOf: (key: Key) => Value | NetworkError, isMeant: (key: Key) => boolean = () => true): void {
    for (const waiter of this.waiting) if (isMeant(waiter.key)) waiter.settle(outcomeOf(waiter.key));
  }
}
