/**
 * @module Snapshots: what this node reports of itself, as facts. Taken when somebody wants it, once for an instant; only its last events are
 * kept meanwhile.
 */
import {
  type BehaviorAgent,
  type LinkReport,
  type NodeEventName,
  type NodeEvents,
  type NodeView,
  type QueueReport,
  shortId,
} from '../../core/index.js';
import { type Fact, type Facts, KEY_LENGTH_MAX, TEXT_LENGTH_MAX } from './facts.js';
import { tableFacts } from './tables.js';

const LINKS_MAX = 256;
const METRICS_MAX = 512;
const QUEUES_MAX = 64;
const EVENTS_MAX = 32;
const NOT_MEASURED = -1;

type Texts = { readonly [Name in NodeEventName]?: (event: NodeEvents[Name]) => string };

/** Events that are reported, and how. */
const EVENTS: Texts = {
  connected: ({ nodeId, direction }) => `${shortId(nodeId)}, ${direction}`,
  path: ({ nodeId, path }) => `${shortId(nodeId)} is ${path} now`,
  disconnected: ({ connection, reason }) => `${shortId(connection.nodeId)}: ${reason.code} ${reason.text}`,
  refused: ({ nodeId, remoteAddress, reason }) =>
    `${nodeId === undefined ? remoteAddress.text : shortId(nodeId)}: ${reason.code} ${reason.text}`,
  'dial-failed': ({ attempt, error }) => `${attempt.target}: ${error.code}`,
  'listen-failed': ({ address, error }) => `${address.text}: ${error.code}`,
  fault: ({ behavior, callback, cause }) => `${behavior}.${callback}: ${cause instanceof Error ? cause.message : String(cause)}`,
  'behavior-stopped': ({ name }) => name,
};

export class Snapshots {
  private readonly events = new Map<string, Fact>();
  private eventCount = 0;
  private readonly stops: (() => void)[] = [];
  private taken: { readonly atMs: number; readonly brief: Facts; detailed: Facts | undefined } | undefined;

  constructor(
    private readonly view: NodeView,
    private readonly label: string,
    private readonly nowMs: () => number,
  ) {}

  /** Keeps the last events from now on. */
  start(): void {
    for (const name of Object.keys(EVENTS) as NodeEventName[]) this.stops.push(this.view.on(name, (event) => this.happened(name, event)));
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** The facts of this instant; with queues, tables, metrics and events if they are wanted. */
  take(agent: BehaviorAgent, isDetailed: boolean): Facts {
    const atMs = this.nowMs();
    if (this.taken?.atMs !== atMs) this.taken = { atMs, brief: new Map(this.brief()), detailed: undefined };
    if (!isDetailed) return this.taken.brief;
    this.taken.detailed ??= new Map([...this.taken.brief, ...this.details(), ...tableFacts(agent), ...this.events]);
    return this.taken.detailed;
  }

  private happened<Name extends NodeEventName>(name: Name, event: NodeEvents[Name]): void {
    this.eventCount++;
    this.events.set(`event:${this.eventCount}`, [name, (EVENTS[name]?.(event) ?? '').slice(0, TEXT_LENGTH_MAX), this.nowMs()]);
    this.events.delete(`event:${this.eventCount - EVENTS_MAX}`);
  }

  private *brief(): Generator<[string, Fact]> {
    const { state, addresses } = this.view;
    const places = addresses.map(({ text }) => text).join(' ');
    yield ['node', [this.label, state, places.slice(0, TEXT_LENGTH_MAX)]];
    for (const link of this.view.links().slice(0, LINKS_MAX)) yield [`link:${link.connectionId}`, linkFact(link)];
    for (const { serviceId, name } of this.view.behaviors()) yield [`behavior:${serviceId}`, [name]];
  }

  private *details(): Generator<[string, Fact]> {
    for (const [name, fact] of queueFacts(this.view.queues())) yield [`queue:${name}`.slice(0, KEY_LENGTH_MAX), fact];
    for (const [name, value] of Object.entries(this.view.metrics()).slice(0, METRICS_MAX))
      if (typeof value !== 'number') yield [`metric:${name}`, [value.count, value.sum]];
      else if (Number.isFinite(value)) yield [`metric:${name}`, [value]];
  }
}

function linkFact({ nodeId, direction, remoteAddress, rttMs, lossRatio, bytesSent, bytesReceived }: LinkReport): Fact {
  const measured = [rttMs === undefined ? NOT_MEASURED : tenths(rttMs), lossRatio ?? NOT_MEASURED, bytesSent, bytesReceived];
  return [nodeId, direction, remoteAddress.text.slice(0, TEXT_LENGTH_MAX), ...measured];
}

/** What changes less is not news. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** One fact for all queues of a name. Further names than there is room for are left out. */
function queueFacts(queues: readonly QueueReport[]): Map<string, [number, number, number]> {
  const facts = new Map<string, [number, number, number]>();
  for (const { name, messages, messagesMax, bytes = 0, bytesMax = 0 } of queues) {
    const fact = facts.get(name) ?? [0, 0, 0];
    if (!facts.has(name) && facts.size >= QUEUES_MAX) continue;
    const fill = Math.max(messagesMax > 0 ? messages / messagesMax : 0, bytesMax > 0 ? bytes / bytesMax : 0);
    facts.set(name, [fact[0] + messages, fact[1] + bytes, Math.max(fact[2], Math.round(fill * 1_000) / 1_000)]);
  }
  return facts;
}
