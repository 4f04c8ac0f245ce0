/**
 * @module Options of the punch behaviour, its bounds, and what it counts.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { boolean, fallback, options, optionsReader } from '../../core/schema/index.js';

/** The options of `PunchBehavior`. */
export interface PunchOptions {
  /** Whether this node helps its neighbours to each other: `true` by default. Otherwise it refuses with `not-helping`. */
  readonly help?: boolean;
  /**
   * Whether ports are guessed where the NAT of one side alone maps each remote to another address: 256 sockets on that side, up to 2,048
   * probes of 29 bytes on the other one, for some 20 s. `true` by default; with `false` such nodes stay connected over others.
   */
  readonly guess?: boolean;
}

export type PunchSettings = Required<PunchOptions>;

/** Attempts that this node helps with at once, in all and for one neighbour; how many one neighbour may ask for in a second. */
export const REQUESTS_MAX = 256;
export const REQUESTS_PER_NEIGHBOUR_MAX = 8;
export const POPS_PER_SECOND = 5;
export const POPS = { capacity: POPS_PER_SECOND, perSecond: POPS_PER_SECOND };
/** For so long at most the nearer side waits, until both begin. */
export const WAIT_MS_MAX = 2_000;
/** Attempts of this node's own, as either side. */
export const ATTEMPTS_MAX = 64;
/** Of these, those with the help of one neighbour; how many it may begin in a second. */
export const ATTEMPTS_PER_HELPER_MAX = 8;
/** Attempts that end in probes within a minute, in all, with the help of one neighbour, and to one host. */
export const APPROACHES_PER_MINUTE_MAX = 60;
export const APPROACHES_PER_HELPER_MAX = 20;
export const APPROACHES_PER_HOST_MAX = 10;
/** Sockets on the one side, probes on the other, and how often a host is guessed at. */
export const GUESS_SOCKETS = 256;
export const GUESSES_MAX = 2_048;
export const GUESS_PAUSE_MS = 600_000;

/** Throws `OPTION_INVALID`, naming the options. */
export const readPunchOptions: (given: PunchOptions) => PunchSettings = optionsReader(
  'punch',
  options({ help: fallback(boolean, true), guess: fallback(boolean, true) }),
);

/** As `node.limits()` shows them. */
export const LIMITS_OF_PUNCH: BehaviorLimits = {
  requestsMax: { value: REQUESTS_MAX, unit: 'count', atTheBound: 'a further request for help is refused with busy' },
  requestsPerNeighbourMax: {
    value: REQUESTS_PER_NEIGHBOUR_MAX,
    unit: 'count',
    atTheBound: 'a further one of that neighbour is refused with busy',
  },
  popsPerSecond: { value: POPS_PER_SECOND, unit: 'per second', atTheBound: 'a further one of that neighbour is refused with too-often' },
  attemptsMax: { value: ATTEMPTS_MAX, unit: 'count', atTheBound: 'no further attempt begins, and one of a remote is declined' },
  attemptsPerHelperMax: { value: ATTEMPTS_PER_HELPER_MAX, unit: 'count', atTheBound: 'the same, with the help of that neighbour' },
  approachesPerMinuteMax: { value: APPROACHES_PER_MINUTE_MAX, unit: 'count', atTheBound: 'no other side is probed for another minute' },
  approachesPerHelperMax: { value: APPROACHES_PER_HELPER_MAX, unit: 'count', atTheBound: 'the same, with the help of that neighbour' },
  approachesPerHostMax: { value: APPROACHES_PER_HOST_MAX, unit: 'count', atTheBound: 'that host is not probed for another minute' },
  guessesMax: { value: GUESSES_MAX, unit: 'count', atTheBound: 'guessing ends' },
  guessPauseMs: { value: GUESS_PAUSE_MS, unit: 'ms', atTheBound: 'ports of a host are guessed only once in that time' },
};

/** What has happened since the start. Only ever rises. */
export class PunchCounters {
  /** Attempts that this node began; that it took part in as the other side; that it helped with; that it refused to help with or declined. */
  asked = 0;
  approached = 0;
  helped = 0;
  refused = 0;
  /** Attempts after which there was a direct connection, those of them that took guessing, and those after which there was none. */
  opened = 0;
  guessed = 0;
  failed = 0;
  /** Probes that were sent to the other side. */
  probes = 0;
  /** Messages that are none of this service, and referrals that are not good. */
  malformed = 0;
}
