/**
 * @module HandshakeSlots: which of the accepted links that are not open yet may go on. So many have a slot, so many of them of one remote
 * address; further ones wait unread, within a bound, and get their slots round robin over addresses, so that a crowd behind one address
 * holds up nobody else. While anybody waits, a slot is lost by a remote that dawdles. It reads and closes nothing: it names who begins and
 * who has to go.
 */
import type { Address } from '../../address/address.js';
import { placeOfHost } from '../../address/address-group.js';
import type { Limits } from '../../limits.js';

/** What it needs of a link. */
export interface Contender {
  readonly remoteAddress: Pick<Address, 'host'>;
  /** Stands for the address, where that is only claimed. */
  readonly place?: string | undefined;
}

export type SlotLimits = Pick<Limits, 'pendingConnectionsMax' | 'pendingPerAddressMax' | 'backlogMax' | 'handshakeStallMs'>;

/** The links of one remote address. */
interface Crowd<L> {
  /** With a slot, and when the last complete message of each came. */
  readonly inHandshake: Map<L, number>;
  /** Oldest first. */
  readonly waiting: Set<L>;
}

export class HandshakeSlots<L extends Contender> {
  /** By address; those that got a slot last come last. */
  private readonly crowds = new Map<string, Crowd<L>>();
  private handshakeCount = 0;
  private waitingCount = 0;

  constructor(private readonly limits: SlotLimits) {}

  /** Links with a slot. */
  get inHandshake(): number {
    return this.handshakeCount;
  }

  /** Links without. */
  get waiting(): number {
    return this.waitingCount;
  }

  /**
   * Takes in a link that was just accepted; it waits. `backlogMax`: how many may, if that is less than the limit. Returns the link that
   * goes for it when the backlog is full: the newest of the address that has most there, which may be this one.
   */
  add(link: L, backlogMax: number): L | undefined {
    const max = Math.min(backlogMax, this.limits.backlogMax);
    const crowd = this.crowdOf(link);
    crowd.waiting.add(link);
    this.waitingCount++;
    const isOver = this.waitingCount > max + this.freeSlots;
    const isCrowd = crowd.waiting.size > Math.ceil(max / 2) + this.freeSlotsOf(crowd);
    const victim = isCrowd ? link : isOver ? this.newestOfLargest() : undefined;
    if (victim !== undefined) this.delete(victim);
    return victim;
  }

  /** The next link that gets a slot now; to be called until it returns `undefined`. */
  next(nowMs: number): L | undefined {
    if (this.waitingCount === 0 || this.freeSlots === 0) return undefined;
    for (const [place, crowd] of this.crowds) {
      if (this.freeSlotsOf(crowd) === 0) continue;
      for (const link of crowd.waiting) {
        crowd.waiting.delete(link);
        this.waitingCount--;
        crowd.inHandshake.set(link, nowMs);
        this.handshakeCount++;
        this.crowds.delete(place);
        this.crowds.set(place, crowd);
        return link;
      }
    }
    return undefined;
  }

  /** A complete message of a link with a slot came. */
  progress(link: L, nowMs: number): void {
    const crowd = this.crowds.get(placeOf(link));
    if (crowd?.inHandshake.has(link) === true) crowd.inHandshake.set(link, nowMs);
  }

  /** Links that lose their slot now: somebody waits, and they have sent no complete message in time. */
  dawdlers(nowMs: number): readonly L[] {
    if (this.waitingCount === 0) return [];
    const lastMs = nowMs - this.limits.handshakeStallMs;
    return this.all().flatMap(([link, progressMs]) => (progressMs <= lastMs ? [link] : []));
  }

  /** When `dawdlers` may name somebody. */
  get nextDueMs(): number {
    if (this.waitingCount === 0) return Number.POSITIVE_INFINITY;
    return (
      this.all().reduce((least, [, progressMs]) => Math.min(least, progressMs), Number.POSITIVE_INFINITY) + this.limits.handshakeStallMs
    );
  }

  isWaiting(link: L): boolean {
    return this.crowds.get(placeOf(link))?.waiting.has(link) === true;
  }

  /** The link is open, or has ended. */
  delete(link: L): void {
    const place = placeOf(link);
    const crowd = this.crowds.get(place);
    if (crowd === undefined) return;
    if (crowd.waiting.delete(link)) this.waitingCount--;
    if (crowd.inHandshake.delete(link)) this.handshakeCount--;
    if (crowd.waiting.size + crowd.inHandshake.size === 0) this.crowds.delete(place);
  }

  private get freeSlots(): number {
    return this.limits.pendingConnectionsMax - this.handshakeCount;
  }

  private freeSlotsOf({ inHandshake }: Crowd<L>): number {
    return Math.min(this.limits.pendingPerAddressMax - inHandshake.size, this.freeSlots);
  }

  private all(): readonly [L, number][] {
    return [...this.crowds.values()].flatMap(({ inHandshake }) => [...inHandshake]);
  }

  private crowdOf(link: L): Crowd<L> {
    const place = placeOf(link);
    const known = this.crowds.get(place);
    if (known !== undefined) return known;
    const crowd: Crowd<L> = { inHandshake: new Map(), waiting: new Set() };
    this.crowds.set(place, crowd);
    return crowd;
  }

  private newestOfLargest(): L | undefined {
    let largest: Crowd<L> | undefined;
    for (const crowd of this.crowds.values()) if (crowd.waiting.size > (largest?.waiting.size ?? 0)) largest = crowd;
    return largest === undefined ? undefined : [...largest.waiting].at(-1);
  }
}

function placeOf({ place, remoteAddress: { host } }: Contender): string {
  return place ?? placeOfHost(host);
}
