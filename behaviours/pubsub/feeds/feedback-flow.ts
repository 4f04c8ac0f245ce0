/**
 * @module FeedbackFlow: what subscribers send back to the publisher of a feed, hop by hop up its tree: numbers, which each node adds up
 * (`reports.ts`), and bytes, which pass through as they are. Nothing goes on where no path leads to the publisher: numbers wait for one, bytes do not.
 */
import { type BehaviorAgent, toConnection, WakeTimer } from '../../../core/index.js';
import { DeadlineHeap } from '../../../core/structures/deadline-heap.js';
import type { MessageWriter, Report } from '../messages.js';
import type { PubSubCounters } from '../options.js';
import type { Branch, Feed, FeedReader, FeedUpstream } from './feed.js';
import { Reports } from './reports.js';

type Reporter = Branch | FeedReader;
type FeedReports = Reports<Feed, Reporter>;

export class FeedbackFlow {
  private readonly due = new DeadlineHeap<FeedReports>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.wake(agent));

  constructor(
    private readonly writer: MessageWriter,
    private readonly counters: PubSubCounters,
  ) {}

  /** Somebody reports a number. */
  report(agent: BehaviorAgent, feed: Feed, reporter: Reporter, report: Report): void {
    feed.reports ??= new Reports(feed);
    feed.reports.put(reporter, report, agent.nowMs);
    this.send(agent, feed, feed.reports);
  }

  /** Bytes on their way up. False: there is no path, or no room. */
  pass(agent: BehaviorAgent, feed: Feed, id: number, bytes: Uint8Array): boolean {
    const { source, upstream, state } = feed;
    if (source !== undefined) source.fedBack({ type: 'bytes', id, bytes: bytes.slice() });
    else if (state !== 'bound' || upstream === undefined || !this.isSent(agent, upstream, this.writer.passed(upstream.label, id, bytes))) {
      this.counters.feedbackDropped++;
      return false;
    }
    return true;
  }

  /** Branches or readers came or went. */
  changed(agent: BehaviorAgent, feed: Feed): void {
    const { reports, readers, branches } = feed;
    if (reports === undefined) return;
    reports.keep((reporter) => ('connectionId' in reporter ? branches.get(reporter.connectionId) === reporter : readers.has(reporter)));
    this.send(agent, feed, reports);
  }

  /** The feed has another upstream, which knows nothing yet. */
  bound(agent: BehaviorAgent, feed: Feed): void {
    feed.reports?.begin(agent.nowMs);
    this.changed(agent, feed);
  }

  stop(): void {
    this.timer.cancel();
  }

  private wake(agent: BehaviorAgent): void {
    for (let reports = this.due.takeDue(agent.nowMs); reports !== undefined; reports = this.due.takeDue(agent.nowMs))
      if (reports.owner.reports === reports) this.send(agent, reports.owner, reports);
    this.timer.at(agent, this.due.nextDueMs);
  }

  private send(agent: BehaviorAgent, feed: Feed, reports: FeedReports): void {
    this.due.remove(reports);
    if (!feed.isFlowing) return;
    reports.send(agent.nowMs, (report) => this.sendOne(agent, feed, report));
    reports.dueMs = reports.nextDueMs;
    if (reports.dueMs === Number.POSITIVE_INFINITY) return;
    this.due.add(reports);
    this.timer.at(agent, reports.dueMs);
  }

  private sendOne(agent: BehaviorAgent, { source, upstream }: Feed, report: Report): boolean {
    if (source === undefined) return upstream !== undefined && this.isSent(agent, upstream, this.writer.report(upstream.label, report));
    const { id, count, sum, min, max } = report;
    source.fedBack({ type: 'numbers', id, count, sum, min, max });
    return true;
  }

  private isSent(agent: BehaviorAgent, { connectionId }: FeedUpstream, bytes: Uint8Array): boolean {
    return agent.send(toConnection(connectionId), bytes) === 'queued';
  }
}
