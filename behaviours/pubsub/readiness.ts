/**
 * @module Readiness: a promise for those who wait until something is settled for the first time. Nobody needs to look at it.
 */
import type { AwaitedWork, NetworkError } from '../../core/index.js';

export class Readiness {
  readonly promise: Promise<void>;
  isReady = false;
  /** Why it will not be. */
  failure: NetworkError | undefined;
  private settle: (failure?: NetworkError) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.settle = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    this.promise.catch(() => {});
  }

  /** For whoever waits now: a failure comes in a later turn of the event loop, each time. */
  by(awaited: AwaitedWork): Promise<void> {
    const promise = awaited(() => this.promise);
    promise.catch(() => {});
    return promise;
  }

  get isSettled(): boolean {
    return this.isReady || this.failure !== undefined;
  }

  ready(): void {
    if (this.isSettled) return;
    this.isReady = true;
    this.settle();
  }

  fail(failure: NetworkError): void {
    if (this.isSettled) return;
    this.failure = failure;
    this.settle(failure);
  }
}
