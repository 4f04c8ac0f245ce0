/**
 * @module Schedule: when to ask and when to tell (RFC 6762, sections 5.2, 6 and 8.3): at first at once and in waits that grow; in a network
 * that is at peace one node asks for all in five minutes. Questions are answered soon, and by each node at most once a second, whoever
 * asks. Pure: time and chance are arguments.
 */
import type { Random } from '../../core/index.js';

export const LAN_TIMES = {
  /** What several nodes might do at the same moment each does after a wait of its own within these. */
  soonMinMs: 20,
  soonMaxMs: 120,
  /** Between the first two questions; then three times as long each time, to the longest. */
  askMs: 1_000,
  askGrowth: 3,
  askMaxMs: 300_000,
  /** Questions of others stand for this node's own for no longer than this. */
  relyMaxMs: 3_600_000,
  /** Between two announcements, at least. */
  tellGapMs: 1_000,
  /** Announcements without having been asked, after a change. */
  retellCount: 2,
} as const;

export class Schedule {
  askDueMs = Number.POSITIVE_INFINITY;
  tellDueMs = Number.POSITIVE_INFINITY;
  private intervalMs: number = LAN_TIMES.askMs;
  private askedMs = Number.NEGATIVE_INFINITY;
  private toldMs = Number.NEGATIVE_INFINITY;
  private retellsLeft = 0;

  constructor(private readonly random: Random) {}

  get nextDueMs(): number {
    return Math.min(this.askDueMs, this.tellDueMs);
  }

  /** The node is somewhere else now, or has only come: it asks from the beginning, and says where it is. */
  restart(nowMs: number): void {
    this.intervalMs = LAN_TIMES.askMs;
    this.askDueMs = nowMs + this.soonMs();
    this.retellsLeft = LAN_TIMES.retellCount;
    this.tellSoon(nowMs);
  }

  /** Somebody else has asked: all will hear the answers. */
  heardQuestion(nowMs: number): void {
    this.tellSoon(nowMs);
    if (nowMs - this.askedMs < LAN_TIMES.relyMaxMs) this.planAsk(nowMs);
  }

  /** Whether to ask now. */
  takeAsk(nowMs: number): boolean {
    if (nowMs < this.askDueMs) return false;
    this.askedMs = nowMs;
    this.planAsk(nowMs);
    return true;
  }

  /** Whether to tell now. */
  takeTell(nowMs: number): boolean {
    if (nowMs < this.tellDueMs) return false;
    this.toldMs = nowMs;
    this.tellDueMs = Number.POSITIVE_INFINITY;
    this.retellsLeft--;
    if (this.retellsLeft > 0) this.tellSoon(nowMs);
    return true;
  }

  private planAsk(nowMs: number): void {
    this.askDueMs = nowMs + this.intervalMs * (0.75 + this.random.float() / 2);
    this.intervalMs = Math.min(LAN_TIMES.askMaxMs, this.intervalMs * LAN_TIMES.askGrowth);
  }

  private tellSoon(nowMs: number): void {
    this.tellDueMs = Math.min(this.tellDueMs, Math.max(nowMs + this.soonMs(), this.toldMs + LAN_TIMES.tellGapMs));
  }

  private soonMs(): number {
    return LAN_TIMES.soonMinMs + (LAN_TIMES.soonMaxMs - LAN_TIMES.soonMinMs) * this.random.float();
  }
}
