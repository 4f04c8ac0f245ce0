/**
 * @module Receivers: calls of `recv` that wait, in the order in which they came. Each is settled exactly once; one that gives up takes no
 * envelope along.
 */
import { type Cancellable, limitReached, NetworkError } from '../../core/index.js';
import type { ReceivedInTime } from './outcomes.js';

/** Most calls that wait at once. */
export const RECEIVERS_MAX = 16_384;

/** Calls back after so long, by the clock of a node. */
export type After = (delayMs: number, callback: () => void) => Cancellable;

interface Waiter {
  readonly timeoutMs: number | undefined;
  timer: Cancellable | undefined;
  settle(outcome: ReceivedInTime | NetworkError): void;
}

export class Receivers {
  readonly #waiting = new Set<Waiter>();

  get count(): number {
    return this.#waiting.size;
  }

  /** Waits for `offer` or `endAll`, for the timeout, or for the signal, which rejects with `CALL_CANCELLED`. */
  wait(signal: AbortSignal | undefined, timeoutMs?: number, after?: After): Promise<ReceivedInTime> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw cancelled(signal);
      const current = this.#waiting.size;
      if (current >= RECEIVERS_MAX) throw limitReached({ limit: 'RECEIVERS_MAX', current, maximum: RECEIVERS_MAX, scope: 'mesh' });
      const onAbort = () => waiter.settle(cancelled(signal));
      const waiter: Waiter = {
        timeoutMs,
        timer: undefined,
        settle: (outcome) => {
          this.#waiting.delete(waiter);
          waiter.timer?.cancel();
          signal?.removeEventListener('abort', onAbort);
          if (outcome instanceof NetworkError) reject(outcome);
          else resolve(outcome);
        },
      };
      arm(waiter, after);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  /** Whether somebody waited for it. */
  offer(outcome: ReceivedInTime): boolean {
    const first = this.#waiting.values().next().value;
    first?.settle(outcome);
    return first !== undefined;
  }

  endAll(outcome: ReceivedInTime): void {
    for (const waiter of [...this.#waiting]) waiter.settle(outcome);
  }

  /** The node that kept the timers has ended: they start over on another one. */
  rearm(after: After): void {
    for (const waiter of this.#waiting) arm(waiter, after);
  }
}

function arm(waiter: Waiter, after: After | undefined): void {
  if (waiter.timeoutMs === undefined || after === undefined) return;
  waiter.timer?.cancel();
  waiter.timer = after(waiter.timeoutMs, () => waiter.settle({ type: 'timeout' }));
}

function cancelled(signal: AbortSignal | undefined): NetworkError {
  return new NetworkError('CALL_CANCELLED', 'recv was cancelled by its signal', { cause: signal?.reason });
}
