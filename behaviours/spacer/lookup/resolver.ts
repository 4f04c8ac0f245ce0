/**
 * @module Resolver: what the application and other behaviours ask for: the nodes closest to a key. While the router table knows every node, it
 * answers; else a lookup does.
 */
import {
  type AwaitedWork,
  type BehaviorAgent,
  type ClosestNodes,
  NetworkError,
  type NodeId,
  type RouterTable,
  shortId,
} from '../../../core/index.js';
import { cancelled, onAbort } from '../../../core/structures/abort.js';
import type { SpacerCounters, SpacerSettings } from '../options.js';
import { closestOf } from '../table/closest.js';
import { prefixOf } from '../table/contact.js';
import type { NodeTable } from '../table/node-table.js';
import type { FoundNode, Lookup } from './lookup.js';
import type { Lookups, RunningLookup } from './lookups.js';
import { Resolution, type ResolvedNode } from './resolution.js';
import { type ResolveOptions, readResolveOptions } from './resolve-options.js';
import type { LookupEnd, LookupTrace } from './trace.js';

export interface ResolverParts {
  readonly self: NodeId;
  readonly router: RouterTable;
  readonly table: NodeTable;
  readonly lookups: Lookups;
  readonly settings: SpacerSettings;
  readonly counters: SpacerCounters;
  act<T>(work: (agent: BehaviorAgent) => T): T;
  readonly awaited: AwaitedWork;
}

/** How a key would be resolved now. */
export interface ResolveExplanation {
  readonly key: NodeId;
  readonly source: LookupTrace['source'];
  /** One sentence. */
  readonly reason: string;
  /** The result, or whom a lookup would ask first. */
  readonly first: readonly NodeId[];
  /** Nodes of the space, as far as is known. */
  readonly size: number | undefined;
}

const NODES_MAX = 1_048_576;

export class Resolver {
  constructor(private readonly parts: ResolverParts) {}

  resolve(key: NodeId, options: ResolveOptions): Resolution {
    const { signal, oneHop = this.parts.settings.oneHop, ...wish } = readResolveOptions(options);
    const count = Math.min(wish.count ?? this.parts.settings.k, this.parts.settings.k);
    const known = oneHop ? this.fromTable(key, count) : undefined;
    if (signal?.aborted === true || known !== undefined) return this.atOnce(key, known, signal);
    return this.parts.act((agent) => {
      let running: RunningLookup | undefined;
      let trace: (() => LookupTrace) | undefined;
      const cancel = () => this.parts.act((later) => running && this.parts.lookups.cancel(later, running));
      const resolution = new Resolution(() => (trace as () => LookupTrace)(), cancel, this.parts.awaited);
      let leaveSignal = () => {};
      running = this.parts.lookups.start(agent, {
        ...{ ...wish, key, count },
        answered: (_later, node) => resolution.answered(node),
        settle: (_later, lookup) => {
          leaveSignal();
          this.settle(resolution, lookup, signal);
        },
      });
      const { lookup } = running;
      trace = () => lookup.trace(this.parts.act((later) => later.nowMs));
      leaveSignal = onAbort(signal, cancel);
      return resolution;
    });
  }

  /** For the port: this node is one of them. */
  closest(agent: BehaviorAgent, key: NodeId, count: number, settle: (closest: ClosestNodes) => void): void {
    const { router, lookups, settings } = this.parts;
    const known = settings.oneHop ? router.closest(key, count) : undefined;
    if (known?.isComplete === true) return settle(known);
    lookups.start(agent, {
      key,
      count: Math.min(count, settings.k),
      settle: (_later, lookup) => {
        const nodes = this.withSelf(lookup, count).map(({ nodeId }) => nodeId);
        settle({ nodes, isComplete: lookup.end === 'done' });
      },
    });
  }

  explain(key: NodeId): ResolveExplanation {
    const { settings, table, router } = this.parts;
    const known = settings.oneHop ? this.fromTable(key, settings.k) : undefined;
    const size = this.size;
    if (known !== undefined)
      return {
        key,
        source: 'table',
        reason: `the router table knows all nodes, so that ${shortId(key)} is one look away`,
        first: idsOf(known),
        size,
      };
    const first = table.closestLinked(key, settings.alpha).map(({ nodeId }) => nodeId);
    const why = settings.oneHop ? 'the router table does not know all nodes' : 'oneHop is off';
    const how =
      first.length === 0 ? 'no neighbour runs a spacer: it would fail with empty-table' : `${first.length} neighbours are asked first`;
    return { key, source: 'lookup', reason: `${why || router.constructor.name}; ${how}`, first, size };
  }

  /** How many nodes there seem to be, this one included; `undefined` before anything is known. */
  get size(): number | undefined {
    const { router, self, lookups } = this.parts;
    const all = router.closest(self, NODES_MAX);
    return all.isComplete ? all.nodes.length : lookups.estimate.nodes;
  }

  /** The result of a lookup, and this node where it is as close. */
  withSelf(lookup: Lookup, count: number): readonly FoundNode[] {
    const { self } = this.parts;
    const own: FoundNode = { nodeId: self, addresses: [], hasAnswered: true, via: [] };
    const all = [...lookup.closest(count), own].map((node) => ({ ...node, prefix: prefixOf(node.nodeId) }));
    return closestOf(all, lookup.rules.key, count).map(({ nodeId, addresses, hasAnswered, via }) => ({
      nodeId,
      addresses,
      hasAnswered,
      via,
    }));
  }

  private fromTable(key: NodeId, count: number): readonly ResolvedNode[] | undefined {
    const { router, table } = this.parts;
    const { nodes, isComplete } = router.closest(key, count);
    if (!isComplete) return undefined;
    return nodes.map((nodeId) => ({ nodeId, addresses: table.get(nodeId)?.addresses ?? [], hasAnswered: false, via: [] }));
  }

  /** Asks nobody: the table knows the nodes, or the signal has aborted before. */
  private atOnce(key: NodeId, nodes: readonly ResolvedNode[] | undefined, signal: AbortSignal | undefined): Resolution {
    const isAborted = signal?.aborted === true;
    if (!isAborted) this.parts.counters.oneHops++;
    const source = nodes === undefined ? 'lookup' : 'table';
    const trace: LookupTrace = { key, source, end: isAborted ? 'cancelled' : 'done', tookMs: 0, queries: 0, depth: 0, steps: [] };
    const resolution = new Resolution(
      () => trace,
      () => {},
      this.parts.awaited,
    );
    if (isAborted) resolution.failed(cancelled(signal));
    for (const node of nodes ?? []) resolution.answered(node);
    resolution.done(nodes ?? []);
    return resolution;
  }

  private settle(resolution: Resolution, lookup: Lookup, signal: AbortSignal | undefined): void {
    const { end, rules } = lookup;
    if (end === 'done') return resolution.done(this.withSelf(lookup, rules.count));
    resolution.failed(lookupError(lookup, end as Exclude<LookupEnd, 'done'>, signal?.reason));
  }
}

/** Why a lookup was refused. */
export function lookupError(lookup: Lookup, end: Exclude<LookupEnd, 'done'>, cause?: unknown): NetworkError {
  const { key, deadlineMs } = lookup.rules;
  const details = { cause: end, key };
  switch (end) {
    case 'empty-table':
      return new NetworkError('LOOKUP_EMPTY_TABLE', 'nobody can be asked: no neighbour runs a spacer', { details });
    case 'all-silent':
      return new NetworkError('LOOKUP_ALL_SILENT', 'none of the nodes that were asked has answered', { details });
    case 'deadline':
      return new NetworkError('LOOKUP_DEADLINE', `not complete within ${deadlineMs} ms`, {
        details: { ...details, closest: lookup.closest() },
      });
    case 'cancelled':
      return new NetworkError('CALL_CANCELLED', 'the lookup was cancelled, or its node stops', { details, cause });
  }
}

function idsOf(nodes: readonly ResolvedNode[]): readonly NodeId[] {
  return nodes.map(({ nodeId }) => nodeId);
}
