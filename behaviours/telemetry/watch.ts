/**
 * @module TelemetryWatch: follows nodes by their reports. It begins with given nodes, or with this one, and goes on to every node that a report
 * names as connected. Each is asked every 5 s, for a lease of 15 s. What is known of a node that is dead or silent is kept for a minute.
 */
import { type BehaviorAgent, type Logger, type NodeId, toNode } from '../../core/index.js';
import { callBack } from '../../core/structures/callbacks.js';
import { type Facts, withDifference } from './facts.js';
import { askMessage, END, type Report, type TelemetryRefusal } from './messages.js';
import { neighboursOf, type ObservedNode, type ObservedState, observedNode, type Reported } from './observed-node.js';
import type { TelemetryCounters } from './options.js';
import type { Snapshots } from './snapshots.js';

const ASK_MS = 5_000;
/** Before another ask for what did not arrive. */
const ASK_AGAIN_MS = 1_000;
const SILENCE_MS = 10_000;
const FORGET_MS = 60_000;
/** A crowd is asked by and by. */
const ASKS_AT_ONCE_MAX = 256;
/** With more nodes than that each reports less often. */
const CROWD = 300;
const INTERVAL_MS = 2_000;
const CROWD_INTERVAL_MS = 4_000;

/** What `watch` may choose. */
export interface TelemetryWatchOptions {
  /** Only these nodes. Absent: this node and, from link to link, all that can be reached. */
  readonly nodes?: readonly NodeId[];
  /** Of these nodes queues, tables, metrics and events too. `setDetailed` changes it. */
  readonly detailed?: readonly NodeId[];
}

/** A change of what a watch knows. */
export type TelemetryEvent =
  /** Something of it is new: it was found, it reported, or its state changed. */
  | { readonly type: 'node-changed'; readonly nodeId: NodeId }
  /** Nothing is known of it any more. */
  | { readonly type: 'node-removed'; readonly nodeId: NodeId };

interface Followed {
  readonly id: NodeId;
  state: ObservedState;
  refusal: TelemetryRefusal | undefined;
  refusalText: string | undefined;
  /** Since when the state holds. */
  sinceMs: number;
  askedMs: number;
  reportedMs: number;
  number: number;
  reported: Reported | undefined;
}

/** What a watch needs of its behaviour. */
export interface WatchHost {
  readonly self: NodeId;
  readonly snapshots: Snapshots;
  readonly counters: TelemetryCounters;
  readonly nodesMax: number;
  readonly log: Logger;
  /** Carries out work as a callback of the behaviour, at once. */
  readonly act: (work: (agent: BehaviorAgent) => void) => void;
  readonly close: (watch: TelemetryWatch) => void;
}

export class TelemetryWatch {
  private readonly followed = new Map<NodeId, Followed>();
  private readonly onlyThese: ReadonlySet<NodeId> | undefined;
  private detailed: ReadonlySet<NodeId>;
  private isClosed = false;
  /** What `namedByOthers` gives, for the look of this moment. */
  private named: ReadonlySet<NodeId> | undefined;

  /** For `TelemetryBehavior.watch` alone. `id` names it on the wire. */
  constructor(
    readonly id: number,
    private readonly host: WatchHost,
    { nodes, detailed = [] }: TelemetryWatchOptions,
    private readonly listener: (event: TelemetryEvent) => void,
  ) {
    this.onlyThese = nodes === undefined ? undefined : new Set(nodes);
    this.detailed = new Set(detailed);
  }

  /** Every node that is followed, in the order in which they were found. */
  nodes(): readonly ObservedNode[] {
    return [...this.followed.values()].map((node) => observedNode(node, node.reported));
  }

  node(nodeId: NodeId): ObservedNode | undefined {
    const node = this.followed.get(nodeId);
    return node === undefined ? undefined : observedNode(node, node.reported);
  }

  /** Of these nodes, and of no other one, reports have queues, tables, metrics and events from now on. */
  setDetailed(nodeIds: readonly NodeId[]): void {
    this.detailed = new Set(nodeIds);
    if (!this.isClosed) this.host.act((agent) => this.askSoon(agent, nodeIds));
  }

  /** No node is asked any more, and the listener gets nothing. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.host.act((agent) => this.end(agent));
    this.host.close(this);
  }

  /** Begins. */
  start(agent: BehaviorAgent): void {
    for (const id of this.onlyThese ?? [this.host.self]) this.follow(agent, id);
    this.work(agent);
  }

  end(agent: BehaviorAgent): void {
    this.isClosed = true;
    for (const { id } of this.followed.values()) if (id !== this.host.self) agent.send(toNode(id), [END, this.id], { lane: 'bulk' });
    this.followed.clear();
  }

  /** Looks at what is due: twice a second. */
  work(agent: BehaviorAgent): void {
    const { nowMs } = agent;
    const self = this.followed.get(this.host.self);
    if (self !== undefined && nowMs - self.reportedMs >= this.intervalMs) this.reportedSelf(agent, self);
    this.named = undefined;
    let asks = 0;
    for (const node of [...this.followed.values()]) {
      if (node !== self && nowMs - node.askedMs >= ASK_MS && asks++ < ASKS_AT_ONCE_MAX) this.ask(agent, node);
      this.age(agent, node);
    }
  }

  received(agent: BehaviorAgent, from: NodeId, report: Report): void {
    const node = this.followed.get(from);
    if (node === undefined) return;
    this.host.counters.reportsReceived++;
    if (report.base !== 0 && report.base !== node.number) {
      this.host.counters.reportsMissed++;
      node.number = 0;
      if (agent.nowMs - node.askedMs >= ASK_AGAIN_MS) this.ask(agent, node);
      return;
    }
    node.number = report.number;
    this.learn(agent, node, report.nowMs, withDifference(report.base === 0 ? new Map() : (node.reported?.facts ?? new Map()), report));
  }

  refused(agent: BehaviorAgent, from: NodeId, refusal: TelemetryRefusal, text: string): void {
    const node = this.followed.get(from);
    if (node === undefined) return;
    node.refusal = refusal;
    node.refusalText = text;
    this.setState(agent, node, 'refused');
  }

  private get intervalMs(): number {
    return this.followed.size > CROWD ? CROWD_INTERVAL_MS : INTERVAL_MS;
  }

  private follow(agent: BehaviorAgent, id: NodeId): void {
    if (this.followed.has(id)) return;
    if (this.followed.size >= this.host.nodesMax) return void this.host.counters.nodesIgnored++;
    const never = Number.NEGATIVE_INFINITY;
    const node: Followed = {
      ...{ id, state: 'asked', refusal: undefined, refusalText: undefined, sinceMs: agent.nowMs },
      ...{ askedMs: never, reportedMs: never, number: 0, reported: undefined },
    };
    this.followed.set(id, node);
    this.emit({ type: 'node-changed', nodeId: id });
  }

  private ask(agent: BehaviorAgent, node: Followed): void {
    const { intervalMs, id: watch } = this;
    node.askedMs = agent.nowMs;
    this.host.counters.asksSent++;
    const ask = { watch, intervalMs, isDetailed: this.detailed.has(node.id), held: node.number };
    agent.send(toNode(node.id), askMessage(ask), { lane: 'bulk' });
  }

  private askSoon(agent: BehaviorAgent, nodeIds: readonly NodeId[]): void {
    for (const id of nodeIds) {
      const node = this.followed.get(id);
      if (node === undefined) continue;
      if (id === this.host.self) this.reportedSelf(agent, node);
      else this.ask(agent, node);
    }
  }

  private reportedSelf(agent: BehaviorAgent, node: Followed): void {
    this.learn(agent, node, agent.nowMs, this.host.snapshots.take(agent, this.detailed.has(node.id)));
  }

  private learn(agent: BehaviorAgent, node: Followed, nowMs: number, facts: Facts): void {
    const { reported } = node;
    const before = reported === undefined ? undefined : { nowMs: reported.nowMs, facts: reported.facts };
    node.reported = { nowMs, facts, before };
    node.reportedMs = agent.nowMs;
    node.refusal = undefined;
    node.refusalText = undefined;
    node.state = 'alive';
    this.emit({ type: 'node-changed', nodeId: node.id });
    if (this.onlyThese === undefined) for (const neighbour of neighboursOf(facts)) this.follow(agent, neighbour);
  }

  private age(agent: BehaviorAgent, node: Followed): void {
    const { nowMs } = agent;
    if (node.state === 'alive' && nowMs - node.reportedMs >= SILENCE_MS) this.setState(agent, node, 'dead');
    else if (node.state === 'asked' && nowMs - node.sinceMs >= SILENCE_MS) this.setState(agent, node, 'silent');
    else if (nowMs - node.sinceMs >= FORGET_MS && this.mayForget(node)) {
      this.followed.delete(node.id);
      this.emit({ type: 'node-removed', nodeId: node.id });
    }
  }

  /** One that others are still connected to is there, whatever it reports. */
  private mayForget({ id, state }: Followed): boolean {
    if (this.onlyThese !== undefined || state === 'asked' || state === 'alive') return false;
    this.named ??= this.namedByOthers();
    return !this.named.has(id);
  }

  /** Nodes to which one that is alive is connected. */
  private namedByOthers(): ReadonlySet<NodeId> {
    const alive = [...this.followed.values()].filter(({ state }) => state === 'alive');
    return new Set(alive.flatMap(({ reported }) => (reported === undefined ? [] : neighboursOf(reported.facts))));
  }

  private setState(agent: BehaviorAgent, node: Followed, state: ObservedState): void {
    if (node.state === state) return;
    node.state = state;
    node.sinceMs = agent.nowMs;
    this.emit({ type: 'node-changed', nodeId: node.id });
  }

  private emit(event: TelemetryEvent): void {
    if (this.isClosed) return;
    callBack(this.listener, event, (err) => this.host.log.error({ err }, 'a listener of telemetry failed'));
  }
}
