/**
 * @module TopicMessage: what a subscriber gets, and what it does not get, each with its number.
 */
import type { NodeId } from '../../../core/index.js';
import type { MissCause } from '../messages.js';
import type { TopicName } from '../topics/topic.js';

/** One message. */
export interface TopicMessage<T = unknown> {
  readonly value: T;
  readonly topic: TopicName;
  readonly publisher: NodeId;
  /** Of this publisher on this topic, one after another. */
  readonly number: number;
  /** True only when the publisher is this node or the authenticated neighbour: behind relays it is their claim. */
  readonly isProven: boolean;
  /** Of a group: 1 for the first time, more when another member, or this one, has not confirmed it. */
  readonly attempt?: number;
  /** Of a group: it is done, and goes to no other member. It is said by itself when the next one is asked for. */
  readonly confirm?: () => void;
}

/** Messages that were published and do not come. */
export interface Missed {
  readonly topic: TopicName;
  readonly publisher: NodeId;
  /** The number of the first one. */
  readonly from: number;
  readonly count: number;
  readonly cause: MissCause;
  /** The node that did not have room for them, where that is known. */
  readonly where: NodeId | undefined;
}

/** A publisher ended, or nothing came from it for `silenceMs`. Its account ends; it begins anew when messages come again. */
export interface LostSight {
  readonly topic: TopicName;
  readonly publisher: NodeId;
  /** `undefined`: none. */
  readonly lastDelivered: number | undefined;
}

/** How one publisher of a subscription stands. Between `from` and `to`, `delivered` + `waiting` + `missed` is every number. */
export interface PublisherAccount {
  readonly topic: TopicName;
  readonly publisher: NodeId;
  /** `bound`: its messages come here. `seeking`: a path is looked for, `reason` has why there was none, and `explain` the same in words. */
  readonly state: 'bound' | 'seeking';
  readonly reason: string | undefined;
  /** The first number that belongs to the account, and the last one that is known of; `undefined` before there are any. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly delivered: number;
  readonly waiting: number;
  readonly missed: number;
}
