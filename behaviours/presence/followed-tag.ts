/**
 * @module FollowedTag: who carries one tag, as far as this node knows, for all here who want to know. It follows the map of the tag as long as anybody
 * does; when its watch ends it begins another one, and what is gone by then has left.
 */
import type { NodeId } from '../../core/index.js';
import type { SharedMap, Watch, WatchEvent } from '../keyvalue/index.js';
import { type Carrier, type Claim, claimOf, type PresenceEvent } from './carrier.js';
import type { PresenceCounters, PresenceSettings } from './options.js';

export interface Follower {
  onPresence(event: PresenceEvent): void;
}

export interface FollowedHost {
  readonly settings: PresenceSettings;
  readonly counters: PresenceCounters;
  /** Calls back after a while, unless this node, or the tag, has ended. */
  later(tag: FollowedTag, delayMs: number, work: () => void): void;
  log(error: unknown): void;
}

const AGAIN_MS = 1_000;

interface Known extends Carrier {
  readonly instance: string;
}

export class FollowedTag {
  readonly followers = new Set<Follower>();
  private readonly known = new Map<NodeId, Known>();
  private changes: PresenceEvent[] = [];
  private watch: Watch<unknown> | undefined;
  private isEnded = false;

  constructor(
    readonly tag: string,
    private readonly map: SharedMap<unknown>,
    private readonly host: FollowedHost,
  ) {}

  get carriers(): readonly Carrier[] {
    return [...this.known.values()].map(({ nodeId, addresses }) => ({ nodeId, addresses }));
  }

  /** The last comings and goings, the oldest first. */
  get history(): readonly PresenceEvent[] {
    return this.changes;
  }

  /** A follower that comes later is sent who is there. */
  join(follower: Follower): void {
    this.followers.add(follower);
    for (const carrier of this.carriers) follower.onPresence({ type: 'joined', ...carrier, isInitial: true });
  }

  start(): void {
    this.follow().catch((error) => this.host.log(error));
  }

  end(): void {
    this.isEnded = true;
    this.watch?.close();
  }

  private async follow(): Promise<void> {
    try {
      const watch = this.map.watch({ prefix: '' });
      this.watch = watch;
      if (this.known.size > 0) await this.compare();
      for (let next = await watch.next(); next.done !== true; next = await watch.next()) this.take(next.value);
    } catch (error) {
      this.host.log(error);
    } finally {
      // Also when comparing failed: the next round has a watch of its own.
      this.watch?.close();
    }
    if (!this.isEnded) this.host.later(this, AGAIN_MS, () => this.start());
  }

  /** Who is not there any more has left. */
  private async compare(): Promise<void> {
    const there = new Set((await this.map.entries()).map(({ key }) => key));
    for (const nodeId of [...this.known.keys()]) if (!there.has(nodeId)) this.leave(nodeId);
  }

  private take(event: WatchEvent<unknown>): void {
    if (this.isEnded || event.type === 'superseded') return;
    if (event.type === 'delete') return this.leave(event.key as NodeId);
    const claim = claimOf(event);
    if (claim === undefined) this.host.counters.claimsIgnored++;
    else this.joined(event.key as NodeId, claim, event.isInitial);
  }

  private joined(nodeId: NodeId, { addresses, instance }: Claim, isInitial: boolean): void {
    const before = this.known.get(nodeId);
    if (before === undefined && this.known.size >= this.host.settings.carriersMax) return void this.host.counters.carriersIgnored++;
    this.known.set(nodeId, { nodeId, addresses, instance });
    if (before?.instance === instance) return;
    this.host.counters.joins++;
    this.tell({ type: 'joined', nodeId, addresses, isInitial });
  }

  private leave(nodeId: NodeId): void {
    const before = this.known.get(nodeId);
    if (before === undefined) return;
    this.known.delete(nodeId);
    this.host.counters.leaves++;
    this.tell({ type: 'left', nodeId, addresses: before.addresses, isInitial: false });
  }

  private tell(event: PresenceEvent): void {
    const { historyMax } = this.host.settings;
    if (historyMax > 0) this.changes = [...this.changes, event].slice(-historyMax);
    for (const follower of [...this.followers]) follower.onPresence(event);
  }
}
