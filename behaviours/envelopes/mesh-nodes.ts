/**
 * @module MeshNodes: the nodes that a mesh has connections of, as long as they run. They lend it time and a log.
 */
import type { Cancellable } from '../../core/index.js';
import type { EnvelopesBehavior } from './behavior.js';
import type { After } from './receivers.js';

export class MeshNodes {
  /** With what ends the watching. */
  readonly #running = new Map<EnvelopesBehavior, () => void>();
  #wereUsed = false;

  /** `onStopped`: one of them has ended. */
  constructor(private readonly onStopped: () => void) {}

  /** There were some, and none runs any more. */
  get areGone(): boolean {
    return this.#wereUsed && this.#running.size === 0;
  }

  /** Timers of the node that is here for the longest time; absent when there is none. */
  get after(): After | undefined {
    const behavior = this.#running.keys().next().value;
    return behavior && ((delayMs, callback): Cancellable => behavior.act((agent) => agent.after(delayMs, callback)));
  }

  use(behavior: EnvelopesBehavior): void {
    this.#wereUsed = true;
    if (!this.#running.has(behavior)) this.#running.set(behavior, behavior.watch({ onStopped: () => this.#stopped(behavior) }));
  }

  /** The mesh has ended. */
  forget(): void {
    for (const unwatch of this.#running.values()) unwatch();
    this.#running.clear();
  }

  /** A listener of the application failed. */
  logFailure(err: unknown): void {
    this.#running.keys().next().value?.logFailure(err);
  }

  #stopped(behavior: EnvelopesBehavior): void {
    this.#running.delete(behavior);
    this.onStopped();
  }
}
