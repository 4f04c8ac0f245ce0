/**
 * @module IndexedDbStorage: what behaviours keep, in a database of the page's origin. All of it is read when the node is made, since behaviours
 * read at once; a newer copy is written in the background, whole or not at all. While the node runs, the database is its own: another page with
 * the same name waits for a moment, as a reload needs it, and is then refused.
 */
import type { NodeId } from '../../address/node-id.js';
import type { Logger, Storage } from '../../api/ports.js';
import { NetworkError } from '../../errors.js';
import { SaveQueue } from '../save-queue.js';
import { completionOf, type Database, openDatabase, resultOf } from './indexed-db.js';
import { takeLock } from './page-lock.js';

export class IndexedDbStorage implements Storage {
  readonly isLasting = true;
  readonly #saved = new Map<string, Uint8Array>();
  readonly #saves = new SaveQueue((name, bytes) => this.#write(name, bytes));
  readonly #prefix: string;
  #database: Database | undefined;
  #release: (() => void) | undefined;

  /** `name`: of the database, for one running node. What nodes and spaces keep in one is kept apart. */
  constructor(
    private readonly name: string,
    private readonly log: Logger,
    owner: { readonly nodeId: NodeId; readonly network: string },
  ) {
    this.#prefix = `${JSON.stringify([owner.nodeId, owner.network])} `;
  }

  async open(): Promise<void> {
    this.#release = await takeLock(this.name);
    const database = await openDatabase(this.name);
    this.#database = database;
    const store = database.transaction('data', 'readonly').objectStore('data');
    const [keys, values] = await Promise.all([resultOf(store.getAllKeys()), resultOf(store.getAll())]);
    keys.forEach((key, index) => {
      const value = values[index];
      const isOwn = typeof key === 'string' && key.startsWith(this.#prefix) && value instanceof Uint8Array;
      if (isOwn) this.#saved.set(key.slice(this.#prefix.length), value);
    });
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#saves.close();
    this.#release?.();
  }

  load(name: string): Uint8Array | undefined {
    return this.#saved.get(name)?.slice();
  }

  save(name: string, bytes: Uint8Array, settle?: (error?: NetworkError) => void): void {
    this.#saves.save(name, bytes, settle);
  }

  flush(settled: () => void): void {
    this.#saves.flush(settled);
  }

  /** Returns what went wrong. */
  async #write(name: string, bytes: Uint8Array): Promise<NetworkError | undefined> {
    try {
      const transaction = this.#database?.transaction('data', 'readwrite');
      if (transaction === undefined) throw new Error('the database is closed');
      transaction.objectStore('data').put(bytes, this.#prefix + name);
      await completionOf(transaction);
      return undefined;
    } catch (cause) {
      const error = new NetworkError('STORAGE_FAILED', `${name} could not be saved in ${this.name}: ${String(cause)}`, { cause });
      this.log.warn({ name, err: error }, 'data could not be saved');
      return error;
    }
  }
}
