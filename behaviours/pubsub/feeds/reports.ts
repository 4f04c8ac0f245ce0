/**
 * @module Reports: the numbers that subscribers of a feed report to its publisher, as one node has them: of each id the figures of each neighbour
 * and reader that reports, and what they make together. That goes on at once the first time, and then once in a window at most, where it has changed.
 * Who has left is taken out of it. Bounded, because there are sixteen ids: nobody can use up those of others. Pure.
 */
import type { Deadlined } from '../../../core/structures/deadline-heap.js';
import type { Figures, Report } from '../messages.js';

interface Entry<Reporter> {
  readonly parts: Map<Reporter, Report>;
  /** What was sent last, and the time of the next one at the earliest. */
  sent: Figures;
  windowMs: number;
  notBeforeMs: number;
  dueMs: number;
}

export class Reports<Owner, Reporter extends object> implements Deadlined {
  dueMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  heapOrder = 0;
  private readonly entries = new Map<number, Entry<Reporter>>();

  constructor(readonly owner: Owner) {}

  /** When something goes; `Infinity`: nothing has changed. */
  get nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const entry of this.entries.values()) if (entry.dueMs < dueMs) dueMs = entry.dueMs;
    return dueMs;
  }

  /** In place of what the reporter has reported under the id. */
  put(reporter: Reporter, report: Report, nowMs: number): void {
    const known = this.entries.get(report.id);
    if (report.count === 0 && known?.parts.has(reporter) !== true) return;
    const { windowMs } = report;
    const entry = known ?? { parts: new Map(), sent: NOTHING, windowMs, notBeforeMs: nowMs, dueMs: nowMs };
    this.entries.set(report.id, entry);
    if (report.count === 0) entry.parts.delete(reporter);
    else entry.parts.set(reporter, report);
    entry.dueMs = entry.notBeforeMs;
  }

  /** Takes out what those have reported who are not there any more. */
  keep(isThere: (reporter: Reporter) => boolean): void {
    for (const entry of this.entries.values())
      for (const reporter of [...entry.parts.keys()]) {
        if (isThere(reporter)) continue;
        entry.parts.delete(reporter);
        entry.dueMs = entry.notBeforeMs;
      }
  }

  /** They go to somebody else from now on. */
  begin(nowMs: number): void {
    for (const entry of this.entries.values()) {
      entry.sent = NOTHING;
      entry.dueMs = nowMs;
    }
  }

  /** Sends what is due. Where `send` says that it could not, it is due again after its window. */
  send(nowMs: number, send: (report: Report) => boolean): void {
    for (const [id, entry] of this.entries) {
      if (entry.dueMs > nowMs) continue;
      const report = this.together(id, entry);
      const isSent = isSame(entry.sent, report);
      entry.dueMs = Number.POSITIVE_INFINITY;
      if (!isSent) this.sendOne(entry, report, nowMs, send);
      // Without parts it is kept for its window: to take a number back makes nobody faster.
      else if (entry.parts.size === 0 && entry.notBeforeMs <= nowMs) this.entries.delete(id);
      if (entry.parts.size === 0) entry.dueMs = entry.notBeforeMs;
    }
  }

  private sendOne(entry: Entry<Reporter>, report: Report, nowMs: number, send: (report: Report) => boolean): void {
    entry.windowMs = report.windowMs;
    entry.notBeforeMs = nowMs + report.windowMs;
    if (send(report)) entry.sent = report;
    else entry.dueMs = entry.notBeforeMs;
  }

  private together(id: number, { parts, windowMs }: Entry<Reporter>): Report {
    if (parts.size === 0) return { id, windowMs, ...NOTHING };
    const whole = {
      id,
      windowMs: Number.POSITIVE_INFINITY,
      count: 0,
      sum: 0,
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
    };
    for (const part of parts.values()) {
      whole.windowMs = Math.min(whole.windowMs, part.windowMs);
      whole.count = Math.min(whole.count + part.count, COUNT_MAX);
      whole.sum = Math.max(-Number.MAX_VALUE, Math.min(whole.sum + part.sum, Number.MAX_VALUE));
      whole.min = Math.min(whole.min, part.min);
      whole.max = Math.max(whole.max, part.max);
    }
    return whole;
  }
}

const COUNT_MAX = 0xffff_ffff;
const NOTHING: Figures = { count: 0, sum: 0, min: 0, max: 0 };

function isSame(one: Figures, other: Figures): boolean {
  return one.count === other.count && one.sum === other.sum && one.min === other.min && one.max === other.max;
}
