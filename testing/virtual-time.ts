/**
 * @module VirtualTime: a clock and timers for tests of what takes them as ports. Time passes only when the test lets it; nothing sleeps.
 */
import type { Clock, Timers } from '../core/index.js';
import { Scheduler } from '../transports/simulated/index.js';

const EVENTS_MAX = 1_048_576;
/** 2025-01-01: what the clock on the wall shows at the beginning. */
const WALL_START_MS = 1_735_689_600_000;

export class VirtualTime {
  readonly #scheduler = new Scheduler({ eventsMax: EVENTS_MAX, eventsPerInstantMax: EVENTS_MAX }, (text) => new Error(text));

  readonly clock: Clock = { nowMs: () => this.nowMs, wallMs: () => WALL_START_MS + this.nowMs };

  readonly timers: Timers = {
    after: (delayMs, callback) => {
      const event = this.#scheduler.after(delayMs, callback);
      return () => this.#scheduler.cancel(event);
    },
    endOfTurn: (callback) => this.#scheduler.endOfTurn(callback),
  };

  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  /** When the next timer is due; `Infinity` without one. */
  get nextMs(): number {
    return this.#scheduler.nextMs;
  }

  /** Jumps to the next timer and calls everything that is due then. False when there is none. */
  next(): boolean {
    if (this.nextMs === Number.POSITIVE_INFINITY) return false;
    this.#scheduler.runInstant();
    return true;
  }

  /** Lets time pass; what falls due meanwhile is called at its time. */
  advance(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    while (this.nextMs <= untilMs) this.next();
    this.#scheduler.advance(untilMs);
  }
}
