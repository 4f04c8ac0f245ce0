/**
 * @module Flow: the path of messages through a node, and of what is known of those that do not come. From the publisher of this node or from an
 * upstream neighbour, to the branches and to the readers of this node. A message costs no object but what readers make of it.
 *
 * A message that is older than what came before is dropped, so that changes of the path double nothing; numbers that are left out are missed, and
 * known as such.
 */
import type { BehaviorAgent, Message } from '../../../core/index.js';
import { copyOf } from '../../../core/structures/bytes.js';
import { type Gap, LIST_HEAD_BYTES, MESSAGE_HEAD_BYTES, messageForm, messageNumber, unknownGap } from '../messages.js';
import type { PubSubCounters } from '../options.js';
import { isListLength, LIST_MAX } from '../signed/list.js';
import type { Signatures } from '../signed/signatures.js';
import type { Downstream, Forwarded } from './downstream.js';
import type { Feed, FeedReader } from './feed.js';
import type { FeedTable } from './feed-table.js';
import { LocalOrder } from './local-order.js';

export class Flow {
  private readonly order = new LocalOrder((agent) => {
    const held = [...this.held];
    this.held.clear();
    for (const feed of held) this.roomAgain(agent, feed);
  });
  /** Feeds of this node that are held back until the readers here have what waits. */
  private readonly held = new Set<Feed>();

  constructor(
    private readonly table: FeedTable,
    private readonly downstream: Downstream,
    private readonly counters: PubSubCounters,
    private readonly signatures: Signatures,
    private readonly roomAgain: (agent: BehaviorAgent, feed: Feed) => void,
  ) {}

  /**
   * `undefined`: a subscriber holds it back; else what became of it at the neighbours, valid until the next message, and the feed's next number is
   * one more. `deliver` gives it to the readers of this node: after it the content may be another one, since they may publish.
   */
  publish(agent: BehaviorAgent, feed: Feed, form: number, content: Uint8Array): Forwarded | undefined {
    if (feed.next > feed.limit || !this.order.hasRoom) {
      feed.isHeld = true;
      if (!this.order.hasRoom) this.held.add(feed);
      return undefined;
    }
    return this.downstream.forward(agent, feed, feed.next++, form, content, 0, content.length);
  }

  deliver(agent: BehaviorAgent, feed: Feed, number: number, form: number, content: Uint8Array): void {
    if (feed.readers.size === 0) return;
    if (!this.order.mustWait) return this.give(agent, feed.readers, number, form, content, 0, content.length, true);
    const [copy, readers] = [copyOf(content, 0, content.length), [...feed.readers]];
    this.order.later(agent, (later) => {
      for (const reader of readers) if (feed.readers.has(reader)) reader.message(later, number, form, copy, 0, copy.length, true);
    });
  }

  /** What else readers of this node are told of a feed that it publishes, after the messages that wait. */
  inOrder(agent: BehaviorAgent, work: (agent: BehaviorAgent) => void): void {
    if (this.order.mustWait) this.order.later(agent, work);
    else work(agent);
  }

  stop(): void {
    this.order.stop();
    this.held.clear();
  }

  private give(
    agent: BehaviorAgent,
    readers: ReadonlySet<FeedReader>,
    number: number,
    form: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isProven: boolean,
  ): void {
    const outer = this.order.enter();
    try {
      for (const reader of readers) reader.message(agent, number, form, bytes, start, end, isProven);
    } finally {
      this.order.leave(outer);
    }
  }

  /** A neighbour sent it. */
  received(agent: BehaviorAgent, message: Message): void {
    const { bytes, bodyOffset, end, connectionId } = message;
    const feed = this.table.labelled(connectionId, message.streamId);
    const start = bodyOffset + MESSAGE_HEAD_BYTES;
    if (end < start) return void this.counters.malformed++;
    if (feed === undefined || feed.state !== 'bound') return void this.counters.messagesUnknown++;
    const number = messageNumber(bytes, bodyOffset);
    feed.heardMs = agent.nowMs;
    if (number < feed.next) return void this.counters.messagesDuplicate++;
    if (number > feed.next) this.missed(agent, feed, unknownGap(feed.next, number));
    feed.next = number + 1;
    const form = messageForm(bytes, bodyOffset);
    this.downstream.forward(agent, feed, number, form, bytes, start, end);
    if (feed.readers.size === 0) return;
    if (feed.isSigned) return this.giveSigned(agent, feed, number, bytes, bodyOffset, end);
    const isProven = feed.upstream?.nodeId === feed.publisher;
    this.give(agent, feed.readers, number, form, bytes, start, end, isProven);
  }

  /** A neighbour sent the hashes of messages that follow. */
  listed(agent: BehaviorAgent, message: Message): void {
    const { bytes, bodyOffset, end, connectionId } = message;
    const start = bodyOffset + LIST_HEAD_BYTES;
    if (!isListLength(end - start, LIST_MAX)) return void this.counters.malformed++;
    const feed = this.table.labelled(connectionId, message.streamId);
    if (feed === undefined || feed.state !== 'bound') return void this.counters.messagesUnknown++;
    feed.heardMs = agent.nowMs;
    this.downstream.list(agent, feed, messageNumber(bytes, bodyOffset), copyOf(bytes, start, end));
  }

  /** Only what its publisher has signed; all else is missed, and its cause known. */
  private giveSigned(agent: BehaviorAgent, feed: Feed, number: number, bytes: Uint8Array, at: number, end: number): void {
    const cause = this.signatures.judge(agent, feed, number, bytes, at, end);
    if (cause === undefined)
      return this.give(agent, feed.readers, number, messageForm(bytes, at), bytes, at + MESSAGE_HEAD_BYTES, end, true);
    for (const reader of [...feed.readers]) reader.missed(agent, { from: number, count: 1, cause, where: agent.nodeId });
  }

  /** The last number so far. */
  beaten(agent: BehaviorAgent, feed: Feed, last: number): void {
    feed.heardMs = agent.nowMs;
    if (last >= feed.next) this.skipped(agent, feed, unknownGap(feed.next, last + 1));
    this.downstream.beat(agent, feed);
  }

  /** The numbers of a gap are passed over; those that came before it was known are not missed. */
  skipped(agent: BehaviorAgent, feed: Feed, { from, count, cause, where }: Gap): void {
    const end = from + count;
    feed.heardMs = agent.nowMs;
    if (end <= feed.next) return;
    if (from > feed.next) this.missed(agent, feed, unknownGap(feed.next, from));
    const start = Math.max(from, feed.next);
    this.missed(agent, feed, { from: start, count: end - start, cause, where });
    feed.next = end;
  }

  private missed(agent: BehaviorAgent, feed: Feed, gap: Gap): void {
    this.downstream.missed(agent, feed, gap);
    for (const reader of [...feed.readers]) reader.missed(agent, gap);
  }
}
