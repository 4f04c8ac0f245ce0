/**
 * @module Reporter: sends reports to those who ask, as long as they ask. Without a lease nothing is sent. What a report holds is the difference
 * to the one before; a watcher that did not get that one asks with an older number, and gets all of it.
 */
import { type BehaviorAgent, type NodeId, toNode } from '../../core/index.js';
import { TokenBucket } from '../../core/structures/token-bucket.js';
import { WakeTimer } from '../../core/structures/wake-timer.js';
import { differenceOf, type Facts } from './facts.js';
import { type Ask, REFUSED, reportMessage, type TelemetryRefusal } from './messages.js';
import type { TelemetryCounters, TelemetrySettings } from './options.js';
import type { Snapshots } from './snapshots.js';

/** An ask is good for so long. */
export const LEASE_MS = 15_000;
/** Between two reports to one watcher. */
const INTERVAL_MS_MIN = 500;
const INTERVAL_MS_MAX = 4_000;
/** Intervals differ by up to so much, so that nodes that were asked at once do not report at once. */
const JITTER = 0.2;
/** Watches of one node. */
const PER_NODE_MAX = 4;
/** Complete reports in a second, and for each watcher that there may be. They are large, an ask is small, and its source may be a claim. */
const COMPLETE_PER_SECOND = 4;
const COMPLETE_PER_WATCHER = 0.25;

interface Watcher {
  readonly nodeId: NodeId;
  readonly watch: number;
  intervalMs: number;
  isDetailed: boolean;
  expiresMs: number;
  dueMs: number;
  /** The last report. */
  number: number;
  sent: Facts;
}

const NOTHING: Facts = new Map();

export class Reporter {
  private readonly watchers = new Map<string, Watcher>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.work(agent));
  private complete: TokenBucket | undefined;

  constructor(
    private readonly snapshots: Snapshots,
    private readonly settings: TelemetrySettings,
    private readonly counters: TelemetryCounters,
  ) {}

  get watcherCount(): number {
    return this.watchers.size;
  }

  asked(agent: BehaviorAgent, nodeId: NodeId, isVerified: boolean, ask: Ask): void {
    this.counters.asksReceived++;
    const key = keyOf(nodeId, ask.watch);
    const watcher = this.watchers.get(key);
    const refusal = this.refusalOf(nodeId, isVerified, watcher);
    if (refusal !== undefined) {
      this.counters.asksRefused++;
      this.watchers.delete(key);
      agent.send(toNode(nodeId), [REFUSED, ask.watch, ...refusal], { lane: 'bulk' });
      return;
    }
    if (watcher === undefined) this.watchers.set(key, this.newWatcher(agent, nodeId, ask));
    else this.renew(agent, watcher, ask);
    this.work(agent);
  }

  ended(nodeId: NodeId, watch: number): void {
    this.watchers.delete(keyOf(nodeId, watch));
  }

  stop(): void {
    this.watchers.clear();
    this.timer.cancel();
  }

  /** Why a watch gets no reports, and the same in words. */
  private refusalOf(nodeId: NodeId, isVerified: boolean, known: Watcher | undefined): [TelemetryRefusal, string] | undefined {
    if (this.settings.authorize?.(nodeId, isVerified) === false) return ['not-authorized', 'option authorize of its telemetry refuses it'];
    if (known !== undefined) return undefined;
    const { watchersMax } = this.settings;
    const own = [...this.watchers.values()].filter((watcher) => watcher.nodeId === nodeId).length;
    if (own >= PER_NODE_MAX) return ['too-many', `its telemetry reports to ${PER_NODE_MAX} watches of a node at most`];
    if (this.watchers.size < watchersMax) return undefined;
    return ['too-many', `limit watchersMax of its telemetry is reached (${watchersMax}, option watchersMax)`];
  }

  private newWatcher(agent: BehaviorAgent, nodeId: NodeId, { watch, intervalMs, isDetailed }: Ask): Watcher {
    const expiresMs = agent.nowMs + LEASE_MS;
    return { nodeId, watch, intervalMs: bounded(intervalMs), isDetailed, expiresMs, dueMs: agent.nowMs, number: 0, sent: NOTHING };
  }

  private renew(agent: BehaviorAgent, watcher: Watcher, { intervalMs, isDetailed, held }: Ask): void {
    watcher.expiresMs = agent.nowMs + LEASE_MS;
    watcher.intervalMs = bounded(intervalMs);
    const isBehind = held !== watcher.number;
    if (isBehind) watcher.sent = NOTHING;
    if (isBehind || isDetailed !== watcher.isDetailed) watcher.dueMs = Math.min(watcher.dueMs, agent.nowMs + INTERVAL_MS_MIN);
    watcher.isDetailed = isDetailed;
  }

  private work(agent: BehaviorAgent): void {
    for (const [key, watcher] of this.watchers) {
      if (agent.nowMs >= watcher.expiresMs) this.watchers.delete(key);
      else if (agent.nowMs >= watcher.dueMs) this.report(agent, watcher);
    }
    const next = Math.min(...[...this.watchers.values()].map(({ dueMs, expiresMs }) => Math.min(dueMs, expiresMs)));
    this.timer.at(agent, next);
  }

  private report(agent: BehaviorAgent, watcher: Watcher): void {
    watcher.dueMs = agent.nowMs + watcher.intervalMs * (1 + JITTER * (agent.random.float() - 0.5));
    if (watcher.sent === NOTHING && !this.mayBeComplete(agent)) {
      watcher.dueMs = agent.nowMs + INTERVAL_MS_MIN;
      return;
    }
    const facts = this.snapshots.take(agent, watcher.isDetailed);
    const base = watcher.sent === NOTHING ? 0 : watcher.number;
    const report = { number: watcher.number + 1, base, nowMs: agent.nowMs, ...differenceOf(watcher.sent, facts) };
    if (agent.send(toNode(watcher.nodeId), reportMessage(watcher.watch, report), { lane: 'bulk' }) !== 'queued') {
      this.counters.reportsUnsent++;
      return;
    }
    this.counters.reportsSent++;
    watcher.number = report.number;
    watcher.sent = facts;
  }

  private mayBeComplete({ nowMs }: BehaviorAgent): boolean {
    const { watchersMax } = this.settings;
    this.complete ??= new TokenBucket(watchersMax, Math.max(COMPLETE_PER_SECOND, COMPLETE_PER_WATCHER * watchersMax), nowMs);
    return this.complete.takeAll(1, nowMs);
  }
}

function keyOf(nodeId: NodeId, watch: number): string {
  return `${nodeId}/${watch}`;
}

function bounded(intervalMs: number): number {
  return Math.min(Math.max(intervalMs, INTERVAL_MS_MIN), INTERVAL_MS_MAX);
}
