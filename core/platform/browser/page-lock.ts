/** @module PageLock: a name that one page or worker of an origin holds at a time. Where the platform has no locks, everybody gets it. */
import { NetworkError } from '../../errors.js';

interface Locks {
  request(name: string, options: { readonly signal: AbortSignal }, held: () => Promise<void>): Promise<void>;
}

/** How long the page before a reload may take to end. */
const LOCK_MS_MAX = 3_000;

/** Resolves with what releases the name; it is released with the page at the latest. Rejects with `DATA_DIRECTORY_IN_USE`. */
export function takeLock(name: string): Promise<() => void> {
  const { navigator } = globalThis as { navigator?: { readonly locks?: Locks } };
  const locks = navigator?.locks;
  if (locks === undefined) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const wait = new AbortController();
    const timer = setTimeout(() => wait.abort(), LOCK_MS_MAX);
    const held = () => {
      clearTimeout(timer);
      return new Promise<void>((release) => resolve(release));
    };
    locks.request(`meshwright/${name}`, { signal: wait.signal }, held).catch((cause: unknown) => reject(inUse(name, cause)));
  });
}

function inUse(name: string, cause: unknown): NetworkError {
  const text = `the database ${name} is used by another page or worker of this origin`;
  return new NetworkError('DATA_DIRECTORY_IN_USE', text, { cause, details: { directory: name } });
}
