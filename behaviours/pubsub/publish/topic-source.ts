/**
 * @module TopicSource: one topic that this node publishes, for all intents of it together: its feed, its last number, and who has to be called when
 * there is interest or room.
 */
import { type BehaviorAgent, NetworkError, type NodeId } from '../../../core/index.js';
import { type Crewed, Crews } from '../confirmed/crews.js';
import type { Feed, Feedback, FeedSource } from '../feeds/feed.js';
import { mayLink, type PubSubHost } from '../host.js';
import type { DeclaredTopic, HistoryRequest, KeptMessage, KeptMessages } from '../meeting/messages.js';
import { Readiness } from '../readiness.js';
import type { Topic } from '../topics/topic.js';
import { Batch, type BatchOwner } from './batch.js';
import type { History } from './history.js';
import type { PublishSettings } from './publish-options.js';

/** An intent, as its topic needs it. */
export interface SourceUser {
  interestChanged(count: number): void;
  roomAgain(): void;
  fedBack(feedback: Feedback): void;
}

export class TopicSource implements FeedSource, Crewed, BatchOwner {
  readonly readiness = new Readiness();
  readonly users = new Set<SourceUser>();
  /** Subscribers: those of this node, and those that neighbours count. */
  interested = 0;
  feed: Feed | undefined;
  /** Those who confirm. */
  crews: Crews | undefined;
  /** Of a signed topic: what has not left yet. */
  readonly batch: Batch | undefined;
  private feedCount = 0;

  constructor(
    private readonly host: PubSubHost,
    readonly id: NodeId,
    readonly topic: Topic,
    /** Absent: nothing is kept. */
    readonly kept: History | undefined,
    private readonly settings: PublishSettings,
    /** The node's path is no prefix of the topic's: subscribers of this node alone get it. */
    readonly isLocal: boolean,
  ) {
    if (topic.isSigned) this.batch = new Batch(this, host.feeds, host.signatures);
  }

  /** Nothing can be published: somebody has no room. */
  get isHeld(): boolean {
    return this.feed?.isHeld === true || this.crews?.isFull === true;
  }

  /** Messages that somebody has to confirm, and those that have not left yet. */
  get unconfirmedCount(): number {
    return (this.crews?.unconfirmedCount ?? 0) + (this.batch?.size ?? 0);
  }

  /** What one message makes by now. */
  get copyCount(): number {
    const { feed, crews } = this;
    if (feed === undefined) return 0;
    let count = feed.readers.size + (crews?.size ?? 0);
    for (const { isBound } of feed.branches.values()) if (isBound) count++;
    return count;
  }

  admits(node: NodeId): boolean {
    const { path, type } = this.topic;
    return mayLink(this.host, this.settings.beforeLink, { topic: { path, type }, node });
  }

  crewed(): Crews {
    const { host, id: topicId } = this;
    const { unconfirmedMax } = this.settings;
    const { counters, serviceId } = host;
    this.crews ??= new Crews({
      ...{ serviceId, topicId, unconfirmedMax },
      epoch: this.feed?.epoch ?? 0,
      prove: (agent, messages) => this.prove(agent, messages),
      changed: () => this.crewsChanged(),
      confirmed: (count) => {
        counters.messagesConfirmed += count;
      },
      given: (count) => {
        counters.messagesUnconfirmed += count;
      },
    });
    return this.crews;
  }

  get declared(): DeclaredTopic {
    const { path, type, isHidden } = this.topic;
    return { id: this.id, name: isHidden ? undefined : { path, type } };
  }

  history(agent: BehaviorAgent, { epoch, from, count }: HistoryRequest): KeptMessages {
    if (this.kept === undefined || epoch !== this.feed?.epoch) return { messages: [] };
    const messages = this.kept.take(from, count, agent.limits.payloadBytesMax >> 1, agent.nowMs);
    return { messages, proof: messages.length === 0 ? undefined : this.prove(agent, messages) };
  }

  /** A message has its number and goes to neighbours: what else keeps it. Returns how many copies that makes. */
  add(agent: BehaviorAgent, number: number, form: number, content: Uint8Array): number {
    this.host.counters.messagesPublished++;
    this.kept?.add(number, form, content, agent.nowMs);
    return this.crews?.add(agent, number, form, content) ?? 0;
  }

  released(): void {
    for (const user of [...this.users]) user.roomAgain();
  }

  interestChanged(_agent: BehaviorAgent, count: number): void {
    this.feedCount = count;
    this.count();
  }

  roomAgain(agent: BehaviorAgent): void {
    this.batch?.release(agent);
    this.released();
  }

  fedBack(feedback: Feedback): void {
    for (const user of [...this.users]) user.fedBack(feedback);
  }

  /** Nothing more is published: what has not left yet leaves, or is given up. */
  end(agent: BehaviorAgent): void {
    this.batch?.end(agent);
    this.crews?.end();
    this.readiness.fail(new NetworkError('NOT_STARTED', 'the topic has ended'));
  }

  /** A list of its own for each call: it is as new as the call. */
  private prove(agent: BehaviorAgent, messages: readonly KeptMessage[]): Uint8Array | undefined {
    const { feed, batch, host } = this;
    return feed === undefined || batch === undefined ? undefined : host.signatures.sign(agent, feed, messages);
  }

  private crewsChanged(): void {
    this.count();
    this.released();
  }

  private count(): void {
    const count = this.feedCount + (this.crews?.memberCount ?? 0);
    if (count === this.interested) return;
    this.interested = count;
    for (const user of [...this.users]) user.interestChanged(count);
  }
}
