/**
 * @module Memberships: the part of a subscription that confirms: one membership at each publisher of its topic, and the messages that they were handed.
 */
import type { BehaviorAgent, NodeId } from '../../../../core/index.js';
import { WINDOW_MAX } from '../../confirmed/messages.js';
import { callBack, type PubSubHost } from '../../host.js';
import type { MissCause } from '../../messages.js';
import type { Signatures } from '../../signed/signatures.js';
import type { Topic, TopicPattern } from '../../topics/topic.js';
import type { Followed } from '../account.js';
import { contentOf } from '../content.js';
import type { SubscribeSettings } from '../subscribe-options.js';
import type { Missed, PublisherAccount, TopicMessage } from '../topic-message.js';
import { Jobs } from './jobs.js';
import { Membership, type MembershipOwner, type MessageFacts } from './membership.js';

/** Memberships by publisher, topic and their subscription's number. */
export type Members = Map<string, Membership>;

/** What names a subscription to publishers, and where its memberships are known by it. */
export interface Seat {
  readonly member: number;
  readonly members: Members;
}

export class Memberships implements MembershipOwner {
  readonly jobs: Jobs;
  readonly group: string;
  readonly window: number;
  readonly confirmMs: number;
  private readonly all = new Map<string, Membership>();

  constructor(
    private readonly host: PubSubHost,
    private readonly target: Topic | TopicPattern,
    private readonly settings: SubscribeSettings,
    private readonly seat: Seat,
    private readonly missed: (missed: Missed) => void,
  ) {
    const { group = '', waitingMax, confirmMs, onMessage } = settings;
    this.group = group;
    this.window = Math.min(waitingMax, WINDOW_MAX);
    this.confirmMs = confirmMs;
    this.jobs = new Jobs(waitingMax, onMessage, host.callbackFailed);
  }

  get member(): number {
    return this.seat.member;
  }

  get serviceId(): number {
    return this.host.serviceId;
  }

  get signatures(): Signatures {
    return this.host.signatures;
  }

  get size(): number {
    return this.all.size;
  }

  /** By publisher and topic. */
  follows(key: string): boolean {
    return this.all.has(key);
  }

  snapshots(): readonly PublisherAccount[] {
    return [...this.all.values()].map((membership) => membership.snapshot());
  }

  offered(agent: BehaviorAgent, followed: Followed, settled: () => void): void {
    const key = followed.publisher + followed.topicId;
    const known = this.all.get(key);
    const membership = known ?? new Membership(this, followed);
    if (known === undefined) {
      this.all.set(key, membership);
      this.seat.members.set(this.nameOf(membership), membership);
    }
    membership.offered(agent, settled);
  }

  end(agent: BehaviorAgent): void {
    this.jobs.end();
    for (const membership of [...this.all.values()]) {
      this.forget(membership);
      membership.end(agent);
    }
  }

  messageOf(agent: BehaviorAgent, facts: MessageFacts): TopicMessage | undefined {
    const { number, form, content, publisher, topic, isProven, attempt, confirm } = facts;
    const read = contentOf(agent, this.target.schema, form, content, 0, content.length);
    if (typeof read === 'string') {
      this.cause = read;
      return undefined;
    }
    const message = { value: read.value, topic, publisher, number, isProven };
    return this.group === '' ? message : { ...message, attempt, confirm };
  }

  delivered(count: number): void {
    this.host.counters.messagesDelivered += count;
  }

  malformed({ publisher, topic }: Membership, number: number): void {
    this.missed({ topic, publisher, from: number, count: 1, cause: this.cause, where: this.host.self });
  }

  over(agent: BehaviorAgent, membership: Membership): void {
    const { publisher, topic } = membership;
    const { to } = membership.snapshot();
    this.forget(membership);
    membership.end(agent);
    callBack(this.host, this.settings.onLostSight, { topic, publisher, lastDelivered: to });
  }

  /** Of the message that could not be read just now. */
  private cause: MissCause = 'malformed';

  private forget(membership: Membership): void {
    this.all.delete(membership.publisher + membership.topicId);
    this.seat.members.delete(this.nameOf(membership));
  }

  private nameOf({ publisher, topicId }: Membership): string {
    return memberName(publisher, topicId, this.member);
  }
}

/** Of one subscription at one publisher of one topic. */
export function memberName(publisher: NodeId, topicId: NodeId, member: number): string {
  return publisher + topicId + member;
}
