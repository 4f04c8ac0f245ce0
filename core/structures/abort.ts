/**
 * @module Abort: who waits for an abortion of a signal. One listener serves all who wait for the same, because platforms warn of more than a few; it is
 * removed with the last of them, because a signal that is listened to is kept in memory.
 */
import { NetworkError } from '../errors.js';

interface Wait {
  readonly callback: (error: NetworkError) => void;
}

interface Waits {
  readonly all: Set<Wait>;
  readonly abort: () => void;
}

const waiting = new WeakMap<AbortSignal, Waits>();
const nothing = () => {};

/** Calls back once, when the signal aborts, until the returned function is called. One that has aborted before calls nobody: whoever begins looks first. */
export function onAbort(signal: AbortSignal | undefined, callback: (error: NetworkError) => void): () => void {
  if (signal === undefined) return nothing;
  const waits = waiting.get(signal) ?? listen(signal);
  const wait = { callback };
  waits.all.add(wait);
  return () => {
    if (waits.all.delete(wait) && waits.all.size === 0) forget(signal, waits);
  };
}

/** How what was asked for ends whose signal was aborted. */
export function cancelled(signal: AbortSignal, what = 'cancelled by its signal'): NetworkError {
  return new NetworkError('CALL_CANCELLED', what, { cause: signal.reason });
}

function listen(signal: AbortSignal): Waits {
  const all = new Set<Wait>();
  const abort = () => {
    forget(signal, waits);
    callAll(all, signal);
  };
  const waits = { all, abort };
  waiting.set(signal, waits);
  signal.addEventListener('abort', abort, { once: true });
  return waits;
}

function forget(signal: AbortSignal, waits: Waits): void {
  if (waiting.get(signal) === waits) waiting.delete(signal);
  signal.removeEventListener('abort', waits.abort);
}

/** What one throws is a defect, and comes out; the others are called nevertheless. */
function callAll(waits: Set<Wait>, signal: AbortSignal): void {
  let failure: { readonly cause: unknown } | undefined;
  for (const wait of waits) {
    waits.delete(wait);
    try {
      wait.callback(cancelled(signal));
    } catch (cause) {
      failure ??= { cause };
    }
  }
  if (failure !== undefined) throw failure.cause;
}
