/**
 * @module Intent: the application's handle to a topic that it publishes. Nothing is sent without interest. Several intents of one topic are handles
 * to the same numbers; the topic ends with the last of them.
 */
import { type BehaviorAgent, ByteWriter, NetworkError, writeValue } from '../../../core/index.js';
import { Waiters } from '../../../core/node/waiters.js';
import { checkNow, optional, options, optionsReader, signal } from '../../../core/schema/index.js';
import { cancelled } from '../../../core/structures/abort.js';
import { Callbacks } from '../../../core/structures/callbacks.js';
import type { Feed, Feedback } from '../feeds/feed.js';
import { bytesInRun } from '../feeds/run.js';
import type { PubSubHost } from '../host.js';
import { FORM_BYTES, FORM_CBOR, HEAD_BYTES } from '../messages.js';
import type { Topic } from '../topics/topic.js';
import type { Batch } from './batch.js';
import type { SourceUser, TopicSource } from './topic-source.js';

/** Above it the room for messages is given back after use. */
const ROOM_KEPT_BYTES = 65_536;
/** Calls of `writable` and `interest` that may wait. */
const WAITERS_MAX = 1_024;

/** What became of a message. */
export interface Sent {
  /** Its number; `undefined`: it was not published, because a subscriber that waits has no room. After `await intent.writable()` try again. */
  readonly number: number | undefined;
  /** Subscribers by now, those of this node among them. */
  readonly interested: number;
  /** Copies that are queued: one for each neighbour on a path to subscribers, and one for each subscriber of this node. */
  readonly queued: number;
  /** Neighbours whose lane had no room: they are sent the number instead, and their subscribers miss the message. Of a signed topic it is not known yet: 0. */
  readonly full: number;
}

/** How a wait may end early. */
export interface WaitOptions {
  /** Rejects with `CALL_CANCELLED`. */
  readonly signal?: AbortSignal;
}

const readWait = optionsReader('intent', options({ signal: optional(signal()) }), 'ARGUMENT_INVALID');

export class Intent<T = unknown> implements SourceUser {
  private readonly waiters = new Waiters<() => boolean, void>({ limit: 'WAITERS_MAX', maximum: WAITERS_MAX, scope: 'pubsub' });
  private readonly listeners = new Callbacks<number>();
  private readonly feedbackListeners = new Callbacks<Feedback>();
  private readonly publishing = (agent: BehaviorAgent, value: unknown) => this.publish(agent, value as T);
  private writer = new ByteWriter();
  private isDelivering = false;
  private hasEnded = false;

  /** Made by `publish`. */
  constructor(
    private readonly host: PubSubHost,
    readonly topic: Topic<unknown, T>,
    private readonly source: TopicSource,
    private readonly closed: (agent: BehaviorAgent, intent: Intent, source: TopicSource) => void,
  ) {}

  /**
   * Resolves when the subscribers that could be found by now get what is published from then on. Rejects with `PLACEMENT_ABSENT` where nobody knows
   * meeting places, though neighbours find it still; and with `NOT_STARTED` after the end.
   */
  get ready(): Promise<void> {
    return this.source.readiness.by(this.host.awaited);
  }

  /** Subscribers by now. Those behind relays are counted a tenth of a second late for each hop. */
  get interested(): number {
    return this.source.interested;
  }

  get isClosed(): boolean {
    return this.hasEnded;
  }

  /**
   * Publishes a message: bytes as they are, any other value as CBOR. At most once, in order for each subscriber that gets it. Throws
   * `SCHEMA_MISMATCH` and `SCHEMA_ASYNC` by the topic's schema, `CODEC_UNENCODABLE` for what CBOR cannot carry, `ARGUMENT_INVALID` for what is larger than a message may be, and `NOT_STARTED` after the end.
   */
  send(value: T): Sent {
    return this.host.actInTurn(this.publishing, value);
  }

  /** Calls back with the number of subscribers whenever it changes. Returns what ends that. */
  onInterest(listener: (interested: number) => void): () => void {
    return this.listeners.add(listener);
  }

  /**
   * Calls back with what subscribers send back by `interest.feedback`: numbers of all that report them as one, bytes as they are. Returns what ends that.
   */
  onFeedback(listener: (feedback: Feedback) => void): () => void {
    return this.feedbackListeners.add(listener);
  }

  /** Resolves when somebody is interested, perhaps at once. Rejects with `NOT_STARTED` at the end, and with `LIMIT_EXCEEDED`. */
  interest(options: WaitOptions = {}): Promise<void> {
    return this.wait(() => this.interested > 0, options);
  }

  /** Resolves when `send` is not held back, perhaps at once. Rejects as `interest` does. */
  writable(options: WaitOptions = {}): Promise<void> {
    return this.wait(() => !this.source.isHeld, options);
  }

  /**
   * Resolves when groups, and subscribers that confirm, have confirmed all that was sent, or nobody is left who could: `counters` has how many were
   * not. Rejects as `interest` does.
   */
  settled(options: WaitOptions = {}): Promise<void> {
    return this.wait(() => this.source.unconfirmedCount === 0, options);
  }

  /** Why messages flow, or do not. */
  explain(): readonly string[] {
    const { interested, readiness, isHeld } = this.source;
    if (this.hasEnded) return ['the intent was closed'];
    if (interested > 0) return [`${interested} subscribed${isHeld ? ', and one that waits has no room' : ''}`];
    if (this.source.isLocal) return ['the path of this node is no prefix of it: only subscribers of this node get it'];
    if (readiness.failure !== undefined) return [`subscribers beyond the neighbours cannot be found: ${readiness.failure.message}`];
    return [readiness.isReady ? 'nobody subscribes to it' : 'subscribers are looked for'];
  }

  /** The topic ends, if this is its last intent: subscribers get the last number, then the end. Idempotent. */
  close(): void {
    if (!this.hasEnded) this.host.act((agent) => this.closed(agent, this, this.source));
  }

  /** For the behaviour: as `close`, within a callback. */
  end(): void {
    this.hasEnded = true;
    this.listeners.clear();
    this.feedbackListeners.clear();
    const error = new NetworkError('NOT_STARTED', 'the intent was closed');
    for (const waiter of this.waiters.all) waiter.settle(error);
  }

  interestChanged(count: number): void {
    this.listeners.call(count, this.host.callbackFailed);
    this.look();
  }

  roomAgain(): void {
    this.look();
  }

  fedBack(feedback: Feedback): void {
    this.feedbackListeners.call(feedback, this.host.callbackFailed);
  }

  private publish(agent: BehaviorAgent, value: T): Sent {
    const { source, host } = this;
    const { feed } = source;
    if (feed === undefined || this.hasEnded) throw new NetworkError('NOT_STARTED', 'the intent was closed');
    this.check(value);
    const form = value instanceof Uint8Array ? FORM_BYTES : FORM_CBOR;
    const content = value instanceof Uint8Array ? value : this.encode(agent, value);
    const { payloadBytesMax } = agent.limits;
    const byteCount = HEAD_BYTES + bytesInRun(content.length);
    if (byteCount > payloadBytesMax) throw tooLarge(byteCount, payloadBytesMax);
    if (source.batch !== undefined) return this.gather(agent, feed, source.batch, form, content);
    const published = source.crews?.isFull === true ? undefined : host.feeds.publish(agent, feed, form, content);
    if (this.writer.slab.length > ROOM_KEPT_BYTES) this.writer = new ByteWriter();
    const { interested } = source;
    if (published === undefined) return { number: undefined, interested, queued: 0, full: 0 };
    const { queued, full } = published;
    const number = feed.next - 1;
    const confirming = source.add(agent, number, form, content);
    const sent = { number, interested, queued: queued + feed.readers.size + confirming, full };
    this.deliver(agent, feed, number, form, content);
    return sent;
  }

  /** It leaves with the others of this moment: the copies are those that will be queued. */
  private gather(agent: BehaviorAgent, feed: Feed, batch: Batch, form: number, content: Uint8Array): Sent {
    const { interested, copyCount } = this.source;
    const number = batch.add(agent, feed, form, content.slice());
    if (this.writer.slab.length > ROOM_KEPT_BYTES) this.writer = new ByteWriter();
    return { number, interested, queued: number === undefined ? 0 : copyCount, full: 0 };
  }

  /** What readers of this node publish meanwhile does not overwrite the content. */
  private deliver(agent: BehaviorAgent, feed: Feed, number: number, form: number, content: Uint8Array): void {
    const isWithin = this.isDelivering;
    this.isDelivering = true;
    try {
      this.host.feeds.deliver(agent, feed, number, form, content);
    } finally {
      this.isDelivering = isWithin;
    }
  }

  private check(value: T): void {
    const { schema } = this.topic;
    if (schema === undefined) return;
    const checked = checkNow(schema, value);
    if (checked.isValid) return;
    throw new NetworkError('SCHEMA_MISMATCH', `send: ${checked.issues.join('; ')}`, { cause: checked.thrown?.error });
  }

  private encode({ limits }: BehaviorAgent, value: T): Uint8Array {
    const writer = this.isDelivering ? new ByteWriter() : this.writer;
    writeValue(writer, 0, value, limits);
    return writer.written;
  }

  private look(): void {
    for (const { key: isDone, settle } of this.waiters.all) if (isDone()) settle();
  }

  private wait(isDone: () => boolean, options: WaitOptions): Promise<void> {
    return this.host.awaited(async () => {
      const { signal } = readWait(options);
      if (this.hasEnded) throw new NetworkError('NOT_STARTED', 'the intent was closed');
      if (signal?.aborted === true) throw cancelled(signal);
      if (!isDone()) await this.waiters.wait(isDone, signal);
    });
  }
}

function tooLarge(byteCount: number, maximum: number): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `send: the message has ${byteCount} bytes; limits.payloadBytesMax is ${maximum}`);
}
