/**
 * @module ChannelWake: the one deadline of a channel in the engine's table: whoever wakes earliest wins. May not know what is due.
 */
import type { EngineContext } from '../../context.js';

export class ChannelWake {
  #id = 0;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: EngineContext,
    private readonly work: () => void,
  ) {}

  /** The work is done at that time, if not earlier. `Infinity` is no wish. */
  at(dueMs: number): void {
    const { deadlines } = this.context;
    if (dueMs >= this.#dueMs) return;
    deadlines.take(this.#id);
    this.#dueMs = dueMs;
    this.#id = deadlines.add(() => this.#wake(), dueMs, this);
  }

  end(): void {
    this.context.deadlines.takeOwned(this);
  }

  #wake(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.work();
  }
}
