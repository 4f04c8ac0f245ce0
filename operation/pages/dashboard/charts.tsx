/**
 * @module Charts: time lines of one node: messages, bytes, calls and loop delay, one point for each report, for ten minutes.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';

const POINTS_MAX = 300;
const HEIGHT = 84;

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
  const scheme = useScheme();
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const made = new uPlot(optionsOf(element.clientWidth), [[], []], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [scheme]);
  useEffect(() => plot.current?.setData([[...times], [...values]]), [revision, times, scheme]);
  const last = values.at(-1);
  const shown = last === null || last === undefined ? 'not known' : last.toFixed(1);
  return (
    <figure class="chart" role="img" aria-label={`${title}: ${shown}`}>
      <figcaption>
        {title} <b>{shown === 'not known' ? '–' : shown}</b>
      </figcaption>
      <div class="plot" ref={place} aria-hidden="true" />
    </figure>
  );
}

function optionsOf(width: number): uPlot.Options {
  const styles = getComputedStyle(document.documentElement);
  const [line, text] = ['--fast', '--quiet'].map((name) => styles.getPropertyValue(name).trim());
  const axis = {
    stroke: text as string,
    font: '11px system-ui, sans-serif',
    grid: { stroke: 'rgba(128,128,128,.2)' },
    ticks: { show: false },
  };
  return {
    ...{ width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [6, 6, 0, 0] },
    scales: { x: { time: false }, y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, size: 20, space: 50, values: (plot, splits) => splits.map((at) => agoText((plot.data[0]?.at(-1) ?? at) - at)) },
      { ...axis, size: 36, space: 20, values: (_plot, splits) => splits.map(shortNumber) },
    ],
    series: [{}, { stroke: line as string, width: 1.5, points: { show: false } }],
  };
}

/** Dark or light: what is drawn in its colours is made anew when it changes. */
function useScheme(): string {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [scheme, setScheme] = useState(String(query.matches));
  useEffect(() => {
    const changed = () => setScheme(String(query.matches));
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, [query]);
  return scheme;
}

function agoText(seconds: number): string {
  if (seconds < 1) return 'now';
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function shortNumber(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(1))}M`;
  return value >= 1e3 ? `${Number((value / 1e3).toFixed(1))}k` : String(Number(value.toFixed(2)));
}
