/**
 * @module IndexedDb: the databases of a page's origin, as far as they are used here: opened with their two stores, and read and written by promises.
 * The compiler knows no pages, so that the types of what is used stand here.
 */
import { NetworkError } from '../../errors.js';

export interface StoreRequest<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface ObjectStore {
  get(key: string): StoreRequest<unknown>;
  getAll(): StoreRequest<unknown[]>;
  getAllKeys(): StoreRequest<unknown[]>;
  put(value: unknown, key: string): StoreRequest<unknown>;
}

export interface StoreTransaction {
  readonly error: unknown;
  objectStore(name: StoreName): ObjectStore;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

export interface Database {
  transaction(store: StoreName, mode: 'readonly' | 'readwrite'): StoreTransaction;
  createObjectStore(name: StoreName): unknown;
  close(): void;
}

export type StoreName = 'identity' | 'data';

interface OpenRequest extends StoreRequest<Database> {
  onupgradeneeded: (() => void) | null;
}

const VERSION = 1;

/** Opens the database of that name, and makes it where there is none. Rejects with `DATA_DIRECTORY_UNUSABLE`. */
export async function openDatabase(name: string): Promise<Database> {
  const { indexedDB } = globalThis as { indexedDB?: { open(name: string, version: number): OpenRequest } };
  if (indexedDB === undefined) throw unusable(name, 'the platform has no IndexedDB');
  try {
    const request = indexedDB.open(`meshwright/${name}`, VERSION);
    request.onupgradeneeded = () => {
      for (const store of ['identity', 'data'] as const) request.result.createObjectStore(store);
    };
    return await resultOf(request);
  } catch (cause) {
    throw unusable(name, String(cause), cause);
  }
}

export function resultOf<T>(request: StoreRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when what the transaction wrote is kept. */
export function completionOf(transaction: StoreTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function unusable(name: string, reason: string, cause?: unknown): NetworkError {
  return new NetworkError('DATA_DIRECTORY_UNUSABLE', `the database ${name} cannot be used: ${reason}`, {
    cause,
    details: { directory: name },
  });
}
