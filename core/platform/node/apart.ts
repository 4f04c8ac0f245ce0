/**
 * @module Apart: runs work outside of whatever `AsyncLocalStorage` the application has entered. Sockets and timers that are made here, and what they
 * call back, belong to no request of the application's: without it, what a connection receives would for ever run in the context of whoever dialled it.
 */
import { AsyncResource } from 'node:async_hooks';

/** Made when this module is loaded, before there is a request. */
const nobody = new AsyncResource('MESHWRIGHT', { requireManualDestroy: true });

export function apart<T>(work: () => T): T {
  return nobody.runInAsyncScope(work);
}
