/**
 * @module Schedule: when to query and when to announce, as multicast DNS does: at first at once and in waits that grow; in a settled network
 * one node queries for all in five minutes. Queries are answered soon, and by each node at most once a second. Pure: time and randomness are
 * arguments.
 */
import type { Random } from '../../core/index.js';
import { backoffBoundMs } from '../../core/structures/back-off.js';

export const LAN_TIMES = {
  /** What several nodes might do at the same moment each does after a wait of its own within these. */
  soonMinMs: 20,
  soonMaxMs: 120,
  /** Between the first two queries; then three times as long each time, to the longest. */
  queryMs: 1_000,
  queryGrowth: 3,
  queryMaxMs: 300_000,
  /** Queries of others stand for this node's own for no longer than this. */
  relyMaxMs: 3_600_000,
  /** Between two announcements, at least. */
  announceGapMs: 1_000,
  /** Announcements without a query, after a change. */
  unaskedCount: 2,
} as const;

export class Schedule {
  queryDueMs = Number.POSITIVE_INFINITY;
  announcementDueMs = Number.POSITIVE_INFINITY;
  /** Since the last change. */
  private queryCount = 0;
  private queriedMs = Number.NEGATIVE_INFINITY;
  private announcedMs = Number.NEGATIVE_INFINITY;
  private unaskedLeft = 0;

  constructor(private readonly random: Random) {}

  get nextDueMs(): number {
    return Math.min(this.queryDueMs, this.announcementDueMs);
  }

  /** The node listens elsewhere, or has just started: it queries from the beginning, and announces itself. */
  restart(nowMs: number): void {
    this.queryCount = 0;
    this.queryDueMs = nowMs + this.soonMs();
    this.unaskedLeft = LAN_TIMES.unaskedCount;
    this.announceSoon(nowMs);
  }

  /** Another node has queried: everybody receives the answers. */
  queryReceived(nowMs: number): void {
    this.announceSoon(nowMs);
    if (nowMs - this.queriedMs < LAN_TIMES.relyMaxMs) this.planQuery(nowMs);
  }

  /** Whether to query now. */
  takeQuery(nowMs: number): boolean {
    if (nowMs < this.queryDueMs) return false;
    this.queriedMs = nowMs;
    this.planQuery(nowMs);
    return true;
  }

  /** Whether to announce now. */
  takeAnnouncement(nowMs: number): boolean {
    if (nowMs < this.announcementDueMs) return false;
    this.announcedMs = nowMs;
    this.announcementDueMs = Number.POSITIVE_INFINITY;
    this.unaskedLeft--;
    if (this.unaskedLeft > 0) this.announceSoon(nowMs);
    return true;
  }

  private planQuery(nowMs: number): void {
    const { queryMs: minMs, queryMaxMs: maxMs, queryGrowth: growth } = LAN_TIMES;
    this.queryCount++;
    this.queryDueMs = nowMs + backoffBoundMs(this.queryCount, { minMs, maxMs, growth }) * (0.75 + this.random.float() / 2);
  }

  private announceSoon(nowMs: number): void {
    const dueMs = Math.max(nowMs + this.soonMs(), this.announcedMs + LAN_TIMES.announceGapMs);
    this.announcementDueMs = Math.min(this.announcementDueMs, dueMs);
  }

  private soonMs(): number {
    return LAN_TIMES.soonMinMs + (LAN_TIMES.soonMaxMs - LAN_TIMES.soonMinMs) * this.random.float();
  }
}
