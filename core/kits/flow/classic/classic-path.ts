/**
 * @module ClassicPath: what the sending side may send and what it sends again, by fixed numbers: 100 packets may be unconfirmed. Whoever has
 * more to send misses all of them, and waits; what an acknowledgement leaves out below its newest is missed as well. While anything is missed, the
 * first five go again every 5 s. When one of them was missed more than three times, and nothing came for more than 60 s, the path is over.
 *
 * A packet has its number once: what is missed goes in a packet with another one, and keeps its place and its count. The last packets of a burst may be
 * lost with nothing behind them that would show it: so while nothing is missed, the last unconfirmed one goes again after 2 s. Pure; bounded by
 * the 100.
 */

import type { MissedBefore, PacketObserver, RepairCounters, RepairedFrame } from '../repaired/frames.js';
import { LostFrames } from '../repaired/lost-frames.js';
import type { Acknowledgement } from '../repaired/receipts.js';
import type { SendingSide } from '../repaired/repair.js';
import { type SentPacket, Transit } from '../repaired/transit.js';
import type { Heard } from './classic-receipts.js';

const PACKETS_MAX = 100;
const MISS_TIMER_MS = 5_000;
const RESENT_AT_ONCE = 5;
const LAST_AGAIN_MS = 2_000;
const MISSED_MAX = 3;
const UNHEARD_MAX_MS = 60_000;
/** The room for one packet. */
const PACKET_BYTES = 1_200;

export class ClassicPath<Frame extends RepairedFrame> implements SendingSide<Frame> {
  readonly #transit = new Transit<Frame>();
  readonly lost = new LostFrames<Frame>();
  /** Of packets in transit, by number. */
  readonly #missed = new Map<number, MissedBefore>();
  #nextNumber = 0;
  /** The first packet of this path. */
  #firstNumber = 0;
  /** `Infinity` while it is idle. */
  #missTimerAtMs = Number.POSITIVE_INFINITY;
  #lastSentMs = 0;
  isProbing = false;
  isOver = false;
  silentSinceMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly heard: Heard,
    private readonly counters: RepairCounters,
    private readonly observer: PacketObserver,
  ) {}

  get nextNumber(): number {
    return this.#nextNumber;
  }

  get isQuiet(): boolean {
    return this.#transit.isEmpty && this.lost.count === 0;
  }

  /** Call it only when there is something to send: if there is no room, every outstanding packet counts as missed. */
  room(nowMs: number): number {
    const free = PACKETS_MAX - this.#transit.count;
    if (free > 0) return free * PACKET_BYTES;
    for (const packet of this.#transit.packets) this.#miss(packet, nowMs);
    return 0;
  }

  get roomAtMs(): number {
    return this.#transit.count < PACKETS_MAX ? 0 : Number.POSITIVE_INFINITY;
  }

  get nextAtMs(): number {
    if (this.#isTimerRunning) return this.#missTimerAtMs;
    return this.#transit.isEmpty ? Number.POSITIVE_INFINITY : this.#lastSentMs + LAST_AGAIN_MS;
  }

  sent(frames: readonly Frame[], byteCount: number, nowMs: number): void {
    const number = this.#nextNumber++;
    const before = frames.flatMap(({ missedBefore }) => missedBefore ?? []);
    if (this.silentSinceMs === Number.POSITIVE_INFINITY) this.silentSinceMs = nowMs;
    this.heard.atMs ??= nowMs;
    this.#lastSentMs = nowMs;
    this.isProbing = false;
    this.#transit.add({ number, frames, byteCount, sentMs: nowMs, isLimited: false });
    if (before.length === 0) return;
    const [count, place] = [Math.max(...before.map((one) => one.count)), Math.min(...before.map((one) => one.place))];
    this.#missed.set(number, { count, place });
    this.#startTimer(nowMs);
  }

  acknowledged({ ranges }: Acknowledgement, nowMs: number): boolean {
    const [newest] = ranges;
    if (newest === undefined || newest.last >= this.#nextNumber) return false;
    this.heard.atMs = nowMs;
    const found = this.#transit.take(ranges);
    const acquitted = this.#transit.acquit(ranges);
    this.counters.packetsWronglyLost += acquitted.length;
    for (const packet of [...found, ...acquitted]) this.#arrived(packet);
    if (found.length + acquitted.length > 0) this.silentSinceMs = this.isQuiet ? Number.POSITIVE_INFINITY : nowMs;
    for (const packet of this.#transit.packets) if (packet.number < newest.last) this.#miss(packet, nowMs);
    return true;
  }

  expire(nowMs: number): void {
    if (nowMs >= this.#missTimerAtMs) this.#resendMissed(nowMs);
    if (nowMs >= this.nextAtMs) this.#resendLast(nowMs);
  }

  changed(): void {
    this.#firstNumber = this.#nextNumber;
    this.observer.changed();
  }

  broken(): void {
    for (const packet of [...this.#transit.packets]) this.#lose(packet);
  }

  get #isTimerRunning(): boolean {
    return this.#missTimerAtMs !== Number.POSITIVE_INFINITY;
  }

  #arrived({ number, frames, byteCount }: SentPacket<Frame>): void {
    this.#missed.delete(number);
    for (const frame of frames) frame.hasArrived = true;
    if (number >= this.#firstNumber) this.observer.arrived(number, byteCount);
  }

  #miss({ number }: SentPacket<Frame>, nowMs: number): void {
    if (!this.#missed.has(number)) this.#missed.set(number, { count: 1, place: number });
    this.#startTimer(nowMs);
  }

  #startTimer(nowMs: number): void {
    this.#missTimerAtMs = Math.min(this.#missTimerAtMs, nowMs + MISS_TIMER_MS);
  }

  #resendMissed(nowMs: number): void {
    this.#missTimerAtMs = Number.POSITIVE_INFINITY;
    const missed = [...this.#missed].sort(([, one], [, other]) => one.place - other.place);
    if (missed.length === 0) return;
    this.#startTimer(nowMs);
    // A path that passes only short packets shows that by one.
    this.isProbing = missed.some(([, { count }]) => count > 1);
    const unheardMs = nowMs - (this.heard.atMs ?? nowMs);
    this.isOver ||= unheardMs > UNHEARD_MAX_MS && missed.some(([, { count }]) => count > MISSED_MAX);
    for (const [number, { count, place }] of missed.slice(0, RESENT_AT_ONCE)) this.#resend(number, { count: count + 1, place });
  }

  #resend(number: number, missedBefore: MissedBefore): void {
    const packet = this.#transit.get(number);
    if (packet === undefined) return;
    for (const frame of packet.frames) frame.missedBefore = missedBefore;
    this.#lose(packet);
  }

  /** It was not missed: it may be that nothing shows that it is. What goes may be short, for a path that passes only that. */
  #resendLast(nowMs: number): void {
    this.#lastSentMs = nowMs;
    this.isProbing = true;
    const last = [...this.#transit.packets].at(-1);
    if (last !== undefined) this.#lose(last);
  }

  #lose(packet: SentPacket<Frame>): void {
    this.#missed.delete(packet.number);
    this.#transit.lose(packet);
    this.counters.packetsLost++;
    if (packet.number >= this.#firstNumber) this.observer.lost(packet.number, packet.byteCount);
    this.lost.add(packet.frames);
  }
}
