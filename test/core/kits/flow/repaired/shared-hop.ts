/** @module Several repaired paths that share one hop, whose queue takes everything, in virtual time. Each always has something to send. */
import { Receipts, RepairedPath } from '../../../../../core/kits/flow/repaired/index.js';

const PACKET_BYTES = 1_280;

export interface Hop {
  /** One way, without a queue. */
  readonly latencyMs: number;
  /** Bytes in a millisecond. */
  readonly bandwidth: number;
}

class Flow {
  readonly path = new RepairedPath({ packetsLost: 0, packetsWronglyLost: 0 });
  readonly receipts = new Receipts();

  constructor(readonly startMs: number) {}

  nextAt(nowMs: number): number {
    if (nowMs < this.startMs) return this.startMs;
    return Math.max(nowMs, Math.min(this.path.nextAtMs, this.receipts.dueMs, this.path.roomAtMs));
  }
}

export class SharedHop {
  nowMs = 0;
  /** What each packet waited, in the order of sending. */
  readonly queueMs: number[] = [];
  readonly #flows: readonly Flow[];
  readonly #events: { readonly atMs: number; readonly run: () => void }[] = [];
  #freeAtMs = 0;

  constructor(
    private readonly hop: Hop,
    startsMs: readonly number[],
  ) {
    this.#flows = startsMs.map((startMs) => new Flow(startMs));
  }

  run(untilMs: number): void {
    for (let atMs = 0; atMs <= untilMs; ) {
      this.nowMs = atMs;
      if ((this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) this.#events.shift()?.run();
      for (const flow of this.#flows) this.#act(flow);
      const nexts = this.#flows.map((flow) => flow.nextAt(atMs));
      atMs = Math.min(this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY, ...nexts);
    }
  }

  #act({ startMs, path, receipts }: Flow): void {
    const { nowMs } = this;
    path.expire(nowMs);
    if (receipts.dueMs <= nowMs) {
      const acknowledgement = receipts.take(nowMs);
      this.#later(nowMs + this.hop.latencyMs, () => void path.acknowledged(acknowledgement, this.nowMs));
    }
    while (nowMs >= startMs && path.room(nowMs) > 0) {
      const number = path.nextNumber;
      path.sent([path.lost.take() ?? { hasArrived: false }], PACKET_BYTES, nowMs);
      this.queueMs.push(Math.max(0, this.#freeAtMs - nowMs));
      this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + PACKET_BYTES / this.hop.bandwidth;
      this.#later(this.#freeAtMs + this.hop.latencyMs, () => void receipts.receive(number, this.nowMs));
    }
  }

  #later(atMs: number, run: () => void): void {
    let index = this.#events.length;
    while (index > 0 && (this.#events[index - 1]?.atMs as number) > atMs) index--;
    this.#events.splice(index, 0, { atMs, run });
  }
}
