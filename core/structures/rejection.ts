/**
 * @module Rejection: of what an author's function returned, only one thing is looked at: whether it is a promise, or looks like one, that
 * is rejected. Nobody waits for it.
 */

/** Calls back when `result` is a thenable that is rejected. Throws what its `then` throws. */
export function onRejected(result: unknown, rejected: (cause: unknown) => void): void {
  const isObject = (typeof result === 'object' && result !== null) || typeof result === 'function';
  const then = isObject ? (result as { then?: unknown }).then : undefined;
  if (typeof then === 'function') then.call(result, undefined, rejected);
}
