/**
 * @module Refresher: keeps the table full: the neighbourhood of the own id is looked up when the first neighbours are there, and then, with a
 * key of each distance in turn, every so often.
 */
import { type BehaviorAgent, backoffBoundMs, type NodeId, nodeIdFromBytes, nodeIdToBytes, WakeTimer } from '../../core/index.js';
import type { Lookup } from './lookup/lookup.js';
import type { Lookups } from './lookup/lookups.js';

/** Neighbours that come at once are waited for. */
const GATHER_MS = 100;
/** The own neighbourhood is looked up again after so long, and then after longer each time: others join, too. */
const OWN_MS = 2_000;
const GROWTH = 3;
/** Keys of so many distances are looked up at most, the farthest first. */
const DISTANCES_MAX = 24;
/** Ids have so many bits. */
const BITS = 256;

export class Refresher {
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  /** When the own neighbourhood, and the next distance, are to be looked up. */
  private ownDueMs = Number.POSITIVE_INFINITY;
  private farDueMs = Number.POSITIVE_INFINITY;
  private isRunning = false;
  private ownCount = 0;
  /** The distance whose turn it is: `BITS - 1` is the farthest. */
  private bits = BITS - 1;
  /** Whether all distances were looked up once. */
  private isSpread = false;
  /** Nodes closer than this distance are all known. */
  private nearBits = BITS;

  constructor(
    private readonly self: NodeId,
    private readonly lookups: Lookups,
    private readonly refreshMs: number,
    /** The own neighbourhood was looked up, or a distant bucket. */
    private readonly onRefreshed: (agent: BehaviorAgent, isOwn: boolean) => void,
  ) {}

  /** A first neighbour is there, or a node close to this one has gone: the own neighbourhood is looked up soon. */
  renew(agent: BehaviorAgent): void {
    if (this.refreshMs === 0) return;
    this.ownCount = 0;
    this.ownDueMs = Math.min(this.ownDueMs, agent.nowMs + GATHER_MS);
    this.wish(agent);
  }

  stop(): void {
    this.timer.cancel();
  }

  private wish(agent: BehaviorAgent): void {
    this.timer.at(agent, Math.min(this.ownDueMs, this.farDueMs));
  }

  private look(agent: BehaviorAgent): void {
    if (this.isRunning || Math.min(this.ownDueMs, this.farDueMs) > agent.nowMs) return this.isRunning ? undefined : this.wish(agent);
    const isOwn = this.ownDueMs <= agent.nowMs;
    if (isOwn) this.ownDueMs = Number.POSITIVE_INFINITY;
    else this.farDueMs = Number.POSITIVE_INFINITY;
    const key = isOwn ? this.self : keyAt(this.self, this.bits, agent.random.bytes(BITS / 8));
    this.isRunning = true;
    this.lookups.start(agent, { key, settle: (later, lookup) => this.settled(later, lookup, isOwn) });
  }

  private settled(agent: BehaviorAgent, lookup: Lookup, isOwn: boolean): void {
    this.isRunning = false;
    if (lookup.end === 'cancelled') return;
    if (lookup.end === 'done') {
      if (isOwn) this.nearBits = nearOf(this.self, lookup);
      this.onRefreshed(agent, isOwn);
    }
    if (isOwn) this.ownAgain(agent, lookup.end === 'empty-table');
    else this.nextDistance();
    if (this.farDueMs === Number.POSITIVE_INFINITY) this.farDueMs = agent.nowMs + this.farWaitMs(agent);
    this.wish(agent);
  }

  private ownAgain(agent: BehaviorAgent, isAlone: boolean): void {
    // Who is alone waits for the next neighbour.
    if (isAlone) return;
    const boundMs = backoffBoundMs(++this.ownCount, { minMs: Math.min(OWN_MS, this.refreshMs), maxMs: this.refreshMs, growth: GROWTH });
    this.ownDueMs = Math.min(this.ownDueMs, agent.nowMs + boundMs * (0.5 + agent.random.float()));
  }

  private nextDistance(): void {
    this.bits--;
    if (this.bits >= Math.max(this.nearBits, BITS - DISTANCES_MAX)) return;
    this.bits = BITS - 1;
    this.isSpread = true;
  }

  /** After joining, distance by distance without a pause; then all of them within each period. */
  private farWaitMs({ random }: BehaviorAgent): number {
    const turns = Math.max(1, BITS - this.nearBits);
    return this.isSpread ? (this.refreshMs / turns) * (0.5 + random.float()) : GATHER_MS;
  }
}

/** A key whose distance to the id has `bits + 1` bits: one of that bucket. */
export function keyAt(self: NodeId, bits: number, random: Uint8Array): NodeId {
  const key = nodeIdToBytes(self);
  const index = BITS - 1 - bits;
  const byteAt = Math.floor(index / 8);
  const mask = 0xff >> (index % 8);
  const top = mask - (mask >> 1);
  // The bits above stay, the one of the distance changes, those below are random.
  key[byteAt] = ((key[byteAt] as number) & ~mask) | (((key[byteAt] as number) ^ top) & top) | ((random[byteAt] as number) & (mask >> 1));
  key.set(random.subarray(byteAt + 1), byteAt + 1);
  return nodeIdFromBytes(key);
}

/** The bits of the distance within which the lookup has found everybody. */
function nearOf(self: NodeId, lookup: Lookup): number {
  const farthest = lookup.closest().at(-1);
  return farthest === undefined ? BITS - 1 : BITS - leadingBits(self, farthest.nodeId);
}

function leadingBits(one: NodeId, other: NodeId): number {
  for (let index = 0; index < one.length; index++) {
    const difference = Number.parseInt(one.charAt(index), 16) ^ Number.parseInt(other.charAt(index), 16);
    if (difference !== 0) return 4 * index + Math.clz32(difference) - 28;
  }
  return BITS;
}
