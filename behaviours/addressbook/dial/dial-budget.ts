/**
 * @module DialBudget: how often places are dialled that nobody has proven yet, so that gossip cannot direct this node at a victim: an
 * address three times an hour, a host ten times a minute, and all of them once a second in the long run. Addresses that have answered
 * before and configured ones are free. Pure; bounded by forgetting what is past, and by refusing at the bound.
 */
import { TokenBucket } from '../../../core/structures/token-bucket.js';

export const DIAL_BUDGET = {
  dialsPerAddress: 3,
  addressWindowMs: 3_600_000,
  dialsPerHost: 10,
  hostWindowMs: 60_000,
  /** All unproven ones together: so many at once, and per second. */
  dialsAtOnce: 256,
  dialsPerSecond: 1,
  /** Addresses, and hosts, that are remembered. At the bound no further unproven one is dialled. */
  entriesMax: 16_384,
} as const;

export class DialBudget {
  private readonly byAddress = new Window(DIAL_BUDGET.dialsPerAddress, DIAL_BUDGET.addressWindowMs);
  private readonly total = new TokenBucket(DIAL_BUDGET.dialsAtOnce, DIAL_BUDGET.dialsPerSecond, 0);
  private readonly byHost = new Window(DIAL_BUDGET.dialsPerHost, DIAL_BUDGET.hostWindowMs);

  allows(address: string, host: string, nowMs: number): boolean {
    return this.total.has(1, nowMs) && this.byAddress.allows(address, nowMs) && this.byHost.allows(host, nowMs);
  }

  spend(address: string, host: string, nowMs: number): void {
    this.total.take(1, nowMs);
    this.byAddress.add(address, nowMs);
    this.byHost.add(host, nowMs);
  }

  /** Forgets what no longer counts. To be called now and then. */
  expire(nowMs: number): void {
    this.byAddress.expire(nowMs);
    this.byHost.expire(nowMs);
  }
}

/** At most `countMax` times within any `windowMs`, for each key. */
class Window {
  private readonly timesMs = new Map<string, number[]>();

  constructor(
    private readonly countMax: number,
    private readonly windowMs: number,
  ) {}

  allows(key: string, nowMs: number): boolean {
    const times = this.timesMs.get(key);
    if (times === undefined) return this.timesMs.size < DIAL_BUDGET.entriesMax;
    return times.filter((timeMs) => timeMs > nowMs - this.windowMs).length < this.countMax;
  }

  add(key: string, nowMs: number): void {
    const recent = (this.timesMs.get(key) ?? []).filter((timeMs) => timeMs > nowMs - this.windowMs);
    this.timesMs.set(key, [...recent, nowMs]);
  }

  expire(nowMs: number): void {
    for (const [key, times] of this.timesMs) if ((times.at(-1) as number) <= nowMs - this.windowMs) this.timesMs.delete(key);
  }
}
