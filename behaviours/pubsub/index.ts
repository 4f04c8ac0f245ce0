/**
 * @module Pubsub's public surface: what other behaviours and applications may use of it.
 */
export { PubSubBehavior } from './behavior.js';
export type { Feedback } from './feeds/feed.js';
export type { BeforeLink, TopicLink } from './host.js';
export type { MissCause } from './messages.js';
export type { PubSubCounters, PubSubOptions } from './options.js';
export type { Intent, Sent, WaitOptions } from './publish/intent.js';
export type { PublishOptions } from './publish/publish-options.js';
export type { Peer, RemoteIntent, RemoteInterest, Remotes } from './remotes/remotes.js';
export type { RemotesOptions } from './remotes/remotes-options.js';
export type { WhenFull } from './subscribe/inbox.js';
export type { Interest } from './subscribe/interest.js';
export type { FeedbackOptions } from './subscribe/reporting.js';
export type { SubscribeOptions } from './subscribe/subscribe-options.js';
export type { LostSight, Missed, PublisherAccount, TopicMessage } from './subscribe/topic-message.js';
export { type PatternOptions, Topic, type TopicName, type TopicOptions, TopicPattern, topic, topics } from './topics/topic.js';
