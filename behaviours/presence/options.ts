/**
 * @module Options of presence, its bounds, and what it counts.
 */
import type { BehaviorLimits } from '../../core/index.js';
import { fallback, options, optionsReader, whole } from '../../core/schema/index.js';

/** Options of `PresenceBehavior`. */
export interface PresenceOptions {
  /** A node of which nothing was heard for so long carries its tags no more. 30,000 ms by default; 3,000 to 3,600,000. It is renewed three times as often. */
  readonly silenceMs?: number;
  /** Tags that this node carries, and tags that it follows: each at most so many. 256 by default. */
  readonly tagsMax?: number;
  /** Carriers of one tag that are known here. 4,096 by default. */
  readonly carriersMax?: number;
  /** Comings and goings of one tag that are remembered. 64 by default; 0 for none. */
  readonly historyMax?: number;
}

export type PresenceSettings = Required<PresenceOptions>;

const COUNT = whole(1, 65_536);
const OPTIONS = options({
  silenceMs: fallback(whole(3_000, 3_600_000), 30_000),
  tagsMax: fallback(COUNT, 256),
  carriersMax: fallback(COUNT, 4_096),
  historyMax: fallback(whole(0, 65_536), 64),
});

/** Throws `OPTION_INVALID`, naming the options. */
export const readPresenceOptions = optionsReader('presence', OPTIONS);

/** What `node.limits()` shows. */
export function limitsOf({ tagsMax, carriersMax, historyMax }: PresenceSettings): BehaviorLimits {
  return {
    tagsMax: { value: tagsMax, unit: 'count', atTheBound: '`declare`, `watch` and `connectTo` throw `LIMIT_EXCEEDED`' },
    carriersMax: { value: carriersMax, unit: 'count', atTheBound: 'further carriers are not known, and counted' },
    historyMax: { value: historyMax, unit: 'count', atTheBound: 'the oldest change is forgotten' },
  };
}

/** What has happened since the start. Only ever rises. */
export class PresenceCounters {
  /** Times that an own tag was renewed, and that this failed. */
  renewals = 0;
  renewalsFailed = 0;
  joins = 0;
  leaves = 0;
  /** Carriers beyond `carriersMax`. */
  carriersIgnored = 0;
  /** Entries that another node wrote than the one that they speak of, or that have no form. */
  claimsIgnored = 0;
}
