/**
 * @module Account: one publisher's messages in one subscription, number by number: each is delivered or missed, or waits in the inbox. It begins
 * with the number that comes next when the feed is bound, and ends when the publisher is out of sight.
 */
import type { BehaviorAgent, NodeId } from '../../../core/index.js';
import type { Validator } from '../../../core/schema/index.js';
import { copyOf } from '../../../core/structures/bytes.js';
import type { Feed, FeedReader } from '../feeds/feed.js';
import type { KeptMessage, KeptMessages } from '../meeting/messages.js';
import { FORM_BYTES, type Gap, NUMBER_MAX, type Refusal } from '../messages.js';
import type { Signatures } from '../signed/signatures.js';
import type { TopicName } from '../topics/topic.js';
import { contentOf, type Unread } from './content.js';
import { FILL_MAX, Filling, type Held } from './filling.js';
import type { LostSight, Missed, PublisherAccount, TopicMessage } from './topic-message.js';

/** The numbers between two losses of sight. Messages in the inbox belong to the one in which they came. */
export class Tally {
  /** `undefined`: none has begun. */
  from: number | undefined;
  /** The number after the last one that is known of. */
  next = 1;
  waiting = 0;
  delivered = 0;
  missed = 0;
  /** Of the messages that came. */
  last: number | undefined;

  constructor(readonly account: Account) {}
}

/** The subscription, as an account needs it. */
export interface AccountOwner {
  /** 0: it holds nobody back. */
  readonly window: number;
  /** Messages from before its first one that it wants. */
  readonly history: number;
  readonly serviceId: number;
  readonly schema: Validator | undefined;
  readonly signatures: Signatures;
  deliver(tally: Tally, message: TopicMessage, byteCount: number): void;
  missed(missed: Missed): void;
  lostSight(lost: LostSight): void;
  /** The account is of no use any more: its publisher is none, and nobody offers it. */
  over(agent: BehaviorAgent, account: Account): void;
}

/** Whose messages of which topic. */
export interface Followed {
  readonly publisher: NodeId;
  readonly topicId: NodeId;
  readonly topic: TopicName;
  readonly isSigned: boolean;
}

export class Account implements FeedReader {
  readonly publisher: NodeId;
  readonly topicId: NodeId;
  readonly topic: TopicName;
  readonly isSigned: boolean;
  /** While somebody offered it lately, the publisher is looked for. */
  offeredUntilMs = 0;
  feed: Feed | undefined;
  private tally = new Tally(this);
  private reason: Refusal | undefined;
  private isBound = false;
  private epoch = 0;
  /** Messages that the publisher keeps. */
  private kept = 0;
  private filling: Filling | undefined;

  constructor(
    private readonly owner: AccountOwner,
    { publisher, topicId, topic, isSigned }: Followed,
  ) {
    this.publisher = publisher;
    this.topicId = topicId;
    this.topic = topic;
    this.isSigned = isSigned;
  }

  get window(): number {
    return this.owner.window;
  }

  get limit(): number {
    const { window, tally } = this;
    return window === 0 ? NUMBER_MAX : tally.next - 1 + Math.max(0, window - tally.waiting);
  }

  bound(agent: BehaviorAgent, next: number, { kept, epoch }: Feed): void {
    const { tally } = this;
    this.isBound = true;
    this.reason = undefined;
    this.epoch = epoch;
    this.kept = kept;
    if (tally.from !== undefined) return;
    const count = Math.min(this.owner.history, kept, next - 1);
    tally.from = next - count;
    tally.next = next;
    if (count > 0) this.fill(agent, { from: next - count, count, cause: 'unknown', where: undefined }, true);
  }

  message(agent: BehaviorAgent, number: number, form: number, bytes: Uint8Array, start: number, end: number, isProven: boolean): void {
    this.tally.next = number + 1;
    const message = this.messageOf(agent, number, form, bytes, start, end, isProven);
    if (this.filling !== undefined || typeof message === 'string') this.take(agent, this.heldOf(agent, number, message, end - start));
    else this.pass(this.tally, message, end - start);
  }

  missed(agent: BehaviorAgent, gap: Gap): void {
    this.tally.next = gap.from + gap.count;
    this.take(agent, gap);
  }

  /** Whether messages that the publisher had kept are its own, as far as the topic demands that. */
  believes(agent: BehaviorAgent, { messages, proof }: KeptMessages): boolean {
    const { publisher, topicId, epoch, isSigned } = this;
    if (!isSigned || messages.length === 0) return true;
    return this.owner.signatures.judgeAll(agent, { publisher, topicId, epoch }, messages, proof) === undefined;
  }

  unbound(agent: BehaviorAgent, cause: Refusal): void {
    this.isBound = false;
    this.reason = cause;
    // Of a topic of this node the feed is gone with it: what is published again has another one.
    const isGone = cause === 'ended' && this.publisher === agent.nodeId;
    if (isGone || this.offeredUntilMs <= agent.nowMs) this.owner.over(agent, this);
  }

  lostSight(agent: BehaviorAgent): void {
    const { topic, publisher, tally } = this;
    if (tally.from === undefined) return;
    this.kept = 0;
    this.filling?.end(agent, []);
    this.tally = new Tally(this);
    this.owner.lostSight({ topic, publisher, lastDelivered: tally.last });
  }

  /** The inbox has lost a message. */
  displaced(tally: Tally, { number }: TopicMessage, where: NodeId): void {
    tally.waiting--;
    this.miss(tally, { from: number, count: 1, cause: 'queue-full', where });
  }

  snapshot(): PublisherAccount {
    const { topic, publisher, reason, tally } = this;
    const { from, next, delivered, waiting, missed } = tally;
    const to = from === undefined || next === from ? undefined : next - 1;
    return { topic, publisher, state: this.isBound ? 'bound' : 'seeking', reason, from, to, delivered, waiting, missed };
  }

  /** Passes it on, or asks the publisher for the numbers of a gap that it may have kept. */
  private take(agent: BehaviorAgent, held: Held): void {
    if (this.filling !== undefined) this.filling.hold(agent, held);
    else if ('owner' in held) this.pass(held.owner, held.message, held.byteCount);
    else if (this.kept > 0 && held.cause !== 'malformed' && held.cause !== 'invalid' && held.count <= FILL_MAX) this.fill(agent, held);
    else this.miss(this.tally, held);
  }

  /** `isHistory`: they are from before the account began. */
  private fill(agent: BehaviorAgent, gap: Gap, isHistory = false): void {
    const filling = new Filling(gap, isHistory, this, (later, found) => this.filled(later, filling, found));
    this.filling = filling;
    filling.ask(agent, this.owner.serviceId, this.epoch);
  }

  /** What was found, what was not, and then what came meanwhile. */
  private filled(agent: BehaviorAgent, { gap, isHistory, held }: Filling, found: readonly KeptMessage[]): void {
    const { tally } = this;
    this.filling = undefined;
    const end = gap.from + gap.count;
    // Of the history, only what is there belongs to the account.
    if (isHistory) tally.from = found[0]?.number ?? end;
    const byNumber = new Map(found.map((message) => [message.number, message]));
    for (let number = Math.max(gap.from, tally.from ?? 0); number < end; number++) {
      const message = byNumber.get(number);
      if (message === undefined) this.miss(tally, { ...gap, from: number, count: 1 });
      else this.found(agent, tally, message);
    }
    for (const next of held) this.take(agent, next);
  }

  /** One that the publisher had kept. */
  private found(agent: BehaviorAgent, tally: Tally, { number, form, content }: KeptMessage): void {
    const message = this.messageOf(agent, number, form, content, 0, content.length, this.isSigned);
    if (typeof message === 'string') this.miss(tally, unread(agent, number, message));
    else this.pass(tally, message, content.length);
  }

  /** Or why there is none. */
  private messageOf(
    agent: BehaviorAgent,
    number: number,
    form: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isProven: boolean,
  ): TopicMessage | Unread {
    const { publisher, topic } = this;
    const { schema } = this.owner;
    if (form === FORM_BYTES && schema === undefined) return { value: copyOf(bytes, start, end), topic, publisher, number, isProven };
    const read = contentOf(agent, schema, form, bytes, start, end);
    return typeof read === 'string' ? read : { value: read.value, topic, publisher, number, isProven };
  }

  private heldOf(agent: BehaviorAgent, number: number, message: TopicMessage | Unread, byteCount: number): Held {
    return typeof message === 'string' ? unread(agent, number, message) : { owner: this.tally, message, byteCount };
  }

  private pass(tally: Tally, message: TopicMessage, byteCount: number): void {
    tally.waiting++;
    tally.last = message.number;
    this.owner.deliver(tally, message, byteCount);
  }

  private miss(tally: Tally, { from, count, cause, where }: Gap): void {
    const { topic, publisher } = this;
    tally.missed += count;
    this.owner.missed({ topic, publisher, from, count, cause, where });
  }
}

function unread({ nodeId }: BehaviorAgent, number: number, cause: Unread): Gap {
  return { from: number, count: 1, cause, where: nodeId };
}
