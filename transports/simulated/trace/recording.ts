/**
 * @module Recording: a run as plain data, to be stored as JSON and played back: nodes, links, crashes, partitions, lookups, and how much was
 * sent. Nodes go by their place in `nodes`.
 */
import type { NodeId, PathKind } from '../../../core/index.js';

/** A node of the recorded network, which may have crashed and come back. */
export interface RecordedNode {
  readonly id: NodeId;
  readonly name: string;
}

/**
 * Time in virtual milliseconds, what happened, and to which nodes. A `link` begins when one of its two ends has opened, and ends with the
 * last of them; a `path` is its hand-over to another channel, from others or to them; a node that is `down` has crashed. `partition` has the groups of nodes that do not reach each other; a `heal` ends it and
 * every `cut`.
 */
export type RunEvent =
  | readonly [atMs: number, kind: 'up' | 'down', node: number]
  | readonly [atMs: number, kind: 'link' | 'path', from: number, to: number, path: PathKind]
  | readonly [atMs: number, kind: 'unlink' | 'cut' | 'restore', from: number, to: number]
  | readonly [atMs: number, kind: 'partition', groups: readonly (readonly number[])[]]
  | readonly [atMs: number, kind: 'heal'];

/** What was sent since the sample before, and what there was at its time. */
export interface RunSample {
  readonly atMs: number;
  readonly nodes: number;
  readonly links: number;
  /** Bytes that arrived, secured and framed as on the wire. */
  readonly bytes: number;
  /** Pieces in which they came. */
  readonly segments: number;
}

/** A question of a lookup. */
export interface RecordedStep {
  readonly node: number;
  /** Who passed the question on. */
  readonly via: readonly number[];
  /** Since the lookup began. */
  readonly askedMs: number;
  readonly tookMs: number;
  readonly outcome: string;
}

/** A lookup of a node, with its steps. */
export interface RecordedLookup {
  readonly node: number;
  readonly key: NodeId;
  readonly atMs: number;
  readonly tookMs: number;
  readonly end: string;
  readonly steps: readonly RecordedStep[];
}

/** What is kept of a run. Everything in it is plain data. */
export interface RunRecording {
  readonly version: 1;
  readonly seed: number | string;
  /** Of the nodes' cryptography: `simulated` is cheap, and protects nothing. */
  readonly crypto: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly nodes: readonly RecordedNode[];
  readonly events: readonly RunEvent[];
  readonly samples: readonly RunSample[];
  /** In the order in which they began. */
  readonly lookups: readonly RecordedLookup[];
  /** Events and lookups beyond the bound, which are missing. */
  readonly missingCount: number;
}

/** What a lookup tells of itself, as that of a spacer does. */
export interface LookupAccount {
  readonly key: NodeId;
  readonly end: string;
  readonly tookMs: number;
  readonly steps: readonly {
    readonly nodeId: NodeId;
    readonly via: readonly NodeId[];
    readonly askedMs: number;
    readonly tookMs: number;
    readonly outcome: string;
  }[];
}
