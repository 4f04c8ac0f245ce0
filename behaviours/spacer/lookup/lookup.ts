/**
 * @module Lookup: finds the nodes closest to a key, as a machine without time, randomness or links: its owner sends what `next` returns, and says
 * what came of it. It never dials: a node is asked over a link, or over the nodes that have led to it.
 *
 * It asks `alpha` at once, the closest first, and one more for each that is slow; in the neighbourhood of the key it asks all of the closest that are
 * needed. Who does not answer in time counts as silent, until an answer comes after all. It ends when `enough` of the closest have answered and none of them has named a closer one; or with a cause. With several disjoint
 * paths each has its own beginnings, and what a liar says reaches one path only.
 */
import type { NodeId } from '../../../core/index.js';
import type { NamedNode } from '../messages.js';
import { compareDistance } from '../table/closest.js';
import { prefixOf } from '../table/contact.js';
import type { Candidate, Query } from './candidate.js';
import type { Latency } from './latency.js';
import { type KnownNodes, LookupPath, type PathRules } from './path.js';
import type { FailedOutcome, LookupEnd, LookupTrace, StepOutcome } from './trace.js';

export interface LookupRules extends PathRules {
  /** Disjoint paths. */
  readonly paths: number;
  /** Nodes that the result has at most. */
  readonly count: number;
  readonly deadlineMs: number;
  /** The node whose id is the key is wanted: its answer ends the lookup. */
  readonly isForNode: boolean;
}

/** A node of the result. */
export interface FoundNode extends NamedNode {
  /** By the node itself. Else a node that has a link to it has named it. */
  readonly hasAnswered: boolean;
  /** The nodes that passed the question on, or would. */
  readonly via: readonly NodeId[];
}

export class Lookup {
  private readonly paths: readonly LookupPath[];
  private readonly queries: Query[] = [];
  private readonly waiting = new Set<Query>();
  /** By node, the path that had its answer. */
  private readonly answeredOn = new Map<NodeId, number>();
  private ended: LookupEnd | undefined;
  private endedMs = 0;
  private doneByMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly rules: LookupRules,
    private readonly latency: Latency,
    readonly startedMs: number,
    known: KnownNodes,
    /** Neighbours to begin with, the closest first. */
    neighbours: readonly NamedNode[],
  ) {
    const elsewhere = (index: number) => (nodeId: NodeId) => this.stateElsewhere(nodeId, index);
    const count = Math.max(1, Math.min(rules.paths, neighbours.length));
    this.paths = Array.from({ length: count }, (_, index) => new LookupPath(index, rules, elsewhere(index), known));
    for (const [index, node] of neighbours.entries()) (this.paths[index % count] as LookupPath).begin(node);
    if (neighbours.length === 0) this.finish('empty-table', startedMs);
  }

  get end(): LookupEnd | undefined {
    return this.ended;
  }

  /** When `next` is to be asked again, if nothing else happens before. */
  get nextDueMs(): number {
    if (this.ended !== undefined) return Number.POSITIVE_INFINITY;
    let dueMs = Math.min(this.startedMs + this.rules.deadlineMs, this.doneByMs);
    for (const { candidate, slowMs, giveUpMs } of this.waiting) dueMs = Math.min(dueMs, candidate.state === 'slow' ? giveUpMs : slowMs);
    return this.waiting.size === 0 ? Math.min(dueMs, this.lateMs) : dueMs;
  }

  /** The questions to send now. It may end: then there are none. */
  next(nowMs: number): readonly Query[] {
    this.expire(nowMs);
    if (this.ended !== undefined) return [];
    const queries = this.paths.flatMap((path) => (path.isDone ? [] : path.next().map((candidate) => this.ask(path, candidate, nowMs))));
    if (queries.length === 0 && this.paths.every(({ isDone }) => isDone)) this.conclude(nowMs);
    return queries;
  }

  /** The answer to a question. Whether it was waited for. */
  answered(query: Query, named: readonly NamedNode[], nowMs: number): boolean {
    const isLate = query.outcome === 'silent' && nowMs < query.lateMs;
    if (isLate || this.waiting.has(query)) this.latency.add(nowMs - query.sentMs, query.chain.length + 1);
    if (!this.waiting.has(query) && (!isLate || this.ended !== undefined)) return false;
    this.settle(query, 'answered', nowMs);
    const { nodeId } = query.candidate;
    const path = this.paths[query.pathIndex] as LookupPath;
    const sound = soundOf(named, nodeId, this.rules);
    query.named = sound.length;
    if (this.answeredOn.has(nodeId)) path.answeredElsewhere(query);
    else query.closer = path.answered(query, sound);
    if (!this.answeredOn.has(nodeId)) this.answeredOn.set(nodeId, query.pathIndex);
    if (this.rules.isForNode && nodeId === this.rules.key) this.finish('done', nowMs);
    return true;
  }

  /** No answer will come, not even a late one. */
  failed(query: Query, outcome: FailedOutcome, nowMs: number): boolean {
    query.lateMs = Math.min(query.lateMs, nowMs);
    return this.giveUp(query, outcome, nowMs);
  }

  /** This node itself was held up so long: what was to come by now may not have been read yet. */
  forgive(heldUpMs: number): void {
    for (const query of this.waiting) {
      query.slowMs += heldUpMs;
      query.giveUpMs += heldUpMs;
    }
  }

  /** What is known by then is enough; of two such times the earlier one holds. */
  doneBy(dueMs: number): void {
    this.doneByMs = Math.min(this.doneByMs, dueMs);
  }

  /** Enough is known, or nobody wants to know any more. */
  finish(end: LookupEnd, nowMs: number): void {
    if (this.ended !== undefined) return;
    this.ended = end;
    this.endedMs = nowMs;
    for (const query of this.waiting) {
      query.outcome = 'slow';
      query.endedMs = nowMs;
    }
    this.waiting.clear();
  }

  /** The closest nodes that are known to be there: they have answered, or somebody who has answered has a link to them. */
  closest(count = this.rules.count): readonly FoundNode[] {
    const { key } = this.rules;
    const keyPrefix = prefixOf(key);
    const found = new Map<NodeId, Candidate>();
    for (const path of this.paths)
      for (const candidate of path.candidates) {
        const known = found.get(candidate.nodeId);
        if (isThere(candidate) && (known === undefined || known.state !== 'answered')) found.set(candidate.nodeId, candidate);
      }
    const sorted = [...found.values()].sort((one, other) => compareDistance(one, other, key, keyPrefix));
    return sorted.slice(0, count).map(foundOf);
  }

  trace(nowMs: number): LookupTrace {
    const [nearest] = this.closest(this.rules.k).filter(({ hasAnswered }) => hasAnswered);
    return {
      key: this.rules.key,
      source: 'lookup',
      end: this.ended ?? 'running',
      tookMs: (this.ended === undefined ? nowMs : this.endedMs) - this.startedMs,
      queries: this.queries.length,
      depth: nearest === undefined ? 0 : nearest.via.length + 1,
      steps: this.queries.map((query) => ({
        ...{ nodeId: query.candidate.nodeId, via: query.chain, path: query.pathIndex, askedMs: query.sentMs - this.startedMs },
        ...{ tookMs: (query.outcome === undefined ? nowMs : query.endedMs) - query.sentMs, outcome: query.outcome ?? 'slow' },
        ...{ named: query.named, closer: query.closer },
      })),
    };
  }

  private ask({ index }: LookupPath, candidate: Candidate, nowMs: number): Query {
    const query: Query = {
      ...{ candidate, pathIndex: index, chain: candidate.chain, sentMs: nowMs },
      slowMs: nowMs + this.latency.slowMs(candidate.hops),
      giveUpMs: nowMs + this.latency.giveUpMs(candidate.hops),
      lateMs: nowMs + this.latency.lateMs(candidate.hops),
      ...{ outcome: undefined, endedMs: 0, named: 0, closer: 0 },
    };
    this.queries.push(query);
    this.waiting.add(query);
    return query;
  }

  private stateElsewhere(nodeId: NodeId, index: number): 'answered' | 'asked' | undefined {
    if (this.paths.length === 1) return undefined;
    const answeredOn = this.answeredOn.get(nodeId);
    if (answeredOn !== undefined) return answeredOn === index ? undefined : 'answered';
    const isAsked = this.paths.some((path) => path.index !== index && path.get(nodeId)?.state === 'asked');
    return isAsked ? 'asked' : undefined;
  }

  private expire(nowMs: number): void {
    if (this.ended !== undefined) return;
    for (const query of [...this.waiting]) {
      if (nowMs >= query.giveUpMs && this.giveUp(query, 'silent', nowMs)) this.latency.missed();
      else if (nowMs >= query.slowMs) query.candidate.state = 'slow';
    }
    if (nowMs >= this.doneByMs) this.finish('done', nowMs);
    if (nowMs >= this.startedMs + this.rules.deadlineMs) this.finish('deadline', nowMs);
  }

  private giveUp(query: Query, outcome: FailedOutcome, nowMs: number): boolean {
    if (!this.waiting.has(query)) return false;
    this.settle(query, outcome, nowMs);
    (this.paths[query.pathIndex] as LookupPath).failed(query);
    return true;
  }

  private settle(query: Query, outcome: StepOutcome, nowMs: number): boolean {
    const wasWaiting = this.waiting.delete(query);
    query.outcome = outcome;
    query.endedMs = nowMs;
    return wasWaiting;
  }

  /** Until when an answer may come from somebody who counts as silent. */
  private get lateMs(): number {
    const late = this.queries.filter(({ outcome }) => outcome === 'silent');
    return late.reduce((latestMs, query) => Math.max(latestMs, query.lateMs), 0) || Number.POSITIVE_INFINITY;
  }

  private conclude(nowMs: number): void {
    if (this.answeredOn.size > 0) return this.finish('done', nowMs);
    const { lateMs } = this;
    // Somebody may only have been held up.
    if (nowMs >= lateMs || lateMs === Number.POSITIVE_INFINITY) this.finish('all-silent', nowMs);
  }
}

/** What of an answer may be believed so far: the first `k`, each once, neither the asked nor the asking node. */
function soundOf(named: readonly NamedNode[], from: NodeId, { k, self }: LookupRules): readonly NamedNode[] {
  const byId = new Map<NodeId, NamedNode>();
  for (const node of named.slice(0, k))
    if (node.nodeId !== from && node.nodeId !== self && !byId.has(node.nodeId)) byId.set(node.nodeId, node);
  return [...byId.values()];
}

/** Who was asked and has not answered is not believed in; who was not asked is a neighbour, or named by somebody who has answered. */
function isThere({ state, isDoubtful }: Candidate): boolean {
  return state === 'answered' || ((state === 'new' || state === 'elsewhere') && !isDoubtful);
}

function foundOf({ nodeId, addresses, chain, state }: Candidate): FoundNode {
  return { nodeId, addresses, via: chain, hasAnswered: state === 'answered' };
}
