/**
 * @module Services: announces in the table which services this node offers, and finds there who provides one: the port `serviceDirectory`. A record
 * is signed by its provider, so that nobody can name another node; that a provider keeps its word is not proven. One lookup at a time, and only after the
 * own neighbourhood was looked up: the more often the younger this node's place in the space is. Those closest to the key
 * refuse what they have no room for.
 */
import {
  type BehaviorAgent,
  backoffBoundMs,
  type NodeId,
  nodeIdFromBytes,
  type Sealer,
  type ServiceDirectory,
  WakeTimer,
} from '../../../core/index.js';
import type { SpacerCounters } from '../options.js';
import { STORE_LIMITS } from './record-store.js';
import type { Values } from './values.js';

const SERVICE_DOMAIN = 'spacer/service/1:';
/** Who looks for a provider has enough with so many. */
const ENOUGH = 4;
/** What was found by then is used: before those who wait give up. */
const FIND_MS = 8_000;
const FIND_SHARE = 0.8;
/** A record outlives so many of the longest waits between two looks at the neighbourhood: one that fails does not end it. */
const LOOKS = 4;
/** What failed is tried again after so long, and then after longer each time. */
const RETRY_MS = 5_000;

export interface ServicesParts {
  readonly values: Pick<Values, 'announce' | 'providers'>;
  readonly sealer: Sealer;
  readonly refreshMs: number;
  readonly counters: SpacerCounters;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

export class Services implements ServiceDirectory {
  private own: readonly number[] = [];
  private readonly due = new Set<number>();
  private readonly timer = new WakeTimer<BehaviorAgent>(() => void this.announce());
  /** Rounds of announcements in a row of which one failed. */
  private failures = 0;
  private isJoined = false;
  private isAnnouncing = false;
  private isStopped = false;

  constructor(private readonly parts: ServicesParts) {}

  /** What is offered no more is not announced again, and ends with its time. */
  offered(_agent: BehaviorAgent, services: readonly number[]): void {
    this.isStopped = false;
    for (const serviceId of services) if (!this.own.includes(serviceId)) this.due.add(serviceId);
    this.own = services;
    if (this.isJoined) void this.announce();
  }

  find({ limits }: BehaviorAgent, serviceId: number, settle: (providers: readonly NodeId[]) => void): void {
    const deadlineMs = Math.min(FIND_MS, Math.ceil(FIND_SHARE * limits.serviceLookupMs));
    this.parts.values.providers(this.keyOf(serviceId), ENOUGH, deadlineMs).then(settle, () => settle([]));
  }

  /** The own neighbourhood was looked up. */
  refreshed(): void {
    this.isJoined = true;
    for (const serviceId of this.own) this.due.add(serviceId);
    void this.announce();
  }

  stop(): void {
    this.isStopped = true;
    this.isJoined = false;
    this.own = [];
    this.timer.cancel();
  }

  private async announce(): Promise<void> {
    if (this.isAnnouncing) return;
    this.isAnnouncing = true;
    const { values, refreshMs } = this.parts;
    const ttlMs = Math.max(1_000, Math.min(LOOKS * refreshMs, STORE_LIMITS.ttlMsMax));
    const failed: number[] = [];
    for (const serviceId of this.due) {
      this.due.delete(serviceId);
      if (!this.own.includes(serviceId) || this.isStopped) continue;
      await values.announce(this.keyOf(serviceId), ttlMs).catch(() => failed.push(serviceId));
    }
    this.isAnnouncing = false;
    if (!this.isStopped) this.retry(failed);
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
    return nodeIdFromBytes(this.parts.sealer.tag(`${SERVICE_DOMAIN}${serviceId}`));
  }
}
