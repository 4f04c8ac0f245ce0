/**
 * @module SaveQueue: what a storage has to write, one after another. A save that has not begun gives way to a newer one of the same name. How one is
 * written is up to the storage.
 */
import type { NetworkError } from '../errors.js';

type Settle = (error?: NetworkError) => void;

interface Save {
  readonly bytes: Uint8Array;
  readonly settle: Settle | undefined;
}

export class SaveQueue {
  /** The newest save of each name that has not begun. */
  readonly #waiting = new Map<string, Save>();
  #isWriting = false;
  #flushing: (() => void)[] = [];

  /** `write` resolves with what went wrong, and never rejects. */
  constructor(private readonly write: (name: string, bytes: Uint8Array) => Promise<NetworkError | undefined>) {}

  /** As `Storage.save`. */
  save(name: string, bytes: Uint8Array, settle?: Settle): void {
    this.#waiting.get(name)?.settle?.();
    this.#waiting.set(name, { bytes: bytes.slice(), settle });
    if (!this.#isWriting) void this.#writeAll();
  }

  /** As `Storage.flush`. */
  flush(settled: () => void): void {
    if (this.#isWriting) this.#flushing.push(settled);
    else settled();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const [name, { bytes, settle }] = first;
      this.#waiting.delete(name);
      settle?.(await this.write(name, bytes));
    }
    this.#isWriting = false;
    for (const settled of this.#flushing.splice(0)) settled();
  }
}
