/**
 * @module Options of the address book, and their check.
 */

import type { AddressMode, HintMode } from '../../core/address/address-class.js';
import { type GroupOf, groupOfAddress } from '../../core/address/address-group.js';
import { Address, NetworkError, parseAddress } from '../../core/index.js';
import {
  anything,
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
  type Schema,
  whole,
} from '../../core/schema/index.js';
import { BACKOFF_DEFAULTS, type BackoffOptions } from '../../core/structures/back-off.js';
import { ENTRY_LIMITS } from './book/entry.js';
import type { WantedPeer } from './book/peer-rules.js';
import { SEEDS_MAX, unknownAmong } from './dial/configured.js';

/** Addresses in `persistent` at most. */
const PERSISTENT_MAX = 16_384;

/** A node to stay connected to that is dialled in another way than others. */
export interface PeerOptions {
  /** With or without node id. */
  readonly address: string | Address;
  /**
   * When more dials than that have failed in a row it is given up, until it comes by itself or is added again; 0 to 1,000,000. Absent: it is
   * dialled for ever.
   */
  readonly attemptsMax?: number;
  /** Waits between its dials; what is absent is as in the options of the address book. */
  readonly backoff?: Partial<BackoffOptions>;
}

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
  /**
   * Nodes to stay connected to, as addresses with or without node id; in addition to the node's seeds. They are dialled for ever, unless an
   * entry says otherwise.
   */
  readonly persistent?: readonly (string | Address | PeerOptions)[];
  /** Dials at once, 10 by default; 1 to 256. More find a large space sooner, and cost as many handshakes at once. */
  readonly dialWorkers?: number;
  /**
   * When more dials than that have failed in a row, an address of a discovered node is given up; 10 by default, 0 to 1,000,000. It is dialled again
   * an hour later, then after twice as long, up to a day.
   */
  readonly attemptsMax?: number;
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
  readonly persistent: readonly WantedPeer[];
  readonly dialWorkers: number;
  readonly attemptsMax: number;
  readonly backoff: BackoffOptions;
  readonly isDialling: boolean;
  readonly isGossiping: boolean;
  readonly saveMs: number;
}

const DAY_MS = 86_400_000;

/** What is wrong with a text is said when it is parsed. */
const ADDRESS = parsed('an address', (given) => (typeof given === 'string' || given instanceof Address ? given : undefined));
const WAITS = { minMs: number(1, DAY_MS), maxMs: number(1_000, DAY_MS), multiplier: number(0.1, 100) };
const ATTEMPTS = whole(0, 1_000_000);
const backoffOver = (defaults: BackoffOptions) =>
  refined(
    options({
      minMs: fallback(WAITS.minMs, defaults.minMs),
      maxMs: fallback(WAITS.maxMs, defaults.maxMs),
      multiplier: fallback(WAITS.multiplier, defaults.multiplier),
    }),
    'must not be less than minMs',
    ({ minMs, maxMs }) => minMs <= maxMs,
    'maxMs',
  );

type GivenPeer = string | Address | PeerOptions;

const read = optionsReader(
  'addressbook',
  options({
    mode: optional(oneOf('public', 'private', 'loopback')),
    groupOf: fallback(either(callable<GroupOf>(), oneOf(false)), groupOfAddress),
    persistent: fallback(list(anything as Schema<GivenPeer>, PERSISTENT_MAX), []),
    dialWorkers: fallback(whole(1, 256), 10),
    attemptsMax: fallback(ATTEMPTS, ENTRY_LIMITS.attemptsMax),
    backoff: fallback(backoffOver(BACKOFF_DEFAULTS), BACKOFF_DEFAULTS),
    isDialling: fallback(boolean, true),
    isGossiping: fallback(boolean, true),
    saveMs: fallback(number(1_000, DAY_MS), 60_000),
  }),
);

/** Throws `OPTION_INVALID`, or `ADDRESS_INVALID` for an address. */
export function setupOf(given: AddressBookOptions): AddressBookSetup {
  const { groupOf, persistent, ...rest } = read(given);
  const wanted = peersOf('persistent', persistent, rest.backoff);
  if (unknownAmong(wanted.map(({ address }) => address)).size > SEEDS_MAX)
    throw new NetworkError('OPTION_INVALID', `addressbook: option persistent has more than ${SEEDS_MAX} addresses without node id`, {
      details: { option: 'persistent' },
    });
  return { ...rest, groupOf: groupOf === false ? () => undefined : groupOf, persistent: wanted };
}

/** The nodes of a list. Throws `OPTION_INVALID`, or `ADDRESS_INVALID` for an address. */
export function peersOf(name: string, given: readonly GivenPeer[], defaults: BackoffOptions): readonly WantedPeer[] {
  const schema = options({ address: ADDRESS, attemptsMax: optional(ATTEMPTS), backoff: optional(backoffOver(defaults)) });
  return given.map((peer, index) => {
    if (typeof peer === 'string' || peer instanceof Address) return { address: addressOf(peer), rules: undefined };
    const { address, attemptsMax, backoff = defaults } = optionsReader(`addressbook: ${name}[${index}]`, schema)(peer);
    const isOrdinary = attemptsMax === undefined && backoff === defaults;
    return { address: addressOf(address), rules: isOrdinary ? undefined : { attemptsMax, backoff } };
  });
}

export function addressOf(given: string | Address): Address {
  return given instanceof Address ? given : parseAddress(given);
}
