/** @module Top: what the node does at this moment, for a table that is drawn every second. */
import type { HistogramSnapshot, LinkReport, QueueReport } from '../../../core/index.js';
import type { Method } from './context.js';

/** More connections are counted, not listed. */
const LISTED_MAX = 256;
const QUEUES_LISTED_MAX = 8;

/** One connection in a `TopSnapshot`. */
export interface TopConnection {
  readonly id: number;
  readonly nodeId: string;
  readonly direction: string;
  readonly address: string;
  readonly rttMs: number | undefined;
  readonly lossRatio: number | undefined;
  /** What waits in its lanes. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly openMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** One queue in a `TopSnapshot`. */
export interface TopQueue {
  readonly name: string;
  readonly connectionId: number | undefined;
  readonly fillRatio: number;
}

/** What `top` gives. Rates are for who asks twice: counters, with the time of the node. */
export interface TopSnapshot {
  readonly nodeId: string;
  readonly state: string;
  readonly nowMs: number;
  readonly connectionCount: number;
  readonly connections: readonly TopConnection[];
  /** The fullest, the fullest first; none that is empty. */
  readonly queues: readonly TopQueue[];
  readonly metrics: Readonly<Record<string, number | HistogramSnapshot>>;
  readonly process: { readonly pid: number; readonly uptimeMs: number; readonly rssBytes: number; readonly cpuMs: number };
}

export const top: Method = {
  run: ({ node, facts, openedMs }) => {
    const nowMs = facts.clock.nowMs();
    const { user, system } = process.cpuUsage();
    const links = node.links();
    const queues = node.queues();
    const result: TopSnapshot = {
      nodeId: node.id,
      state: node.state,
      nowMs,
      connectionCount: links.length,
      connections: links.slice(0, LISTED_MAX).map((link) => ({ ...connectionOf(link), ...queuedOf(queues, link.connectionId) })),
      queues: fullest(queues),
      metrics: node.metrics(),
      process: { pid: process.pid, uptimeMs: nowMs - openedMs, rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000 },
    };
    return { result };
  },
};

function connectionOf({ connectionId: id, remoteAddress, ...link }: LinkReport) {
  return { id, address: remoteAddress.text, ...link };
}

function queuedOf(queues: readonly QueueReport[], connectionId: number) {
  const own = queues.filter((queue) => queue.connectionId === connectionId);
  return {
    queuedMessages: own.reduce((sum, { messages }) => sum + messages, 0),
    queuedBytes: own.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  };
}

function fullest(queues: readonly QueueReport[]): readonly TopQueue[] {
  const fills = queues.map(({ name, connectionId, messages, messagesMax, bytes = 0, bytesMax }) => {
    return { name, connectionId, fillRatio: Math.max(ratio(messages, messagesMax), ratio(bytes, bytesMax)) };
  });
  return fills
    .filter(({ fillRatio }) => fillRatio > 0)
    .sort((left, right) => right.fillRatio - left.fillRatio)
    .slice(0, QUEUES_LISTED_MAX);
}

function ratio(value: number, max: number | undefined): number {
  return max === undefined || max <= 0 ? 0 : value / max;
}
