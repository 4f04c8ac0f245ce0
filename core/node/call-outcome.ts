/**
 * @module CallOutcome: how what an application has asked for ends otherwise than well: by its signal, or with an error. It rejects in a later turn
 * of the event loop, so that a loop of attempts which fail at once leaves sockets and timers their turns, and with the stack of its caller.
 */
import type { AwaitedWork } from '../api/network-behavior.js';
import type { Timers } from '../api/ports.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';

/** How what was asked for ends: what is an error rejects. */
export type Settle<T> = (outcome: T | Error) => void;

const nothing = () => {};

/**
 * A promise of what `begin` begins, which settles once. `begin` returns what is released then; what it throws rejects as `failed` has it.
 */
export function promised<T>(
  nextTurn: () => Promise<void>,
  begin: (settle: Settle<T>) => () => void,
  failed: (thrown: unknown) => Error,
): Promise<T> {
  return new Promise((resolve) => {
    let isSettled = false;
    let release = nothing;
    const settle: Settle<T> = (outcome) => {
      if (isSettled) return;
      isSettled = true;
      release();
      resolve(outcome instanceof Error ? rejected(nextTurn, outcome) : outcome);
    };
    try {
      release = begin(settle);
      if (isSettled) release();
    } catch (thrown) {
      settle(failed(thrown));
    }
  });
}

/**
 * Rejects in a later turn. The stack of the error leads to whoever awaits the promise, which costs nothing before: engines know who awaits an
 * async function that throws. To be the value that another promise resolves with.
 */
export async function rejected(nextTurn: () => Promise<void>, error: Error): Promise<never> {
  await nextTurn();
  throw retraced(error);
}

/**
 * For methods of behaviours: passes on what `work` returns. What it throws or rejects with comes in a later turn, and so does a value that
 * `hasFailed` takes for a failure.
 */
export function awaitedBy(timers: Timers): AwaitedWork {
  const nextTurn = () => nextTurnOf(timers);
  return async (work, hasFailed) => {
    try {
      const value = await work();
      if (hasFailed?.(value) === true) await nextTurn();
      return value;
    } catch (error) {
      if (error instanceof NetworkError) return rejected(nextTurn, error);
      await nextTurn();
      throw error;
    }
  };
}

/** The error with the stack of now, where the platform can do that. */
export function retraced(error: Error): Error {
  (Error as { captureStackTrace?: (error: Error, above: unknown) => void }).captureStackTrace?.(error, retraced);
  return error;
}

/** What an application gets for what was thrown: ours as it is. */
export function failedBy(thrown: unknown, what: string): NetworkError {
  if (thrown instanceof NetworkError) return thrown;
  const text = thrown instanceof Error ? thrown.message : shown(thrown);
  return new NetworkError('ENGINE_FAILED', `${what} failed: ${text}`, { cause: thrown });
}

export function timeoutOf(timeoutMs: number | undefined): { readonly timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** Resolves in a later turn of the event loop. */
export function nextTurnOf(timers: Timers): Promise<void> {
  return new Promise((resolve) => (timers.nextTurn ? timers.nextTurn(resolve) : timers.endOfTurn(resolve)));
}
