/**
 * @module PubSubHost: what intents, subscriptions and the parts behind them need from the behaviour: a callback of its own from outside of one, the
 * feeds, and the name of a topic in this space.
 */
import type { BehaviorAgent, Logger, NodeId } from '../../core/index.js';
import type { Feeds } from './feeds/feeds.js';
import type { PubSubCounters, PubSubSettings } from './options.js';
import type { Signatures } from './signed/signatures.js';
import type { Topic } from './topics/topic.js';

export interface PubSubHost {
  readonly self: NodeId;
  readonly serviceId: number;
  readonly feeds: Feeds;
  readonly signatures: Signatures;
  readonly counters: PubSubCounters;
  readonly settings: PubSubSettings;
  readonly log: Logger;
  /** The topic's name in this space. */
  idOf(topic: Topic): NodeId;
  /** Throws `NOT_STARTED` before start and after stop. */
  act<T>(work: (agent: BehaviorAgent) => T): T;
  /** The same for what is done very often, and sets nothing off that falls due soon. */
  actInTurn<A, T>(work: (agent: BehaviorAgent, argument: A) => T, argument: A): T;
}

/** Calls what the application gave: what it throws is logged, and nothing else. */
export function callBack<T>({ log }: Pick<PubSubHost, 'log'>, callback: ((value: T) => void) | undefined, value: T): void {
  try {
    callback?.(value);
  } catch (err) {
    log.error({ err }, 'pubsub callback of the application threw');
  }
}
