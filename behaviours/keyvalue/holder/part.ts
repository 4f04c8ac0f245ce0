/**
 * @module Part: a map and this node's part in it: its owner, about to be that, a replica, or neither.
 */
import type { NodeId } from '../../../core/index.js';
import type { Usage } from '../entries/map-state.js';
import type { MapAgent, Reply } from '../host.js';
import { type KeyValueSettings, SOURCE_SHARE } from '../options.js';
import type { HeldMap } from './held-map.js';
import type { Owner } from './owner.js';
import type { TakeOver } from './take-over.js';

/** A map without entries is kept for so long after it was asked for, or after its owner was heard. */
const UNUSED_MS = 60_000;

export type Run = (agent: MapAgent, owner: Owner) => void;

export interface Part {
  readonly map: HeldMap;
  /** Who asked for it here first, where anybody did. */
  readonly opener: NodeId | undefined;
  owner: Owner | undefined;
  takeOver: TakeOver | undefined;
  /** Requests that wait for the take-over. */
  readonly waiting: { readonly reply: Reply; readonly run: Run }[];
  /** When a take-over failed last, when losers were notified last, and when the map was asked for last. */
  failedMs: number;
  notifiedMs: number;
  usedMs: number;
  /** What was taken of those who offered: the digest of that. */
  readonly taken: Map<NodeId, string>;
  readonly pulling: Set<NodeId>;
}

export function newPart(map: HeldMap, opener: NodeId | undefined, nowMs: number): Part {
  const never = Number.NEGATIVE_INFINITY;
  const times = { failedMs: never, notifiedMs: never, usedMs: nowMs };
  return { map, opener, owner: undefined, takeOver: undefined, waiting: [], ...times, taken: new Map(), pulling: new Set() };
}

/** There is nothing to know of it: nobody has written to it, or all was deleted, and the deletions are over. */
export function isUnused({ nowMs }: MapAgent, { map, usedMs }: Part): boolean {
  return map.isEmpty && nowMs >= Math.max(usedMs, map.heardMs) + UNUSED_MS;
}

/** The bound of this owner, or of one source at it, that does not allow so much more; by its number in answers. */
export function refusalOf(parts: Iterable<Part>, { keysMax, bytesMax }: KeyValueSettings, source: NodeId, more: Readonly<Usage>) {
  const all = { ...more };
  const own = { ...more };
  for (const { map, owner } of parts) {
    if (owner === undefined) continue;
    const { usage } = map.state;
    const ofSource = map.state.usageOf(source);
    all.keys += usage.keys;
    all.bytes += usage.bytes;
    own.keys += ofSource.keys;
    own.bytes += ofSource.bytes;
  }
  const bounds = [
    [0, all.keys, keysMax],
    [1, all.bytes, bytesMax],
    [2, own.keys, Math.floor(keysMax / SOURCE_SHARE)],
    [3, own.bytes, Math.floor(bytesMax / SOURCE_SHARE)],
  ] as const;
  const reached = bounds.find(([, wanted, maximum]) => wanted > maximum);
  return reached === undefined ? undefined : { limit: reached[0], current: reached[1], maximum: reached[2] };
}
