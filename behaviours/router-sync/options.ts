/**
 * @module The options of `RouterSyncBehavior`, their check, and its counters.
 */
import { NetworkError } from '../../core/index.js';

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
  /** Messages that were malformed, out of their turn, of another connection or for another kind of table. */
  messagesIgnored = 0;
  /** Syncs that were too long to be sent, or waited for a measurement in too great a number. */
  syncsDropped = 0;
}

const FIELDS: readonly string[] = ['intervalMs', 'batchMs'];

/** Throws `OPTION_INVALID`, naming the field. */
export function resolveRouterSyncOptions(options: RouterSyncOptions): RouterSyncSettings {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'must be an object');
  for (const field of Object.keys(options)) if (!FIELDS.includes(field)) throw invalid(field, 'is unknown');
  const { intervalMs = 1_000, batchMs = 5 } = options;
  check('intervalMs', intervalMs, 100, 60_000);
  check('batchMs', batchMs, 0, 1_000);
  return { intervalMs, batchMs };
}

function check(field: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw invalid(field, `is ${String(value)}; it must be a number from ${min} to ${max}`);
}

function invalid(field: string, fault: string): NetworkError {
  return new NetworkError('OPTION_INVALID', `router-sync: ${field} ${fault}`, { details: { field } });
}
