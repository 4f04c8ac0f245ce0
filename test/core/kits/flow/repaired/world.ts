/**
 * @module Two ends of a repaired path in virtual time, with an ordered sequence or several on it: a channel between them that loses, doubles,
 * reorders and delays, has a bandwidth, and may change.
 */
import { InboundFlow } from '../../../../../core/kits/flow/inbound-flow.js';
import { OutboundFlow } from '../../../../../core/kits/flow/outbound-flow.js';
import { Receipts, type RepairedFrame, RepairedPath } from '../../../../../core/kits/flow/repaired/index.js';
import { seededRandom } from '../../../../../testing/index.js';

export interface Channel {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Shares of the packets and acknowledgements. */
  readonly loss: number;
  readonly doubling: number;
  /** Bytes in a millisecond; `Infinity` for no queue. */
  readonly bandwidth: number;
  /** What the queue before the bandwidth holds; more is lost. */
  readonly queueBytes: number;
  /** Each side's process gets the processor for a while, and then waits for it, up to so long each. */
  readonly turns?: { readonly ownMs: number; readonly othersMs: number };
}

/** When the process of one side has the processor. */
class Turns {
  #fromMs = 0;
  #untilMs = 0;

  constructor(private readonly random: { float(): number }) {}

  /** What is due at `dueMs` is done then, or when it has the processor again. */
  at(dueMs: number, nowMs: number, { turns }: Channel): number {
    if (turns === undefined) return dueMs;
    while (this.#untilMs <= nowMs) {
      this.#fromMs = this.#untilMs + turns.othersMs * this.random.float();
      this.#untilMs = this.#fromMs + turns.ownMs * this.random.float();
    }
    return Math.max(dueMs, this.#fromMs);
  }
}

export const GOOD: Channel = {
  latencyMs: 40,
  jitterMs: 0,
  loss: 0,
  doubling: 0,
  bandwidth: Number.POSITIVE_INFINITY,
  queueBytes: Number.POSITIVE_INFINITY,
};

/** An item of a sequence: its number stands for its bytes. */
interface Piece extends RepairedFrame {
  readonly sequence: number;
  readonly position: number;
  readonly value: number;
}

interface Event {
  readonly atMs: number;
  readonly run: () => void;
  /** Whose process takes it; nobody's for what changes the world. */
  readonly turns: Turns | undefined;
}

const OVERHEAD_BYTES = 80;

export class World {
  nowMs = 0;
  readonly path = new RepairedPath<Piece>({ packetsLost: 0, packetsWronglyLost: 0 });
  readonly receipts = new Receipts();
  readonly out: OutboundFlow<number, never>[];
  readonly in: InboundFlow<number, never>[];
  /** What came out of each sequence. */
  readonly read: number[][];
  /** Packets that were sent, their bytes, and how long the queue was when each came to it. */
  packetCount = 0;
  sentPieces = 0;
  readonly queueMs: number[] = [];
  /** Most pieces that waited out of order at the receiver. */
  mostEarly = 0;
  readonly #random: { float(): number };
  /** By time; at the same time, as they were added. */
  readonly #events: Event[] = [];
  #busyUntilMs = 0;
  readonly #sender: Turns;
  readonly #receiver: Turns;

  /** `window`: pieces that a receiver takes ahead of its reader; `pieceBytes` each. */
  constructor(
    seed: number,
    public channel: Channel,
    { sequences = 1, window = 4_096, pieceBytes = 1_200 } = {},
  ) {
    this.#random = seededRandom(seed);
    this.#sender = new Turns(seededRandom(seed + 1));
    this.#receiver = new Turns(seededRandom(seed + 2));
    this.pieceBytes = pieceBytes;
    this.out = Array.from({ length: sequences }, () => new OutboundFlow<number, never>({ capacity: 1_000_000, granted: window }));
    this.in = Array.from({ length: sequences }, () => new InboundFlow<number, never>({ window }));
    this.read = this.out.map(() => []);
  }

  readonly pieceBytes: number;

  /** Gives each sequence as many items to send. */
  push(count: number): void {
    for (const flow of this.out) for (let value = 0; value < count; value++) flow.push(value);
  }

  at(atMs: number, run: () => void, turns?: Turns): void {
    const event = { atMs: Math.max(atMs, this.nowMs), run, turns };
    let index = this.#events.length;
    while (index > 0 && (this.#events[index - 1] as Event).atMs > event.atMs) index--;
    this.#events.splice(index, 0, event);
  }

  get isDone(): boolean {
    return this.out.every(({ length }) => length === 0) && this.path.isQuiet;
  }

  /** Until everything has arrived, or `untilMs`. */
  run(untilMs: number): void {
    this.#send();
    while (this.nowMs < untilMs && !this.isDone) {
      const [event] = this.#events;
      const nextMs = Math.max(this.nowMs, Math.min(event?.atMs ?? untilMs, this.#sendsAtMs, this.#acknowledgesAtMs));
      this.nowMs = Math.min(nextMs, untilMs);
      if (event !== undefined && event.atMs <= this.nowMs) {
        this.#events.shift();
        const atMs = event.turns?.at(this.nowMs, this.nowMs, this.channel) ?? this.nowMs;
        if (atMs > this.nowMs) this.at(atMs, event.run, event.turns);
        else event.run();
      }
      if (this.#acknowledgesAtMs <= this.nowMs) this.#acknowledge();
      if (this.#sender.at(this.nowMs, this.nowMs, this.channel) > this.nowMs) continue;
      this.path.expire(this.nowMs);
      this.#send();
    }
  }

  get #sendsAtMs(): number {
    const roomAtMs = this.#hasMore ? this.path.roomAtMs : Number.POSITIVE_INFINITY;
    return this.#sender.at(Math.min(this.path.nextAtMs, roomAtMs), this.nowMs, this.channel);
  }

  get #acknowledgesAtMs(): number {
    return this.#receiver.at(this.receipts.dueMs, this.nowMs, this.channel);
  }

  get #hasMore(): boolean {
    return this.path.lost.count > 0 || this.out.some(({ next }) => next !== undefined);
  }

  #send(): void {
    while (this.path.room(this.nowMs) > 0) {
      const piece = this.path.lost.take() ?? this.#nextPiece();
      if (piece === undefined) return;
      const number = this.path.nextNumber;
      this.path.sent([piece], this.pieceBytes + OVERHEAD_BYTES, this.nowMs);
      this.packetCount++;
      this.#carry(this.pieceBytes + OVERHEAD_BYTES, () => this.#arrived(number, piece), this.#receiver);
    }
  }

  /** In turn. */
  #nextPiece(): Piece | undefined {
    for (let count = 0; count < this.out.length; count++) {
      const sequence = this.sentPieces++ % this.out.length;
      const flow = this.out[sequence] as OutboundFlow<number, never>;
      const { next, position } = flow;
      if (next === undefined) continue;
      flow.sent();
      return { hasArrived: false, sequence, position, value: next.item };
    }
    return undefined;
  }

  #arrived(number: number, { sequence, position, value }: Piece): void {
    if (!this.receipts.receive(number, this.nowMs)) return;
    const flow = this.in[sequence] as InboundFlow<number, never>;
    if (flow.receive(value, position) === 'violation') throw new Error('a receiver got more than it granted');
    for (let next = flow.read(); next?.type === 'item'; next = flow.read()) {
      this.read[sequence]?.push(next.item);
      flow.consumed(1);
    }
    if (flow.hasNews) this.#carry(0, () => this.out[sequence]?.onGrant(flow.granted), this.#sender, true);
    if (flow.hasNews) flow.announced();
  }

  #acknowledge(): void {
    const acknowledgement = this.receipts.take(this.nowMs);
    const take = () => {
      if (!this.path.acknowledged(acknowledgement, this.nowMs)) throw new Error('an honest acknowledgement was refused');
    };
    this.#carry(0, take, this.#sender);
  }

  #carry(byteCount: number, arrive: () => void, to: Turns, isSafe = false): void {
    const { latencyMs, jitterMs, loss, doubling, bandwidth, queueBytes } = this.channel;
    const waitMs = byteCount > 0 ? Math.max(0, this.#busyUntilMs - this.nowMs) : 0;
    if (byteCount > 0) this.queueMs.push(waitMs);
    if (waitMs * bandwidth > queueBytes || (!isSafe && this.#random.float() < loss)) return;
    if (byteCount > 0 && bandwidth !== Number.POSITIVE_INFINITY) this.#busyUntilMs = this.nowMs + waitMs + byteCount / bandwidth;
    const leavesMs = this.nowMs + waitMs + byteCount / bandwidth;
    const copies = this.#random.float() < doubling ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.at(leavesMs + latencyMs + jitterMs * this.#random.float(), arrive, to);
  }
}
