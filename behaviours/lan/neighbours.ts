/**
 * @module Neighbours: who has announced itself lately, and how much is listened to. Anybody on the link can invent nodes and, with some
 * effort, hosts: what is kept is bounded for each host and in all, and ends by itself. Pure.
 */
import type { Address, NodeId } from '../../core/index.js';

export const LAN_LIMITS = {
  /** Announcements of one host that are looked at: so many at once, and so many a second in the long run. */
  announcementsBurst: 256,
  announcementsPerSecond: 16,
  /** Nodes that are remembered, of one host and in all. At the bound further ones are ignored. */
  perHostMax: 256,
  neighboursMax: 2_048,
  /** Hosts that are listened to. At the bound the one that was heard longest ago gives way. */
  hostsMax: 256,
  /** The address book hears of a node that says the same again once in this time. */
  hintPeriodMs: 10_000,
} as const;

export interface LanNeighbour {
  readonly nodeId: NodeId;
  /** Where it was heard. */
  readonly host: string;
  readonly addresses: readonly Address[];
}

interface Known extends LanNeighbour {
  untilMs: number;
  hintedMs: number;
}

interface HostState {
  tokens: number;
  filledMs: number;
  nodeCount: number;
}

/** What is to be done about an announcement. */
export type NeighbourVerdict = 'hint' | 'known' | 'full';

export class Neighbours {
  private readonly byKey = new Map<string, Known>();
  /** In the order in which they were heard last. */
  private readonly hosts = new Map<string, HostState>();

  get size(): number {
    return this.byKey.size;
  }

  all(): readonly LanNeighbour[] {
    return [...this.byKey.values()].map(({ nodeId, host, addresses }) => ({ nodeId, host, addresses }));
  }

  /** Whether an announcement of that host is looked at. */
  admits(host: string, nowMs: number): boolean {
    const { announcementsBurst, announcementsPerSecond } = LAN_LIMITS;
    const state = this.hosts.get(host) ?? { tokens: announcementsBurst, filledMs: nowMs, nodeCount: this.countOf(host) };
    this.hosts.delete(host);
    this.hosts.set(host, state);
    if (this.hosts.size > LAN_LIMITS.hostsMax) this.forgetHost();
    const grown = ((nowMs - state.filledMs) / 1_000) * announcementsPerSecond;
    state.tokens = Math.min(announcementsBurst, state.tokens + grown);
    state.filledMs = nowMs;
    if (state.tokens < 1) return false;
    state.tokens--;
    return true;
  }

  /** A node that was admitted is there until then. A machine with several links is heard on each. */
  heard({ nodeId, host, addresses }: LanNeighbour, untilMs: number, nowMs: number): NeighbourVerdict {
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

  /** It says goodbye; only the host itself may. */
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

  /** The one that was heard longest ago. */
  private forgetHost(): void {
    for (const host of this.hosts.keys()) {
      this.hosts.delete(host);
      return;
    }
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
