/**
 * @module Prometheus: the metrics and queues of a node in the text format of Prometheus 0.0.4. Pure, and without a client library. The number of
 * series is bounded: those of the node by `limits.metricSeriesMax`, those of queues by the number of queue names here. Labels are names that
 * this program has chosen, escaped; no label holds an id of a node, link or call.
 */
import { type HistogramSnapshot, type MeshNode, NetworkError, type NodeState, type QueueReport } from '../core/index.js';
import { shown } from '../core/schema/schema.js';

/** What is read of a node. */
export type ObservedNode = Pick<MeshNode, 'metrics' | 'queues' | 'state'>;

const PREFIX = 'meshwright_';
/** Queues with further names count as one, named `other`. */
const QUEUE_NAMES_MAX = 64;
const LABEL_LENGTH_MAX = 64;
const STATES: readonly NodeState[] = ['new', 'running', 'draining', 'stopped'];
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

/** All queues of one name. */
interface QueueSum {
  messages: number;
  bytes: number;
  /** Of the fullest one, of its messages or its bytes. */
  fillRatio: number;
}

/** The text of one scrape. Throws `ARGUMENT_INVALID`. */
export function prometheusText(node: ObservedNode): string {
  checkNode('prometheusText', node);
  const metrics = Object.entries(node.metrics());
  return [...metrics.flatMap(metricLines), ...stateLines(node.state), ...queueLines(node.queues())].map((line) => `${line}\n`).join('');
}

/** Throws `ARGUMENT_INVALID` for what cannot be observed: the first request would, and nobody waits for it. */
export function checkNode(title: string, node: unknown): void {
  const { metrics, queues, state } = Object(node) as Partial<ObservedNode>;
  if (typeof metrics === 'function' && typeof queues === 'function' && typeof state === 'string') return;
  throw new NetworkError('ARGUMENT_INVALID', `${title}: node is ${shown(node)}; it must be a node`);
}

function metricLines([name, value]: readonly [string, number | HistogramSnapshot]): string[] {
  const full = PREFIX + name;
  if (typeof value !== 'number') return [typeLine(full, 'histogram'), ...histogramLines(full, value)];
  return [typeLine(full, name.endsWith('_total') ? 'counter' : 'gauge'), `${full} ${numberText(value)}`];
}

function histogramLines(name: string, { bounds, counts, count, sum }: HistogramSnapshot): string[] {
  let below = 0;
  const buckets = bounds.map((bound, index) => {
    below += counts[index] as number;
    return `${name}_bucket{le="${bound}"} ${below}`;
  });
  return [...buckets, `${name}_bucket{le="+Inf"} ${count}`, `${name}_sum ${numberText(sum)}`, `${name}_count ${count}`];
}

/** One series for each state, of which one is 1. */
function stateLines(state: NodeState): string[] {
  const name = `${PREFIX}state`;
  return [typeLine(name, 'gauge'), ...STATES.map((known) => `${name}{state="${known}"} ${known === state ? 1 : 0}`)];
}

function queueLines(queues: readonly QueueReport[]): string[] {
  const sums = [...sumsOf(queues)];
  const series = (name: string, of: (sum: QueueSum) => number) => {
    const full = PREFIX + name;
    return [typeLine(full, 'gauge'), ...sums.map(([queue, sum]) => `${full}{queue="${labelText(queue)}"} ${numberText(of(sum))}`)];
  };
  return [
    ...series('queue_messages', ({ messages }) => messages),
    ...series('queue_bytes', ({ bytes }) => bytes),
    ...series('queue_fill_ratio', ({ fillRatio }) => fillRatio),
  ];
}

function sumsOf(queues: readonly QueueReport[]): Map<string, QueueSum> {
  const sums = new Map<string, QueueSum>();
  for (const { name, messages, messagesMax, bytes = 0, bytesMax } of queues) {
    const key = sums.has(name) || sums.size < QUEUE_NAMES_MAX ? name : 'other';
    const sum = sums.get(key) ?? { messages: 0, bytes: 0, fillRatio: 0 };
    sum.messages += messages;
    sum.bytes += bytes;
    sum.fillRatio = Math.max(sum.fillRatio, ratio(messages, messagesMax), ratio(bytes, bytesMax));
    sums.set(key, sum);
  }
  return sums;
}

function ratio(value: number, max: number | undefined): number {
  return max === undefined || max <= 0 ? 0 : value / max;
}

function typeLine(name: string, kind: string): string {
  return `# TYPE ${name} ${kind}`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Names of queues are free texts of behaviours. */
function labelText(text: string): string {
  return text.slice(0, LABEL_LENGTH_MAX).replaceAll(/[\\"\n]/g, (character) => ESCAPES[character] as string);
}
