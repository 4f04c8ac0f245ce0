/**
 * @module Timer: one `after` of an agent, from its recording to its callback. It counts for its behaviour from the start, and ends with its
 * owner.
 */
import type { Cancellable } from '../../api/agent.js';
import type { Action, EngineContext } from '../context.js';
import type { Callbacks } from './callbacks.js';
import type { Owner } from './owner.js';

export class Timer implements Action, Cancellable {
  #isOver = false;
  #deadlineId = 0;
  readonly #dueMs: number;

  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly owner: Owner,
    private readonly wish: { readonly delayMs: number; readonly callback: () => void },
  ) {
    this.#dueMs = context.nowMs + wish.delayMs;
    owner.behavior.timerCount++;
  }

  get isDone(): boolean {
    return this.#isOver || this.owner.isEnded;
  }

  run(): void {
    if (this.#isOver) return;
    if (this.owner.isEnded) return this.#end();
    this.#deadlineId = this.context.deadlines.add(() => this.#fire(), this.#dueMs, this.owner);
  }

  undo(): void {
    this.cancel();
  }

  /** With its owner it ended without this: see `Callbacks.end`. */
  cancel(): void {
    if (this.isDone) return;
    this.#end();
    this.context.deadlines.take(this.#deadlineId);
  }

  #fire(): void {
    this.#end();
    this.callbacks.run(this.owner, 'after', this.wish.callback);
  }

  #end(): void {
    this.#isOver = true;
    this.owner.behavior.timerCount--;
  }
}
