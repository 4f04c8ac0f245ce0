/**
 * @module TraceText: the events of a trace for people, one on each line.
 */
import type { TraceEvent } from './trace.js';

/** One line for each event: virtual seconds, from where to where, what, how much, and its detail. */
export function traceText(events: readonly TraceEvent[]): string {
  const places = events.map(({ from, to }) => (to === '' ? from : `${from} -> ${to}`));
  const width = places.reduce((widest, { length }) => Math.max(widest, length), 0);
  return events.map((event, index) => `${lineOf(event, (places[index] as string).padEnd(width))}\n`).join('');
}

function lineOf({ atMs, kind, size, detail }: TraceEvent, place: string): string {
  const amount = size === 0 ? '' : kind === 'bytes' || kind === 'message' ? `${size} B` : String(size);
  return [`${(atMs / 1_000).toFixed(6).padStart(12)} s`, place, kind, amount, detail]
    .filter((part) => part !== '')
    .join('  ')
    .trimEnd();
}
