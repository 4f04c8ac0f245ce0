/**
 * @module Options of pubsub, its bounds, and what it counts.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { fallback, options, optionsReader, whole } from '../../core/schema/index.js';

/** Options of `PubSubBehavior`. */
export interface PubSubOptions {
  /** Topics that this node publishes, and subscriptions that it has: each at most so many. 4,096 by default. */
  readonly topicsMax?: number;
  /** Feeds, each of one topic of one publisher, that this node has or relays. 65,536 by default; about 600 bytes each. */
  readonly feedsMax?: number;
  /** Feeds that one neighbour may ask for. 4,096 by default. */
  readonly feedsPerNeighbourMax?: number;
  /** Topics and subscriptions of others that are registered here. 65,536 by default. */
  readonly registrationsMax?: number;
  /** The same of one node. 4,096 by default. */
  readonly registrationsPerNodeMax?: number;
  /** A publisher of which nothing came for so long, not even a heartbeat, is out of sight. 30,000 ms by default; 15,000 to 3,600,000. */
  readonly silenceMs?: number;
}

export type PubSubSettings = Required<PubSubOptions>;

const COUNT = whole(1, 1_048_576);
const OPTIONS = options({
  topicsMax: fallback(COUNT, 4_096),
  feedsMax: fallback(COUNT, 65_536),
  feedsPerNeighbourMax: fallback(COUNT, 4_096),
  registrationsMax: fallback(COUNT, 65_536),
  registrationsPerNodeMax: fallback(COUNT, 4_096),
  silenceMs: fallback(whole(15_000, 3_600_000), 30_000),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readPubSubOptions = optionsReader('pubsub', OPTIONS);

/** What `node.limits()` shows. */
export function limitsOf(settings: PubSubSettings): BehaviorLimits {
  const limit = (value: number, atTheBound: string) => ({ value, unit: 'count' as const, atTheBound });
  return {
    topicsMax: limit(settings.topicsMax, '`publish` and `subscribe` throw `LIMIT_EXCEEDED`'),
    feedsMax: limit(settings.feedsMax, 'subscribers wait, and neighbours are refused as `overloaded`'),
    feedsPerNeighbourMax: limit(settings.feedsPerNeighbourMax, 'the neighbour is refused as `overloaded`'),
    registrationsMax: limit(settings.registrationsMax, 'further ones are not kept; their nodes try again'),
    registrationsPerNodeMax: limit(settings.registrationsPerNodeMax, 'further ones of that node are not kept'),
  };
}

/** What has happened since the start. Only ever rises. */
export class PubSubCounters {
  messagesPublished = 0;
  /** Copies that were sent to neighbours. */
  messagesForwarded = 0;
  /** Messages, times neighbours, for which the lane had no room, or that this node itself had missed: their numbers were sent instead. */
  messagesDropped = 0;
  /** Messages that came again, over another path. */
  messagesDuplicate = 0;
  /** Messages of a feed that does not come over that connection. */
  messagesUnknown = 0;
  /** Messages that subscriptions of this node were given. */
  messagesDelivered = 0;
  /** Messages that they were not, each with a cause. */
  messagesMissed = 0;
  /** Copies that groups, and subscribers that confirm, have confirmed. */
  messagesConfirmed = 0;
  /** Copies that nobody has confirmed: all who could were gone for a minute, or the topic has ended. */
  messagesUnconfirmed = 0;
  /** Lists of hashes that this node has signed. */
  signaturesMade = 0;
  /** Lists that were not signed by their publisher. */
  signaturesForged = 0;
  /** Messages whose list was not checked, because too many of them came. */
  signaturesUnchecked = 0;
  /** Times that a feed was found. */
  feedsBound = 0;
  refusalsSent = 0;
  /** Bytes of subscribers to publishers for which there was no room, or no path. */
  feedbackDropped = 0;
  /** Registrations of others that found no room. */
  registrationsRefused = 0;
  /** Publishers beyond what a subscription follows. */
  publishersIgnored = 0;
  /** Bodies that are no message of this service. */
  malformed = 0;
}
