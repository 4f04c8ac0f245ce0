/**
 * @module Pipe: one direction of a channel: what was sent and has not arrived, in order. A pipe whose path is cut keeps everything, and
 * sends it again when the path is whole, as TCP does. What arrives goes to `receiver`, and `source` gets to know.
 */
import type { NetworkError } from '../../core/index.js';
import { noneOf, withLast, withoutFirst } from '../../core/structures/few-list.js';
import type { Instance } from './host.js';
import type { Path } from './path.js';
import type { Trace } from './trace/trace.js';

export type Segment =
  /** The dial, and its answers. */
  | { readonly type: 'open' }
  | { readonly type: 'accept' }
  | { readonly type: 'refuse' }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** The sender has ended in good order. */
  | { readonly type: 'end' }
  | { readonly type: 'reset'; readonly cause: NetworkError };

export interface PipeReceiver {
  receive(segment: Segment): void;
}

export interface PipeSource {
  /** So many bytes have arrived. */
  written(byteCount: number): void;
  /** The other host does not have this channel (any more). */
  bounced(): void;
}

/** What all pipes share. */
export interface PipeWorld {
  readonly trace: Trace;
  /** Pipes that wait for their path to be whole. */
  readonly blocked: Set<Pipe>;
}

interface Travelling {
  readonly segment: Segment;
  readonly byteCount: number;
  readonly leavesMs: number;
  arrivesMs: number;
}

/** What a segment takes in transit besides its bytes. */
const HEADER_BYTES = 40;
/** The dial and its answers: no application can take them back. */
const OF_THE_SYSTEM: ReadonlySet<Segment['type']> = new Set(['open', 'accept', 'refuse']);

export class Pipe {
  /** The two ends: set by the channel before anything is sent. */
  receiver!: PipeReceiver;
  source!: PipeSource;
  /** Bytes that have not arrived. */
  queuedBytes = 0;
  #queue: Travelling[] = noneOf();
  /** The instance that took the first segment. */
  #receiver: Instance | undefined;
  #isScheduled = false;
  #isSilent = false;
  #isHeld = false;

  constructor(
    private readonly world: PipeWorld,
    readonly path: Path,
    readonly sender: Instance,
  ) {}

  send(segment: Segment): void {
    if (this.#isSilent) return;
    const { nowMs } = this.sender.scheduler;
    const byteCount = segment.type === 'bytes' ? segment.bytes.length : 0;
    const { leavesMs, arrivesMs, lostCount } = this.path.pass(byteCount + HEADER_BYTES, nowMs);
    const last = this.#queue[this.#queue.length - 1];
    this.#queue = withLast(this.#queue, { segment, byteCount, leavesMs, arrivesMs: Math.max(arrivesMs, last?.arrivesMs ?? 0) });
    this.queuedBytes += byteCount;
    if (lostCount > 0) this.world.trace.add(nowMs, 'loss', this.path.from.name, this.path.to.name, lostCount);
    this.#schedule();
  }

  /** Takes back what has not left yet, but for what the system itself has sent. Returns whether anything was lost by that. */
  abandon(): boolean {
    const { nowMs } = this.sender.scheduler;
    const kept = this.#queue.filter(({ leavesMs, segment }) => leavesMs <= nowMs || OF_THE_SYSTEM.has(segment.type));
    const isLoss = kept.length < this.#queue.length;
    if (isLoss) this.path.clear(nowMs);
    this.#use(kept);
    return isLoss;
  }

  /** The sender is gone: what has left arrives, nothing is sent or sent again. */
  silence(): void {
    this.abandon();
    this.#isSilent = true;
  }

  /** The receiver takes nothing until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#schedule();
  }

  /** What waits for the path to be whole is not wanted any more. */
  forget(): void {
    if (!this.world.blocked.delete(this)) return;
    this.#use([]);
    this.#isSilent = true;
  }

  /** The path is whole again: everything sets out anew. */
  resume(): void {
    const { nowMs } = this.sender.scheduler;
    if (this.#isSilent) this.#use([]);
    let earliestMs = this.path.pass(HEADER_BYTES, nowMs).arrivesMs;
    for (const travelling of this.#queue) earliestMs = travelling.arrivesMs = Math.max(earliestMs, travelling.arrivesMs);
    this.#schedule();
  }

  #use(queue: Travelling[]): void {
    this.#queue = queue;
    this.queuedBytes = queue.reduce((sum, { byteCount }) => sum + byteCount, 0);
  }

  /** One event at a time: the head's arrival. */
  #schedule(): void {
    const head = this.#queue[0];
    if (head === undefined || this.#isScheduled || this.#isHeld || this.world.blocked.has(this)) return;
    const { scheduler } = this.sender;
    this.#isScheduled = true;
    scheduler.after(Math.max(0, head.arrivesMs - scheduler.nowMs), () => this.#arrive());
  }

  #arrive(): void {
    if (this.#isHeld || this.path.isBlocked) {
      this.#isScheduled = false;
      if (!this.#isHeld) this.world.blocked.add(this);
      return;
    }
    const host = this.path.to;
    this.#receiver ??= host.instance;
    if (this.#receiver?.isAlive === true) return this.#receiver.input(() => this.#handOver());
    this.#use([]);
    this.#isScheduled = false;
    if (host.isUp) this.#bounce();
  }

  /** Everything whose time has come. */
  #handOver(): void {
    const { nowMs } = this.sender.scheduler;
    try {
      for (let head = this.#queue[0]; head !== undefined && head.arrivesMs <= nowMs; head = this.#queue[0]) {
        if (this.#receiver?.isAlive !== true || this.#isHeld) break;
        this.#queue = withoutFirst(this.#queue);
        this.queuedBytes -= head.byteCount;
        this.#deliver(head);
      }
    } finally {
      this.#isScheduled = false;
      this.#schedule();
    }
  }

  #deliver({ segment, byteCount }: Travelling): void {
    const { trace } = this.world;
    const { from, to } = this.path;
    const { nowMs } = this.sender.scheduler;
    if (segment.type === 'bytes') trace.delivered(nowMs, from.name, to.name, segment.bytes);
    else trace.add(nowMs, segment.type, from.name, to.name);
    this.receiver.receive(segment);
    if (byteCount > 0) this.sender.input(() => this.source.written(byteCount));
  }

  /** The answer comes back, unless the path is cut. */
  #bounce(): void {
    const back = this.path.to.paths.get(this.path.from);
    if (back === undefined || back.isBlocked) return;
    const { scheduler } = this.sender;
    const { arrivesMs } = back.pass(HEADER_BYTES, scheduler.nowMs);
    scheduler.after(arrivesMs - scheduler.nowMs, () => this.sender.input(() => this.source.bounced()));
  }
}
