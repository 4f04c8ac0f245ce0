/**
 * @module DialPlan: whom to dial next. While the space has no more nodes than this one may have connections, everybody: a full mesh. Beyond
 * that, `min` nodes drawn at random, which keeps the graph connected, and group by group, so that many nodes of few networks get few of the
 * slots. Pure but for `orderOf`.
 */
import { modeOf } from '../../../core/address/address-class.js';
import { type Address, type BehaviorAgent, type DialCandidate, type NodeId, parseAddress, type Random } from '../../../core/index.js';
import { sample, takeAt } from '../../../core/structures/sample.js';
import type { Book } from '../book/book.js';
import type { Entry, Moment } from '../book/entry.js';
import type { KnownAddress } from '../book/known-address.js';
import type { DialBudget } from './dial-budget.js';

export const DIAL_PLAN_LIMITS = {
  /** Connections that this node dialled, of one group, in a space that is larger than the full mesh. */
  perGroupMax: 2,
  /** Of two nodes that have just learnt of each other the smaller id dials first; the larger one if no connection has come by then. */
  politeMs: 2_000,
  /** Nodes that one look considers. */
  samplesMax: 512,
  /** A mesh is completed only when the book has not grown for so long, so that a newcomer to a large space does not dial everybody. */
  settledMs: 1_000,
} as const;

/** A dial to be made. */
export interface Candidate {
  readonly entry: Entry;
  readonly address: KnownAddress;
}

export interface Situation {
  readonly book: Book;
  readonly self: NodeId;
  readonly min: number;
  readonly max: number;
  /** Connections that this node dialled and keeps, with the group of each, and dials under way. */
  readonly chosen: readonly { readonly group: string | undefined }[];
  /** Nodes to which this one was connected when it ended; dialled first. */
  readonly anchors: ReadonlySet<NodeId>;
  readonly budget: DialBudget;
  /** The user's order, if there is one: the best first, the others left out. Called when there is somebody to put in order. */
  readonly order: () => Order | undefined;
}

export class DialPlan {
  /** Whether everybody is to be connected. */
  readonly isFull: boolean;
  /** Whether anybody is to be dialled. */
  private readonly isOpen: boolean;

  constructor(
    private readonly situation: Situation,
    private readonly now: Moment,
  ) {
    this.isFull = !situation.book.hasMoreThan(situation.max);
    this.isOpen = this.isFull || situation.chosen.length < situation.min;
  }

  /** When somebody is to be dialled: in `lookMs` where somebody may be found, later where all were given up; `Infinity` for nobody. */
  nextWishMs(lookMs: number): number {
    const soonMs = this.now.nowMs + lookMs;
    let wishMs = Number.POSITIVE_INFINITY;
    if (!this.isOpen) return wishMs;
    for (const entry of this.situation.book.values()) {
      if (entry.isConnected || entry.isPersistent || entry.isDeclined) continue;
      wishMs = Math.min(wishMs, entry.isGivenUp ? Math.max(soonMs, entry.dueMs) : soonMs);
      if (wishMs === soonMs) break;
    }
    return wishMs;
  }

  /** Up to `count` dials, the most wanted first. Persistent nodes are dialled by others. */
  next(count: number): readonly Candidate[] {
    if (!this.isOpen) return [];
    const isFree = (entry: Entry) => !entry.isConnected && !entry.isDialling && !entry.isPersistent && !entry.isDeclined;
    const entries = [...this.situation.book.values()].filter(isFree);
    return this.isFull ? this.everybody(entries, count) : this.some(entries, count);
  }

  /** One that was never connected, to see whether it is there. */
  feeler(): Candidate | undefined {
    const unproven = [...this.situation.book.values()].filter((entry) => entry.isIdle && !entry.isProven && !entry.isDeclined);
    return this.sampled(unproven, 1, [])[0];
  }

  private everybody(entries: readonly Entry[], count: number): readonly Candidate[] {
    const { book, chosen, min } = this.situation;
    const isSettled = this.now.nowMs - book.lastLearntMs >= DIAL_PLAN_LIMITS.settledMs;
    const room = isSettled ? count : Math.min(count, Math.max(0, min - chosen.length));
    const candidates = this.dialable(entries);
    if (candidates.length === 0) return [];
    const order = this.situation.order();
    return order === undefined ? sample(candidates, room, this.now.random) : inOrder(candidates, order).slice(0, room);
  }

  private some(entries: readonly Entry[], count: number): readonly Candidate[] {
    const { chosen, min, anchors } = this.situation;
    const room = Math.min(count, Math.max(0, min - chosen.length));
    if (room === 0 || entries.length === 0) return [];
    const order = this.situation.order();
    if (order !== undefined) return this.diverse(inOrder(this.dialable(entries), order), room, []);
    const anchored = this.diverse(this.dialable(entries.filter(({ nodeId }) => anchors.has(nodeId))), room, []);
    return this.sampled(entries, room, anchored);
  }

  /** Some at random, beside those that are taken. Where most may not be dialled now, the next look goes on. */
  private sampled(entries: readonly Entry[], room: number, already: readonly Candidate[]): readonly Candidate[] {
    const rest = new GroupedSample(entries, this.now.random);
    let taken = already;
    for (let tries = 0; taken.length < room && tries < DIAL_PLAN_LIMITS.samplesMax; tries++) {
      const entry = rest.next();
      if (entry === undefined) break;
      if (!taken.some((candidate) => candidate.entry === entry)) taken = this.diverse(this.dialable([entry]), room, taken);
    }
    return taken;
  }

  /** Those of them that fit beside the others. */
  private diverse(candidates: readonly Candidate[], room: number, already: readonly Candidate[]): readonly Candidate[] {
    const taken = [...already];
    for (const candidate of candidates) if (taken.length < room && this.isDiverse(candidate, taken)) taken.push(candidate);
    return taken;
  }

  /** Those that may be dialled now, each with the best of its addresses. */
  private dialable(entries: readonly Entry[]): Candidate[] {
    return entries.flatMap((entry) => {
      const address = this.isPolite(entry) ? entry.candidates(this.now.nowMs).find((known) => this.isAffordable(known)) : undefined;
      return address === undefined ? [] : [{ entry, address }];
    });
  }

  private isPolite({ nodeId, learntMs, isProven }: Entry): boolean {
    const isFirst = this.situation.self < nodeId || isProven;
    return isFirst || this.now.nowMs - learntMs >= DIAL_PLAN_LIMITS.politeMs;
  }

  private isAffordable(known: KnownAddress): boolean {
    return mayDial(known, this.situation.budget, this.now.nowMs);
  }

  private isDiverse({ address: { group } }: Candidate, taken: readonly Candidate[]): boolean {
    if (group === undefined) return true;
    const groups = [...this.situation.chosen.map((chosen) => chosen.group), ...taken.map(({ address }) => address.group)];
    return groups.filter((other) => other === group).length < DIAL_PLAN_LIMITS.perGroupMax;
  }
}

/** In the user's order; as they are when that has failed. */
function inOrder(candidates: readonly Candidate[], order: Order): readonly Candidate[] {
  const ids = order(candidates.map(({ entry }) => entry));
  if (ids === undefined) return candidates;
  const byId = new Map(candidates.map((candidate) => [candidate.entry.nodeId, candidate]));
  return [...new Set(ids)].map((id) => byId.get(id)).filter((candidate) => candidate !== undefined);
}

/** Whether the budget allows a dial to it. What has answered before is free, and so are configured addresses and those of this machine. */
export function mayDial(known: KnownAddress, budget: DialBudget, nowMs: number): boolean {
  if (isProven(known)) return true;
  const address = parseAddress(known.text);
  return isHarmless(address) || budget.allows(known.text, address.host, nowMs);
}

export function spend(known: KnownAddress, budget: DialBudget, nowMs: number): void {
  if (isProven(known)) return;
  const address = parseAddress(known.text);
  if (!isHarmless(address)) budget.spend(known.text, address.host, nowMs);
}

function isProven({ origin, succeededMs }: KnownAddress): boolean {
  return origin === 'configured' || succeededMs !== undefined;
}

/** A dial to this machine harms nobody else. */
function isHarmless(address: Address): boolean {
  return modeOf(address) === 'loopback';
}

/**
 * Draws entries at random without replacement: first a group of addresses, then one of its nodes; an entry without group is a group of its
 * own. Many nodes in few groups are not drawn more often.
 */
class GroupedSample {
  private readonly groups: Entry[][] = [];

  constructor(
    entries: Iterable<Entry>,
    private readonly random: Random,
  ) {
    const byGroup = new Map<string, Entry[]>();
    for (const entry of entries) {
      const group = entry.addresses[0]?.group;
      const members = group === undefined ? undefined : byGroup.get(group);
      if (members !== undefined) members.push(entry);
      else this.open(entry, group, byGroup);
    }
  }

  /** The next one; `undefined` when all were drawn. */
  next(): Entry | undefined {
    const index = Math.floor(this.random.float() * this.groups.length);
    const members = this.groups[index];
    if (members === undefined) return undefined;
    const entry = takeAt(members, Math.floor(this.random.float() * members.length));
    if (members.length === 0) takeAt(this.groups, index);
    return entry;
  }

  private open(entry: Entry, group: string | undefined, byGroup: Map<string, Entry[]>): void {
    const members = [entry];
    this.groups.push(members);
    if (group !== undefined) byGroup.set(group, members);
  }
}

/** The best first, the others left out; `undefined` when the policy has failed. */
export type Order = (entries: readonly Entry[]) => readonly NodeId[] | undefined;

/** Whom the user wants dialled: the `order` of the connection policy with the highest service id that has one. */
export function orderOf(agent: BehaviorAgent): Order | undefined {
  const ports = agent.ports('connectionPolicy').filter((port) => port.use((policy) => policy.order !== undefined)?.answer === true);
  const port = ports.at(-1);
  if (port === undefined) return undefined;
  return (entries) => {
    const order = port.use((policy) => policy.order?.(entries.map((entry) => asCandidate(entry, agent.nowMs))))?.answer;
    return Array.isArray(order) ? order : undefined;
  };
}

function asCandidate(entry: Entry, nowMs: number): DialCandidate {
  const groups = new Set(entry.addresses.map(({ group }) => group));
  groups.delete(undefined);
  return { nodeId: entry.nodeId, isProven: entry.isProven, addresses: entry.usableAddresses(nowMs), groups: [...groups] as string[] };
}
