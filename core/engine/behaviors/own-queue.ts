/**
 * @module OwnQueue: a queue that a behaviour or a handler shows in `node.queues()`, until it is cancelled, its callback throws, or its owner ends.
 */
import type { Cancellable, QueueFill } from '../../api/agent.js';
import type { QueueReport } from '../../api/node-view.js';
import type { Action } from '../context.js';
import type { Callbacks } from './callbacks.js';
import type { Owner } from './owner.js';

export class OwnQueue implements Action, Cancellable {
  private isCancelled = false;

  /** It is shown from here on. */
  constructor(
    private readonly owner: Owner,
    private readonly name: string,
    private readonly read: () => QueueFill,
  ) {
    owner.queues ??= [];
    owner.queues.push(this);
  }

  get isDone(): boolean {
    return this.isCancelled || this.owner.isEnded;
  }

  run(): void {}

  undo(): void {
    this.cancel();
  }

  cancel(): void {
    this.isCancelled = true;
    this.owner.queues = this.owner.queues?.filter((other) => other !== this);
  }

  /** Its fill now; nothing when it cannot be read, which is a fault. */
  report(callbacks: Callbacks): QueueReport[] {
    const { behavior, connectionId } = this.owner;
    const fill = callbacks.run(this.owner, 'queue', () => ({ ...this.read() }));
    if (fill === undefined) return [];
    const { messages, messagesMax, bytes, bytesMax } = fill;
    return [{ name: `${behavior.name}.${this.name}`, connectionId, messages, messagesMax, bytes, bytesMax }];
  }
}
