/**
 * @module Budget: how much this node probes on the word of others. Bounded in all, so that no host can be forgotten by naming others; for one
 * host; and for guessing once in ten minutes for each host, one at a time, and not for a helper of which two in a row came to nothing. Pure.
 */
import { BoundedMap, type NodeId } from '../../core/index.js';
import { RateLimits } from '../../core/structures/rate-limits.js';
import { RateWindow } from '../../core/structures/rate-window.js';
import { APPROACHES_PER_HELPER_MAX, APPROACHES_PER_HOST_MAX, APPROACHES_PER_MINUTE_MAX, GUESS_PAUSE_MS, POPS } from './options.js';

const MINUTE_MS = 60_000;
/** More than can be approached, or guessed at, within the time for which it is remembered. */
const HOSTS_MAX = 1_024;
const HELPERS_MAX = 256;
const FAILURES_MAX = 2;
/** For how long a helper has lost its standing. */
const LOST_MS = 3_600_000;

interface Standing {
  readonly failures: number;
  readonly untilMs: number;
}

export class Budget {
  private readonly all = new RateWindow(MINUTE_MS);
  private readonly byHost = new BoundedMap<string, RateWindow>(HOSTS_MAX);
  private readonly byHelper = new BoundedMap<NodeId, RateWindow>(HELPERS_MAX);
  private readonly asked = new RateLimits<NodeId>(POPS, HELPERS_MAX);
  /** When a host was guessed at. */
  private readonly guessedMs = new BoundedMap<string, number>(HOSTS_MAX);
  private readonly helpers = new BoundedMap<NodeId, Standing>(HELPERS_MAX);
  private isGuessing = false;

  /** Whether a helper may say once more that somebody wants to reach this node. */
  popping(helper: NodeId, nowMs: number): boolean {
    return this.asked.takeAll(helper, 1, nowMs);
  }

  /** Whether a host may be probed a few times, with the help of that node; otherwise the reason. */
  approach(host: string, helper: NodeId, nowMs: number): string | undefined {
    const ofHost = this.byHost.renew(host) ?? new RateWindow(MINUTE_MS);
    const ofHelper = this.byHelper.renew(helper) ?? new RateWindow(MINUTE_MS);
    if (!this.all.has(APPROACHES_PER_MINUTE_MAX, nowMs)) return 'this node has probed as often as it may within a minute';
    if (!ofHelper.has(APPROACHES_PER_HELPER_MAX, nowMs)) return 'this node has probed for it as often as it may within a minute';
    if (!ofHost.take(APPROACHES_PER_HOST_MAX, nowMs)) return `${host} was probed as often as it may be within a minute`;
    ofHelper.take(APPROACHES_PER_HELPER_MAX, nowMs);
    this.all.take(APPROACHES_PER_MINUTE_MAX, nowMs);
    this.byHost.set(host, ofHost);
    this.byHelper.set(helper, ofHelper);
    return undefined;
  }

  /** Whether the ports of a host may be guessed at now; until `guessed` or `stopGuessing`. Otherwise the reason. */
  guess(host: string, helper: NodeId, nowMs: number): string | undefined {
    const standing = this.helpers.get(helper);
    if (this.isGuessing) return 'another one is being guessed at';
    if (standing !== undefined && standing.failures >= FAILURES_MAX && nowMs < standing.untilMs)
      return 'nothing came of the last two with the help of that node';
    if (nowMs - (this.guessedMs.get(host) ?? Number.NEGATIVE_INFINITY) < GUESS_PAUSE_MS) return 'its ports were guessed at lately';
    this.guessedMs.set(host, nowMs);
    this.isGuessing = true;
    return undefined;
  }

  /** It was given up, and says nothing of the helper. */
  stopGuessing(): void {
    this.isGuessing = false;
  }

  guessed(helper: NodeId, isOpen: boolean, nowMs: number): void {
    this.isGuessing = false;
    const failures = isOpen ? 0 : 1 + (this.helpers.get(helper)?.failures ?? 0);
    this.helpers.set(helper, { failures, untilMs: nowMs + LOST_MS });
  }
}
