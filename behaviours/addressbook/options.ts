/**
 * @module Options of the address book, and their check.
 */

import type { AddressMode, HintMode } from '../../core/address/address-class.js';
import { type GroupOf, groupOfAddress } from '../../core/address/address-group.js';
import { Address, NetworkError, parseAddress } from '../../core/index.js';
import { BACKOFF_DEFAULTS, type BackoffOptions } from '../../core/structures/back-off.js';
import { SEEDS_MAX, unknownAmong } from './dial/configured.js';

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

const MODES: readonly unknown[] = [undefined, 'public', 'private', 'loopback'];
const SAVE_MS = 60_000;
const NAMES = ['mode', 'groupOf', 'persistent', 'backoff', 'isDialling', 'isGossiping', 'saveMs'];
const DAY_MS = 86_400_000;

/** Throws `OPTION_INVALID`, or `ADDRESS_INVALID` for an address. */
export function setupOf(options: AddressBookOptions): AddressBookSetup {
  checkNames(options, NAMES);
  const { mode, groupOf = groupOfAddress, isDialling = true, isGossiping = true, saveMs = SAVE_MS } = options;
  if (!MODES.includes(mode)) throw invalid('mode', 'must be public, private or loopback');
  for (const [name, value] of Object.entries({ isDialling, isGossiping }))
    if (typeof value !== 'boolean') throw invalid(name, 'must be true or false');
  if (groupOf !== false && typeof groupOf !== 'function') throw invalid('groupOf', 'must be a function or false');
  if (!isWithin(saveMs, 1_000, DAY_MS)) throw invalid('saveMs', `must be a number of milliseconds from 1,000 to ${DAY_MS}`);
  const persistent = (options.persistent ?? []).map((given) => (given instanceof Address ? given : parseAddress(given)));
  if (unknownAmong(persistent).size > SEEDS_MAX) throw invalid('persistent', `must have ${SEEDS_MAX} addresses without node id at most`);
  return {
    ...{ mode, saveMs, isDialling, isGossiping, backoff: backoffOf(options.backoff) },
    groupOf: groupOf === false ? () => undefined : groupOf,
    persistent,
  };
}

/** No multiplier below 0.1, no first wait below 1 ms, no longest one below 1 s or the first. */
function backoffOf(given: Partial<BackoffOptions> = {}): BackoffOptions {
  checkNames(given, Object.keys(BACKOFF_DEFAULTS), 'backoff.');
  const { minMs, maxMs, multiplier } = { ...BACKOFF_DEFAULTS, ...given };
  if (!isWithin(minMs, 1, DAY_MS) || !isWithin(maxMs, Math.max(1_000, minMs), DAY_MS) || !isWithin(multiplier, 0.1, 100))
    throw invalid('backoff', 'must have minMs from 1, maxMs from 1,000 and minMs, and multiplier from 0.1 to 100');
  return { minMs, maxMs, multiplier };
}

function checkNames(options: object, names: readonly string[], prefix = ''): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(`${prefix}${unknown}`, 'is unknown');
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function invalid(option: string, text: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `addressbook: option ${option} ${text}`, { details: { option } });
}
