/**
 * @module ObservedNode: what a watch knows of one node, read from its facts. All of it is what the node says of itself. Pure.
 */
import { isNodeId, type NodeId, shortId } from '../../core/index.js';
import type { Fact, Facts, Scalar } from './facts.js';
import type { TelemetryRefusal } from './messages.js';
import { type ObservedTable, observedTables } from './tables.js';

/**
 * `asked`: no report has come yet. `alive`: the last one is less than 10 s old. `dead`: it is older. `silent`: asked for 10 s, and never
 * reported: it has no telemetry, or cannot be reached. `refused`: it reports to others only.
 */
export type ObservedState = 'asked' | 'alive' | 'dead' | 'silent' | 'refused';

/** One connection, as one of its two nodes sees it. */
export interface ObservedLink {
  readonly connectionId: number;
  readonly nodeId: NodeId;
  readonly direction: 'incoming' | 'outgoing';
  readonly remoteAddress: string;
  readonly rttMs: number | undefined;
  readonly lossRatio: number | undefined;
  /** Bytes per second since the report before; absent in the first. */
  readonly sentPerSecond: number | undefined;
  readonly receivedPerSecond: number | undefined;
}

/** All queues of one name. */
export interface ObservedQueue {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  /** 0 to 1. */
  readonly fill: number;
}

/** Something that has happened at a node. */
export interface ObservedEvent {
  readonly kind: string;
  readonly text: string;
  /** How long before the last report. */
  readonly agoMs: number;
}

/** A node as a watch sees it. A snapshot: it does not change. */
export interface ObservedNode {
  readonly id: NodeId;
  readonly state: ObservedState;
  /** Why, where the state is `refused`. */
  readonly refusal: TelemetryRefusal | undefined;
  /** The same in its own words, with the limit that was reached and its value. */
  readonly refusalText: string | undefined;
  readonly label: string;
  readonly addresses: readonly string[];
  readonly links: readonly ObservedLink[];
  readonly behaviors: readonly { readonly serviceId: number; readonly name: string }[];
  /** Empty, as are tables, metrics and events, unless the watch asks for details of this node. */
  readonly queues: readonly ObservedQueue[];
  /** What its behaviours show, such as topics and maps. */
  readonly tables: readonly ObservedTable[];
  /** Counters and gauges; of a histogram `<name>_count` and `<name>_sum`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The latest last. */
  readonly events: readonly ObservedEvent[];
}

/** The facts of the last two reports, each with the node's own time. */
export interface Reported {
  readonly nowMs: number;
  readonly facts: Facts;
  readonly before: { readonly nowMs: number; readonly facts: Facts } | undefined;
}

type Standing = Pick<ObservedNode, 'id' | 'state' | 'refusal' | 'refusalText'>;

export function observedNode(standing: Standing, reported: Reported | undefined): ObservedNode {
  const facts = reported?.facts ?? new Map<string, Fact>();
  const [label, , addresses] = facts.get('node') ?? [];
  const of = <T>(kind: string, read: (name: string, fact: Fact) => T | undefined): T[] => readAll(facts, `${kind}:`, read);
  return {
    ...standing,
    label: textOf(label) || shortId(standing.id),
    addresses: textOf(addresses).split(' ').filter(Boolean),
    links: of('link', (name, fact) => linkOf(Number(name), fact, reported)),
    behaviors: of('behavior', (name, [given]) => ({ serviceId: Number(name), name: textOf(given) })),
    queues: of('queue', (name, fact) => queueOf(name, fact)),
    tables: observedTables(facts, reported?.before?.facts, secondsOf(reported)),
    metrics: metricsOf(facts),
    events: of('event', (_name, [kind, text, atMs]) => ({
      ...{ kind: textOf(kind), text: textOf(text) },
      agoMs: Math.max(0, (reported?.nowMs ?? 0) - numberOf(atMs)),
    })),
  };
}

/** The nodes that it is connected to. */
export function neighboursOf(facts: Facts): NodeId[] {
  return readAll(facts, 'link:', (_name, [nodeId]) => (isNodeId(nodeId) ? nodeId : undefined));
}

function readAll<T>(facts: Facts, prefix: string, read: (name: string, fact: Fact) => T | undefined): T[] {
  const all: T[] = [];
  for (const [key, fact] of facts) {
    const one = key.startsWith(prefix) ? read(key.slice(prefix.length), fact) : undefined;
    if (one !== undefined) all.push(one);
  }
  return all;
}

function linkOf(connectionId: number, fact: Fact, reported: Reported | undefined): ObservedLink | undefined {
  const [nodeId, direction, remoteAddress, rttMs, lossRatio, bytesSent, bytesReceived] = fact;
  if (!isNodeId(nodeId)) return undefined;
  const [, , , , , sentBefore, receivedBefore] = reported?.before?.facts.get(`link:${connectionId}`) ?? [];
  const seconds = secondsOf(reported);
  const rate = (now: Scalar | undefined, before: Scalar | undefined) =>
    before === undefined || seconds <= 0 ? undefined : Math.max(0, numberOf(now) - numberOf(before)) / seconds;
  return {
    ...{ connectionId, nodeId, direction: direction === 'incoming' ? 'incoming' : 'outgoing', remoteAddress: textOf(remoteAddress) },
    ...{ rttMs: measured(rttMs), lossRatio: measured(lossRatio) },
    ...{ sentPerSecond: rate(bytesSent, sentBefore), receivedPerSecond: rate(bytesReceived, receivedBefore) },
  };
}

/** Between the last two reports; 0 when there are not two. */
function secondsOf(reported: Reported | undefined): number {
  return reported?.before === undefined ? 0 : (reported.nowMs - reported.before.nowMs) / 1_000;
}

function queueOf(name: string, [messages, bytes, fill]: Fact): ObservedQueue {
  return { name, messages: numberOf(messages), bytes: numberOf(bytes), fill: numberOf(fill) };
}

function metricsOf(facts: Facts): Record<string, number> {
  const metrics: Record<string, number> = Object.create(null);
  readAll(facts, 'metric:', (name, [value, sum]) => {
    if (sum === undefined) metrics[name] = numberOf(value);
    else [metrics[`${name}_count`], metrics[`${name}_sum`]] = [numberOf(value), numberOf(sum)];
    return undefined;
  });
  return metrics;
}

function measured(value: Scalar | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

function textOf(value: Scalar | undefined): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: Scalar | undefined): number {
  return typeof value === 'number' ? value : 0;
}
