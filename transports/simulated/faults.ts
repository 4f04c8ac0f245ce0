/**
 * @module Faults: the callbacks that failed in a simulation. Their nodes go on, as they do elsewhere; whoever runs the simulation must not miss
 * them.
 */

/** A callback that threw, on one of the nodes. */
export interface SimulatedFault {
  readonly atMs: number;
  /** Its name. */
  readonly node: string;
  readonly behavior: string;
  readonly callback: string;
  readonly cause: unknown;
}

/** Of all, the first are kept. */
const KEPT_MAX = 1_000;
const SHOWN_MAX = 3;

export class Faults {
  count = 0;
  readonly #kept: SimulatedFault[] = [];
  #reportedCount = 0;

  get all(): readonly SimulatedFault[] {
    return [...this.#kept];
  }

  add(fault: SimulatedFault): void {
    this.count++;
    if (this.#kept.length < KEPT_MAX) this.#kept.push(fault);
  }

  /** Whether some came since this was asked last. */
  takeNew(): boolean {
    const areNew = this.count > this.#reportedCount;
    this.#reportedCount = this.count;
    return areNew;
  }

  /** The first ones, for the text of an error; empty without any. */
  get text(): string {
    if (this.count === 0) return '';
    const shown = this.#kept.slice(0, SHOWN_MAX).map(textOf);
    const rest = this.count > shown.length ? `; ${this.count - shown.length} more` : '';
    return `; callbacks that failed: ${shown.join('; ')}${rest}`;
  }
}

function textOf({ atMs, node, behavior, callback, cause }: SimulatedFault): string {
  return `${behavior}.${callback} of ${node} at ${atMs} ms: ${cause}`;
}
