/**
 * @module Path: from one host to another, one direction: when bytes that leave now arrive, and whether the path is cut.
 */
import type { LinkConditions } from './conditions.js';
import type { Host } from './host.js';

const SEGMENT_BYTES = 1_460;
/** How long a sender waits before it sends a lost segment again, besides the round trip. */
const RESEND_MS = 200;

/** When a piece has left its sender, and when it arrives. */
export interface Passage {
  readonly leavesMs: number;
  readonly arrivesMs: number;
  readonly lostCount: number;
}

/** Of what is queued at a narrow path datagrams that would have to wait for longer are lost. */
const QUEUE_MAX_MS = 250;
/** Headers of a datagram. */
const DATAGRAM_HEADER_BYTES = 28;

export class Path {
  /** Absent: the network's. */
  own: LinkConditions | undefined;
  isCut = false;
  /** Until when bytes are leaving, where bandwidth is bounded. */
  #busyUntilMs = 0;

  constructor(
    readonly from: Host,
    readonly to: Host,
    private readonly defaults: LinkConditions,
    private readonly random: () => number,
  ) {}

  get conditions(): LinkConditions {
    return this.own ?? this.defaults;
  }

  get isBlocked(): boolean {
    const { from, to } = this;
    return this.isCut || (from.group !== undefined && to.group !== undefined && from.group !== to.group);
  }

  pass(byteCount: number, nowMs: number): Passage {
    const { latencyMs, jitterMs, loss, bandwidth } = this.conditions;
    const leavesMs = Math.max(nowMs, this.#busyUntilMs) + (byteCount / bandwidth) * 1_000;
    if (bandwidth !== Number.POSITIVE_INFINITY) this.#busyUntilMs = leavesMs;
    const jitter = jitterMs > 0 ? jitterMs * this.random() : 0;
    const lostCount = loss > 0 ? this.#losses(Math.max(1, Math.ceil(byteCount / SEGMENT_BYTES)), loss) : 0;
    return { leavesMs, arrivesMs: leavesMs + latencyMs + jitter + lostCount * (RESEND_MS + 2 * latencyMs), lostCount };
  }

  /** When a datagram that leaves now arrives: never, once, or twice. */
  passDatagram(byteCount: number, nowMs: number): readonly number[] {
    const { latencyMs, jitterMs, loss, bandwidth, reordered, reorderMs, doubled, datagramBytesMax } = this.conditions;
    const leavesMs = Math.max(nowMs, this.#busyUntilMs) + ((byteCount + DATAGRAM_HEADER_BYTES) / bandwidth) * 1_000;
    if (this.isBlocked || byteCount > datagramBytesMax || leavesMs - nowMs > QUEUE_MAX_MS) return [];
    if (bandwidth !== Number.POSITIVE_INFINITY) this.#busyUntilMs = leavesMs;
    if (this.#isOneOf(loss)) return [];
    const arrival = () => {
      const heldMs = this.#isOneOf(reordered) ? reorderMs * (1 + this.random()) : 0;
      return leavesMs + latencyMs + heldMs + (jitterMs > 0 ? jitterMs * this.random() : 0);
    };
    return this.#isOneOf(doubled) ? [arrival(), arrival()] : [arrival()];
  }

  /** What was to leave after `nowMs` does not. */
  clear(nowMs: number): void {
    this.#busyUntilMs = Math.min(this.#busyUntilMs, nowMs);
  }

  #isOneOf(share: number): boolean {
    return share > 0 && this.random() < share;
  }

  #losses(segmentCount: number, loss: number): number {
    let lostCount = 0;
    for (let segment = 0; segment < segmentCount; segment++) while (this.random() < loss) lostCount++;
    return lostCount;
  }
}
