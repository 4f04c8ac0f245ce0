/**
 * @module Options of the address book, and their check.
 */

import type { AddressMode, HintMode } from '../../core/address/address-class.js';
import { type GroupOf, groupOfAddress } from '../../core/address/address-group.js';
import { Address, NetworkError, parseAddress } from '../../core/index.js';
import {
  boolean,
  callable,
  either,
  fallback,
  list,
  number,
  oneOf,
  optional,
  options,
  optionsReader,
  parsed,
  refined,
} from '../../core/schema/index.js';
import { BACKOFF_DEFAULTS, type BackoffOptions } from '../../core/structures/back-off.js';
import { SEEDS_MAX, unknownAmong } from './dial/configured.js';

/** Addresses in `persistent` at most. */
const PERSISTENT_MAX = 16_384;

export interface AddressBookOptions {
  /**
   * How near the addresses from others may be: `public` takes addresses of the internet only, `private` also those of private networks and
   * names, `loopback` also those of this machine. Absent: as near as the neighbour that sends them, which fits machines in several
   * networks.
   */
  readonly mode?: AddressMode;
  /**
   * Which addresses are likely to belong to one owner; `undefined`: to nobody else. By default /16 and /32 of the internet. `false`: all
   * are independent.
   */
  readonly groupOf?: GroupOf | false;
  /** Nodes to stay connected to for ever, as addresses with or without node id; in addition to the node's seeds. */
  readonly persistent?: readonly (string | Address)[];
  /** Waits between dials of one address: 1 s, growing by 1.5 times itself, to 60 s. Of each wait a random share is waited. */
  readonly backoff?: Partial<BackoffOptions>;
  /** Whether this node dials by itself; true by default. May be switched while it runs. */
  readonly isDialling?: boolean;
  /** Whether this node exchanges addresses with its neighbours; true by default. May be switched while it runs. */
  readonly isGossiping?: boolean;
  /**
   * The longest time between two saves while there is something new, 60 s by default; 1 s to a day. After a quiet time a change is saved at
   * once; what is learnt since the last save is lost in a crash.
   */
  readonly saveMs?: number;
}

/** Who gives a hint from outside of the mesh. */
export interface HintSource {
  /** A constant name; hints count towards its quota. */
  readonly source: string;
  /**
   * How near the addresses may be that it gives; `private` by default. `link`: packets of the node came from there, over a link of this
   * machine. Then every address that somebody can send from is right, and counts although the node has signed others.
   */
  readonly mode?: HintMode;
}

export interface AddressBookSetup {
  readonly mode: AddressMode | undefined;
  readonly groupOf: GroupOf;
  readonly persistent: readonly Address[];
  readonly backoff: BackoffOptions;
  readonly isDialling: boolean;
  readonly isGossiping: boolean;
  readonly saveMs: number;
}

const DAY_MS = 86_400_000;

/** What is wrong with a text is said when it is parsed. */
const ADDRESS = parsed('an address', (given) => (typeof given === 'string' || given instanceof Address ? given : undefined));
const BACKOFF = options({
  minMs: fallback(number(1, DAY_MS), BACKOFF_DEFAULTS.minMs),
  maxMs: fallback(number(1_000, DAY_MS), BACKOFF_DEFAULTS.maxMs),
  multiplier: fallback(number(0.1, 100), BACKOFF_DEFAULTS.multiplier),
});

const read = optionsReader(
  'addressbook',
  options({
    mode: optional(oneOf('public', 'private', 'loopback')),
    groupOf: fallback(either(callable<GroupOf>(), oneOf(false)), groupOfAddress),
    persistent: fallback(list(ADDRESS, PERSISTENT_MAX), []),
    backoff: fallback(
      refined(BACKOFF, 'must not be less than minMs', ({ minMs, maxMs }) => minMs <= maxMs, 'maxMs'),
      BACKOFF_DEFAULTS,
    ),
    isDialling: fallback(boolean, true),
    isGossiping: fallback(boolean, true),
    saveMs: fallback(number(1_000, DAY_MS), 60_000),
  }),
);

/** Throws `OPTION_INVALID`, or `ADDRESS_INVALID` for an address. */
export function setupOf(given: AddressBookOptions): AddressBookSetup {
  const { groupOf, persistent, ...rest } = read(given);
  const addresses = persistent.map((address) => (address instanceof Address ? address : parseAddress(address)));
  if (unknownAmong(addresses).size > SEEDS_MAX)
    throw new NetworkError('OPTION_INVALID', `addressbook: option persistent has more than ${SEEDS_MAX} addresses without node id`, {
      details: { option: 'persistent' },
    });
  return { ...rest, groupOf: groupOf === false ? () => undefined : groupOf, persistent: addresses };
}
