/**
 * @module Options of the operator, its bounds, and what it counts.
 */
import { Address, type BehaviorLimits, isNodeId, parseAddress } from '../../core/index.js';
import {
  bytes,
  callable,
  either,
  fallback,
  list,
  oneOf,
  optional,
  options,
  optionsReader,
  parsed,
  text,
  whole,
} from '../../core/schema/index.js';
import type { OperatorStore } from './lookup/store.js';
import { CERTIFICATE_LIMITS, REVOCATION_LIMITS } from './messages.js';
import { KEY_BYTES } from './signed.js';

/** A space as its nodes know it. */
export interface SpaceDescription {
  /** The network's name: that of the option `network`. */
  readonly name: string;
  /** The public key of who signs the certificates of its members, 32 bytes. Absent: the space is open, and everybody is a member. */
  readonly authority?: Uint8Array;
  /** Who answers for keys, each with its node id: `tcp://ID@host:port`. The first is asked first. 16 at most; none by default. */
  readonly operators?: readonly (string | Address)[];
  /**
   * Finds the operators anew: called every 10 min, give or take a fifth, and when none of them has answered a look-up, at most once in 30 s. The 1 to
   * 16 that it resolves with take the place of those before. This node keeps connected to those of now, from its start on (they need not be seeds);
   * those of before are dialled no more. When it rejects, or takes longer than until the next call, those of before stay. Absent: they stay.
   */
  readonly findOperators?: () => Promise<readonly (string | Address)[]>;
}

/** Options of `OperatorBehavior`. */
export interface OperatorOptions {
  /** Absent: an open space of any name, without operators. */
  readonly space?: SpaceDescription;
  /** This node's certificate, of a space that has an authority. */
  readonly certificate?: Uint8Array;
  /** A revocation list that this node starts with; one that it has kept, or gets, counts if its number is higher. Absent: it has none. */
  readonly revocations?: Uint8Array;
  /**
   * Makes this node an operator. A node that is connected to it is asked itself, at most once in 30 s where it answers; the store is for all others.
   * `memory`: it remembers what nodes say of themselves, until its end. `storage`: also between runs, where the node has a
   * `dataDirectory`. Or a store of the application. Absent: it answers for its own key alone.
   */
  readonly serve?: 'memory' | 'storage' | OperatorStore;
  /** By how much clocks may be wrong when certificates are judged, in ms. 300,000 by default; 0 to 86,400,000. */
  readonly clockToleranceMs?: number;
  /** Nodes that an operator remembers. 8,192 by default; some 400 bytes each. */
  readonly nodesMax?: number;
  /** Keys of other nodes that are remembered. 4,096 by default. */
  readonly keysMax?: number;
  /** Nodes that are looked up at once. 1,024 by default. */
  readonly lookupsMax?: number;
  /** Packets that wait for the key of their sender; at most 8 of each sender, and half of them over one connection. 256 by default; up to 4 KiB each. */
  readonly heldMax?: number;
}

export interface SpaceSettings {
  readonly name: string;
  readonly authority: Uint8Array | undefined;
  readonly operators: readonly Address[];
  readonly findOperators: (() => Promise<unknown>) | undefined;
}

export interface OperatorSettings
  extends Required<Pick<OperatorOptions, 'clockToleranceMs' | 'nodesMax' | 'keysMax' | 'lookupsMax' | 'heldMax'>> {
  readonly space: SpaceSettings;
  readonly certificate: Uint8Array | undefined;
  readonly revocations: Uint8Array | undefined;
  readonly serve: 'memory' | 'storage' | OperatorStore | undefined;
}

const OPERATORS_MAX = 16;
const COUNT = whole(1, 1_048_576);
const NO_SPACE = { name: '', authority: undefined, operators: [], findOperators: undefined };

const address = parsed('an address with node id: tcp://ID@host:port', (value) => {
  try {
    const parsedAddress = value instanceof Address ? value : parseAddress(value as string);
    return isNodeId(parsedAddress.nodeId) ? parsedAddress : undefined;
  } catch {
    return undefined;
  }
});
const store = parsed<OperatorStore>('a store: find, and keep if it learns', (value) => {
  const { find, keep = () => {} } = Object(value) as Partial<OperatorStore>;
  return typeof find === 'function' && typeof keep === 'function' ? (value as OperatorStore) : undefined;
});
const SPACE = options({
  name: text(CERTIFICATE_LIMITS.spaceCharactersMax, { min: 1 }),
  authority: optional(bytes(KEY_BYTES)),
  operators: fallback(list(address, OPERATORS_MAX), []),
  findOperators: optional(callable<() => Promise<unknown>>()),
});
const OPTIONS = options({
  space: fallback(SPACE, NO_SPACE),
  certificate: optional(bytes(1, CERTIFICATE_LIMITS.bytesMax)),
  revocations: optional(bytes(1, REVOCATION_LIMITS.bytesMax)),
  serve: optional(either(oneOf('memory', 'storage'), store)),
  clockToleranceMs: fallback(whole(0, 86_400_000), 300_000),
  nodesMax: fallback(COUNT, 8_192),
  keysMax: fallback(COUNT, 4_096),
  lookupsMax: fallback(COUNT, 1_024),
  heldMax: fallback(COUNT, 256),
});

const FOUND = options({ operators: list(address, OPERATORS_MAX, { min: 1 }) });
const readFound: (given: unknown) => { readonly operators: readonly Address[] } = optionsReader('findOperators', FOUND);

/** What finds the operators anew, if anything does; it rejects with `OPTION_INVALID` for what are none. */
export function finderOf({ space: { findOperators } }: OperatorSettings): (() => Promise<readonly Address[]>) | undefined {
  return findOperators && (async () => readFound({ operators: await findOperators() }).operators);
}

/** Throws `OPTION_INVALID`, naming the options. */
export const readOperatorOptions: (given: unknown) => OperatorSettings = optionsReader('operator', OPTIONS);

/** What `node.limits()` shows. */
export function limitsOf({ nodesMax, keysMax, lookupsMax, heldMax }: OperatorSettings): BehaviorLimits {
  return {
    nodesMax: { value: nodesMax, unit: 'count', atTheBound: 'the node that was not asked for longest is forgotten' },
    keysMax: { value: keysMax, unit: 'count', atTheBound: 'the oldest key is forgotten, and asked for again' },
    lookupsMax: { value: lookupsMax, unit: 'count', atTheBound: '`lookUp` rejects with `LIMIT_EXCEEDED`' },
    heldMax: { value: heldMax, unit: 'count', atTheBound: 'further packets of unknown signers are dropped, and counted' },
  };
}

/** What has happened since the start. Only ever rises. */
export class OperatorCounters {
  /** Connections that were refused for the remote's certificate, and open ones that ended for it. */
  refused = 0;
  expelled = 0;
  /** Newer revocation lists, and what was none. */
  listsTaken = 0;
  listsRefused = 0;
  /** Look-ups that were begun, and answers whose key does not belong to the node. */
  lookups = 0;
  wrongAnswers = 0;
  /** Requests for keys: answered, not known here, neither in a line nor signed by a member. */
  opsAnswered = 0;
  opsUnknown = 0;
  opsRefused = 0;
  /** Packets that somebody here has taken, and that nobody takes. */
  packetsTaken = 0;
  packetsUnhandled = 0;
  packetsHeld = 0;
  /** For their signature, address, referral or missing line; and what cannot be read. */
  packetsDropped = 0;
  malformed = 0;
}
