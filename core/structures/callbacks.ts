/**
 * @module Callbacks: functions of an application that are called with what happens. Each registration counts by itself, also two of the same function.
 * What one throws, or what its promise is rejected with, is reported: the others are called, and it is called
 * again, unless whoever it is reported to drops it.
 */
import { onRejected } from './rejection.js';

/** Takes what a function of the application threw, or what its promise was rejected with. */
export type Failed = (cause: unknown) => void;

/** The same, and how that one is dropped. */
export type FailedOne = (cause: unknown, drop: () => void) => void;

/** Calls one. Nobody waits for the promise that it may return. */
export function callBack<T>(callback: (value: T) => unknown, value: T, failed: Failed): void {
  try {
    onRejected(callback(value), failed);
  } catch (cause) {
    failed(cause);
  }
}

interface Registration<Event> {
  readonly callback: (event: Event) => unknown;
  readonly remove: () => boolean;
}

export class Callbacks<Event> {
  readonly #all = new Set<Registration<Event>>();

  get size(): number {
    return this.#all.size;
  }

  /** It is called until the returned function is, which returns whether it was registered still. */
  add(callback: (event: Event) => unknown): () => boolean {
    const registration: Registration<Event> = { callback, remove: () => this.#all.delete(registration) };
    this.#all.add(registration);
    return registration.remove;
  }

  /** Calls those that are registered now. */
  call(event: Event, failed: FailedOne): void {
    for (const registration of [...this.#all])
      if (this.#all.has(registration)) callBack(registration.callback, event, (cause) => failed(cause, registration.remove));
  }

  clear(): void {
    this.#all.clear();
  }
}
