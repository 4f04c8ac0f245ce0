/**
 * @module Charts: a run as one SVG: lookups by hops, bytes in each second, and the size of the network over time.
 */
import type { RunRecording } from '../../simulation.js';
import type { Statistics } from './statistics.js';

const WIDTH = 720;
const HEIGHT = 200;
const MARGIN = { left: 64, right: 16, top: 32, bottom: 32 };
const INNER_WIDTH = WIDTH - MARGIN.left - MARGIN.right;
const INNER_HEIGHT = HEIGHT - MARGIN.top - MARGIN.bottom;

interface Point {
  readonly x: number;
  readonly y: number;
}

export function svgOf({ lookups, settings, crypto }: Statistics, { samples, startMs }: RunRecording): string {
  const seconds = (atMs: number) => (atMs - startMs) / 1_000;
  const charts = [
    bars(`lookups by hops (${lookups.found} of ${lookups.count} found)`, lookups.hops),
    line(
      'bytes that arrive, in each second',
      samples.map(({ atMs, bytes }) => ({ x: seconds(atMs), y: bytes })),
    ),
    line(
      'nodes',
      samples.map(({ atMs, nodes }) => ({ x: seconds(atMs), y: nodes })),
    ),
    line(
      'links',
      samples.map(({ atMs, links }) => ({ x: seconds(atMs), y: links })),
    ),
  ];
  const title = `${settings.nodes} nodes, profile ${settings.profile}, seed ${settings.seed}, crypto ${crypto}`;
  const body = charts.map((chart, index) => `<g transform="translate(0 ${24 + index * HEIGHT})">${chart}</g>`).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${24 + charts.length * HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${MARGIN.left}" y="20" font-size="13">${escaped(title)}</text>
${body}
</svg>
`;
}

function bars(title: string, counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  const step = INNER_WIDTH / Math.max(1, counts.length);
  const bar = (count: number, index: number) => {
    const height = (count / most) * INNER_HEIGHT;
    const [x, y] = [MARGIN.left + index * step, MARGIN.top + INNER_HEIGHT - height];
    const label = `<text x="${x + step / 2}" y="${HEIGHT - 16}" text-anchor="middle">${index + 1}</text>`;
    return `<rect x="${x + 2}" y="${y}" width="${Math.max(1, step - 4)}" height="${height}" fill="#36c"><title>${count}</title></rect>${label}`;
  };
  return frame(title, most) + counts.map(bar).join('');
}

function line(title: string, points: readonly Point[]): string {
  const most = points.reduce((greatest, { y }) => Math.max(greatest, y), 1);
  const end = Math.max(1, points.at(-1)?.x ?? 1);
  const place = ({ x, y }: Point) =>
    `${(MARGIN.left + (x / end) * INNER_WIDTH).toFixed(1)},${(MARGIN.top + INNER_HEIGHT * (1 - y / most)).toFixed(1)}`;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text x="${MARGIN.left + share * INNER_WIDTH}" y="${HEIGHT - 16}" text-anchor="middle">${(share * end).toFixed(0)} s</text>`,
  );
  return `${frame(title, most)}<polyline fill="none" stroke="#36c" points="${points.map(place).join(' ')}"/>${ticks.join('')}`;
}

function frame(title: string, most: number): string {
  const base = MARGIN.top + INNER_HEIGHT;
  const axes = `<path d="M${MARGIN.left} ${MARGIN.top}V${base}H${WIDTH - MARGIN.right}" fill="none" stroke="#888"/>`;
  const label = (y: number, text: string) => `<text x="${MARGIN.left - 6}" y="${y}" text-anchor="end">${text}</text>`;
  return `<text x="${MARGIN.left}" y="${MARGIN.top - 10}">${escaped(title)}</text>${axes}${label(MARGIN.top + 4, short(most))}${label(base, '0')}`;
}

function short(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : value >= 1e4 ? `${(value / 1e3).toFixed(0)} k` : String(Math.round(value));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
