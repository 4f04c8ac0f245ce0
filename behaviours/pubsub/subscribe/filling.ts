/**
 * @module Filling: numbers that the publisher is asked for again, because it keeps them: a gap, or the history before the first message. What comes
 * meanwhile is held, in order, and let go when the answer is there.
 */
import { type BehaviorAgent, toNode } from '../../../core/index.js';
import { HISTORY, historyValue, type KeptMessage, readHistory } from '../meeting/messages.js';
import type { Gap } from '../messages.js';
import type { Account, Tally } from './account.js';
import type { InboxItem } from './inbox.js';

/** What is asked for at once. */
export const FILL_MAX = 1_024;
/** What is held while it is asked for; with more the numbers are given up. */
const HELD_MAX = 4_096;
const CALL_MS = 5_000;

/** A message, or numbers that do not come. */
export type Held = InboxItem<Tally> | Gap;

export class Filling {
  readonly held: Held[] = [];
  private isOver = false;

  constructor(
    readonly gap: Gap,
    readonly isHistory: boolean,
    private readonly account: Account,
    /** Called once: what was found of the numbers. */
    private readonly filled: (agent: BehaviorAgent, found: readonly KeptMessage[]) => void,
  ) {}

  ask(agent: BehaviorAgent, serviceId: number, epoch: number): void {
    const { publisher, topicId } = this.account;
    const value = historyValue({ topicId, epoch, from: this.gap.from, count: this.gap.count });
    agent.call(toNode(publisher), serviceId, HISTORY, value, { timeoutMs: CALL_MS }, (later, result) => {
      const kept = result.type === 'ok' ? readHistory(result.value) : undefined;
      this.end(later, kept !== undefined && this.account.believes(later, kept) ? kept.messages : []);
    });
  }

  hold(agent: BehaviorAgent, held: Held): void {
    this.held.push(held);
    if (this.held.length > HELD_MAX) this.end(agent, []);
  }

  end(agent: BehaviorAgent, found: readonly KeptMessage[]): void {
    if (this.isOver) return;
    this.isOver = true;
    this.filled(agent, found);
  }
}
