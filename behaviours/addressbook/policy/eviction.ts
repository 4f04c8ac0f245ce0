/**
 * @module Eviction: which open connection makes room for a newcomer at the cap. Held ones never go, nor those that are
 * good by a measure that is hard to feign: the nearest, those that sent something new lately, and the half that has been open longest.
 * Of the rest one of the largest group goes: a flood from one network evicts only its own connections. Pure.
 */

import type { GroupOf } from '../../../core/address/address-group.js';
import type { PolicyCandidate } from '../../../core/index.js';
import type { Gossip } from '../gossip/gossip.js';
import type { Protected } from './protected.js';

export interface Evictable {
  readonly connectionId: number;
  readonly direction: 'incoming' | 'outgoing';
  readonly group: string | undefined;
  readonly rttMs: number | undefined;
  readonly openedMs: number;
  readonly lastTrafficMs: number;
  /** When it sent something new. */
  readonly noveltyMs: number;
  /** It has been given what it lacked. */
  readonly isServed: boolean;
  /** Somebody holds or protects it. */
  readonly isHeld: boolean;
}

/** Of all candidates, the share that is spared for being near, and for being useful. */
const SPARED_SHARE = 1 / 16;
/** A connection that was not served stays so long, to get what it came for. */
const GRACE_MS = 2_000;

/** The connection that is closed; `undefined` when the newcomer is. */
export function victimOf(open: readonly Evictable[], newcomer: { readonly group: string | undefined }, nowMs: number): number | undefined {
  const free = open.filter(({ isHeld }) => !isHeld);
  const surplus = free.filter(({ direction }) => direction === 'outgoing');
  if (surplus.length > 0) return quietest(surplus).connectionId;
  const exposed = withoutGood(free).filter(({ isServed, openedMs }) => isServed || nowMs - openedMs >= GRACE_MS);
  const groups = countGroups([...free, newcomer]);
  const largest = Math.max(...groups.values(), 1);
  const crowded = exposed.filter(({ group }) => group !== undefined && groups.get(group) === largest);
  if (largest === 1) return exposed.length === 0 ? undefined : youngest(exposed).connectionId;
  if (crowded.length > 0) return youngest(crowded).connectionId;
  const isFromTheLargest = newcomer.group !== undefined && groups.get(newcomer.group) === largest;
  return isFromTheLargest || exposed.length === 0 ? undefined : youngest(exposed).connectionId;
}

function withoutGood(candidates: readonly Evictable[]): readonly Evictable[] {
  const count = Math.ceil(candidates.length * SPARED_SHARE);
  let rest = without(candidates, count, (a, b) => (a.rttMs ?? Number.POSITIVE_INFINITY) - (b.rttMs ?? Number.POSITIVE_INFINITY));
  rest = without(
    rest,
    Math.min(count, rest.filter(({ noveltyMs }) => noveltyMs > Number.NEGATIVE_INFINITY).length),
    (a, b) => b.noveltyMs - a.noveltyMs,
  );
  return without(rest, Math.ceil(rest.length / 2), (a, b) => a.openedMs - b.openedMs);
}

function without(candidates: readonly Evictable[], count: number, order: (a: Evictable, b: Evictable) => number): readonly Evictable[] {
  return [...candidates].sort((a, b) => order(a, b) || a.connectionId - b.connectionId).slice(count);
}

function countGroups(members: readonly { readonly group: string | undefined }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { group } of members) if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
  return counts;
}

function quietest(candidates: readonly Evictable[]): Evictable {
  return candidates.reduce((first, other) => (other.lastTrafficMs < first.lastTrafficMs ? other : first));
}

function youngest(candidates: readonly Evictable[]): Evictable {
  return candidates.reduce((last, other) => (other.openedMs >= last.openedMs ? other : last));
}

/** The connection policy of the address book: what the engine and the gossip know of each connection, put together for `victimOf`. */
export class Pruning {
  constructor(
    private readonly gossip: Gossip,
    private readonly protectedNodes: Protected,
    private readonly groupOf: GroupOf,
  ) {}

  /** The open connection that makes room, if one does. */
  victim(open: readonly PolicyCandidate[], newcomer: PolicyCandidate, nowMs: number): number | undefined {
    const candidates = open.map((candidate) => this.evictable(candidate));
    return victimOf(candidates, { group: this.groupOf(newcomer.remoteAddress) }, nowMs);
  }

  private evictable(candidate: PolicyCandidate): Evictable {
    const link = this.gossip.link(candidate.connectionId);
    return {
      ...candidate,
      isHeld: candidate.isHeld || this.protectedNodes.has(candidate.nodeId),
      group: this.groupOf(candidate.remoteAddress),
      noveltyMs: link?.noveltyMs ?? Number.NEGATIVE_INFINITY,
      isServed: link?.isServed ?? true,
    };
  }
}
