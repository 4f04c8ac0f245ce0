/**
 * @module Metrics: plain numbers that the hot path moves with `counter.value++`, and fixed buckets. One registry for each node. A name
 * has kind and unit and holds no id of a node, link or call, so that their number does not grow with the network; there are no labels.
 * Exporters (Prometheus, OpenTelemetry) live outside of the core and read `snapshot()`.
 */
import { NetworkError } from './errors.js';
import { LIMITS } from './limits.js';

/** Only ever rises. Its name ends in `_total`. */
export interface Counter {
  value: number;
}

/** A present state. Its name ends in its unit; that of a number of things may be their name alone. */
export interface Gauge {
  value: number;
}

/** A histogram as of one moment. */
export interface HistogramSnapshot {
  /** The inclusive upper ends of all buckets but the last, which is open. */
  readonly bounds: readonly number[];
  /** How many values fell into each bucket: one more entry than `bounds`. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** All metrics of a node by name, as of one moment. */
export type MetricsSnapshot = Readonly<Record<string, number | HistogramSnapshot>>;

const BUCKETS_MAX = 32;
const NAME_LENGTH_MAX = 64;
const WORDS = '[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*';
const COUNTER_NAME = new RegExp(`^${WORDS}_total$`);
const HISTOGRAM_NAME = new RegExp(`^${WORDS}_(?:bytes|count|ms|ratio)$`);
const GAUGE_NAME = new RegExp(`^(?!.*_total$)${WORDS}$`);
/** By kind: the form of a name, and how it is described. */
const NAMES = {
  counter: [COUNTER_NAME, ' that ends in _total'],
  gauge: [GAUGE_NAME, ' that does not end in _total'],
  histogram: [HISTOGRAM_NAME, ' that ends in _bytes, _count, _ms or _ratio'],
} as const;

/** Counts values by size. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: 1 to 32 finite numbers that ascend. */
  constructor(bounds: readonly number[]) {
    const isAscending = bounds.every((bound, index) => Number.isFinite(bound) && (index === 0 || bound > (bounds[index - 1] as number)));
    if (bounds.length === 0 || bounds.length > BUCKETS_MAX || !isAscending)
      throw new NetworkError('ARGUMENT_INVALID', `bounds must be 1 to ${BUCKETS_MAX} ascending numbers`);
    this.bounds = [...bounds];
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** NaN is counted in the last bucket, and not summed; neither is an infinity. */
  record(value: number): void {
    let index = 0;
    while (index < this.bounds.length && !(value <= (this.bounds[index] as number))) index++;
    (this.#counts[index] as number)++;
    if (Number.isFinite(value)) this.#sum += value;
  }

  snapshot(): HistogramSnapshot {
    return { bounds: this.bounds, counts: [...this.#counts], count: this.#counts.reduce((sum, count) => sum + count, 0), sum: this.#sum };
  }
}

/** Upper ends of buckets for durations in milliseconds, from a quarter of one to ten seconds. */
export const DURATION_BOUNDS_MS: readonly number[] = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/** Where metrics are made: the node's own, or those of one behaviour, whose names begin with its name. */
export interface MetricsSource {
  /** The counter of that name, which is made if there is none. A name that is invalid or of another kind throws `ARGUMENT_INVALID`. */
  counter(name: string): Counter;
  /** As `counter`. */
  gauge(name: string): Gauge;
  /** As `counter`. `bounds` must be the same whenever the name is asked for. */
  histogram(name: string, bounds: readonly number[]): Histogram;
  /**
   * A gauge, or a counter by the end of its name, whose value is read for each snapshot as long as its owner runs: for sizes that are known
   * anyway. NaN when `read` throws. Of several for one name the newest is read.
   */
  observe(name: string, read: () => number): void;
  /**
   * Numbers that their owner counts in fields of an object: each field that holds one is a counter, `framesSent` as `frames_sent_total`, read
   * for each snapshot as long as the owner runs.
   */
  counters(fields: object): void;
}

type Kind = 'counter' | 'gauge' | 'histogram';
type Metric = { readonly kind: Kind; readonly source: Counter | Gauge | Histogram; readonly seriesCount: number };
type Read = () => number;

/** Counters in the fields of an object: what they are called is worked out for a snapshot, since most nodes of a simulation are never asked for one. */
interface CountedFields {
  readonly prefix: string;
  readonly fields: object;
  /** So many of them are kept: the first ones. */
  readonly seriesCount: number;
}

export class Metrics implements MetricsSource {
  readonly #metrics = new Map<string, Metric>();
  /** What is read from its owner, by name. */
  readonly #observed = new Map<string, Read>();
  readonly #counted: CountedFields[] = [];
  readonly #seriesMax: number;
  #seriesCount = 0;
  readonly #refused: Counter;

  /** `seriesMax`: as `limits.metricSeriesMax`. A histogram is as many series as it has buckets, and two (count and sum). */
  constructor(seriesMax: number = LIMITS.metricSeriesMax.value) {
    this.#seriesMax = seriesMax;
    this.#refused = this.counter('metrics_refused_total');
  }

  /** The counter of that name, which is made if there is none. A name that is invalid or of another kind throws `ARGUMENT_INVALID`. */
  counter(name: string): Counter {
    return this.#named(name, 'counter', 1, () => ({ value: 0 })) as Counter;
  }

  /** As `counter`. */
  gauge(name: string): Gauge {
    return this.#named(name, 'gauge', 1, () => ({ value: 0 })) as Gauge;
  }

  /** As `counter`. `bounds` must be the same whenever the name is asked for. */
  histogram(name: string, bounds: readonly number[]): Histogram {
    const histogram = this.#named(name, 'histogram', bounds.length + 3, () => new Histogram(bounds)) as Histogram;
    if (histogram.bounds.join() !== bounds.join()) throw new NetworkError('ARGUMENT_INVALID', `histogram ${name} has other bounds`);
    return histogram;
  }

  observe(name: string, read: Read): void {
    this.#named(name, COUNTER_NAME.test(name) ? 'counter' : 'gauge', 1, () => ({ value: 0 }));
    if (this.#metrics.has(name)) this.#observed.set(name, read);
  }

  counters(fields: object): void {
    this.countersUnder('', fields);
  }

  /** As `counters`, under names that begin with `prefix`. Returns what stops it. */
  countersUnder(prefix: string, fields: object): () => void {
    const names = namesOf(fields, prefix);
    for (const name of names) checkName(name, 'counter');
    const seriesCount = Math.min(names.length, this.#seriesMax - this.#seriesCount);
    const counted = { prefix, fields, seriesCount };
    this.#refused.value += names.length - seriesCount;
    this.#seriesCount += seriesCount;
    this.#counted.push(counted);
    return () => {
      this.#counted.splice(this.#counted.indexOf(counted), 1);
      this.#seriesCount -= seriesCount;
    };
  }

  /** What is read under that name belongs to an owner that has ended. */
  forget(name: string): void {
    this.#observed.delete(name);
    this.#seriesCount -= this.#metrics.get(name)?.seriesCount ?? 0;
    this.#metrics.delete(name);
  }

  /** The same metrics under names that begin with `prefix` and an underscore. */
  scoped(prefix: string): ScopedMetrics {
    return new ScopedMetrics(this, prefix);
  }

  /** Everything by name, as of now. */
  snapshot(): MetricsSnapshot {
    for (const [name, read] of this.#observed) (this.#metrics.get(name)?.source as Gauge).value = valueFrom(read);
    const kept = [...this.#metrics].map(([name, { source }]) => [name, source instanceof Histogram ? source.snapshot() : source.value]);
    return Object.fromEntries([...kept, ...this.#counted.flatMap(valuesOf)]);
  }

  /** At the bound the new metric works for its owner, but is not kept here. */
  #named(name: string, kind: Kind, seriesCount: number, create: () => Metric['source']): Metric['source'] {
    const known = this.#metrics.get(name);
    if (known !== undefined && known.kind === kind) return known.source;
    if (known !== undefined) throw new NetworkError('ARGUMENT_INVALID', `metric ${name} is a ${known.kind}, not a ${kind}`);
    checkName(name, kind);
    const source = create();
    if (this.#seriesCount + seriesCount > this.#seriesMax) {
      this.#refused.value++;
      return source;
    }
    this.#seriesCount += seriesCount;
    this.#metrics.set(name, { kind, source, seriesCount });
    return source;
  }
}

/** The metrics of one behaviour, under its name. */
export class ScopedMetrics implements MetricsSource {
  /** What ends with the behaviour. */
  readonly #ends: (() => void)[] = [];

  constructor(
    private readonly metrics: Metrics,
    private readonly prefix: string,
  ) {}

  counter(name: string): Counter {
    return this.metrics.counter(this.#full(name));
  }

  gauge(name: string): Gauge {
    return this.metrics.gauge(this.#full(name));
  }

  histogram(name: string, bounds: readonly number[]): Histogram {
    return this.metrics.histogram(this.#full(name), bounds);
  }

  observe(name: string, read: Read): void {
    this.metrics.observe(this.#full(name), read);
    this.#ends.push(() => this.metrics.forget(this.#full(name)));
  }

  counters(fields: object): void {
    this.#ends.push(this.metrics.countersUnder(this.#full(''), fields));
  }

  /** The behaviour has ended: what was read from it goes. */
  end(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #full(name: string): string {
    return `${this.prefix}_${name}`;
  }
}

/** The metrics' names of the fields that hold a number. */
function namesOf(fields: object, prefix: string): string[] {
  return numbersOf(fields).map(([field]) => `${prefix}${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`);
}

function numbersOf(fields: object): [string, number][] {
  return Object.entries(fields).filter(([, value]) => typeof value === 'number');
}

function valuesOf({ prefix, fields, seriesCount }: CountedFields): [string, number][] {
  const numbers = numbersOf(fields);
  return namesOf(fields, prefix)
    .slice(0, seriesCount)
    .map((name, index) => [name, (numbers[index] as [string, number])[1]]);
}

function valueFrom(read: Read): number {
  try {
    return read();
  } catch {
    return Number.NaN;
  }
}

function checkName(name: string, kind: Kind): void {
  const [form, ending] = NAMES[kind];
  if (name.length <= NAME_LENGTH_MAX && form.test(name)) return;
  throw new NetworkError(
    'ARGUMENT_INVALID',
    `metric name ${name.slice(0, NAME_LENGTH_MAX)} is invalid: snake_case of at most ${NAME_LENGTH_MAX} characters${ending}`,
  );
}
