/**
 * @module What the conformance suites are built with: checks as data, a seeded random generator and one assertion. It uses no test
 * runner and no assertion library, so that the suites run under any; it does not depend on what is tested.
 */
import { NODE_ID_BYTES, type NodeId, nodeIdFromBytes } from '../../core/address/node-id.js';

/** One fact about every implementation. `run` returns if it holds and throws an error that names what did not. */
export interface ConformanceCheck<Subject> {
  readonly name: string;
  run(factory: () => Subject): void;
}

/** Throws an `AssertionError` that names the fact which does not hold. */
export function must(holds: boolean, fact: string): asserts holds {
  if (holds) return;
  const error = new Error(fact);
  error.name = 'AssertionError';
  throw error;
}

/** A repeatable sequence: the same seed, the same numbers. Not for secrets. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 1;
    for (let round = 0; round < 4; round++) this.#next();
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor((this.#next() / 2 ** 32) * count);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  nodeId(): NodeId {
    return nodeIdFromBytes(this.bytes(NODE_ID_BYTES));
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.imul(state, 0x2c9277b5) >>> 0;
  }
}

/** Runs `body` with the seeds `seed`, `seed + 1`, …; a failure names the seed that repeats it. */
export function forSeeds(seed: number, runs: number, body: (random: SeededRandom) => void): void {
  for (let run = 0; run < runs; run++) {
    try {
      body(new SeededRandom(seed + run));
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw Object.assign(new Error(`${text} (repeat with seed: ${seed + run}, runs: 1)`, { cause }), { name: 'AssertionError' });
    }
  }
}
