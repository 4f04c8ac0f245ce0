/**
 * @module Sync: two neighbours compare what they have, and each gets what it lacks.
 *
 *   asker                                             other
 *   digest of all, salted  ------------------------>
 *          <-------------------------  have: what I have where we differ
 *   news: what you lack, want: what I lack  ------->
 *          <-------------------------------------  news: what you want
 *
 * A node asks one neighbour at a time, so that nobody is given the same thing by many; whoever dials asks first, then everybody asks a
 * neighbour by chance every ten seconds, and sooner while it pays. Pure.
 */

import { bucketOf, differingBuckets, digestOf, hasBucket } from './digest.js';
import type { Moment, SignedBytes } from './entry.js';
import { type Gossip, type Outgoing, tell } from './gossip.js';
import type { GossipLink } from './gossip-link.js';
import { type DigestMessage, type HaveMessage, MESSAGE_LIMITS, type WantMessage } from './messages.js';
import { picked } from './picked.js';
import type { Tellable } from './tellable.js';

export const SYNC_TIMES = {
  /** Between two questions of this node, on average; as between two looks at what is to be dialled (DNDM-37). */
  periodMs: 10_000,
  /** After one that brought something. */
  eagerMs: 1_000,
  /** An answer that has not come by then does not come. */
  timeoutMs: 5_000,
} as const;

interface Asking {
  readonly link: GossipLink;
  readonly sinceMs: number;
  /** Records that came of it. */
  gained: number;
  /** The remote has more than was asked for. */
  isCut: boolean;
}

export class Sync {
  private asking: Asking | undefined;
  private nextMs: number = SYNC_TIMES.eagerMs;

  constructor(
    private readonly gossip: Gossip,
    private readonly tellable: Tellable,
  ) {}

  /** Asks, if it is time: links that are new first, then one by chance. */
  tick({ nowMs, random }: Moment): Outgoing[] {
    if (this.asking !== undefined && nowMs - this.asking.sinceMs >= SYNC_TIMES.timeoutMs) this.end(nowMs, random.float());
    if (this.asking !== undefined || this.gossip.linkCount === 0) return [];
    const wanted = this.gossip.all().find((link) => link.isSyncWanted);
    const link = wanted ?? (nowMs >= this.nextMs ? picked([...this.gossip.all()], 1, random)[0] : undefined);
    return link === undefined ? [] : [this.ask(link, nowMs, wordOf(random.bytes(4)))];
  }

  /** A link has ended. */
  closed(link: GossipLink, { nowMs, random }: Moment): void {
    if (this.asking?.link === link) this.end(nowMs, random.float());
  }

  /** The remote compares. */
  digest(link: GossipLink, { salt, buckets }: DigestMessage): Outgoing[] {
    const own = [...this.tellable.within(link.facts.mode)];
    const differing = differingBuckets(digestOf(marksOf(own), salt), buckets);
    const there = own.filter(({ mark }) => hasBucket(differing, bucketOf(mark)));
    link.isServed ||= there.every(({ slot }) => link.told.has(slot));
    const marks = marksOf(there).slice(0, MESSAGE_LIMITS.haveMarksMax);
    return [{ connectionId: link.id, message: { type: 'have', buckets: differing, marks }, slots: [] }];
  }

  /** The answer to this node's digest. */
  have(link: GossipLink, { buckets, marks }: HaveMessage, { nowMs, random }: Moment): Outgoing[] {
    const { asking } = this;
    if (asking?.link !== link) return [];
    const theirs = new Set(marks);
    const surplus: SignedBytes[] = [];
    for (const record of this.tellable.within(link.facts.mode)) {
      if (!hasBucket(buckets, bucketOf(record.mark))) continue;
      if (theirs.has(record.mark)) link.told.add(record.slot);
      else if (link.isNews(record)) surplus.push(record);
    }
    const lacking = marks.filter((mark) => !this.tellable.has(mark));
    const wanted = lacking.slice(0, MESSAGE_LIMITS.wantMarksMax);
    asking.isCut = lacking.length > wanted.length;
    const told = tell(link, surplus.slice(0, MESSAGE_LIMITS.wantMarksMax), false).map(asAnswer);
    if (wanted.length > 0) return [...told, { connectionId: link.id, message: { type: 'want', marks: wanted }, slots: [] }];
    this.end(nowMs, random.float());
    return told;
  }

  /** The remote lacks something. What it was told on this connection it is not told again. */
  want(link: GossipLink, { marks }: WantMessage): Outgoing[] {
    const wanted = marks.map((mark) => this.tellable.withMark(mark)).filter((record) => record !== undefined && link.isNews(record));
    link.isServed = true;
    return tell(link, wanted as SignedBytes[], true);
  }

  /** Records of that link have come: so many of them were new. */
  gained(link: GossipLink, count: number, isLast: boolean, { nowMs, random }: Moment): void {
    const { asking } = this;
    if (asking?.link !== link) return;
    asking.gained += count;
    if (!isLast) return;
    link.isSyncWanted = asking.isCut && asking.gained > 0;
    this.end(nowMs, random.float());
  }

  private ask(link: GossipLink, nowMs: number, salt: number): Outgoing {
    link.isSyncWanted = false;
    this.asking = { link, sinceMs: nowMs, gained: 0, isCut: false };
    const buckets = digestOf(marksOf([...this.tellable.within(link.facts.mode)]), salt);
    return { connectionId: link.id, message: { type: 'digest', salt, buckets }, slots: [] };
  }

  private end(nowMs: number, chance: number): void {
    const isFruitful = this.asking !== undefined && this.asking.gained > 0;
    this.asking = undefined;
    this.nextMs = nowMs + (isFruitful ? SYNC_TIMES.eagerMs : SYNC_TIMES.periodMs) * (0.5 + chance);
  }
}

function marksOf(records: readonly SignedBytes[]): number[] {
  return records.map(({ mark }) => mark);
}

function wordOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** What a comparison brings is not passed on: others find it by comparing, too. */
function asAnswer(outgoing: Outgoing): Outgoing {
  return outgoing.message.type === 'news' ? { ...outgoing, message: { ...outgoing.message, isAnswer: true } } : outgoing;
}
