/**
 * @module Services: announces in the table which services this node offers, and finds there who provides one: the port `serviceDirectory`. A record
 * is signed by its provider, so that nobody can name another node; that a provider keeps its word is not proven. One lookup at a time, from the first look at
 * the own neighbourhood on: the more often the younger this node's place in the space is, whatever neighbours come and go. Those closest to the key refuse
 * what they have no room for.
 */
import { type BehaviorAgent, backoffBoundMs, type NodeId, nodeIdFromBytes, type ServiceDirectory, WakeTimer } from '../../../core/index.js';
import type { SpacerCounters } from '../options.js';
import type { Finder } from './finder.js';
import { STORE_LIMITS } from './record-store.js';
import { providerRecord, type RecordPorts } from './records.js';
import type { Storing } from './storing.js';
import type { Values } from './values.js';

const SERVICE_DOMAIN = 'spacer/service/1:';
/** Who looks for a provider has enough with so many. */
const ENOUGH = 4;
/** What was found by then is used: before those who wait give up. */
const FIND_MS = 8_000;
const FIND_SHARE = 0.8;
/** All are announced again after so long, and then after longer each time, up to `refreshMs`; for each a random share, from a half to one and a half. */
const AGAIN_MS = 2_000;
const GROWTH = 3;
/** A record lasts so many `refreshMs`: one announcement that fails does not end it. */
const ROUNDS_KEPT = 4;
/** What failed is tried again after so long, and then after longer each time. */
const RETRY_MS = 5_000;

export interface ServicesParts {
  readonly values: Pick<Values, 'providers'>;
  readonly finder: Finder;
  readonly storing: Storing;
  readonly ports: RecordPorts;
  readonly refreshMs: number;
  readonly counters: SpacerCounters;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

export class Services implements ServiceDirectory {
  private own: readonly number[] = [];
  private readonly due = new Set<number>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  /** When all are announced again; `Infinity` before the own neighbourhood was looked up. */
  private againMs = Number.POSITIVE_INFINITY;
  /** Since then. */
  private rounds = 0;
  /** Rounds of announcements in a row of which one failed. */
  private failures = 0;
  private isAnnouncing = false;

  constructor(private readonly parts: ServicesParts) {}

  /** What is offered no more is not announced again, and ends with its time. */
  offered(_agent: BehaviorAgent, services: readonly number[]): void {
    for (const serviceId of services) if (!this.own.includes(serviceId)) this.due.add(serviceId);
    this.own = services;
    if (this.againMs < Number.POSITIVE_INFINITY) void this.announce();
  }

  find({ limits }: BehaviorAgent, serviceId: number, settle: (providers: readonly NodeId[]) => void): void {
    const deadlineMs = Math.min(FIND_MS, Math.ceil(FIND_SHARE * limits.serviceLookupMs));
    this.parts.values.providers(this.keyOf(serviceId), ENOUGH, deadlineMs).then(settle, () => settle([]));
  }

  /** The own neighbourhood was looked up. Only the first time counts. */
  refreshed(agent: BehaviorAgent): void {
    if (this.againMs < Number.POSITIVE_INFINITY) return;
    this.rounds = 0;
    this.againMs = agent.nowMs;
    this.look(agent);
  }

  /** This node has no neighbour left: its next place may be elsewhere. */
  left(): void {
    this.againMs = Number.POSITIVE_INFINITY;
    this.timer.cancel();
  }

  stop(): void {
    this.left();
    this.own = [];
  }

  private look(agent: BehaviorAgent): void {
    const { refreshMs } = this.parts;
    if (this.againMs <= agent.nowMs) {
      for (const serviceId of this.own) this.due.add(serviceId);
      const boundMs = backoffBoundMs(++this.rounds, { minMs: Math.min(AGAIN_MS, refreshMs), maxMs: refreshMs, growth: GROWTH });
      this.againMs = agent.nowMs + boundMs * (0.5 + agent.random.float());
    }
    this.timer.at(agent, this.againMs);
    void this.announce();
  }

  private async announce(): Promise<void> {
    if (this.isAnnouncing) return;
    this.isAnnouncing = true;
    const failed: number[] = [];
    for (const serviceId of this.due) {
      this.due.delete(serviceId);
      if (this.own.includes(serviceId)) await this.put(this.keyOf(serviceId)).catch(() => failed.push(serviceId));
    }
    this.isAnnouncing = false;
    this.retry(failed.filter((serviceId) => this.own.includes(serviceId)));
  }

  private async put(key: NodeId): Promise<void> {
    const { finder, storing, ports, refreshMs, act } = this.parts;
    const ttlMs = Math.max(1_000, Math.min(ROUNDS_KEPT * refreshMs, STORE_LIMITS.ttlMsMax));
    const { holders } = await finder.find(key);
    const seq = act(({ wallMs }) => Math.floor(wallMs));
    await storing.at({ key, record: providerRecord(ports, key, seq), ttlMs }, holders, { copies: 1 });
  }

  private retry(failed: readonly number[]): void {
    const { counters, refreshMs, act } = this.parts;
    counters.announcementsFailed += failed.length;
    this.failures = failed.length > 0 ? this.failures + 1 : 0;
    if (this.failures === 0) return;
    for (const serviceId of failed) this.due.add(serviceId);
    const boundMs = backoffBoundMs(this.failures, { minMs: Math.min(RETRY_MS, refreshMs), maxMs: refreshMs });
    act((agent) => this.timer.within(agent, boundMs * (0.5 + agent.random.float() / 2)));
  }

  private keyOf(serviceId: number): NodeId {
    return nodeIdFromBytes(this.parts.ports.sealer.tag(`${SERVICE_DOMAIN}${serviceId}`));
  }
}
