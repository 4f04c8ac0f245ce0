/**
 * @module Refresher: keeps the table full: the neighbourhood of the own id is looked up when the first neighbours are there, again until all of it is
 * linked, and then every so often; a key of each distance after joining where too few are known, and then, in turn, every so often.
 */
import { type BehaviorAgent, backoffBoundMs, type NodeId, nodeIdFromBytes, nodeIdToBytes, WakeTimer } from '../../core/index.js';
import type { Lookup } from './lookup/lookup.js';
import type { Lookups } from './lookup/lookups.js';
import type { Mesh } from './mesh/mesh.js';
import type { SpacerSettings } from './options.js';

/** Neighbours that come at once are waited for. */
const GATHER_MS = 100;
/** The own neighbourhood is looked up again after so long, and then after longer each time: others join, too. */
const OWN_MS = 2_000;
const GROWTH = 3;
/** Keys of so many distances are looked up at most, the farthest first. */
const DISTANCES_MAX = 24;
/** Ids have so many bits. */
const BITS = 256;

export interface RefresherParts {
  readonly self: NodeId;
  readonly lookups: Lookups;
  readonly settings: Pick<SpacerSettings, 'refreshMs'>;
  /** What the table is for. */
  readonly mesh: Pick<Mesh, 'isThin' | 'isComplete'>;
  /** The own neighbourhood was looked up, or a distant bucket. */
  onRefreshed(agent: BehaviorAgent, isOwn: boolean): void;
}

export class Refresher {
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  /** When the own neighbourhood, and the next distance, are to be looked up. */
  private ownDueMs = Number.POSITIVE_INFINITY;
  private farDueMs = Number.POSITIVE_INFINITY;
  private isRunning = false;
  private ownCount = 0;
  /** The distance whose turn it is: `BITS - 1` is the farthest. */
  private bits = BITS - 1;
  /** Whether all distances were gone through of which too few were known. */
  private isSpread = false;
  /** Nodes closer than this distance are all known. */
  private nearBits = BITS;

  constructor(private readonly parts: RefresherParts) {}

  /** A first neighbour is there, or a node close to this one has gone: the own neighbourhood is looked up soon. */
  renew(agent: BehaviorAgent): void {
    if (this.parts.settings.refreshMs === 0) return;
    this.ownCount = 0;
    this.ownDueMs = Math.min(this.ownDueMs, agent.nowMs + GATHER_MS);
    this.wish(agent);
  }

  /** A bucket has lost somebody. */
  lost(agent: BehaviorAgent, index: number): void {
    if (this.parts.settings.refreshMs === 0 || !this.parts.mesh.isThin(index, agent.nowMs)) return;
    this.fill(agent);
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
    const { self, lookups } = this.parts;
    const isOwn = this.ownDueMs <= agent.nowMs;
    if (isOwn) this.ownDueMs = Number.POSITIVE_INFINITY;
    else if (!this.goOn(agent)) return this.wish(agent);
    const key = isOwn ? self : keyAt(self, this.bits, agent.random.bytes(BITS / 8));
    this.isRunning = true;
    lookups.start(agent, { key, settle: (later, lookup) => this.settled(later, lookup, isOwn) });
  }

  /** Distance by distance those are looked up where too few are known. */
  private fill(agent: BehaviorAgent): void {
    this.bits = BITS - 1;
    this.isSpread = false;
    this.farDueMs = Math.min(this.farDueMs, agent.nowMs + GATHER_MS);
  }

  /** To the distance that is looked up now; false: too few are known at none, and the next one's turn comes later. */
  private goOn(agent: BehaviorAgent): boolean {
    const wasSpread = this.isSpread;
    while (!this.isSpread && !this.parts.mesh.isThin(this.bits + 1, agent.nowMs)) this.nextDistance();
    const hasOne = wasSpread || !this.isSpread;
    this.farDueMs = hasOne ? Number.POSITIVE_INFINITY : agent.nowMs + this.farWaitMs(agent);
    return hasOne;
  }

  private settled(agent: BehaviorAgent, lookup: Lookup, isOwn: boolean): void {
    this.isRunning = false;
    if (lookup.end === 'cancelled') return;
    if (lookup.end === 'done') {
      if (isOwn) this.nearBits = nearOf(this.parts.self, lookup);
      this.parts.onRefreshed(agent, isOwn);
    }
    if (isOwn) {
      this.ownAgain(agent, lookup);
      this.fill(agent);
    } else {
      this.nextDistance();
      this.farDueMs = Math.min(this.farDueMs, agent.nowMs + this.farWaitMs(agent));
    }
    this.wish(agent);
  }

  private ownAgain(agent: BehaviorAgent, lookup: Lookup): void {
    // Who is alone waits for the next neighbour.
    if (lookup.end === 'empty-table') return;
    const { settings, mesh } = this.parts;
    const { refreshMs } = settings;
    const isComplete = lookup.end === 'done' && mesh.isComplete(lookup.closest(), lookup.rules.count);
    const boundMs = backoffBoundMs(++this.ownCount, { minMs: Math.min(OWN_MS, refreshMs), maxMs: refreshMs, growth: GROWTH });
    this.ownDueMs = Math.min(this.ownDueMs, agent.nowMs + (isComplete ? refreshMs : boundMs) * (0.5 + agent.random.float()));
  }

  private nextDistance(): void {
    this.bits--;
    if (this.bits >= Math.max(this.nearBits, BITS - DISTANCES_MAX)) return;
    this.bits = BITS - 1;
    this.isSpread = true;
  }

  /** Those that too few are known of without a pause; then all of them within each period. */
  private farWaitMs({ random }: BehaviorAgent): number {
    const turns = Math.max(1, BITS - this.nearBits);
    return this.isSpread ? (this.parts.settings.refreshMs / turns) * (0.5 + random.float()) : GATHER_MS;
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
