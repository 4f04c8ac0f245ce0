/**
 * @module TopicSource: one topic that this node publishes, for all intents of it together: its feed, its last number, and who has to be called when
 * there is interest or room.
 */
import type { BehaviorAgent, NodeId } from '../../../core/index.js';
import { type Crewed, Crews } from '../confirmed/crews.js';
import type { Feed, FeedSource } from '../feeds/feed.js';
import type { PubSubHost } from '../host.js';
import type { DeclaredTopic, HistoryRequest, KeptMessage } from '../meeting/messages.js';
import { Readiness } from '../readiness.js';
import type { Topic } from '../topics/topic.js';
import type { History } from './history.js';

/** An intent, as its topic needs it. */
export interface SourceUser {
  interestChanged(count: number): void;
  roomAgain(): void;
}

export class TopicSource implements FeedSource, Crewed {
  readonly readiness = new Readiness();
  readonly users = new Set<SourceUser>();
  /** Subscribers: those of this node, and those that neighbours count. */
  interested = 0;
  feed: Feed | undefined;
  /** Those who confirm. */
  crews: Crews | undefined;
  private feedCount = 0;

  constructor(
    private readonly host: PubSubHost,
    readonly id: NodeId,
    readonly topic: Topic,
    /** Absent: nothing is kept. */
    readonly kept: History | undefined,
    private readonly unconfirmedMax: number,
  ) {}

  /** Nothing can be published: somebody has no room. */
  get isHeld(): boolean {
    return this.feed?.isHeld === true || this.crews?.isFull === true;
  }

  crewed(): Crews {
    const { host, id: topicId, unconfirmedMax } = this;
    const { counters, serviceId } = host;
    this.crews ??= new Crews({
      ...{ serviceId, topicId, unconfirmedMax },
      epoch: this.feed?.epoch ?? 0,
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

  history({ nowMs, limits }: BehaviorAgent, { epoch, from, count }: HistoryRequest): readonly KeptMessage[] {
    if (this.kept === undefined || epoch !== this.feed?.epoch) return [];
    return this.kept.take(from, count, limits.payloadBytesMax >> 1, nowMs);
  }

  interestChanged(_agent: BehaviorAgent, count: number): void {
    this.feedCount = count;
    this.count();
  }

  roomAgain(): void {
    for (const user of [...this.users]) user.roomAgain();
  }

  private crewsChanged(): void {
    this.count();
    for (const user of [...this.users]) user.roomAgain();
  }

  private count(): void {
    const count = this.feedCount + (this.crews?.memberCount ?? 0);
    if (count === this.interested) return;
    this.interested = count;
    for (const user of [...this.users]) user.interestChanged(count);
  }
}
