/**
 * @module SessionIndices: which link a datagram is for: the random numbers under which its sender knows the sessions of this node. A number that
 * no session has costs one look-up.
 */
import type { Random } from '../../../api/ports.js';
import { readU32 } from '../../../structures/bytes.js';

export class SessionIndices<T> {
  readonly #byIndex = new Map<number, T>();

  constructor(private readonly random: Random) {}

  /** A number for the session of `owner`, never 0. */
  add(owner: T): number {
    let index = 0;
    while (index === 0 || this.#byIndex.has(index)) index = readU32(this.random.bytes(4), 0);
    this.#byIndex.set(index, owner);
    return index;
  }

  get(index: number): T | undefined {
    return this.#byIndex.get(index);
  }

  delete(index: number): void {
    this.#byIndex.delete(index);
  }
}
