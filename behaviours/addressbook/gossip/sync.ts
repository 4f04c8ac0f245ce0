/**
 * @module Sync: two neighbours compare what they have, and each gets what it lacks.
 *
 *   asker                                             other
 *   digest of all, salted  ------------------------>
 *          <-------------------------  have: what I have where we differ
 *   news: what you lack, want: what I lack  ------->
 *          <-------------------------------------  news: what you want
 *
 * A node asks one neighbour at a time, so that nobody is given the same thing by many; whoever dials asks first, in its greeting
 * (`greeting.ts`), then each node asks a random neighbour every ten seconds, and sooner while it brings something. Pure.
 */

import type { AddressMode } from '../../../core/address/address-class.js';
import { readU32 } from '../../../core/structures/bytes.js';
import { sample } from '../../../core/structures/sample.js';
import type { Moment, SignedBytes } from '../book/entry.js';
import type { SharedRecords } from '../book/shared-records.js';
import { BITMAP_BYTES, bucketOf, differingBuckets, digestOf, hasBucket } from './digest.js';
import { type Gossip, newsFor, type Outgoing } from './gossip.js';
import type { GossipLink } from './gossip-link.js';
import type { Greeted, Greeting } from './greeting.js';
import { type DigestMessage, type HaveMessage, MESSAGE_LIMITS, type WantMessage } from './messages.js';

export const SYNC_TIMES = {
  /** Between two questions of this node, on average. */
  periodMs: 10_000,
  /** After one that brought something. */
  eagerMs: 1_000,
  /** After so many in a row that brought nothing the period is longer. */
  idleAfter: 2,
  idlePeriodMs: 20_000,
  /** An answer that has not come by then does not come. */
  timeoutMs: 5_000,
} as const;

const ALL_BUCKETS = new Uint8Array(BITMAP_BYTES).fill(0xff);

interface Asking {
  readonly connectionId: number;
  readonly sinceMs: number;
  /** Records that came of it. */
  gained: number;
  /** The remote has more than was asked for. */
  isCut: boolean;
}

export class Sync {
  private asking: Asking | undefined;
  private nextMs: number | undefined;
  /** Questions of the period, in a row, that brought nothing. */
  private idleCount = 0;

  constructor(
    private readonly gossip: Gossip,
    private readonly records: SharedRecords,
  ) {}

  /** When this node asks next, or gives up waiting. */
  get nextDueMs(): number {
    if (this.asking !== undefined) return this.asking.sinceMs + SYNC_TIMES.timeoutMs;
    return this.gossip.linkCount === 0 ? Number.POSITIVE_INFINITY : (this.nextMs ?? 0);
  }

  /** Asks, if it is time: new links first, then a random one. */
  tick(now: Moment): Outgoing[] {
    if (this.isBusy(now) || this.gossip.linkCount === 0) return [];
    const wanted = this.gossip.find((link) => link.isSyncWanted);
    this.nextMs ??= now.nowMs + SYNC_TIMES.periodMs * (0.5 + now.random.float());
    const link = wanted ?? (now.nowMs >= this.nextMs ? sample(this.gossip.all(), 1, now.random)[0] : undefined);
    if (link === undefined) return [];
    if (!link.isSyncWanted) this.idleCount++;
    link.isSyncWanted = false;
    return [{ connectionId: link.id, message: this.question(link.id, link.facts.mode, now), slots: [] }];
  }

  /** The question for the greeting to a node that is being dialled; `undefined` while another one is asked. */
  greet(connectionId: number, mode: AddressMode, now: Moment): DigestMessage | undefined {
    return this.isBusy(now) ? undefined : this.question(connectionId, mode, now);
  }

  /** A link is open. What the greetings have asked is answered; without a question in them a dialer asks later. */
  opened(link: GossipLink, greeted: Greeted | undefined, isDialer: boolean, now: Moment): Outgoing[] {
    const { sent, received } = greeted ?? {};
    if (!isDialer) return this.answerGreeting(link, sent, received);
    const isAsked = this.asking?.connectionId === link.id && received !== undefined;
    if (isAsked && received.hasMore) return [];
    if (isAsked && this.records.own === undefined) return this.giveAll(link, now);
    this.closed(link.id, now);
    link.isSyncWanted = true;
    return this.tick(now);
  }

  /** A connection has ended, whether it ever opened or not. */
  closed(connectionId: number, now: Moment): void {
    if (this.asking?.connectionId === connectionId) this.giveUp(now);
  }

  /** The remote compares. */
  digest(link: GossipLink, { salt, buckets }: DigestMessage): Outgoing[] {
    const own = this.records.within(link.facts.mode);
    const differing = differingBuckets(digestOf(marksOf(own), salt), buckets);
    const there = own.filter(({ mark }) => hasBucket(differing, bucketOf(mark)));
    link.isServed ||= there.every(({ slot }) => link.known.has(slot));
    const marks = marksOf(there).slice(0, MESSAGE_LIMITS.haveMarksMax);
    return [{ connectionId: link.id, message: { type: 'have', buckets: differing, marks }, slots: [] }];
  }

  /** The answer to this node's digest. */
  have(link: GossipLink, { buckets, marks }: HaveMessage, { nowMs, random }: Moment): Outgoing[] {
    const { asking } = this;
    if (asking?.connectionId !== link.id) return [];
    const theirs = new Set(marks);
    const surplus: SignedBytes[] = [];
    for (const record of this.records.within(link.facts.mode)) {
      if (!hasBucket(buckets, bucketOf(record.mark))) continue;
      if (theirs.has(record.mark)) link.known.add(record.slot);
      else if (link.isNews(record)) surplus.push(record);
    }
    const lacking = marks.filter((mark) => !this.records.has(mark));
    const wanted = lacking.slice(0, MESSAGE_LIMITS.wantMarksMax);
    asking.isCut = lacking.length > wanted.length;
    const news = newsFor(link, surplus.slice(0, MESSAGE_LIMITS.wantMarksMax), false).map(asAnswer);
    if (wanted.length > 0) return [...news, { connectionId: link.id, message: { type: 'want', marks: wanted }, slots: [] }];
    this.end(nowMs, random.float());
    return news;
  }

  /** The remote lacks something. What it was sent on this connection is not sent again. */
  want(link: GossipLink, { marks }: WantMessage): Outgoing[] {
    const wanted = marks.map((mark) => this.records.withMark(mark)).filter((record) => record !== undefined && link.isNews(record));
    link.isServed = true;
    return newsFor(link, wanted as SignedBytes[], true);
  }

  /** Records of that link have come: so many of them were new. */
  gained(link: GossipLink, count: number, isLast: boolean, { nowMs, random }: Moment): void {
    const { asking } = this;
    if (asking?.connectionId !== link.id) return;
    asking.gained += count;
    if (!isLast) return;
    link.isSyncWanted = asking.isCut && asking.gained > 0;
    this.end(nowMs, random.float());
  }

  /**
   * The other side has no records. For a node without a record of its own that is an answer; another one may be the first of many, and asks
   * again.
   */
  private giveAll(link: GossipLink, now: Moment): Outgoing[] {
    this.idleCount = SYNC_TIMES.idleAfter;
    return this.have(link, { type: 'have', buckets: ALL_BUCKETS, marks: [] }, now);
  }

  /** A side without more records is not asked, and does not answer. */
  private answerGreeting(link: GossipLink, sent: Greeting | undefined, received: Greeting | undefined): Outgoing[] {
    return sent?.hasMore === true && received?.question !== undefined ? this.digest(link, received.question) : [];
  }

  private isBusy({ nowMs, random }: Moment): boolean {
    const { asking } = this;
    if (asking === undefined || nowMs - asking.sinceMs < SYNC_TIMES.timeoutMs) return asking !== undefined;
    this.end(nowMs, random.float());
    return false;
  }

  /** Nobody was asked after all. */
  private giveUp({ nowMs, random }: Moment): void {
    this.asking = undefined;
    this.nextMs = nowMs + SYNC_TIMES.eagerMs * (0.5 + random.float());
  }

  private question(connectionId: number, mode: AddressMode, { nowMs, random }: Moment): DigestMessage {
    const salt = readU32(random.bytes(4), 0);
    this.asking = { connectionId, sinceMs: nowMs, gained: 0, isCut: false };
    return { type: 'digest', salt, buckets: digestOf(marksOf(this.records.within(mode)), salt) };
  }

  private end(nowMs: number, share: number): void {
    const isFruitful = this.asking !== undefined && this.asking.gained > 0;
    this.asking = undefined;
    const { eagerMs, periodMs, idleAfter, idlePeriodMs } = SYNC_TIMES;
    if (isFruitful) this.idleCount = 0;
    const idleMs = this.idleCount < idleAfter ? periodMs : idlePeriodMs;
    this.nextMs = nowMs + (isFruitful ? eagerMs : idleMs) * (0.5 + share);
  }
}

function marksOf(records: readonly SignedBytes[]): number[] {
  return records.map(({ mark }) => mark);
}

/** What a comparison brings is not passed on: others find it by comparing, too. */
function asAnswer(outgoing: Outgoing): Outgoing {
  return outgoing.message.type === 'news' ? { ...outgoing, message: { ...outgoing.message, isAnswer: true } } : outgoing;
}
