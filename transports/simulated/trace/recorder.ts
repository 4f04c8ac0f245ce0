/**
 * @module Recorder: makes a recording of a run, from the events of its trace. It looks on: the run is the same with and without it, event by
 * event. What it keeps is bounded.
 */
import { requireOptions } from '../../../core/engine/behaviors/arguments.js';
import { NetworkError, type NodeId, type PathKind } from '../../../core/index.js';
import { OpenEnds } from './open-ends.js';
import type { LookupAccount, RecordedLookup, RecordedNode, RunEvent, RunRecording, RunSample } from './recording.js';
import type { LinkWatcher, TraceEvent } from './trace.js';

/** How much a recording has. */
export interface RecorderOptions {
  /** Virtual milliseconds from one sample to the next; 1,000 by default. */
  readonly sampleMs?: number;
  /** Events and lookups that are kept; 1,000,000 by default. What comes later is counted in `missingCount`. */
  readonly eventsMax?: number;
}

/** What it needs of its network. */
export interface RecordedRun {
  readonly seed: number | string;
  readonly cryptoName: string;
  now(): number;
  /** Those that run at the beginning. */
  readonly nodes: readonly { readonly id: NodeId; readonly name: string; connections(): readonly { nodeId: NodeId; path: PathKind }[] }[];
  nodeNamed(name: string): { readonly id: NodeId } | undefined;
}

const SAMPLE_MS = 1_000;
const EVENTS_MAX = 1_000_000;

export class Recorder {
  readonly #nodes: RecordedNode[] = [];
  readonly #indexOfName = new Map<string, number>();
  readonly #indexOfId = new Map<NodeId, number>();
  readonly #up = new Set<number>();
  readonly #ends = new OpenEnds();
  /** Links over other nodes, by both ends. */
  readonly #relayed = new Set<string>();
  readonly #events: RunEvent[] = [];
  readonly #samples: RunSample[] = [];
  readonly #lookups: RecordedLookup[] = [];
  readonly #startMs: number;
  readonly #sampleMs: number;
  readonly #eventsMax: number;
  #sampledMs: number;
  #bytes = 0;
  #segments = 0;
  #missingCount = 0;

  constructor(
    private readonly run: RecordedRun,
    options: RecorderOptions,
  ) {
    requireOptions('record', options, ['sampleMs', 'eventsMax']);
    const { sampleMs = SAMPLE_MS, eventsMax = EVENTS_MAX } = options;
    requireNumber('sampleMs', sampleMs, 1);
    requireNumber('eventsMax', eventsMax, 0);
    this.#sampleMs = sampleMs;
    this.#eventsMax = eventsMax;
    const nowMs = run.now();
    this.#startMs = this.#sampledMs = nowMs;
    for (const { name } of run.nodes) this.#started(name, nowMs);
    for (const node of run.nodes) for (const { nodeId, path } of node.connections()) this.links.opened(node.name, nodeId, path);
  }

  /** The recording as of now; it goes on. */
  get recording(): RunRecording {
    const { seed, cryptoName } = this.run;
    const nowMs = this.run.now();
    this.#sampleUntil(nowMs);
    const rest = nowMs > this.#sampledMs ? [this.#sample(nowMs)] : [];
    return {
      ...{ version: 1, seed, crypto: cryptoName, startMs: this.#startMs, endMs: nowMs },
      nodes: [...this.#nodes],
      events: [...this.#events],
      samples: [...this.#samples, ...rest],
      lookups: this.#lookups.toSorted((one, other) => one.atMs - other.atMs),
      missingCount: this.#missingCount,
    };
  }

  /** A lookup that a node began at `atMs`. Nodes that are none of this network are left out. */
  lookup(by: NodeId, atMs: number, { key, end, tookMs, steps }: LookupAccount): void {
    const node = this.#indexOfId.get(by);
    if (node === undefined) throw new NetworkError('ARGUMENT_INVALID', `the network has no node ${by}`);
    if (!this.#hasRoom()) return;
    const recorded = steps.flatMap(({ nodeId, via, askedMs, tookMs: stepMs, outcome }) => {
      const asked = this.#indexOfId.get(nodeId);
      const relays = via.map((id) => this.#indexOfId.get(id)).filter((index) => index !== undefined);
      return asked === undefined ? [] : [{ node: asked, via: relays, askedMs, tookMs: stepMs, outcome }];
    });
    this.#lookups.push({ node, key, atMs, tookMs, end, steps: recorded });
  }

  /** What nodes say of their links. */
  get links(): LinkWatcher {
    return {
      opened: (name, other, path) => this.#between(name, other, (from, to) => this.#opened(from, to, path)),
      moved: (name, other, path) => this.#between(name, other, (from, to) => this.#moved(from, to, path)),
      closed: (name, other) => this.#between(name, other, (from, to) => this.#closed(from, to)),
    };
  }

  /** An event of the trace. */
  observe({ atMs, kind, from, to, size }: TraceEvent): void {
    this.#sampleUntil(atMs);
    switch (kind) {
      case 'bytes':
        this.#bytes += size;
        this.#segments++;
        return;
      case 'node':
        return this.#started(from, atMs);
      case 'crash':
        return this.#crashed(from, atMs);
      case 'partition':
        return this.#keep([atMs, kind, from.split('|').map((group) => this.#indices(group.split('+')))]);
      case 'heal':
        return this.#keep([atMs, kind]);
      case 'cut':
      case 'restore':
        return this.#pair(kind, from, to, atMs);
    }
  }

  #started(name: string, atMs: number): void {
    const id = this.run.nodeNamed(name)?.id;
    if (id === undefined) return;
    const index = this.#indexOfName.get(name) ?? this.#nodes.push({ id, name }) - 1;
    this.#indexOfName.set(name, index);
    this.#indexOfId.set(id, index);
    this.#up.add(index);
    this.#keep([atMs, 'up', index]);
  }

  #crashed(name: string, atMs: number): void {
    const index = this.#indexOfName.get(name);
    if (index === undefined) return;
    this.#up.delete(index);
    this.#keep([atMs, 'down', index]);
    for (const other of this.#ends.gone(index)) {
      this.#relayed.delete(pairOf(index, other));
      this.#keep([atMs, 'unlink', index, other]);
    }
  }

  #opened(from: number, to: number, path: PathKind): void {
    if (!this.#ends.opened(from, to)) return;
    if (path === 'relayed') this.#relayed.add(pairOf(from, to));
    this.#keep([this.run.now(), 'link', from, to, path]);
  }

  /** Both ends say so; the first one counts. */
  #moved(from: number, to: number, path: PathKind): void {
    const pair = pairOf(from, to);
    if (this.#relayed.has(pair) === (path === 'relayed')) return;
    if (path === 'relayed') this.#relayed.add(pair);
    else this.#relayed.delete(pair);
    this.#keep([this.run.now(), 'path', from, to, path]);
  }

  #closed(from: number, to: number): void {
    if (!this.#ends.closed(from, to)) return;
    this.#relayed.delete(pairOf(from, to));
    this.#keep([this.run.now(), 'unlink', from, to]);
  }

  /** Of the nodes of this network. */
  #between(name: string, other: NodeId, work: (from: number, to: number) => void): void {
    const [from, to] = [this.#indexOfName.get(name), this.#indexOfId.get(other)];
    if (from !== undefined && to !== undefined) work(from, to);
  }

  #pair(kind: 'cut' | 'restore', from: string, to: string, atMs: number): void {
    const [first, second] = this.#indices([from, to]);
    if (first !== undefined && second !== undefined) this.#keep([atMs, kind, first, second]);
  }

  #indices(names: readonly string[]): number[] {
    return names.map((name) => this.#indexOfName.get(name)).filter((index) => index !== undefined);
  }

  #keep(event: RunEvent): void {
    if (this.#hasRoom()) this.#events.push(event);
  }

  #hasRoom(): boolean {
    const isRoom = this.#events.length + this.#lookups.length < this.#eventsMax;
    if (!isRoom) this.#missingCount++;
    return isRoom;
  }

  /** Every sample whose time has passed. */
  #sampleUntil(nowMs: number): void {
    while (nowMs - this.#sampledMs > this.#sampleMs) {
      this.#sampledMs += this.#sampleMs;
      this.#samples.push(this.#sample(this.#sampledMs));
      this.#bytes = 0;
      this.#segments = 0;
    }
  }

  #sample(atMs: number): RunSample {
    return { atMs, nodes: this.#up.size, links: this.#ends.count, bytes: this.#bytes, segments: this.#segments };
  }
}

function pairOf(from: number, to: number): string {
  return from < to ? `${from} ${to}` : `${to} ${from}`;
}

function requireNumber(option: string, value: unknown, min: number): void {
  if (typeof value === 'number' && value >= min && value < Number.POSITIVE_INFINITY) return;
  throw new NetworkError('OPTION_INVALID', `option ${option} is ${String(value)}; it must be a number of ${min} or more`, {
    details: { option },
  });
}
