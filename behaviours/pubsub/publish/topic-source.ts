/**
 * @module TopicSource: one topic that this node publishes, for all intents of it together: its feed, its last number, and who has to be called when
 * there is interest or room.
 */
import type { BehaviorAgent, NodeId } from '../../../core/index.js';
import type { Feed, FeedSource } from '../feeds/feed.js';
import type { DeclaredTopic, HistoryRequest, KeptMessage } from '../meeting/messages.js';
import { Readiness } from '../readiness.js';
import type { Topic } from '../topics/topic.js';
import type { History } from './history.js';

/** An intent, as its topic needs it. */
export interface SourceUser {
  interestChanged(count: number): void;
  roomAgain(): void;
}

export class TopicSource implements FeedSource {
  readonly readiness = new Readiness();
  readonly users = new Set<SourceUser>();
  /** Subscribers: those of this node, and those that neighbours count. */
  interested = 0;
  feed: Feed | undefined;

  constructor(
    readonly id: NodeId,
    readonly topic: Topic,
    /** Absent: nothing is kept. */
    readonly kept: History | undefined,
  ) {}

  get declared(): DeclaredTopic {
    const { path, type, isHidden } = this.topic;
    return { id: this.id, name: isHidden ? undefined : { path, type } };
  }

  history({ nowMs, limits }: BehaviorAgent, { epoch, from, count }: HistoryRequest): readonly KeptMessage[] {
    if (this.kept === undefined || epoch !== this.feed?.epoch) return [];
    return this.kept.take(from, count, limits.payloadBytesMax >> 1, nowMs);
  }

  interestChanged(_agent: BehaviorAgent, count: number): void {
    if (count === this.interested) return;
    this.interested = count;
    for (const user of [...this.users]) user.interestChanged(count);
  }

  roomAgain(): void {
    for (const user of [...this.users]) user.roomAgain();
  }
}
