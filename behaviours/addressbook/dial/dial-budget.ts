/**
 * @module DialBudget: how often places are dialled that nobody has proven yet, so that gossip cannot direct this node at a victim: an
 * address three times an hour, a host ten times a minute, and all of them once a second in the long run. Addresses that have answered
 * before and configured ones are free. Pure; bounded by forgetting what is past, and by refusing at the bound.
 */
import { RateWindow } from '../../../core/structures/rate-window.js';
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
  private readonly dials = new Map<string, RateWindow>();

  constructor(
    private readonly countMax: number,
    private readonly windowMs: number,
  ) {}

  allows(key: string, nowMs: number): boolean {
    return this.dials.get(key)?.has(this.countMax, nowMs) ?? this.dials.size < DIAL_BUDGET.entriesMax;
  }

  add(key: string, nowMs: number): void {
    const window = this.dials.get(key) ?? new RateWindow(this.windowMs);
    window.take(this.countMax, nowMs);
    this.dials.set(key, window);
  }

  expire(nowMs: number): void {
    for (const [key, window] of this.dials) if (window.isEmpty(nowMs)) this.dials.delete(key);
  }
}
