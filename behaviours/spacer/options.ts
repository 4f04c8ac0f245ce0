/**
 * @module Options of the spacer, its bounds, and what it counts.
 */
import { type BehaviorLimits, NetworkError } from '../../core/index.js';
import { boolean, fallback, oneOf, optional, options, optionsReader, shown, whole } from '../../core/schema/index.js';

/** Options of `SpacerBehavior`. */
export interface SpacerOptions {
  /**
   * How many links the spacer keeps. `default`: 48. `classic`: 200; the node's `connections.max` must leave room for them. `small`: 16, for devices with
   * little memory.
   */
  readonly profile?: SpacerProfile;
  /** Links that the spacer keeps, in place of the profile's: half of them to the closest nodes, the others spread. 0: it dials nobody. 0 to 4,096. */
  readonly meshLevel?: number;
  /** Nodes of a bucket, of an answer, and of the result of a lookup. 20 by default; 4 to 32. All nodes of a space should have the same. */
  readonly k?: number;
  /** Questions at once on the way to the neighbourhood of a key. 3 by default; 1 to 16. */
  readonly alpha?: number;
  /** Whether `resolve` answers from the router table while that knows every node. True by default. */
  readonly oneHop?: boolean;
  /** How long a lookup may take that names no deadline. 10,000 ms by default; 100 to 60,000. */
  readonly deadlineMs?: number;
  /** Lookups at once. 256 by default. */
  readonly lookupsMax?: number;
  /** Questions of one neighbour that are answered or passed on in a second, in the long run; four times as many at once. 500 by default. */
  readonly questionsPerSecond?: number;
  /**
   * Whether lookups of the own neighbourhood and of distant buckets run by themselves, at the start and every so often. 600,000 ms by default. 0: never; nor
   * are services announced then.
   */
  readonly refreshMs?: number;
}

/** How many links a spacer keeps, by name. */
export type SpacerProfile = 'default' | 'classic' | 'small';

/** What a profile stands for. */
export const PROFILES: Readonly<Record<SpacerProfile, { readonly meshLevel: number }>> = {
  default: { meshLevel: 48 },
  classic: { meshLevel: 200 },
  small: { meshLevel: 16 },
};

export type SpacerSettings = Required<SpacerOptions>;

const DAY_MS = 86_400_000;
const COUNT = whole(1, 1_048_576);

const read = optionsReader(
  'spacer',
  options({
    profile: fallback(oneOf('default', 'classic', 'small'), 'default'),
    meshLevel: optional(whole(0, 4_096)),
    k: fallback(whole(4, 32), 20),
    alpha: fallback(whole(1, 16), 3),
    oneHop: fallback(boolean, true),
    deadlineMs: fallback(whole(100, 60_000), 10_000),
    lookupsMax: fallback(COUNT, 256),
    questionsPerSecond: fallback(COUNT, 500),
    refreshMs: fallback(whole(0, DAY_MS), 600_000),
  }),
);

/** Throws `OPTION_INVALID`, naming the options. */
export function readSpacerOptions(given: SpacerOptions): SpacerSettings {
  const { meshLevel, ...rest } = read(given);
  return { ...rest, meshLevel: meshLevel ?? PROFILES[rest.profile].meshLevel };
}

/** Questions in work here, of one neighbour and in all. */
export const WORK_LIMITS = { workPerNodeMax: 256, workPerRelayMax: 1, workMax: 4_096 } as const;
/** Own questions, and those that are passed on, that may wait for an answer. */
export const QUESTIONS_MAX = 8_192;
/** How many times the rate of a neighbour may come at once. */
export const BURST_SECONDS = 4;

/** Of all neighbours: signatures under relayed answers and checks of records; each takes as long as many plain answers. */
export const PROOFS_PER_SECOND = 2_000;

/** What `node.limits()` shows. */
export function limitsOf(settings: SpacerSettings): BehaviorLimits {
  const limit = (value: number, atTheBound: string) => ({ value, unit: 'count' as const, atTheBound });
  return {
    k: limit(settings.k, 'further nodes of a bucket wait for a place, and further ones of an answer are left out'),
    lookupsMax: limit(settings.lookupsMax, 'a further lookup is refused with `LIMIT_EXCEEDED`'),
    questionsPerSecond: limit(settings.questionsPerSecond, 'further questions of the neighbour are answered `busy`'),
    proofsPerSecond: limit(PROOFS_PER_SECOND, 'further relayed questions and records, of all neighbours, are answered `busy`'),
    workPerNodeMax: limit(WORK_LIMITS.workPerNodeMax, 'further questions of the neighbour are answered `busy`'),
    workMax: limit(WORK_LIMITS.workMax, 'further questions are answered `busy`'),
    questionsMax: limit(QUESTIONS_MAX, 'further questions are not sent: the asked node counts as unreachable'),
  };
}

/** What has happened since the start. Only ever rises. */
export class SpacerCounters {
  lookupsStarted = 0;
  lookupsDone = 0;
  /** Lookups that ended with a cause, or that nobody wanted any more. */
  lookupsFailed = 0;
  /** Answers from the router table. */
  oneHops = 0;
  /** Questions of this node. */
  questionsSent = 0;
  questionsAnswered = 0;
  /** Questions of others that this node answered. */
  questionsServed = 0;
  /** Questions of others that this node passed on. */
  questionsRelayed = 0;
  /** Questions of others beyond a bound. */
  questionsRefused = 0;
  /** Answers over others whose signature is not of the asked node. */
  answersUnproven = 0;
  /** Addresses that were named and are not believed. */
  addressesRefused = 0;
  /** Times that a node was doubted from then on, because hardly anybody whom it has named is there. */
  namersDoubted = 0;
  /** Contacts that gave way because they did not answer, while others waited for their place. */
  contactsEvicted = 0;
  meshDials = 0;
  /** Times that the records of this node were put again in part only. */
  renewalsFailed = 0;
  /** Announcements of a service that nobody took; they are tried again. */
  announcementsFailed = 0;
  // What the exchange kit counts.
  requestsLost = 0;
  answersUnknown = 0;
  answersForeign = 0;
  requestsDuplicate = 0;
  requestsOverloaded = 0;
  answersResent = 0;
  answersLost = 0;
  malformed = 0;
}

/** What a key is made of. */
export function requireText(text: unknown): string {
  if (typeof text === 'string') return text;
  throw new NetworkError('ARGUMENT_INVALID', `spacer: a key is made of a text; it was given ${shown(text)}`);
}
