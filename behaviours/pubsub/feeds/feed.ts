/**
 * @module Feed: the messages of one topic of one publisher as one node has them: where they come from, which neighbours and which readers of this
 * node they go to, and how far the numbers have come. The feeds of one topic and publisher at all nodes are a tree: each has one upstream,
 * so that no message goes round, and one copy goes over each link. Plain data with what follows from it; `upstream.ts` and
 * `downstream.ts` change it.
 */
import type { BehaviorAgent, NodeId, Route, SendTarget } from '../../../core/index.js';
import type { Deadlined } from '../../../core/structures/deadline-heap.js';
import { type Figures, type Gap, NUMBER_MAX, type Refusal } from '../messages.js';
import type { SignedLists } from '../signed/signed-lists.js';
import type { OutgoingRun } from './outgoing.js';
import { Recent, type RecentBudget, type RecentRun } from './recent.js';
import type { Reports } from './reports.js';

/** A neighbour that is sent the messages. */
export interface Branch {
  readonly connectionId: number;
  readonly route: Route;
  readonly label: number;
  /** Of its messages: its label is their stream id. */
  readonly target: SendTarget;
  /** Subscribers behind it. */
  count: number;
  /** The window of its first credit; 0: it holds nothing back. */
  readonly window: number;
  /** The last number that it has room for. */
  limit: number;
  /** What it has of which epoch: messages from that number on are of use to it. */
  readonly epoch: number;
  readonly from: number;
  /** Whether it was sent `bound`. */
  isBound: boolean;
  seenMs: number;
  /** Goes first when its lane has room: publishers were answered that it is queued. */
  late: RecentRun | undefined;
  /** What it will be sent a notice of then: its lane had no room. */
  gap: Gap | undefined;
}

/** A subscription of this node, as the feed needs it. */
export interface FeedReader {
  /** It gets only what the publisher has signed. All readers of a feed agree on that, because it follows from the topic's id. */
  readonly isSigned: boolean;
  /** Messages that it has room for ahead of its consumer; 0: it holds nothing back. */
  readonly window: number;
  /** The last number that it has room for. */
  readonly limit: number;
  /** Messages come from `next` on: first of all, after `unbound`, and when the publisher has begun anew. */
  bound(agent: BehaviorAgent, next: number, feed: Feed): void;
  /** The content is `bytes[start..end)`, valid during the call. `isProven`: it came from the publisher itself. */
  message(agent: BehaviorAgent, number: number, form: number, bytes: Uint8Array, start: number, end: number, isProven: boolean): void;
  missed(agent: BehaviorAgent, gap: Gap): void;
  /** There is no path to the publisher now, or it is not one: tried again until `ended`. */
  unbound(agent: BehaviorAgent, cause: Refusal): void;
  /** Nothing came for too long, or the publisher has ended: the numbers begin anew with the next `bound`, if one comes. */
  lostSight(agent: BehaviorAgent): void;
}

/** What subscribers send back to a publisher: a number that several report, as one; or bytes of one of them, as they are. Behind relays both are their claims. */
export type Feedback =
  | ({ readonly type: 'numbers'; readonly id: number } & Figures)
  | { readonly type: 'bytes'; readonly id: number; readonly bytes: Uint8Array };

/** The publisher's side, where this node is it. */
export interface FeedSource {
  /** Subscribers of this node alone get it. */
  readonly isLocal: boolean;
  /** Whether a node may have it. */
  admits(node: NodeId): boolean;
  /** Subscribers, with those of this node. */
  interestChanged(agent: BehaviorAgent, count: number): void;
  /** There is room again after `publish` was held back. */
  roomAgain(agent: BehaviorAgent): void;
  /** Subscribers have sent something back. */
  fedBack(feedback: Feedback): void;
}

export type FeedState =
  /** This node publishes it. */
  | 'source'
  /** The next hop was asked. */
  | 'binding'
  | 'bound'
  /** Tried again at `dueMs`. */
  | 'waiting';

/** Where the messages come from. */
export interface FeedUpstream {
  readonly connectionId: number;
  readonly nodeId: NodeId;
  readonly label: number;
}

export class Feed implements Deadlined {
  dueMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  heapOrder = 0;
  state: FeedState = 'binding';
  upstream: FeedUpstream | undefined;
  /** The hop that failed last: another one is tried first. */
  avoided: number | undefined;
  failures = 0;
  /** Whether a message has ever come, and so the numbers go on. */
  hasNumbers = false;
  /** The number that comes next. */
  next = 1;
  epoch = 0;
  /** To the publisher. */
  hops = 0;
  /** Messages that the publisher keeps, for who asks it. */
  kept = 0;
  heardMs = 0;
  readonly branches = new Map<number, Branch>();
  readonly readers = new Set<FeedReader>();
  /** Where there is one: most feeds have no more, and it is given each message without an iteration. */
  onlyReader: FeedReader | undefined;
  /** The last number that all have room for. */
  limit = NUMBER_MAX;
  limitSent = NUMBER_MAX;
  count = 0;
  countSent = 0;
  /** Called when it is known whether its messages come. */
  readonly settling: (() => void)[] = [];
  /** Since when there is no path to its publisher. */
  pathlessMs: number | undefined = undefined;
  /** Of a source: what the heartbeats are planned by. */
  beatCount = 0;
  hasNews = false;
  isHeld = false;
  /** Of a source: what has been published and leaves at the end of this turn. Nothing else about the feed goes ahead of it. */
  outgoing: OutgoingRun | undefined;
  /** What neighbours may lack that come over another path. */
  readonly recent: Recent;
  /** Readers of this node get only what the publisher has signed. */
  isSigned = false;
  /** Of a signed topic: what came of it. */
  lists: SignedLists | undefined;
  /** Numbers that subscribers report, where they do. */
  reports: Reports<Feed, Branch | FeedReader> | undefined;

  constructor(
    readonly key: string,
    readonly publisher: NodeId,
    readonly topicId: NodeId,
    readonly source: FeedSource | undefined,
    readonly budget: RecentBudget,
  ) {
    this.recent = new Recent(budget);
    if (source !== undefined) this.state = 'source';
  }

  get isWanted(): boolean {
    return this.branches.size > 0 || this.readers.size > 0;
  }

  get isFlowing(): boolean {
    return this.state === 'source' || this.state === 'bound';
  }

  /** The number that is wanted next, and of which epoch: this node's own, or that of the neighbour that lacks most. */
  get wanted(): { readonly epoch: number; readonly from: number } {
    if (this.hasNumbers) return { epoch: this.epoch, from: this.next };
    let wanted = { epoch: 0, from: 0 };
    for (const { epoch, from } of this.branches.values())
      if (from > 0 && (wanted.from === 0 || from < wanted.from)) wanted = { epoch, from };
    return wanted;
  }

  /** The least window that a branch or a reader has; 0 where none holds anything back. */
  get window(): number {
    let least = 0;
    for (const { window } of [...this.branches.values(), ...this.readers])
      if (window > 0 && (least === 0 || window < least)) least = window;
    return least;
  }

  /** After a branch or reader came, went or has other room. */
  recount(): void {
    this.count = this.readers.size;
    this.limit = NUMBER_MAX;
    this.onlyReader = undefined;
    for (const { count, limit, isBound } of this.branches.values()) {
      this.count += count;
      if (isBound && limit < this.limit) this.limit = limit;
    }
    for (const reader of this.readers) {
      if (reader.limit < this.limit) this.limit = reader.limit;
      if (this.readers.size === 1) this.onlyReader = reader;
    }
  }

  settled(): void {
    for (const callback of this.settling.splice(0)) callback();
  }
}

export function feedKey(publisher: NodeId, topicId: NodeId): string {
  return publisher + topicId;
}
