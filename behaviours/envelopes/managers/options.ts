/**
 * @module Options of the managers of connections and peers, and their check.
 */
import type { NodeId } from '../../../core/index.js';
import { callable, fallback, options, optionsReader, refined, whole } from '../../../core/schema/index.js';

/** How the waits between attempts grow: they double with every further failure; of each a random share is waited. */
export interface RetryOptions {
  /** The first interval, 10,000 ms by default; 1 ms to an hour. */
  readonly firstMs: number;
  /** The longest one, 300,000 ms by default; from `firstMs` to a day. */
  readonly maxMs: number;
}

export interface EnvelopePeersOptions {
  /** Waits between attempts to connect to a peer. */
  readonly retry?: Partial<RetryOptions>;
  /** The interval between attempts at an address whose node is not known; a random share is waited. 60,000 ms by default, 1 ms to a day. */
  readonly unidentifiedMs?: number;
  /** Whether a node that connects by itself, and was not requested, is added. All are by default. */
  readonly accept?: (nodeId: NodeId) => boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const RETRY = refined(
  options({ firstMs: fallback(whole(1, HOUR_MS), 10_000), maxMs: fallback(whole(1, DAY_MS), 300_000) }),
  'must not be less than firstMs',
  ({ firstMs, maxMs }) => maxMs >= firstMs,
  'maxMs',
);
const ACCEPT = callable<(nodeId: NodeId) => boolean>();

/** Throws `ARGUMENT_INVALID`. */
export const readRetryOptions = optionsReader('envelopes', RETRY, 'ARGUMENT_INVALID');

/** Throws `ARGUMENT_INVALID`. */
export const readPeersOptions = optionsReader(
  'envelopes',
  options({
    retry: fallback(RETRY, { firstMs: 10_000, maxMs: 300_000 }),
    unidentifiedMs: fallback(whole(1, DAY_MS), 60_000),
    accept: fallback(ACCEPT, () => true),
  }),
  'ARGUMENT_INVALID',
);
