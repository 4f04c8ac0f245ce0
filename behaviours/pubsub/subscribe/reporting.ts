/**
 * @module Reporting: what a subscription sends back to its publishers: bytes once; numbers until they are taken back, also to those that are found
 * later.
 */
import { type BehaviorAgent, NetworkError } from '../../../core/index.js';
import { fallback, options, optionsReader, whole } from '../../../core/schema/index.js';
import type { PubSubHost } from '../host.js';
import { FEEDBACK_ID_MAX, PASS_BYTES_MAX, type Report, WINDOW_MS } from '../messages.js';
import type { Account } from './account.js';

/** How feedback travels. */
export interface FeedbackOptions {
  /** Of numbers: after one has gone, the next one waits so long on each node of the path. 1,000 ms by default; 100 to 60,000. */
  readonly windowMs?: number;
}

const read = optionsReader('feedback', options({ windowMs: fallback(whole(WINDOW_MS.min, WINDOW_MS.max), 1_000) }));

export class Reporting {
  private readonly reports = new Map<number, Report>();

  constructor(private readonly host: PubSubHost) {}

  /** Returns to how many of the accounts' publishers it is on its way. */
  give(accounts: Iterable<Account>, id: number, value: number | Uint8Array | undefined, given: FeedbackOptions): number {
    const { windowMs } = read(given);
    if (!Number.isInteger(id) || id < 0 || id > FEEDBACK_ID_MAX)
      throw new NetworkError('ARGUMENT_INVALID', `feedback: id must be a whole number from 0 to ${FEEDBACK_ID_MAX}`);
    const { feeds } = this.host;
    if (value instanceof Uint8Array) {
      if (value.length > PASS_BYTES_MAX)
        throw new NetworkError('ARGUMENT_INVALID', `feedback: there are ${value.length} bytes; at most ${PASS_BYTES_MAX} are carried`);
      return this.toAll(accounts, (agent, { feed }) => feed !== undefined && feeds.pass(agent, feed, id, value));
    }
    const report = this.noted(id, value, windowMs);
    return this.toAll(accounts, (agent, account) => this.tell(agent, account, report));
  }

  /** A publisher was found. */
  follow(agent: BehaviorAgent, account: Account): void {
    for (const report of this.reports.values()) this.tell(agent, account, report);
  }

  private tell(agent: BehaviorAgent, account: Account, report: Report): boolean {
    if (account.feed === undefined) return false;
    this.host.feeds.report(agent, account.feed, account, report);
    return true;
  }

  private noted(id: number, value: number | undefined, windowMs: number): Report {
    if (value === undefined) {
      this.reports.delete(id);
      return { id, windowMs, count: 0, sum: 0, min: 0, max: 0 };
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new NetworkError('ARGUMENT_INVALID', 'feedback: value must be a finite number, bytes or undefined');
    const report = { id, windowMs, count: 1, sum: value, min: value, max: value };
    this.reports.set(id, report);
    return report;
  }

  private toAll(accounts: Iterable<Account>, give: (agent: BehaviorAgent, account: Account) => boolean): number {
    return this.host.act((agent) => [...accounts].filter((account) => give(agent, account)).length);
  }
}
