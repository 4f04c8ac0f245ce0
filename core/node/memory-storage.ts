/**
 * @module MemoryStorage: what behaviours keep, for as long as the object lives. The default without a `dataDirectory`; in tests and in the
 * simulator it stands for the disk of a machine, which outlives the node.
 */
import type { Storage } from '../api/ports.js';

export class MemoryStorage implements Storage {
  readonly #saved = new Map<string, Uint8Array>();

  /** `isLasting`: whether the object outlives the node. */
  constructor(readonly isLasting = true) {}

  load(name: string): Uint8Array | undefined {
    return this.#saved.get(name)?.slice();
  }

  save(name: string, bytes: Uint8Array, settle?: () => void): void {
    this.#saved.set(name, bytes.slice());
    settle?.();
  }

  flush(settled: () => void): void {
    settled();
  }
}
