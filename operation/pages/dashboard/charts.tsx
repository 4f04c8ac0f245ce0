/**
 * @module Charts: time lines of one node: messages, bytes, calls and loop delay, one point for each report, for ten minutes.
 */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

const POINTS_MAX = 300;

type Metrics = Readonly<Record<string, number>>;

interface Series {
  readonly title: string;
  /** From two reports and the seconds between them. */
  readonly value: (now: Metrics, before: Metrics, seconds: number) => number | null;
}

const perSecond =
  (...names: readonly string[]) =>
  (now: Metrics, before: Metrics, seconds: number) => {
    const sum = (metrics: Metrics) => names.reduce((total, name) => total + (metrics[name] ?? 0), 0);
    return Math.max(0, sum(now) - sum(before)) / seconds;
  };

const meanOf = (name: string) => (now: Metrics, before: Metrics) => {
  const count = (now[`${name}_count`] ?? 0) - (before[`${name}_count`] ?? 0);
  return count > 0 ? ((now[`${name}_sum`] ?? 0) - (before[`${name}_sum`] ?? 0)) / count : null;
};

const SERIES: readonly Series[] = [
  { title: 'messages/s', value: perSecond('messages_sent_total', 'messages_received_total') },
  { title: 'bytes/s', value: perSecond('link_bytes_sent_total', 'link_bytes_received_total') },
  { title: 'calls/s', value: perSecond('rpc_calls_started_total', 'rpc_requests_accepted_total') },
  { title: 'loop delay, ms', value: meanOf('loop_delay_ms') },
];

/** The points of one node. */
export class History {
  readonly times: number[] = [];
  readonly values: (number | null)[][] = SERIES.map(() => []);
  private last: { readonly atMs: number; readonly metrics: Metrics } | undefined;

  add(atMs: number, metrics: Metrics): void {
    const { last } = this;
    if (last !== undefined && JSON.stringify(last.metrics) === JSON.stringify(metrics)) return;
    this.last = { atMs, metrics };
    if (last === undefined || Object.keys(last.metrics).length === 0) return;
    const seconds = Math.max(0.001, (atMs - last.atMs) / 1_000);
    this.times.push(atMs / 1_000);
    for (const [index, { value }] of SERIES.entries()) this.values[index]?.push(value(metrics, last.metrics, seconds));
    if (this.times.length > POINTS_MAX) for (const list of [this.times, ...this.values]) list.shift();
  }
}

export function Charts({ history, revision }: { readonly history: History; readonly revision: number }) {
  return (
    <div class="charts">
      {SERIES.map(({ title }, index) => (
        <Chart key={title} title={title} times={history.times} values={history.values[index] ?? []} revision={revision} />
      ))}
    </div>
  );
}

interface ChartProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly revision: number;
}

function Chart({ title, times, values, revision }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const color = getComputedStyle(document.documentElement).getPropertyValue('--fast').trim();
    const text = getComputedStyle(document.documentElement).getPropertyValue('--text').trim();
    const axis = { stroke: text, grid: { stroke: 'rgba(128,128,128,.2)' } };
    const options = {
      ...{ title, width: element.clientWidth, height: 120, legend: { show: false }, cursor: { show: false } },
      ...{ axes: [axis, { ...axis, size: 60 }], series: [{}, { stroke: color, width: 1.5 }] },
    };
    plot.current = new uPlot(options, [[], []], element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: 120 }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
    };
  }, [title]);
  useEffect(() => plot.current?.setData([[...times], [...values]]), [revision, times]);
  const last = values.at(-1);
  return (
    <div
      class="chart"
      role="img"
      aria-label={`${title}: ${last === null || last === undefined ? 'not known' : last.toFixed(1)}`}
      ref={place}
    />
  );
}
