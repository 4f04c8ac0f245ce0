/**
 * @module PubSubHost: what intents, subscriptions and the parts behind them need from the behaviour: a callback of its own from outside of one, the
 * feeds, and the name of a topic in this space.
 */
import type { AwaitedWork, BehaviorAgent, Logger, NodeId, PeerPath } from '../../core/index.js';
import { callBack as callOne, type Failed } from '../../core/structures/callbacks.js';
import type { Feeds } from './feeds/feeds.js';
import type { PubSubCounters, PubSubSettings } from './options.js';
import type { Signatures } from './signed/signatures.js';
import type { Topic, TopicName } from './topics/topic.js';

export interface PubSubHost {
  readonly self: NodeId;
  readonly serviceId: number;
  readonly feeds: Feeds;
  readonly signatures: Signatures;
  readonly counters: PubSubCounters;
  readonly settings: PubSubSettings;
  readonly log: Logger;
  /** Logs what a callback of the application threw, or what its promise was rejected with. */
  readonly callbackFailed: Failed;
  /** The topic's name in this space. */
  idOf(topic: Topic): NodeId;
  /** The same for all nodes of this space, and for no others. */
  spaceTag(): NodeId;
  /** Throws `NOT_STARTED` before start and after stop. */
  act<T>(work: (agent: BehaviorAgent) => T): T;
  /** The same for what is done very often, and sets nothing off that falls due soon. */
  actInTurn<A, T>(work: (agent: BehaviorAgent, argument: A) => T, argument: A): T;
  readonly awaited: AwaitedWork;
}

/** A link that is about to be made: which topic, and with which node. */
export interface TopicLink {
  readonly topic: TopicName;
  readonly node: NodeId;
}

/** True lets the link be made; all else, a throw too, does not. Asked again as long as the other side wishes it. */
export type BeforeLink = (link: TopicLink) => boolean;

/** Whether the application lets a link be made. */
export function mayLink(host: Pick<PubSubHost, 'callbackFailed'>, beforeLink: BeforeLink | undefined, link: TopicLink): boolean {
  try {
    return beforeLink === undefined || beforeLink(link) === true;
  } catch (err) {
    host.callbackFailed(err);
    return false;
  }
}

/** What a neighbour says of itself. Of others it is not known. */
export function peerPathOf(agent: BehaviorAgent, node: NodeId): PeerPath | undefined {
  const connection = agent.connectionTo(node);
  const [paths] = connection === undefined ? [] : agent.ports('peerPaths');
  return connection && paths?.use((port) => port.of(connection.id))?.answer;
}

/** What a node says that it is about; empty where that is not known. */
export function pathOf(agent: BehaviorAgent, node: NodeId): string {
  return peerPathOf(agent, node)?.path ?? '';
}

/** Calls what the application gave: what it throws, or what its promise is rejected with, is logged, and nothing else. */
export function callBack<T>(host: Pick<PubSubHost, 'callbackFailed'>, callback: ((value: T) => void) | undefined, value: T): void {
  if (callback !== undefined) callOne(callback, value, host.callbackFailed);
}
