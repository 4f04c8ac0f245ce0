/**
 * @module The options of `RouterSyncBehavior`, their check, and its counters.
 */
import { fallback, number, options, optionsReader } from '../../core/schema/index.js';

/** The options of `RouterSyncBehavior`; all may be left out. */
export interface RouterSyncOptions {
  /** A round: how often every neighbour's share of the table is looked through. 1,000 ms by default, 100 to 60,000. More is slower to heal. */
  readonly intervalMs?: number;
  /** News wait so long for others that may come with them. 5 ms by default, 0 to 1,000. It counts once for every hop. */
  readonly batchMs?: number;
}

export type RouterSyncSettings = Required<RouterSyncOptions>;

/** What a `RouterSyncBehavior` has done since its start. */
export class RouterSyncCounters {
  /** Syncs that were sent, and the bytes of their messages. */
  syncsSent = 0;
  bytesSent = 0;
  /** Syncs that were handed to the table. */
  syncsTaken = 0;
  /** Syncs that the table refused, because they were malformed or not for this node. */
  syncsRefused = 0;
  /** Messages that were malformed, out of their turn, of another connection or for another kind of table. */
  messagesIgnored = 0;
  /** Syncs that were too long to be sent, or waited for a measurement in too great a number. */
  syncsDropped = 0;
}

/** Throws `OPTION_INVALID`, naming the option. */
export const readRouterSyncOptions = optionsReader(
  'router-sync',
  options({ intervalMs: fallback(number(100, 60_000), 1_000), batchMs: fallback(number(0, 1_000), 5) }),
);
