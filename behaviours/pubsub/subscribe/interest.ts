/**
 * @module Interest: one subscription of the application, to a topic or a pattern, with an account for each publisher that is found. Its messages
 * are read by `for await`, as a web stream, or by a callback.
 */
import { isBelow } from '../../../core/address/peer-path.js';
import { type BehaviorAgent, NetworkError, type NodeId } from '../../../core/index.js';
import { DONE, type ItemResult, type Items, itemsOf, resultOf, type SettleItem } from '../../../core/node/items.js';
import { Waiters } from '../../../core/node/waiters.js';
import type { Validator } from '../../../core/schema/index.js';
import { callBack, mayLink, type PubSubHost, pathOf } from '../host.js';
import type { Offer, Wish } from '../meeting/messages.js';
import { Readiness } from '../readiness.js';
import type { Signatures } from '../signed/signatures.js';
import type { TopicName } from '../topics/topic.js';
import { Topic, type TopicPattern } from '../topics/topic.js';
import { Account, type AccountOwner, type Followed, type Tally } from './account.js';
import { READERS } from './confirmed/jobs.js';
import { Memberships, type Seat } from './confirmed/memberships.js';
import { Inbox } from './inbox.js';
import { reasonText } from './reasons.js';
import { type FeedbackOptions, Reporting } from './reporting.js';
import type { SubscribeSettings } from './subscribe-options.js';
import type { LostSight, Missed, PublisherAccount, TopicMessage } from './topic-message.js';

/** Publishers that one subscription follows. */
const PUBLISHERS_MAX = 4_096;
/** An offer holds so long without being repeated. */
const OFFER_MS = 60_000;

export class Interest<T = unknown> implements AsyncIterable<TopicMessage<T>>, AccountOwner {
  readonly readiness = new Readiness();
  private readonly accounts = new Map<string, Account>();
  private readonly inbox: Inbox<Tally>;
  private readonly readers = new Waiters<undefined, ItemResult<TopicMessage>>(READERS);
  /** Of a subscription that confirms: in place of accounts and inbox. */
  private readonly confirmed: Memberships | undefined;
  private readonly reporting: Reporting;
  /** What is offered in place of what is wanted, for `explain`. */
  private otherKind: string | undefined;
  private hasEnded = false;
  /** After so many messages publishers are granted more. 0: they are not held back. */
  private readonly grantCount: number;

  /** Made by `subscribe`. */
  constructor(
    private readonly host: PubSubHost,
    readonly target: Topic<T, unknown> | TopicPattern<T>,
    /** Of a topic. */
    readonly topicId: NodeId | undefined,
    private readonly settings: SubscribeSettings,
    seat: Seat,
    private readonly closed: (agent: BehaviorAgent, interest: Interest) => void,
  ) {
    this.reporting = new Reporting(host);
    this.grantCount = Math.ceil(this.window / 2);
    this.inbox = new Inbox(settings.waitingMax, settings.whenFull, ({ owner, message }) =>
      owner.account.displaced(owner, message, host.self),
    );
    if (settings.confirm || settings.group !== undefined)
      this.confirmed = new Memberships(host, target, settings, seat, (missed) => this.missed(missed));
  }

  /**
   * Resolves when every publisher that could be found by now sends its messages here: nothing that is published from then on is left out without
   * being missed by number. Rejects with `PLACEMENT_ABSENT` where nobody knows meeting places, though neighbours are found still; and with
   * `NOT_STARTED` after the end.
   */
  get ready(): Promise<void> {
    return this.readiness.by(this.host.awaited);
  }

  /** What is looked for. */
  get wish(): Wish {
    const { target, topicId } = this;
    if (topicId === undefined) return { type: 'pattern', path: target.path };
    return { type: 'topic', id: topicId, path: target instanceof Topic && target.isHidden ? undefined : target.path };
  }

  get isClosed(): boolean {
    return this.hasEnded;
  }

  /** Messages that wait for the consumer. */
  get waitingCount(): number {
    return this.confirmed?.jobs.length ?? this.inbox.length;
  }

  get waitingBytes(): number {
    return this.confirmed?.jobs.bytes ?? this.inbox.bytes;
  }

  get waitingMax(): number {
    return this.settings.waitingMax;
  }

  get serviceId(): number {
    return this.host.serviceId;
  }

  get schema(): Validator | undefined {
    return this.target.schema;
  }

  get signatures(): Signatures {
    return this.host.signatures;
  }

  get history(): number {
    return this.settings.history;
  }

  get window(): number {
    return this.settings.whenFull === 'wait' ? this.settings.waitingMax : 0;
  }

  /** All publishers that are followed. */
  publishers(): readonly PublisherAccount[] {
    return this.confirmed?.snapshots() ?? [...this.accounts.values()].map((account) => account.snapshot());
  }

  /** Why messages come, or do not: a sentence for each publisher, or one that names the reason why there is none. */
  explain(): readonly string[] {
    const lines = this.publishers().map(({ publisher, topic, state, reason }) => {
      const why = state === 'bound' ? 'its messages come here' : `no messages come: ${reasonText(reason)}`;
      return `${publisher.slice(0, 8)} publishes ${topic.type}@${topic.path}: ${why}`;
    });
    if (lines.length > 0) return lines;
    const { failure } = this.readiness;
    if (failure !== undefined) return [`publishers beyond the neighbours cannot be found: ${failure.message}`];
    if (this.otherKind !== undefined) return [this.otherKind];
    return [this.readiness.isReady ? 'nobody publishes it' : 'publishers are looked for'];
  }

  /** The messages, until `close`. Several iterations share them; one that is left early ends by itself alone. `ARGUMENT_INVALID` beside `onMessage`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<TopicMessage<T>, undefined> {
    if (this.settings.onMessage !== undefined)
      throw new NetworkError('ARGUMENT_INVALID', 'the messages of this subscription go to onMessage: leave it out to iterate');
    const items = this.confirmed?.jobs.iterator() ?? itemsOf({ take: (settle) => this.take(settle) });
    return items as Items<TopicMessage<T>>;
  }

  /** The same as a web stream. Cancelling it closes the subscription. */
  readable(): ReadableStream<TopicMessage<T>> {
    const messages = this[Symbol.asyncIterator]();
    return new ReadableStream<TopicMessage<T>>(
      {
        pull: async (controller) => {
          const { done, value } = await messages.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * Sends something back to the publishers that are followed. A number is reported until another one, or `undefined`, takes its place, also to publishers that
   * are found later: they get those of all subscribers as one, by `intent.onFeedback`. Up to 1,024 bytes go once, and as they are. Returns to how many publishers
   * it is on its way. `id`: 0 to 15. Throws `ARGUMENT_INVALID`; `OPTION_INVALID`, also where it confirms; `NOT_STARTED` after the end.
   */
  feedback(id: number, value: number | Uint8Array | undefined, options: FeedbackOptions = {}): number {
    if (this.hasEnded) throw new NetworkError('NOT_STARTED', 'the subscription was closed');
    if (this.confirmed !== undefined) throw new NetworkError('OPTION_INVALID', 'feedback does not go with confirm and group');
    return this.reporting.give(this.accounts.values(), id, value, options);
  }

  /** Nothing comes any more, and what waits is gone. Idempotent. */
  close(): void {
    if (!this.hasEnded) this.host.act((agent) => this.closed(agent, this));
  }

  /** For the behaviour: as `close`, within a callback. */
  end(agent: BehaviorAgent): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    for (const account of [...this.accounts.values()]) this.over(agent, account);
    this.inbox.clear();
    this.confirmed?.end(agent);
    this.readiness.fail(new NetworkError('NOT_STARTED', 'the subscription was closed'));
    for (const reader of this.readers.all) reader.settle(DONE);
  }

  /** For the behaviour: somebody publishes a topic. `settled`: once, when it is known whether its messages come. */
  offered(agent: BehaviorAgent, offer: Offer, settled: () => void): void {
    if (this.hasEnded || !this.wants(offer)) return settled();
    const path = pathOf(agent, offer.publisher);
    if (!isBelow(this.nameOf(offer).path, path)) {
      this.otherKind = `a neighbour publishes it whose path, ${path}, is no prefix of it`;
      return settled();
    }
    const key = offer.publisher + offer.id;
    const known = this.accounts.get(key);
    if (known === undefined && this.accounts.size + (this.confirmed?.size ?? 0) >= PUBLISHERS_MAX) {
      this.host.counters.publishersIgnored++;
      return settled();
    }
    const isNew = known === undefined && this.confirmed?.follows(key) !== true;
    if (isNew && !mayLink(this.host, this.settings.beforeLink, { topic: this.nameOf(offer), node: offer.publisher })) {
      this.otherKind = 'beforeLink lets no publisher be followed that was found';
      return settled();
    }
    if (this.confirmed !== undefined) return this.confirmed.offered(agent, this.followed(offer), settled);
    const account = known ?? new Account(this, this.followed(offer));
    account.offeredUntilMs = agent.nowMs + OFFER_MS;
    if (known?.feed !== undefined) return this.host.feeds.hurry(agent, known.feed, settled);
    this.accounts.set(key, account);
    account.feed = this.host.feeds.attach(agent, offer.publisher, offer.id, account, settled);
    if (account.feed !== undefined) return this.reporting.follow(agent, account);
    this.accounts.delete(key);
    settled();
  }

  deliver(owner: Tally, message: TopicMessage, byteCount: number): void {
    const { onMessage } = this.settings;
    if (onMessage === undefined && this.readers.size === 0) return this.inbox.push({ owner, message, byteCount });
    this.taken(owner);
    if (onMessage !== undefined) callBack(this.host, onMessage, message);
    else this.readers.settleOldest({ done: false, value: message });
  }

  missed(missed: Missed): void {
    this.host.counters.messagesMissed += missed.count;
    callBack(this.host, this.settings.onMissed, missed);
  }

  lostSight(lost: LostSight): void {
    callBack(this.host, this.settings.onLostSight, lost);
  }

  over(agent: BehaviorAgent, account: Account): void {
    this.accounts.delete(account.publisher + account.topicId);
    if (account.feed !== undefined) this.host.feeds.detach(agent, account.feed, account);
  }

  private take(settle: SettleItem<TopicMessage>): (() => void) | undefined {
    const item = this.inbox.shift();
    if (item === undefined && !this.hasEnded) return this.readers.add(undefined, settle);
    if (item !== undefined) this.taken(item.owner);
    settle(resultOf(item?.message));
    return undefined;
  }

  private taken(tally: Tally): void {
    tally.waiting--;
    tally.delivered++;
    this.host.counters.messagesDelivered++;
    const { feed } = tally.account;
    if (this.grantCount > 0 && feed !== undefined && tally.delivered % this.grantCount === 0)
      this.host.act((agent) => this.host.feeds.roomChanged(agent, feed));
  }

  private wants({ id, name }: Offer): boolean {
    if (this.target instanceof Topic) {
      if (id === this.topicId) return true;
      if (name !== undefined && name.path === this.target.path) this.noteOther(name.type);
      return false;
    }
    if (name === undefined || !this.target.matchesPath(name.path)) return false;
    if (this.target.matches(name) && (!this.target.isSigned || this.isSigned({ id, name }))) return true;
    this.noteOther(name.type);
    return false;
  }

  private noteOther(type: string): void {
    const { target } = this;
    const isOtherType = target.type !== undefined && type !== target.type;
    this.otherKind = isOtherType
      ? `the topic is published with another type: "${type}", not "${target.type}"`
      : `the topic is published ${target.isSigned ? 'without signatures' : 'with signatures'}`;
  }

  private followed(offer: Offer): Followed {
    return { publisher: offer.publisher, topicId: offer.id, topic: this.nameOf(offer), isSigned: this.isSigned(offer) };
  }

  /** It follows from the topic's id: nobody who passes an offer on can change it. */
  private isSigned({ id, name }: Pick<Offer, 'id' | 'name'>): boolean {
    const { target } = this;
    if (target instanceof Topic) return target.isSigned;
    return name !== undefined && this.host.idOf(new Topic(name.path, { type: name.type, signed: true })) === id;
  }

  /** That of a hidden topic is not offered: it is the target's. */
  private nameOf({ name }: Offer): TopicName {
    const { path, type = '' } = this.target;
    return name ?? { path, type };
  }
}
