/**
 * @module Gossip: what is sent to whom, and when. News is passed on at once, to at most three neighbours that are not known to have it,
 * never back to its sender; nodes that it does not reach are found by comparing digests (`sync.ts`). Pure: it returns what to send; the
 * sender reports what found no room in a lane.
 */

import { isWithin } from '../../../core/address/address-class.js';
import type { NodeId, Random } from '../../../core/index.js';
import { BoundedMap } from '../../../core/structures/bounded-map.js';
import { sample } from '../../../core/structures/sample.js';
import type { SignedBytes } from '../book/entry.js';
import { GOSSIP_LINK_LIMITS, GossipLink, type GossipLinkFacts } from './gossip-link.js';
import { type BookMessage, type Hint, MESSAGE_LIMITS } from './messages.js';

export const GOSSIP_LIMITS = {
  /** Neighbours to which one record is passed on at once. */
  fanoutMax: 3,
  /** Records that wait for the next round. At the bound the oldest are left to the comparison of digests. */
  newsMax: 4_096,
} as const;

/** A message for one connection, and the slots of the records in it. */
export interface Outgoing {
  readonly connectionId: number;
  readonly message: BookMessage;
  readonly slots: readonly number[];
  /** When each of the records was signed. */
  readonly bornMs?: readonly number[];
}

export class Gossip {
  private readonly links = new Map<number, GossipLink>();
  /** What is to be passed on, by slot. */
  private readonly news = new BoundedMap<number, SignedBytes>(GOSSIP_LIMITS.newsMax);

  get linkCount(): number {
    return this.links.size;
  }

  /** Records that wait for the next round. */
  get newsCount(): number {
    return this.news.size;
  }

  get hasNews(): boolean {
    return this.news.size > 0;
  }

  link(connectionId: number): GossipLink | undefined {
    return this.links.get(connectionId);
  }

  all(): GossipLink[] {
    return [...this.links.values()];
  }

  /** The first one of which that is true. */
  find(isIt: (link: GossipLink) => boolean): GossipLink | undefined {
    for (const link of this.links.values()) if (isIt(link)) return link;
    return undefined;
  }

  open(facts: GossipLinkFacts): GossipLink {
    const link = new GossipLink(facts);
    this.links.set(link.id, link);
    return link;
  }

  close(connectionId: number): void {
    this.links.delete(connectionId);
  }

  /** A record that this node did not have before; `from` has it. */
  addNews(record: SignedBytes, from?: GossipLink): void {
    from?.known.add(record.slot);
    this.news.set(record.slot, record);
  }

  /** The records in these slots have gone. */
  forget(slots: readonly number[]): void {
    for (const slot of slots) {
      this.news.delete(slot);
      for (const { known } of this.links.values()) known.delete(slot);
    }
  }

  /** What waits, for up to three neighbours each. */
  takeNews(random: Random): Outgoing[] {
    const byLink = new Map<GossipLink, SignedBytes[]>();
    const news = this.news.entries();
    this.news.clear();
    // All of a round go to the same few, in few messages; another link stands in for one that has a record already.
    const order = sample(this.all(), this.links.size, random);
    for (const { value: record } of news) {
      for (const link of takersOf(record, order)) {
        const records = byLink.get(link);
        if (records === undefined) byLink.set(link, [record]);
        else records.push(record);
      }
    }
    return [...byLink].flatMap(([link, records]) => newsFor(link, records, false));
  }

  /** Hints about neighbours without a record, for every link that was not sent them. */
  takeHints(hints: readonly (Hint & { readonly reach: SignedBytes['reach'] })[]): Outgoing[] {
    return this.all().flatMap((link) => {
      const isFresh = (nodeId: NodeId) => nodeId !== link.facts.nodeId && !link.hinted.has(nodeId);
      const fresh = hints.filter(({ nodeId, reach }) => isFresh(nodeId) && isWithin(reach, link.facts.mode));
      const room = GOSSIP_LINK_LIMITS.hintsMax - link.hinted.size;
      const sent = fresh.slice(0, Math.min(room, MESSAGE_LIMITS.hintsMax));
      for (const { nodeId } of sent) link.hinted.add(nodeId);
      return sent.length === 0 ? [] : [{ connectionId: link.id, message: newsOf([], sent, false, false), slots: [] }];
    });
  }

  /** A node that hints were sent about is gone: they are withdrawn. */
  takeBack(nodeId: NodeId): Outgoing[] {
    return this.all()
      .filter(({ hinted }) => hinted.delete(nodeId))
      .map(({ id }) => ({ connectionId: id, message: { type: 'remove' as const, nodeIds: [nodeId] }, slots: [] }));
  }

  /** It found no room, and did not go out. */
  unsent({ connectionId, slots, message }: Outgoing): void {
    const link = this.links.get(connectionId);
    for (const slot of slots) link?.known.delete(slot);
    if (message.type === 'news') for (const { nodeId } of message.hints) link?.hinted.delete(nodeId);
  }
}

/** The first few of them that may be sent it and do not have it. */
function takersOf(record: SignedBytes, links: readonly GossipLink[]): readonly GossipLink[] {
  const takers: GossipLink[] = [];
  for (const link of links) {
    if (link.isNews(record)) takers.push(link);
    if (takers.length === GOSSIP_LIMITS.fanoutMax) break;
  }
  return takers;
}

/** Messages of bounded size with these records for a link; of an answer, the last one is marked as such. */
export function newsFor(link: GossipLink, records: readonly SignedBytes[], isAnswer: boolean): Outgoing[] {
  const parts: SignedBytes[][] = [];
  let bytes = 0;
  for (const record of records) {
    if (record.check?.() === false) continue;
    link.known.add(record.slot);
    const part = parts.at(-1);
    bytes += record.bytes.length;
    if (part === undefined || part.length >= MESSAGE_LIMITS.recordsMax || bytes > MESSAGE_LIMITS.recordBytesMax) {
      parts.push([record]);
      bytes = record.bytes.length;
    } else {
      part.push(record);
    }
  }
  if (isAnswer && parts.length === 0) parts.push([]);
  return parts.map((part, index) => {
    const isLast = isAnswer && index === parts.length - 1;
    const message = newsOf(
      part.map(({ bytes }) => bytes),
      [],
      isAnswer,
      isLast,
    );
    return { connectionId: link.id, message, slots: part.map(({ slot }) => slot), bornMs: part.map(({ bornMs }) => bornMs) };
  });
}

function newsOf(records: readonly Uint8Array[], hints: readonly Hint[], isAnswer: boolean, isLast: boolean): BookMessage {
  return { type: 'news', records, hints: hints.map(({ nodeId, addresses }) => ({ nodeId, addresses })), isAnswer, isLast };
}
