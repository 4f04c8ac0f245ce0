/**
 * @module RepairedPath: makes a lossless path of one that loses, doubles and reorders. It knows packets and frames, no bytes: a packet has a number
 * that is used once, and carries frames, which the owner has made. What is acknowledged has arrived; the frames of a packet that is lost are
 * handed out again, and go in a new packet. There is no order: each frame belongs to an ordered sequence of its owner's (`OutboundFlow`,
 * `InboundFlow`), which numbers what it sends and puts it into order, so that a loss in one sequence holds up no other. All sequences of a path
 * share its round trip, its congestion window and its acknowledgements.
 *
 * A packet is lost when too many later ones have been acknowledged, or one, and too much time has passed (`reordering.ts`); when it was not lost after
 * all, more is waited for, and what the window has lost by it is given back. While nothing is acknowledged, the oldest packet goes again, in pauses that
 * grow. A loss signal of a relay is believed at once: what it could drop anyway, it may say it has dropped. The owner asks for `room`,
 * sends, and calls `sent`; `nextAtMs` is when it is to call `expire`, and send again. Pure; bounded by the window.
 */

import { backoffBoundMs } from '../../../structures/back-off.js';
import type { LossCause } from '../../../wire/link-control.js';
import { CongestionWindow, SEGMENT_BYTES } from './congestion-window.js';
import type { PacketObserver, RepairCounters, RepairedFrame } from './frames.js';
import { LostFrames } from './lost-frames.js';
import { Pacing } from './pacing.js';
import type { Acknowledgement } from './receipts.js';
import { Reordering } from './reordering.js';
import { RoundTrip } from './round-trip.js';
import type { PacketRange } from './seen-numbers.js';
import { type SentPacket, Transit } from './transit.js';

/** After so many probes without an acknowledgement the path is taken for broken. */
const PROBES_BROKEN = 2;
/** Pauses after signals that there is no path. */
const PAUSES = { minMs: 50, maxMs: 2_000 };

/** The sending side of a path that loses: which packets are in transit, which frames go again, and when. */
export class RepairedPath<Frame extends RepairedFrame> {
  #roundTrip = new RoundTrip();
  #window = new CongestionWindow();
  readonly #transit = new Transit<Frame>();
  /** Frames that are to be sent again. */
  readonly lost = new LostFrames<Frame>();
  #nextNumber = 0;
  #greatestAcked = -1;
  /** When the newest was sent of those that were acknowledged. */
  #greatestSentMs = 0;
  /** The first packet of this path, and of this round. */
  #firstNumber = 0;
  #roundStart = 0;
  #reordering = new Reordering();
  #lateAtMs = Number.POSITIVE_INFINITY;
  #probeCount = 0;
  /** Packets that may go beyond the window. */
  #probesDue = 0;
  #lastSentMs = 0;
  #pacing = new Pacing();
  #pauseCount = 0;
  #pausedUntilMs = 0;
  /** Since when nothing was acknowledged although something was sent, or could not be. */
  silentSinceMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly counters: RepairCounters,
    private readonly observer?: PacketObserver,
  ) {}

  /** The number that the next packet gets. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  get isQuiet(): boolean {
    return this.#transit.isEmpty && this.lost.count === 0;
  }

  /** The next packet is a probe: it is sent because nothing came back. */
  get isProbing(): boolean {
    return this.#probesDue > 0;
  }

  get inTransitBytes(): number {
    return this.#transit.byteCount;
  }

  /** Smoothed; `undefined` before the first measurement. */
  get roundTripMs(): number | undefined {
    return this.#roundTrip.smoothedMs;
  }

  /** The size that suits packets now: small ones while little is in transit, so that others get their turns. */
  packetBytes(bytesMax: number): number {
    return Math.min(bytesMax, Math.max(SEGMENT_BYTES, Math.floor(this.#window.bytes / 8)));
  }

  /** Bytes that may be sent now; less than a packet is no room. */
  room(nowMs: number): number {
    this.#window.look(this.#transit.byteCount, this.#roundTrip.smoothedMs ?? 0, nowMs);
    if (nowMs < this.#pausedUntilMs) return 0;
    if (this.#probesDue > 0) return SEGMENT_BYTES;
    const free = this.#window.bytes - this.#transit.byteCount;
    return free >= SEGMENT_BYTES && this.#pacing.allows(nowMs) ? free : 0;
  }

  /** Earliest time at which room that pacing or a pause withholds is there; `Infinity` when only an acknowledgement makes room. */
  get roomAtMs(): number {
    const isOpen = this.#probesDue > 0 || this.#window.bytes - this.#transit.byteCount >= SEGMENT_BYTES;
    return isOpen ? Math.max(this.#pausedUntilMs, this.#probesDue > 0 ? 0 : this.#pacing.atMs) : Number.POSITIVE_INFINITY;
  }

  /** When `expire` is to be called; `Infinity` while nothing is in transit. */
  get nextAtMs(): number {
    if (this.#transit.isEmpty) return Number.POSITIVE_INFINITY;
    return Math.min(this.#lateAtMs, this.#lastSentMs + this.#roundTrip.probeMs(this.#probeCount));
  }

  /** There is no path, or no room at this node: nothing is sent for a while, which grows until something is acknowledged. */
  pause(nowMs: number): void {
    if (this.silentSinceMs === Number.POSITIVE_INFINITY) this.silentSinceMs = nowMs;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + backoffBoundMs(++this.#pauseCount, PAUSES));
  }

  /** A packet with `nextNumber` was sent. */
  sent(frames: readonly Frame[], byteCount: number, nowMs: number): void {
    const isLimited = 2 * (this.#transit.byteCount + byteCount) >= this.#window.bytes;
    const number = this.#nextNumber++;
    if (this.silentSinceMs === Number.POSITIVE_INFINITY) this.silentSinceMs = nowMs;
    this.#transit.add({ number, frames, byteCount, sentMs: nowMs, isLimited });
    this.#lastSentMs = nowMs;
    if (this.#probesDue > 0) this.#probesDue--;
    const { smoothedMs } = this.#roundTrip;
    if (smoothedMs === undefined) return;
    this.#pacing.sent(byteCount / this.#window.paceOf(Math.max(smoothedMs, 1)), nowMs);
  }

  /** The remote has these packets. False when that cannot be: it must not be believed any more. */
  acknowledged({ ranges, delayMs }: Acknowledgement, nowMs: number): boolean {
    const [newest] = ranges;
    if (newest === undefined || newest.last >= this.#nextNumber) return false;
    const last = this.#transit.get(newest.last);
    const found = this.#acknowledge(ranges, nowMs);
    if (found.length === 0) return true;
    if (last !== undefined && newest.last > this.#greatestAcked) this.#greatestSentMs = last.sentMs;
    this.#greatestAcked = Math.max(this.#greatestAcked, newest.last);
    this.#probeCount = 0;
    this.#probesDue = 0;
    this.#pauseCount = 0;
    this.#pausedUntilMs = 0;
    this.#measure(found, last, delayMs, nowMs);
    this.#detectLost(nowMs);
    this.#endRound(nowMs);
    return true;
  }

  /** Time has passed: late packets are lost, and silence is probed. */
  expire(nowMs: number): void {
    if (nowMs < this.nextAtMs) return;
    if (nowMs >= this.#lateAtMs) return this.#detectLost(nowMs);
    this.#probeCount++;
    this.#probesDue = 1;
    this.#lastSentMs = nowMs;
    if (this.#probeCount === PROBES_BROKEN) this.#window.collapse();
    const [oldest] = this.#transit.packets;
    if (oldest !== undefined) this.#lose(oldest);
  }

  /** A relay signals that it could not forward the packet. */
  lossReported(number: number, cause: LossCause, nowMs: number): void {
    const packet = this.#transit.get(number);
    if (packet === undefined) return;
    this.#lose(packet);
    if (cause === 'lane-full') this.#window.full();
    else this.pause(nowMs);
  }

  /** Packets take another path from now on: nothing that was measured holds. */
  changed(): void {
    this.#roundTrip = new RoundTrip();
    this.#window = new CongestionWindow();
    this.#reordering = new Reordering();
    this.#firstNumber = this.#nextNumber;
    this.#roundStart = this.#nextNumber;
    this.#probeCount = 0;
    this.#pauseCount = 0;
    this.#pausedUntilMs = 0;
    this.#pacing = new Pacing();
    this.observer?.changed();
  }

  /** The path is gone, with what was in transit. */
  broken(): void {
    for (const packet of [...this.#transit.packets]) this.#lose(packet);
  }

  #acknowledge(ranges: readonly PacketRange[], nowMs: number): SentPacket<Frame>[] {
    const found = this.#transit.take(ranges);
    for (const packet of found) this.#arrived(packet);
    const hasCome = this.#acquit(ranges, nowMs) || found.length > 0;
    if (hasCome) this.silentSinceMs = this.isQuiet ? Number.POSITIVE_INFINITY : nowMs;
    return found;
  }

  /** Packets that were taken for lost, and have come. Whether there are any. */
  #acquit(ranges: readonly PacketRange[], nowMs: number): boolean {
    if (this.isQuiet) {
      this.#transit.forgetSuspects();
      return false;
    }
    const acquitted = this.#transit.acquit(ranges);
    for (const packet of acquitted) {
      this.counters.packetsWronglyLost++;
      if (packet.number >= this.#firstNumber) {
        this.#reordering.wronglyLost(this.#greatestAcked - packet.number, nowMs - packet.sentMs, this.#roundTrip);
        this.#window.found(packet.byteCount);
      }
      this.#arrived(packet);
    }
    return acquitted.length > 0;
  }

  #arrived({ number, frames, byteCount }: SentPacket<Frame>): void {
    for (const frame of frames) frame.hasArrived = true;
    if (number >= this.#firstNumber) this.observer?.arrived(number, byteCount);
  }

  #measure(found: readonly SentPacket<Frame>[], newest: SentPacket<Frame> | undefined, delayMs: number, nowMs: number): void {
    const isOfThisPath = newest !== undefined && newest.number >= this.#firstNumber;
    const sampleMs = isOfThisPath ? sampleOf(nowMs - newest.sentMs, delayMs) : undefined;
    if (sampleMs === undefined) return;
    this.#roundTrip.measured(sampleMs);
    for (const { byteCount, isLimited, number } of found)
      if (number >= this.#firstNumber) this.#window.acknowledged(byteCount, sampleMs, nowMs, isLimited);
  }

  #detectLost(nowMs: number): void {
    const lateMs = this.#reordering.lateMs(this.#roundTrip);
    this.#lateAtMs = Number.POSITIVE_INFINITY;
    for (const packet of this.#transit.packets) {
      if (packet.number >= this.#greatestAcked) return;
      const isOvertaken = this.#reordering.isOvertaken(this.#greatestAcked - packet.number);
      if (isOvertaken || packet.sentMs + lateMs <= nowMs) this.#lose(packet);
      else this.#lateAtMs = Math.min(this.#lateAtMs, packet.sentMs + lateMs);
    }
  }

  #lose(packet: SentPacket<Frame>): void {
    this.#transit.lose(packet);
    this.counters.packetsLost++;
    if (packet.number >= this.#firstNumber) {
      this.#window.lost(packet.byteCount);
      this.observer?.lost(packet.number, packet.byteCount);
    }
    this.lost.add(packet.frames);
  }

  #endRound(nowMs: number): void {
    if (this.#greatestAcked < this.#roundStart) return;
    this.#roundStart = this.#nextNumber;
    this.#window.roundEnded(this.#greatestSentMs, nowMs);
    this.#reordering.roundEnded();
  }
}

/** What the remote claims to have waited does not make a round trip shorter than none. */
function sampleOf(passedMs: number, delayMs: number): number {
  return delayMs < passedMs ? passedMs - delayMs : passedMs;
}
