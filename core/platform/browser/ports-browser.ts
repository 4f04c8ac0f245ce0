/**
 * @module Ports in browsers: the page's clock, timers, randomness and logs.
 */

import type { Clock, Logger, Random, Timers } from '../../api/ports.js';
import type { LogLevel } from '../../node/node-options.js';

export const browserClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};

export const browserTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  /** A message to itself comes after what is ready, and is not slowed down as nested timeouts are. */
  endOfTurn(callback) {
    const { port1, port2 } = new MessageChannel() as unknown as PageChannel;
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(undefined);
  },
};

/** The part of the page's `MessageChannel` that is used; the compiler sees Node's. */
interface PageChannel {
  readonly port1: { onmessage: () => void; close(): void };
  readonly port2: { postMessage(message: unknown): void };
}

export const browserRandom: Random = {
  bytes: (byteCount) => globalThis.crypto.getRandomValues(new Uint8Array(byteCount)),
  float: () => Math.random(),
};

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** Logs to the page's console: the constant message, then the fields. */
export function browserLogger(level: LogLevel, bound: Record<string, unknown> = {}): Logger {
  const least = level === 'silent' ? LEVELS.length : LEVELS.indexOf(level);
  const writer = (name: (typeof LEVELS)[number], index: number) => (fields: object, message: string) => {
    if (index >= least) console[name](message, { ...bound, ...fields });
  };
  const writers = Object.fromEntries(LEVELS.map((name, index) => [name, writer(name, index)])) as unknown as Omit<Logger, 'child'>;
  return { ...writers, child: (fields) => browserLogger(level, { ...bound, ...fields }) };
}
