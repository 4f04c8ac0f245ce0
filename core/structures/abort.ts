/**
 * @module Abort: who waits for an abortion of a signal. One listener serves all who wait for the same, because platforms warn of more than a few; it is
 * removed with the last of them, because a signal that is listened to is kept in memory.
 */
import { NetworkError } from '../errors.js';
import { DenseSet, type Placed } from './dense-set.js';

interface Wait extends Placed {
  readonly callback: (error: NetworkError) => void;
}

const waiting = new WeakMap<AbortSignal, DenseSet<Wait>>();
const nothing = () => {};

/** Calls back once, when the signal aborts, until the returned function is called. One that has aborted before calls nobody: whoever begins looks first. */
export function onAbort(signal: AbortSignal | undefined, callback: (error: NetworkError) => void): () => void {
  if (signal === undefined) return nothing;
  const waits = waiting.get(signal) ?? new DenseSet<Wait>();
  const wait = { callback, place: -1 };
  waits.add(wait);
  if (waits.size === 1) {
    waiting.set(signal, waits);
    signal.addEventListener('abort', aborted);
  }
  return () => {
    if (waits.delete(wait) && waits.size === 0) leave(signal);
  };
}

/** How what was asked for ends whose signal was aborted. */
export function cancelled(signal: AbortSignal): NetworkError {
  return new NetworkError('CALL_CANCELLED', 'cancelled by its signal', { cause: signal.reason });
}

/** What one throws is a defect, and comes out; the others are called nevertheless. */
function aborted({ target }: Event): void {
  const signal = target as AbortSignal;
  const waits = waiting.get(signal) as DenseSet<Wait>;
  const failures: unknown[] = [];
  leave(signal);
  for (const wait of waits) {
    if (!waits.delete(wait)) continue;
    try {
      wait.callback(cancelled(signal));
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function leave(signal: AbortSignal): void {
  waiting.delete(signal);
  signal.removeEventListener('abort', aborted);
}
