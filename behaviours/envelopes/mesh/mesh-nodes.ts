/**
 * @module MeshNodes: the nodes that a mesh has connections of, as long as they run. The one that is here for the longest time lends its time
 * and its log.
 */
import type { BehaviorAgent } from '../../../core/index.js';
import type { FailedOne } from '../../../core/structures/callbacks.js';
import type { EnvelopesBehavior } from '../behavior.js';

export class MeshNodes {
  /** Oldest first, each with what ends the watching. */
  #running: readonly { readonly behavior: EnvelopesBehavior; readonly unwatch: () => void }[] = [];
  /** The last one that was used. It settles what fails once none runs any more. */
  #last: EnvelopesBehavior | undefined;

  /** `onStopped`: one of them has ended. */
  constructor(private readonly onStopped: () => void) {}

  /** There were some, and none runs any more. */
  get areGone(): boolean {
    return this.#last !== undefined && this.#running.length === 0;
  }

  /** Runs `work` with the agent of one of them, or does nothing if none runs. */
  act<T>(work: (agent: BehaviorAgent) => T): T | undefined {
    return this.#running[0]?.behavior.act(work);
  }

  /** Passes on what `work` returns. If a node was ever used, a failure comes in a later turn of the event loop. */
  async awaited<T>(work: () => Promise<T>): Promise<T> {
    return this.#last === undefined ? work() : this.#last.settling(work);
  }

  use(behavior: EnvelopesBehavior): void {
    this.#last = behavior;
    if (this.#running.some((running) => running.behavior === behavior)) return;
    this.#running = [...this.#running, { behavior, unwatch: behavior.watch({ onStopped: () => this.#stopped(behavior) }) }];
  }

  /** The mesh has ended. */
  forget(): void {
    for (const { unwatch } of this.#running) unwatch();
    this.#running = [];
  }

  /** A listener of the application failed: it is logged, and not called again. */
  readonly listenerFailed: FailedOne = (err, drop) => {
    drop();
    this.act(({ log }) => log.error({ err }, 'listener failed'));
  };

  #stopped(behavior: EnvelopesBehavior): void {
    this.#running = this.#running.filter((running) => running.behavior !== behavior);
    this.onStopped();
  }
}
