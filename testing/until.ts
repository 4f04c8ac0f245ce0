/**
 * @module until: waiting for a fact of the real world, such as one that sockets bring about. It looks again at every turn of the event
 * loop, sleeps nowhere, and has a deadline. In virtual time use `runUntil` of the simulated network instead.
 */
import { turn } from '../transports/simulated/index.js';

const TIMEOUT_MS = 5_000;

/** Resolves when the predicate holds; rejects when it does not in time, with the predicate's own text. What it throws rejects at once. */
export async function until(predicate: () => boolean, timeoutMs = TIMEOUT_MS): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  while (!predicate()) {
    if (deadline.aborted) throw new Error(`not within ${timeoutMs} ms: ${predicate}`);
    await turn();
  }
}
