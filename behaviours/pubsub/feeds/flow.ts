/**
 * @module Flow: the path of messages through a node, and of what is known of those that do not come. From the publisher of this node or from an
 * upstream neighbour, to the branches and to the readers of this node. A message costs no object but what readers make of it.
 *
 * A message that is older than what came before is dropped, so that changes of the path double nothing; numbers that are left out are missed, and
 * known as such.
 */
import type { BehaviorAgent, Message } from '../../../core/index.js';
import { copyOf, plainOf } from '../../../core/structures/bytes.js';
import type { KeptMessage } from '../meeting/messages.js';
import { firstNumber, type Gap, HEAD_BYTES, unknownGap } from '../messages.js';
import type { PubSubCounters } from '../options.js';
import { isListLength, LIST_MAX } from '../signed/list.js';
import type { Signatures } from '../signed/signatures.js';
import type { Downstream } from './downstream.js';
import type { Feed } from './feed.js';
import type { FeedTable } from './feed-table.js';
import { LocalOrder } from './local-order.js';
import type { Forwarded } from './outgoing.js';
import { RunReader } from './run.js';

export class Flow {
  private readonly order = new LocalOrder((agent) => {
    const held = [...this.held];
    this.held.clear();
    for (const feed of held) this.roomAgain(agent, feed);
  });
  private readonly run = new RunReader();
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
    return this.downstream.publish(agent, feed, form, content);
  }

  deliver(agent: BehaviorAgent, feed: Feed, number: number, form: number, content: Uint8Array): void {
    if (feed.readers.size === 0) return;
    if (!this.order.mustWait) {
      const outer = this.order.enter();
      try {
        for (const reader of feed.readers) reader.message(agent, number, form, content, 0, content.length, true);
      } finally {
        this.order.leave(outer);
      }
      return;
    }
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

  /** A neighbour sent a run. */
  received(agent: BehaviorAgent, message: Message): void {
    const { bodyOffset, end, connectionId } = message;
    const { run, counters } = this;
    const bytes = plainOf(message.bytes);
    if (end < bodyOffset + HEAD_BYTES || !run.read(bytes, bodyOffset + HEAD_BYTES, end)) return void counters.malformed++;
    const feed = this.table.labelled(connectionId, message.streamId);
    if (feed === undefined || feed.state !== 'bound') {
      counters.messagesUnknown += run.count;
      return;
    }
    const first = firstNumber(bytes, bodyOffset);
    feed.heardMs = agent.nowMs;
    const known = Math.min(Math.max(0, feed.next - first), run.count);
    counters.messagesDuplicate += known;
    if (known === run.count) return;
    if (first > feed.next) this.missed(agent, feed, unknownGap(feed.next, first));
    this.downstream.forward(agent, feed, first + known, run.count - known, bytes, run.headOf(known), end);
    this.give(agent, feed, first, known, bytes);
  }

  /** The messages of the run from that place on, one after another: the feed has come as far as its readers have. */
  private give(agent: BehaviorAgent, feed: Feed, first: number, from: number, bytes: Uint8Array): void {
    const { run } = this;
    const { readers } = feed;
    const isProven = feed.upstream?.nodeId === feed.publisher;
    const outer = this.order.enter();
    try {
      for (let index = from; index < run.count && readers.size > 0; index++) {
        feed.next = first + index + 1;
        const number = first + index;
        const form = run.formOf(index);
        const start = run.startOf(index);
        const end = run.endOf(index);
        const { onlyReader } = feed;
        if (feed.isSigned) this.giveSigned(agent, feed, { number, form, content: bytes.subarray(start, end) });
        else if (onlyReader !== undefined) onlyReader.message(agent, number, form, bytes, start, end, isProven);
        else for (const reader of readers) reader.message(agent, number, form, bytes, start, end, isProven);
      }
    } finally {
      this.order.leave(outer);
    }
    feed.next = first + run.count;
  }

  /** A neighbour sent the hashes of messages that follow. */
  listed(agent: BehaviorAgent, message: Message): void {
    const { bytes, bodyOffset, end, connectionId } = message;
    const start = bodyOffset + HEAD_BYTES;
    if (!isListLength(end - start, LIST_MAX)) return void this.counters.malformed++;
    const feed = this.table.labelled(connectionId, message.streamId);
    if (feed === undefined || feed.state !== 'bound') return void this.counters.messagesUnknown++;
    feed.heardMs = agent.nowMs;
    this.downstream.list(agent, feed, firstNumber(bytes, bodyOffset), copyOf(bytes, start, end));
  }

  /** Only what its publisher has signed; all else is missed, and its cause known. */
  private giveSigned(agent: BehaviorAgent, feed: Feed, message: KeptMessage): void {
    const { number, form, content } = message;
    const cause = this.signatures.judge(agent, feed, message);
    for (const reader of [...feed.readers]) {
      if (cause === undefined) reader.message(agent, number, form, content, 0, content.length, true);
      else reader.missed(agent, { from: number, count: 1, cause, where: agent.nodeId });
    }
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
