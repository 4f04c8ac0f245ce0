/**
 * @module Conditions: what lasts, by key, such as a peer that is not reached: reported once when it has lasted for some time, and once when it
 * is over. What only happens, again and again, is over when it has not happened for a while. Pure but for the source that lends the timer.
 */
import { BoundedMap } from './bounded-map.js';
import { type TimerSource, WakeTimer } from './wake-timer.js';

export interface Condition<Facts> {
  readonly sinceMs: number;
  /** Those of the last `begin` or `happened`. */
  readonly facts: Facts;
}

export interface ConditionRules<Source, Key, Facts> {
  /** How long it lasts before it is reported, in ms; 0: it is reported at once. */
  readonly afterMs: number;
  /**
   * So long after its end, or after it has happened last, it is over, unless it has begun again; in ms. It bounds the reports of what a
   * remote can begin and end at will.
   */
  readonly quietMs: number;
  /** At the bound the oldest one is forgotten, without a report. */
  readonly sizeMax: number;
  onLasting(source: Source, key: Key, condition: Condition<Facts>): void;
  onOver(source: Source, key: Key, condition: Condition<Facts>): void;
}

interface Known<Facts> extends Condition<Facts> {
  facts: Facts;
  isReported: boolean;
  /** When it is over; `Infinity` while it holds. */
  overMs: number;
}

export class Conditions<Source extends TimerSource, Key, Facts> {
  private readonly known: BoundedMap<Key, Known<Facts>>;
  private readonly timer = new WakeTimer<Source>((source) => this.look(source));

  constructor(private readonly rules: ConditionRules<Source, Key, Facts>) {
    this.known = new BoundedMap(rules.sizeMax);
  }

  /** Whether it holds, or has happened, and is not over. */
  has(key: Key): boolean {
    return this.known.has(key);
  }

  /** It holds, until `end`. `sinceMs`: since when, where that is known only now. */
  begin(source: Source, key: Key, facts: Facts, sinceMs = source.nowMs): void {
    this.note(source, key, { facts, sinceMs, overMs: Number.POSITIVE_INFINITY });
  }

  /** It has happened. It lasts from the first time that it happens, if it happens again before it is over. */
  happened(source: Source, key: Key, facts: Facts): void {
    this.note(source, key, { facts, sinceMs: source.nowMs, overMs: source.nowMs + this.rules.quietMs });
  }

  /** It does not hold any more. */
  end(source: Source, key: Key): void {
    const known = this.known.get(key);
    if (known === undefined) return;
    known.overMs = Math.min(known.overMs, source.nowMs + this.rules.quietMs);
    this.settle(source, key, known);
  }

  /** Whatever it was, nobody has to know. */
  forget(key: Key): void {
    this.known.delete(key);
    if (this.known.size === 0) this.timer.cancel();
  }

  private note(source: Source, key: Key, { facts, sinceMs, overMs }: Omit<Known<Facts>, 'isReported'>): void {
    const known = this.known.get(key) ?? { facts, sinceMs, overMs, isReported: false };
    known.facts = facts;
    known.overMs = overMs;
    this.known.set(key, known);
    this.report(source, key, known);
    this.settle(source, key, known);
  }

  private look(source: Source): void {
    for (const { key, value } of this.known.entries()) this.settle(source, key, value);
  }

  /** What is due for it now, and when there will be more. */
  private settle(source: Source, key: Key, known: Known<Facts>): void {
    const { nowMs } = source;
    const holds = known.overMs === Number.POSITIVE_INFINITY;
    if (holds) this.report(source, key, known);
    if (known.overMs > nowMs) return this.timer.at(source, holds && !known.isReported ? known.sinceMs + this.rules.afterMs : known.overMs);
    this.forget(key);
    if (known.isReported) this.rules.onOver(source, key, known);
  }

  private report(source: Source, key: Key, known: Known<Facts>): void {
    if (known.isReported || source.nowMs < known.sinceMs + this.rules.afterMs) return;
    known.isReported = true;
    this.rules.onLasting(source, key, known);
  }
}
