/**
 * @module Lookups: the lookups that run. It sends what each wants to ask, reads what comes back, and notes in the table what it learns of nodes. All
 * share one timer.
 */
import { type AddressMode, refusalOf } from '../../../core/address/address-class.js';
import { type BehaviorAgent, ByteReader, limitReached, type NodeId, WakeTimer } from '../../../core/index.js';
import { type NamedNode, OP_SEEK, RELAYS_MAX, readNodes, seekBody } from '../messages.js';
import type { SpacerCounters, SpacerSettings } from '../options.js';
import type { Ask, Asking, Reply } from '../query/asking.js';
import type { NodeTable } from '../table/node-table.js';
import { SizeEstimate } from '../table/size-estimate.js';
import type { Query } from './candidate.js';
import { Latency } from './latency.js';
import { type FoundNode, Lookup } from './lookup.js';
import { Standings } from './standings.js';
import type { FailedOutcome } from './trace.js';

/** What is looked up. */
export interface LookupWish {
  readonly key: NodeId;
  /** Nodes of the result; `k` by default. */
  readonly count?: number | undefined;
  /** Of the closest, so many have to answer; 9, or `count` where that is less. */
  readonly enough?: number | undefined;
  /** Disjoint paths; 1 by default. */
  readonly paths?: number | undefined;
  readonly deadlineMs?: number | undefined;
  /** The node of that id is wanted. */
  readonly isForNode?: boolean;
  /** Another question than for nodes: its answer begins with nodes, too. */
  readonly question?: { readonly op: number; readonly body: Uint8Array };
  /** What else an answer has; false for what has no form. It may finish the lookup. */
  read?(agent: BehaviorAgent, reader: ByteReader, node: FoundNode, running: RunningLookup): boolean;
  /** A node has answered. */
  answered?(agent: BehaviorAgent, node: FoundNode): void;
  /** It has ended. Called once. */
  settle(agent: BehaviorAgent, lookup: Lookup): void;
}

export interface RunningLookup {
  readonly lookup: Lookup;
  readonly wish: LookupWish;
  readonly asks: Set<Ask>;
}

export interface LookupsParts {
  readonly self: NodeId;
  readonly table: NodeTable;
  readonly asking: Asking;
  readonly settings: SpacerSettings;
  readonly counters: SpacerCounters;
  /** How near the addresses may be that come over a neighbour. */
  readonly members: { modeOver(neighbour: NodeId): AddressMode };
}

/** So many of the closest have to answer before a lookup ends. */
const ENOUGH = 9;
/** Who looks so much too late was held up itself: answers may be there that nobody has read. */
const HELD_UP_MS = 50;
const OUTCOMES: Readonly<Record<Exclude<Reply['code'], 'ok'>, FailedOutcome>> = {
  busy: 'busy',
  unreachable: 'unreachable',
  silent: 'silent',
  malformed: 'malformed',
  'unknown-op': 'malformed',
  unproven: 'unproven',
};

export class Lookups {
  readonly latency = new Latency();
  /** Of the nodes of the space, by the lookups that were done. */
  readonly estimate = new SizeEstimate();
  private readonly standings = new Standings();
  private readonly running = new Set<RunningLookup>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent, dueMs) => this.look(agent, dueMs));

  constructor(private readonly parts: LookupsParts) {}

  get size(): number {
    return this.running.size;
  }

  /** Begins a lookup; `settle` is never called during this call. Throws `LIMIT_EXCEEDED`. */
  start(agent: BehaviorAgent, wish: LookupWish): RunningLookup {
    const { table, settings, counters, self } = this.parts;
    const { k, alpha, lookupsMax } = settings;
    if (this.running.size >= lookupsMax)
      throw limitReached({
        limit: 'lookupsMax',
        current: this.running.size,
        maximum: lookupsMax,
        scope: 'spacer',
        configKey: 'lookupsMax',
      });
    const { key, count = k, paths = 1, deadlineMs = settings.deadlineMs, isForNode = false } = wish;
    const rules = {
      ...{ key, self, alpha: paths > 1 ? Math.max(1, Math.ceil(alpha / 2)) : alpha, k, count, paths, deadlineMs, isForNode },
      enough: wish.enough ?? Math.min(count, ENOUGH),
      relaysMax: RELAYS_MAX,
    };
    const neighbours = table.closestLinked(key, Math.max(k, 2 * paths));
    const known = {
      isLinked: (nodeId: NodeId) => table.get(nodeId)?.isConnected === true,
      roomOf: (nodeId: NodeId) => this.standings.roomOf(nodeId, agent.nowMs),
    };
    const running = { lookup: new Lookup(rules, this.latency, agent.nowMs, known, neighbours), wish, asks: new Set<Ask>() };
    counters.lookupsStarted++;
    this.running.add(running);
    this.timer.at(agent, agent.nowMs);
    return running;
  }

  /** Nobody wants to know any more; `settle` is called with the next look. */
  cancel(agent: BehaviorAgent, { lookup }: RunningLookup): void {
    lookup.finish('cancelled', agent.nowMs);
    this.timer.at(agent, agent.nowMs);
  }

  stop(agent: BehaviorAgent): void {
    for (const running of [...this.running]) {
      running.lookup.finish('cancelled', agent.nowMs);
      this.pump(agent, running);
    }
    this.timer.cancel();
  }

  private look(agent: BehaviorAgent, dueMs: number): void {
    const heldUpMs = agent.nowMs - dueMs;
    if (heldUpMs > HELD_UP_MS) for (const { lookup } of this.running) lookup.forgive(heldUpMs);
    for (const running of [...this.running]) if (this.isDue(agent, running)) this.pump(agent, running);
    this.wish(agent);
  }

  private isDue({ nowMs }: BehaviorAgent, { lookup, asks }: RunningLookup): boolean {
    return lookup.end !== undefined || lookup.nextDueMs <= nowMs || asks.size === 0;
  }

  private wish(agent: BehaviorAgent): void {
    for (const { lookup, asks } of this.running)
      this.timer.at(agent, asks.size === 0 || lookup.end !== undefined ? agent.nowMs : lookup.nextDueMs);
  }

  /** Sends what it wants to ask now; it may have ended. */
  private pump(agent: BehaviorAgent, running: RunningLookup): void {
    const { lookup } = running;
    for (let queries = lookup.next(agent.nowMs); queries.length > 0; queries = lookup.next(agent.nowMs))
      for (const query of queries) this.ask(agent, running, query);
    if (lookup.end === undefined) return this.wish(agent);
    // What is still under way goes on: whether a neighbour answers at all is worth to know.
    if (this.running.delete(running)) this.ended(agent, running);
  }

  private ask(agent: BehaviorAgent, running: RunningLookup, query: Query): void {
    const { lookup, wish, asks } = running;
    const { op, body } = wish.question ?? { op: OP_SEEK, body: seekBody(lookup.rules.key, this.parts.settings.k) };
    const { candidate, chain, lateMs, sentMs } = query;
    const question = { op, body, chain: [...chain, candidate.nodeId], waitMs: lateMs - sentMs };
    const ask = this.parts.asking.ask(agent, question, (later, reply) => {
      if (ask !== undefined) asks.delete(ask);
      this.replied(later, running, query, reply);
      if (this.running.has(running)) this.pump(later, running);
    });
    if (ask === undefined) lookup.failed(query, 'unreachable', agent.nowMs);
    else asks.add(ask);
  }

  private replied(agent: BehaviorAgent, running: RunningLookup, query: Query, { code, body }: Reply): void {
    const { lookup, wish } = running;
    const { candidate, chain } = query;
    this.noteAnswer(agent, query, code);
    if (code === 'ok' || code === 'silent' || code === 'unreachable') this.noteNamers(agent, query, code === 'ok');
    if (code !== 'ok') {
      lookup.failed(query, OUTCOMES[code], agent.nowMs);
      return;
    }
    const reader = new ByteReader(body);
    const nodes = readNodes(reader, lookup.rules.k);
    const node = { nodeId: candidate.nodeId, addresses: candidate.addresses, via: chain, hasAnswered: true };
    const isSound = nodes !== undefined && (wish.read?.(agent, reader, node, running) ?? true);
    if (!isSound) {
      this.parts.counters.malformed++;
      lookup.failed(query, 'malformed', agent.nowMs);
      return;
    }
    const believed = this.believed(chain[0] ?? candidate.nodeId, nodes);
    if (!lookup.answered(query, believed, agent.nowMs)) return;
    this.learn(agent, query, believed);
    wish.answered?.(agent, node);
  }

  /** Without the addresses that are not believed. */
  private believed(neighbour: NodeId, nodes: readonly NamedNode[]): readonly NamedNode[] {
    const mode = this.parts.members.modeOver(neighbour);
    return nodes.map(({ nodeId, addresses }) => {
      const believed = addresses.filter((address) => refusalOf(address, mode) === undefined);
      this.parts.counters.addressesRefused += addresses.length - believed.length;
      return { nodeId, addresses: believed };
    });
  }

  private learn({ nowMs }: BehaviorAgent, { candidate, named }: Query, nodes: readonly NamedNode[]): void {
    const { table } = this.parts;
    if (this.standings.isDoubted(candidate.nodeId, nowMs)) return;
    for (const { nodeId, addresses } of nodes.slice(0, named)) table.named(nodeId, addresses, candidate.nodeId, nowMs);
  }

  /** A neighbour that does not answer is not told to others any more; whether its link still lives is to show soon. */
  private noteAnswer(agent: BehaviorAgent, { candidate, chain }: Query, code: Reply['code']): void {
    const contact = this.parts.table.get(candidate.nodeId);
    if (contact === undefined) return;
    if (code === 'ok') {
      contact.silences = 0;
      contact.seenMs = agent.nowMs;
    } else if (chain.length === 0 && code === 'silent') {
      contact.silences++;
      if (contact.connectionId !== undefined) agent.pace(contact.connectionId, 0);
    }
  }

  /** Whom others have named was asked over them: what came of it speaks for them, or against. */
  private noteNamers({ nowMs }: BehaviorAgent, { candidate, chain }: Query, hasAnswered: boolean): void {
    if (chain.length === 0) return;
    const { table, counters } = this.parts;
    for (const { nodeId } of candidate.namers) {
      if (!this.standings.note(nodeId, hasAnswered, nowMs)) continue;
      counters.namersDoubted++;
      table.forgetNamed(nodeId);
    }
  }

  private ended(agent: BehaviorAgent, { lookup, wish }: RunningLookup): void {
    const { counters } = this.parts;
    if (lookup.end !== 'done') counters.lookupsFailed++;
    else {
      counters.lookupsDone++;
      const sure = lookup.closest(lookup.rules.enough);
      if (lookup.rules.enough >= ENOUGH)
        this.estimate.add(
          lookup.rules.key,
          sure.map(({ nodeId }) => nodeId),
        );
    }
    try {
      wish.settle(agent, lookup);
    } catch (err) {
      // Others wait for their lookups in the same turn, and what throws takes a turn back as a whole.
      agent.log.error({ err, key: lookup.rules.key }, 'what was to be done with the nodes of a lookup failed');
    }
  }
}
