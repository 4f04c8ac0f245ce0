/**
 * @module Wakers: callbacks that wait until something has happened. All of them are called then, once: each looks whether it was meant, and waits anew
 * if not. Several calls that wait at once do not displace each other. Pure.
 */
import { limitReached } from '../limits.js';

export class Wakers {
  #waiting: (() => void)[] = [];

  /** `scope`: who they wait for, in the error. */
  constructor(
    private readonly scope: string,
    private readonly sizeMax = 1_024,
  ) {}

  get size(): number {
    return this.#waiting.length;
  }

  /** Throws `LIMIT_EXCEEDED` beyond `sizeMax`. */
  add(callback: () => void): void {
    const { length: current } = this.#waiting;
    const { sizeMax: maximum, scope } = this;
    if (current >= maximum) throw limitReached({ limit: 'waiters', current, maximum, scope });
    this.#waiting.push(callback);
  }

  /** Calls those that wait now. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }
}
