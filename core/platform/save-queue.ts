/**
 * @module SaveQueue: what a storage has to write, one after another. A save that has not begun gives way to a newer one of the same name, and ends as that
 * one does. How one is written is up to the storage.
 */
import { NetworkError } from '../errors.js';

type Settle = (error?: NetworkError) => void;

interface Save {
  readonly bytes: Uint8Array;
  /** Of this save, and of those that gave way to it. */
  readonly settles: Settle[];
}

/** So many saves of one name wait for its next write. Of further ones the oldest fails. */
const SETTLES_MAX = 1_024;

export class SaveQueue {
  /** The newest save of each name that has not begun. */
  readonly #waiting = new Map<string, Save>();
  #isWriting = false;
  #flushing: (() => void)[] = [];
  #isClosed = false;

  /** `write` resolves with what went wrong, and never rejects. */
  constructor(private readonly write: (name: string, bytes: Uint8Array) => Promise<NetworkError | undefined>) {}

  /** Nothing may be written any more, and what is being written is not to take its place. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** As `Storage.save`. */
  save(name: string, bytes: Uint8Array, settle?: Settle): void {
    if (this.#isClosed) return settle?.(closedError());
    const settles = this.#waiting.get(name)?.settles ?? [];
    if (settle !== undefined) settles.push(settle);
    if (settles.length > SETTLES_MAX) settles.shift()?.(new NetworkError('STORAGE_FAILED', `${name}: ${SETTLES_MAX} saves wait already`));
    this.#waiting.set(name, { bytes: bytes.slice(), settles });
    if (!this.#isWriting) void this.#writeAll();
  }

  /** As `Storage.flush`. */
  flush(settled: () => void): void {
    if (this.#isWriting) this.#flushing.push(settled);
    else settled();
  }

  /** What waits fails, and so does every later save. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const { settles } of this.#waiting.values()) for (const settle of settles) settle(closedError());
    this.#waiting.clear();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const [name, { bytes, settles }] = first;
      this.#waiting.delete(name);
      const error = await this.write(name, bytes);
      for (const settle of settles) settle(error);
    }
    this.#isWriting = false;
    for (const settled of this.#flushing.splice(0)) settled();
  }
}

function closedError(): NetworkError {
  return new NetworkError('STORAGE_FAILED', 'the node has ended');
}
