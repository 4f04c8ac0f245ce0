/**
 * @module Ledger: checks what subscriptions promise, number by number: for each publisher, messages and misses follow each other without a hole,
 * from where the account began to the last number that is known of; nothing comes twice or out of order.
 */
import type { SubscribeOptions, TopicMessage } from '../../../behaviours/pubsub/index.js';

/** One publisher in one subscription. */
interface Line {
  next: number | undefined;
  delivered: number;
  missed: number;
  lostSight: number;
  causes: Map<string, number>;
}

export class Ledger {
  readonly faults: string[] = [];
  private readonly lines = new Map<string, Line>();

  /** Options that write down what a subscription gets. */
  options(name: string): Pick<SubscribeOptions, 'onMessage' | 'onMissed' | 'onLostSight'> {
    const lineOf = (event: Pick<TopicMessage, 'publisher' | 'topic'>) =>
      this.line(`${name} of ${event.publisher.slice(0, 8)} ${event.topic.path}`);
    return {
      onMessage: (message) => {
        const line = lineOf(message);
        this.expect(`${name}: message`, line, message.number);
        line.next = message.number + 1;
        line.delivered++;
      },
      onMissed: (missed) => {
        const line = lineOf(missed);
        this.expect(`${name}: missed (${missed.cause})`, line, missed.from);
        line.next = missed.from + missed.count;
        line.missed += missed.count;
        line.causes.set(missed.cause, (line.causes.get(missed.cause) ?? 0) + missed.count);
      },
      onLostSight: (lost) => {
        const line = lineOf(lost);
        line.next = undefined;
        line.lostSight++;
      },
    };
  }

  /** Over all lines. */
  get totals() {
    const totals = { delivered: 0, missed: 0, lostSight: 0, causes: {} as Record<string, number> };
    for (const line of this.lines.values()) {
      totals.delivered += line.delivered;
      totals.missed += line.missed;
      totals.lostSight += line.lostSight;
      for (const [cause, count] of line.causes) totals.causes[cause] = (totals.causes[cause] ?? 0) + count;
    }
    return totals;
  }

  private line(key: string): Line {
    const line = this.lines.get(key) ?? { next: undefined, delivered: 0, missed: 0, lostSight: 0, causes: new Map() };
    this.lines.set(key, line);
    return line;
  }

  private expect(what: string, line: Line, number: number): void {
    if (line.next !== undefined && line.next !== number) this.faults.push(`${what} ${number}, but ${line.next} comes next`);
  }
}
