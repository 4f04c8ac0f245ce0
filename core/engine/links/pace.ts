/**
 * @module Pace: the slower keep-alives of a link that carries nothing but one behaviour's messages. They hold while that behaviour wishes them on both
 * sides; of two wishes the slower one. The first message of another service, a hold by somebody else, or its own release takes this side's wish back. It sends
 * nothing itself. Pure.
 */

export const PACE_MS_MIN = 1_000;
/** The slowest wish: of a longer one so much counts. The remote thereby says how long its silence may last, but not without bound. */
export const PACE_MS_MAX = 60_000;
/** After a wish was taken back, this side wishes nothing for so long. */
const PACE_QUIET_MS = 60_000;

export class Pace {
  /** Whose wish it is on this side. */
  private owner: object | undefined = undefined;
  private ownerServiceId = 0;
  /** What both sides have said; 0: as ever. */
  private ownMs = 0;
  private remoteMs = 0;
  /** When this side took its wish back. */
  endedMs = Number.NEGATIVE_INFINITY;

  /** `said`: this side has another wish, which the remote gets. */
  constructor(private readonly said: (ms: number) => void) {}

  /** `undefined`: as ever. */
  get agreedMs(): number | undefined {
    return this.ownMs > 0 && this.remoteMs > 0 ? Math.max(this.ownMs, this.remoteMs) : undefined;
  }

  wish(owner: object, serviceId: number, ms: number, nowMs: number): void {
    if (this.ownMs > 0 || nowMs - this.endedMs < PACE_QUIET_MS) return;
    this.owner = owner;
    this.ownerServiceId = serviceId;
    this.ownMs = ms;
    this.said(ms);
  }

  remoteWishes(ms: number): void {
    this.remoteMs = Math.min(ms, PACE_MS_MAX);
  }

  passed(serviceId: number, nowMs: number): void {
    if (serviceId !== this.ownerServiceId) this.end(nowMs);
  }

  heldBy(holder: object, nowMs: number): void {
    if (holder !== this.owner) this.end(nowMs);
  }

  left(owner: object, nowMs: number): void {
    if (owner === this.owner) this.end(nowMs);
  }

  private end(nowMs: number): void {
    if (this.ownMs === 0) return;
    this.ownMs = 0;
    this.owner = undefined;
    this.endedMs = nowMs;
    this.said(0);
  }
}
