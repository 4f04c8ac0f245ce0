/**
 * @module Neighbours: which nodes announced themselves lately, and how many announcements are looked at. Anybody on the link can invent nodes
 * and, with some effort, hosts: what is kept is bounded for each host and in all, and expires. Pure.
 */
import type { Address, NodeId } from '../../core/index.js';
import { BoundedMap } from '../../core/structures/bounded-map.js';
import { TokenBucket } from '../../core/structures/token-bucket.js';

export const LAN_LIMITS = {
  /** Announcements of one host that are looked at: so many at once, and so many a second in the long run. */
  announcementsBurst: 256,
  announcementsPerSecond: 16,
  /** Nodes that are remembered, of one host and in all. At the bound further ones are ignored. */
  perHostMax: 256,
  neighboursMax: 2_048,
  /** Hosts that are remembered. At the bound the one that announced something longest ago gives way. */
  hostsMax: 256,
  /** Of a node that repeats the same announcement the address book gets a hint once in this time. */
  hintPeriodMs: 10_000,
} as const;

export interface LanNeighbour {
  readonly nodeId: NodeId;
  /** Where its announcement came from. */
  readonly host: string;
  readonly addresses: readonly Address[];
}

interface Known extends LanNeighbour {
  untilMs: number;
  hintedMs: number;
}

interface HostState {
  readonly announcements: TokenBucket;
  nodeCount: number;
}

/** What is to be done about an announcement. */
export type NeighbourVerdict = 'hint' | 'known' | 'full';

export class Neighbours {
  private readonly byKey = new Map<string, Known>();
  /** The one that announced something last is the youngest. */
  private readonly hosts = new BoundedMap<string, HostState>(LAN_LIMITS.hostsMax);

  get size(): number {
    return this.byKey.size;
  }

  all(): readonly LanNeighbour[] {
    return [...this.byKey.values()].map(({ nodeId, host, addresses }) => ({ nodeId, host, addresses }));
  }

  /** Whether an announcement of that host is looked at. */
  admits(host: string, nowMs: number): boolean {
    const { announcementsBurst, announcementsPerSecond } = LAN_LIMITS;
    const known = this.hosts.renew(host);
    if (known !== undefined) return known.announcements.takeAll(1, nowMs);
    const announcements = new TokenBucket(announcementsBurst, announcementsPerSecond, nowMs);
    this.hosts.set(host, { announcements, nodeCount: this.countOf(host) });
    return announcements.takeAll(1, nowMs);
  }

  /** A node that was admitted is there until then. A machine with several links is known on each. */
  announced({ nodeId, host, addresses }: LanNeighbour, untilMs: number, nowMs: number): NeighbourVerdict {
    const key = keyOf(nodeId, host);
    const known = this.byKey.get(key);
    const isSame = known !== undefined && textOf(known.addresses) === textOf(addresses);
    if (isSame && nowMs - known.hintedMs < LAN_LIMITS.hintPeriodMs) {
      known.untilMs = untilMs;
      return 'known';
    }
    if (known === undefined && !this.hasRoom(host)) return 'full';
    if (known === undefined) this.count(host, 1);
    this.byKey.set(key, { nodeId, host, addresses, untilMs, hintedMs: nowMs });
    return 'hint';
  }

  /** Its announcement was withdrawn; only the host itself may do that. */
  left(nodeId: NodeId, host: string): boolean {
    const known = this.byKey.get(keyOf(nodeId, host));
    if (known !== undefined) this.remove(known);
    return known !== undefined;
  }

  /** Forgets what has lived its time. To be called now and then. */
  expire(nowMs: number): void {
    for (const known of this.byKey.values()) if (known.untilMs <= nowMs) this.remove(known);
  }

  private hasRoom(host: string): boolean {
    return this.byKey.size < LAN_LIMITS.neighboursMax && (this.hosts.get(host)?.nodeCount ?? 0) < LAN_LIMITS.perHostMax;
  }

  private remove({ nodeId, host }: Known): void {
    this.byKey.delete(keyOf(nodeId, host));
    this.count(host, -1);
  }

  private count(host: string, change: number): void {
    const state = this.hosts.get(host);
    if (state !== undefined) state.nodeCount += change;
  }

  private countOf(host: string): number {
    let count = 0;
    for (const known of this.byKey.values()) if (known.host === host) count++;
    return count;
  }
}

function keyOf(nodeId: NodeId, host: string): string {
  return `${nodeId} ${host}`;
}

function textOf(addresses: readonly Address[]): string {
  return addresses.map(({ text }) => text).join(' ');
}
