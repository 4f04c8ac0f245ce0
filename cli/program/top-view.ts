/**
 * @module TopView: the picture that `top` draws of two snapshots, as lines that fit a terminal. Pure.
 */
import type { TopConnection, TopSnapshot } from '../../operation/index.js';
import { plainText } from './terminal.js';
import { bytesText, durationText, msText } from './values.js';

export type TopOrder = 'rtt' | 'queue' | 'node' | 'age';
export const TOP_ORDERS: readonly TopOrder[] = ['rtt', 'queue', 'node', 'age'];

export interface TopSight {
  readonly columns: number;
  readonly rows: number;
  readonly order: TopOrder;
  /** The first connection that is shown. */
  readonly offset: number;
}

const HEAD = ['node', 'direction', 'address', 'rtt', 'loss', 'queued', 'open for'] as const;
const WIDTHS = [8, 9, 30, 9, 5, 16, 10] as const;
/** Lines above the connections, and the one below. */
const FRAME_LINES = 7;

/** How many connections fit. */
export function roomOf(rows: number): number {
  return Math.max(1, rows - FRAME_LINES);
}

export function topLines(now: TopSnapshot, before: TopSnapshot | undefined, sight: TopSight): readonly string[] {
  const room = roomOf(sight.rows);
  const sorted = [...now.connections].sort(COMPARE[sight.order]);
  const shown = sorted.slice(sight.offset, sight.offset + room);
  const last = sight.offset + shown.length;
  const range = now.connectionCount === 0 ? 'no connections' : `connections ${sight.offset + 1} to ${last} of ${now.connectionCount}`;
  const lines = [
    ...summaryOf(now, before),
    '',
    HEAD.map((name, index) => cell(name, index)).join(' '),
    ...shown.map(connectionLine),
    `${range}, by ${sight.order}`,
  ];
  return lines.slice(0, Math.max(1, sight.rows)).map((line) => line.slice(0, sight.columns).trimEnd());
}

/** What is put before the table: state, rates, and what goes wrong. */
export function summaryOf(now: TopSnapshot, before: TopSnapshot | undefined): readonly string[] {
  const rate = (name: string) => rateText(perSecond(now, before, name));
  const cpu = before === undefined ? undefined : share(now.process.cpuMs - before.process.cpuMs, now.nowMs - before.nowMs);
  const queues = now.queues.map(({ name, fillRatio }) => `${plainText(name)} ${Math.round(fillRatio * 100)} %`);
  return [
    `node ${now.nodeId.slice(0, 8)}  ${now.state}  up ${durationText(now.process.uptimeMs)}  process ${now.process.pid}  ` +
      `memory ${bytesText(now.process.rssBytes)}  cpu ${cpu === undefined ? '-' : `${cpu} %`}`,
    `messages/s  sent ${rate('messages_sent_total')}  received ${rate('messages_received_total')}  forwarded ${rate('messages_forwarded_total')}`,
    `faults ${numberOf(now, 'faults_total')}  dials failed ${numberOf(now, 'dials_failed_total')}  ` +
      `refused ${numberOf(now, 'connections_refused_total')}  dropped ${droppedOf(now)}  nodes known ${numberOf(now, 'router_nodes')}`,
    `fullest queues  ${queues.slice(0, 4).join(', ') || 'all are empty'}`,
  ];
}

const COMPARE: Readonly<Record<TopOrder, (left: TopConnection, right: TopConnection) => number>> = {
  rtt: (left, right) => (right.rttMs ?? -1) - (left.rttMs ?? -1),
  queue: (left, right) => right.queuedBytes - left.queuedBytes,
  node: (left, right) => (left.nodeId < right.nodeId ? -1 : 1),
  age: (left, right) => right.openMs - left.openMs,
};

function connectionLine({ nodeId, direction, address, rttMs, lossRatio, queuedMessages, queuedBytes, openMs }: TopConnection): string {
  const queued = queuedMessages === 0 ? '-' : `${queuedMessages} (${bytesText(queuedBytes)})`;
  const loss = lossRatio === undefined ? '-' : `${Math.round(lossRatio * 100)} %`;
  const values = [nodeId.slice(0, 8), direction, address, rttMs === undefined ? '-' : msText(rttMs), loss, queued, durationText(openMs)];
  return values.map(cell).join(' ');
}

function cell(value: string, index: number): string {
  const width = WIDTHS[index] as number;
  const text = plainText(value);
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

function perSecond(now: TopSnapshot, before: TopSnapshot | undefined, name: string): number | undefined {
  if (before === undefined || now.nowMs <= before.nowMs) return undefined;
  return ((numberOf(now, name) - numberOf(before, name)) * 1_000) / (now.nowMs - before.nowMs);
}

function rateText(value: number | undefined): string {
  return value === undefined ? '-' : Math.round(value).toLocaleString('en');
}

function share(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.round((part / whole) * 100) : undefined;
}

function numberOf({ metrics }: TopSnapshot, name: string): number {
  const value = metrics[name];
  return typeof value === 'number' ? value : 0;
}

function droppedOf(snapshot: TopSnapshot): number {
  const names = Object.keys(snapshot.metrics).filter((name) => /^messages_dropped_.*_total$/.test(name));
  return names.reduce((sum, name) => sum + numberOf(snapshot, name), 0);
}
