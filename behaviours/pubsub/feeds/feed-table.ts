/**
 * @module FeedTable: the feeds of a node, by publisher and topic, by the labels that it gave and by those that its neighbours gave; and when each
 * has to be looked at. Bounded in all, and for each neighbour. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import { DeadlineHeap } from '../../../core/structures/deadline-heap.js';
import type { Refusal } from '../messages.js';
import { type Branch, Feed, type FeedSource, feedKey } from './feed.js';
import { RecentBudget } from './recent.js';

/** What all feeds keep together for neighbours that come over another path. */
export const RECENT_BYTES_MAX = 8 * 1_024 * 1_024;

export interface FeedBounds {
  /** Feeds in all. */
  readonly feedsMax: number;
  /** Feeds that one neighbour may ask for. */
  readonly feedsPerNeighbourMax: number;
}

export class FeedTable {
  readonly due = new DeadlineHeap<Feed>();
  private readonly byKey = new Map<string, Feed>();
  private readonly byLabel = new Map<number, Feed>();
  private readonly byBranch = new Map<number, Map<number, Feed>>();
  private readonly budget = new RecentBudget(RECENT_BYTES_MAX);
  private lastLabel = 0;

  constructor(private readonly bounds: FeedBounds) {}

  get size(): number {
    return this.byKey.size;
  }

  all(): IterableIterator<Feed> {
    return this.byKey.values();
  }

  get(publisher: NodeId, topicId: NodeId): Feed | undefined {
    return this.byKey.get(feedKey(publisher, topicId));
  }

  /** `undefined`: there are as many as there may be. */
  add(publisher: NodeId, topicId: NodeId, source?: FeedSource): Feed | undefined {
    if (this.byKey.size >= this.bounds.feedsMax) return undefined;
    const feed = new Feed(feedKey(publisher, topicId), publisher, topicId, source, this.budget);
    this.byKey.set(feed.key, feed);
    return feed;
  }

  /** It has no branches any more. */
  remove(feed: Feed): void {
    this.byKey.delete(feed.key);
    this.due.remove(feed);
    this.releaseLabel(feed);
    feed.recent.clear();
    feed.lists?.clear();
    feed.reports = undefined;
  }

  /** When the feed is looked at next, in place of any other time. */
  schedule(feed: Feed, dueMs: number): void {
    this.due.remove(feed);
    feed.dueMs = dueMs;
    if (dueMs < Number.POSITIVE_INFINITY) this.due.add(feed);
  }

  /** A label that no other feed has, for the upstream to come. */
  giveLabel(feed: Feed): number {
    do this.lastLabel = this.lastLabel === 0xffff_ffff ? 1 : this.lastLabel + 1;
    while (this.byLabel.has(this.lastLabel));
    this.byLabel.set(this.lastLabel, feed);
    return this.lastLabel;
  }

  releaseLabel({ upstream }: Feed): void {
    if (upstream !== undefined) this.byLabel.delete(upstream.label);
  }

  /** The feed that comes over the connection under that label. */
  labelled(connectionId: number | undefined, label: number): Feed | undefined {
    const feed = this.byLabel.get(label);
    return feed?.upstream?.connectionId === connectionId ? feed : undefined;
  }

  whereLabelled(connectionId: number, label: number, work: (feed: Feed) => void): void {
    const feed = this.labelled(connectionId, label);
    if (feed !== undefined) work(feed);
  }

  /** The feed that goes over the connection under that label of the neighbour's. */
  branched(connectionId: number, label: number): Feed | undefined {
    return this.byBranch.get(connectionId)?.get(label);
  }

  whereBranched(connectionId: number, label: number, work: (feed: Feed, branch: Branch) => void): void {
    const feed = this.branched(connectionId, label);
    const branch = feed?.branches.get(connectionId);
    if (feed !== undefined && branch !== undefined) work(feed, branch);
  }

  /** Feeds that go over the connection. */
  branchesOf(connectionId: number): readonly Feed[] {
    return [...(this.byBranch.get(connectionId)?.values() ?? [])];
  }

  /** Why the neighbour may not have the feed, or another one where there is none yet. */
  refusalOf(feed: Feed | undefined, connectionId: number): Refusal | undefined {
    if (feed?.upstream?.connectionId === connectionId) return 'loop';
    if (feed?.state === 'waiting') return 'no-route';
    if (feed?.branches.has(connectionId) === true) return undefined;
    return (this.byBranch.get(connectionId)?.size ?? 0) < this.bounds.feedsPerNeighbourMax ? undefined : 'overloaded';
  }

  /** One branch for each connection: another label takes the place of the one before. */
  addBranch(feed: Feed, branch: Branch): void {
    this.removeBranch(feed, branch.connectionId);
    feed.branches.set(branch.connectionId, branch);
    const labels = this.byBranch.get(branch.connectionId);
    if (labels === undefined) this.byBranch.set(branch.connectionId, new Map([[branch.label, feed]]));
    else labels.set(branch.label, feed);
  }

  removeBranch(feed: Feed, connectionId: number): void {
    const branch = feed.branches.get(connectionId);
    if (branch === undefined) return;
    feed.branches.delete(connectionId);
    const labels = this.byBranch.get(connectionId);
    labels?.delete(branch.label);
    if (labels?.size === 0) this.byBranch.delete(connectionId);
  }
}
