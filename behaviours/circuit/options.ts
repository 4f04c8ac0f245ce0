/**
 * @module Options of the circuit behaviour, and what it counts.
 */
import type { BehaviorLimits, NodeId } from '../../core/index.js';
import { isNodeId } from '../../core/index.js';
import { boolean, either, fallback, list, options, optionsReader, parsed, whole } from '../../core/schema/index.js';

/** The options of `CircuitBehavior`. */
export interface CircuitOptions {
  /**
   * For whom this node relays: `true`, the default, for every neighbour; `false` for nobody; or for these neighbours alone, on either side of
   * a circuit. A node that relays for nobody still dials and takes circuits of its own.
   */
  readonly relay?: boolean | readonly NodeId[];
  /** Circuits that this node relays at once, 64 by default; 0 to 65,536. A further one is refused with `relay-full`. */
  readonly circuitsMax?: number;
  /** Of these, those with one neighbour at either end, 8 by default. A further one is refused with `peer-full`. */
  readonly circuitsPerPeerMax?: number;
  /**
   * Bits per second that this node relays for one neighbour, over all its circuits: 1,000,000 by default; 8,000 at least. What the neighbour
   * sends beyond is dropped and counted; both ends slow down. There is no bound on how much passes in all.
   */
  readonly bitsPerSecondMax?: number;
  /** A circuit over which nothing passes for so long is closed, and its room is free again: 60,000 ms by default; 20,000 at least. */
  readonly reservationMs?: number;
}

export type CircuitSettings = Required<CircuitOptions>;

/** Circuits of others that end here, over one neighbour; and nodes to which this one sends over circuits of its own. */
export const ENDS_PER_NEIGHBOUR_MAX = 64;
export const WAYS_MAX = 1_024;

const nodeId = parsed('a node id', (value) => (typeof value === 'string' && isNodeId(value) ? value : undefined));

/** Throws `OPTION_INVALID`, naming the options. */
export const readCircuitOptions: (given: CircuitOptions) => CircuitSettings = optionsReader(
  'circuit',
  options({
    relay: fallback(either(boolean, list(nodeId, 65_536)), true),
    circuitsMax: fallback(whole(0, 65_536), 64),
    circuitsPerPeerMax: fallback(whole(1, 65_536), 8),
    bitsPerSecondMax: fallback(whole(8_000, 100_000_000_000), 1_000_000),
    reservationMs: fallback(whole(20_000, 86_400_000), 60_000),
  }),
);

/** As `node.limits()` shows them. */
export function limitsOf(settings: CircuitSettings): BehaviorLimits {
  const { circuitsMax, circuitsPerPeerMax, bitsPerSecondMax, reservationMs } = settings;
  const dropped = 'bits that one neighbour sends beyond are dropped and counted, and its circuits slow down';
  return {
    circuitsMax: { value: circuitsMax, unit: 'count', atTheBound: 'a further circuit is refused with relay-full' },
    circuitsPerPeerMax: {
      value: circuitsPerPeerMax,
      unit: 'count',
      atTheBound: 'a further circuit with that neighbour is refused with peer-full',
    },
    bitsPerSecondMax: { value: bitsPerSecondMax, unit: 'per second', atTheBound: dropped },
    reservationMs: { value: reservationMs, unit: 'ms', atTheBound: 'a circuit over which nothing passes for so long is closed' },
    endsPerNeighbourMax: {
      value: ENDS_PER_NEIGHBOUR_MAX,
      unit: 'count',
      atTheBound: 'a further circuit over that neighbour is refused with busy',
    },
    waysMax: { value: WAYS_MAX, unit: 'count', atTheBound: 'a dial over circuits to a further node fails with LIMIT_EXCEEDED' },
  };
}

/** What has happened since the start. Only ever rises. */
export class CircuitCounters {
  /** Circuits that this node has dialled and that were accepted; that others have dialled to it; that it has relayed. */
  opened = 0;
  accepted = 0;
  relayed = 0;
  /** Circuits of others that this node has refused, as a relay or as their end. */
  refused = 0;
  /** Relayed circuits that were closed because nothing passed. */
  expired = 0;
  relayedBytes = 0;
  /** Relayed datagrams that were dropped: beyond the rate of a neighbour, or without room in the lane of the next one. */
  droppedRate = 0;
  droppedFull = 0;
  /** Messages that are none of this service, or came over relays; and openings under a number that is in use. */
  malformed = 0;
}
