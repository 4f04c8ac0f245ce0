/**
 * @module Mesh: keeps the links that `plan.ts` wants: dials some at a time, holds what this node has dialled and wants, lets go what it does not, and wishes
 * slow keep-alives for all of them.
 */
import {
  type BehaviorAgent,
  backoffBoundMs,
  type Connection,
  limitReached,
  NetworkError,
  type NodeId,
  WakeTimer,
} from '../../../core/index.js';
import { type DialWork, DialWorkers } from '../../../core/kits/dial/dial-workers.js';
import type { Lookups } from '../lookup/lookups.js';
import type { SpacerCounters } from '../options.js';
import type { Contact } from '../table/contact.js';
import type { NodeTable } from '../table/node-table.js';
import { Checker } from './checker.js';
import { isThin, planMesh } from './plan.js';
import { Seeds } from './seeds.js';

/** Between two looks, on average; sooner when something has changed. */
const LOOK_MS = 10_000;
const SOON_MS = 250;
/** Who has just come dials when it has looked up whom; after so long in any case. */
const JOINING_MS = 2_000;
/** So long after its first link a node, or those around it, may not have the links yet over which all are found. */
const FORMING_MS = 5_000;
/** Links that only spacers use are kept alive so seldom: a NAT forgets what is silent for 30 s. */
const PACE_MS = 25_000;
const WORKERS = { running: 6, waiting: 12 } as const;
const RETRY = { minMs: 5_000, maxMs: 300_000 } as const;
/** Dials for the application at once. */
const REACHING_MAX = 256;
/** A contact that was dialled in vain so often is forgotten; one whose identity was never proven at once: who has named it may have made it up. */
const FAILURES_MAX = 3;
/** Of the node's connections, the share that the mesh may take. */
const SHARE_MAX = 0.75;

export interface MeshParts {
  readonly table: NodeTable;
  readonly level: number;
  readonly counters: SpacerCounters;
  readonly lookups: Lookups;
  /** Who gave no sign for so long is looked up. */
  readonly ageMs: number;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

interface Dial extends DialWork<BehaviorAgent> {
  readonly nodeId: NodeId;
}

export class Mesh {
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  private readonly workers: DialWorkers<BehaviorAgent, Dial>;
  /** Connections that this node has dialled and holds. */
  private readonly held = new Map<number, NodeId>();
  /** Nodes to which the application wants a connection. */
  private readonly kept = new Set<NodeId>();
  private readonly checker: Checker;
  readonly seeds: Seeds;
  /** Dials for the application that are not settled. */
  private reaching = 0;
  private level = 0;
  /** Whether the own neighbourhood was looked up once, or nobody will. */
  private hasJoined = false;
  /** When the first of the links of now was there. */
  private linkedMs: number | undefined;

  constructor(private readonly parts: MeshParts) {
    const { table, lookups, counters, ageMs } = parts;
    this.seeds = new Seeds((work) => parts.act(work));
    this.checker = new Checker(table, lookups, counters, ageMs, (agent) => this.changed(agent));
    this.workers = new DialWorkers({
      ...{ running: WORKERS.running, waiting: WORKERS.waiting, apart: (work) => parts.act(work) },
      onFree: (agent) => this.timer.within(agent, SOON_MS),
    });
  }

  /** The level that holds: what the node's connections leave room for. */
  get levelNow(): number {
    return this.level;
  }

  get dialCount(): number {
    return this.workers.all.length;
  }

  get heldCount(): number {
    return this.held.size;
  }

  start(agent: BehaviorAgent): void {
    const roomy = Math.floor(agent.limits.connectionsMax * SHARE_MAX);
    this.level = Math.min(this.parts.level, roomy);
    if (this.level < this.parts.level)
      agent.log.warn(
        { meshLevel: this.parts.level, level: this.level, connectionsMax: agent.limits.connectionsMax },
        'spacer keeps fewer links than its mesh level: raise connections.max',
      );
  }

  /** Somebody is there, or is not any more, or is known. */
  changed(agent: BehaviorAgent): void {
    if (this.level > 0) this.timer.within(agent, this.hasJoined ? SOON_MS : JOINING_MS);
  }

  /** The own neighbourhood was looked up, or nobody will. */
  joined(agent: BehaviorAgent): void {
    this.hasJoined = true;
    this.changed(agent);
  }

  /** Whether that bucket has too few for the links that it is to have. */
  isThin(index: number, nowMs: number): boolean {
    return isThin(this.parts.table, this.level, index, nowMs);
  }

  /** Whether there are links to all of the closest that are to have one; those that a lookup for `count` has found are given, the closest first. */
  isComplete(closest: readonly { readonly nodeId: NodeId }[], count: number): boolean {
    const nearCount = Math.ceil(this.level / 2);
    const near = closest.slice(0, nearCount);
    // A lookup that found fewer may only have found nobody who answered.
    if (near.length < Math.min(nearCount, count)) return false;
    return near.every(({ nodeId }) => this.parts.table.get(nodeId)?.isConnected === true);
  }

  /** Who is not found now may be found soon. */
  isForming(nowMs: number): boolean {
    return this.linkedMs !== undefined && nowMs < this.linkedMs + FORMING_MS;
  }

  connected(agent: BehaviorAgent, { id, nodeId, direction }: Connection): void {
    this.linkedMs ??= agent.nowMs;
    if (direction === 'outgoing' && this.level > 0) {
      this.held.set(id, nodeId);
      agent.hold(id);
    }
    this.changed(agent);
  }

  disconnected(agent: BehaviorAgent, connectionId: number): void {
    const nodeId = this.held.get(connectionId);
    this.held.delete(connectionId);
    if (nodeId !== undefined) this.kept.delete(nodeId);
    if (this.parts.table.linkCount === 0) this.linkedMs = undefined;
    this.changed(agent);
  }

  /** Dials a node for the application; the connection is held until it ends. */
  connectTo(nodeId: NodeId): Promise<Connection> {
    const current = this.reaching;
    // Throws while nothing runs that would settle it.
    this.parts.act(() => {});
    if (current >= REACHING_MAX) throw limitReached({ limit: 'connectTo', current, maximum: REACHING_MAX, scope: 'spacer' });
    this.reaching++;
    return new Promise((resolve, reject) => {
      this.workers.push({
        ...{ nodeId, place: nodeId },
        isWanted: () => true,
        settled: (later, outcome) => {
          this.reaching--;
          if (outcome instanceof NetworkError) return reject(outcome);
          this.keep(later, outcome);
          resolve(outcome);
        },
      });
      this.workers.run();
    });
  }

  stop(agent: BehaviorAgent): void {
    this.timer.cancel();
    this.seeds.stop(agent);
  }

  private look(agent: BehaviorAgent): void {
    const { table } = this.parts;
    const { dials, wanted } = planMesh(table, this.level, agent.nowMs, this.seeds.nodeIds);
    const hasLeftSeeds = this.seeds.look(agent, table.linkCount);
    for (const [id, nodeId] of [...this.held]) {
      if (!wanted.has(nodeId) && !this.kept.has(nodeId)) this.letGo(agent, id);
      // A seed may be a link that the mesh wants.
      else if (hasLeftSeeds) agent.hold(id);
    }
    for (const contact of dials) if (!this.enqueue(contact)) break;
    this.workers.run();
    for (const { connectionId } of table.links()) if (connectionId !== undefined) agent.pace(connectionId, PACE_MS);
    this.checker.check(agent);
    this.timer.within(agent, LOOK_MS * (0.5 + agent.random.float()));
  }

  private keep(agent: BehaviorAgent, { id, nodeId }: Connection): void {
    this.kept.add(nodeId);
    if (!this.held.has(id)) agent.hold(id);
    this.held.set(id, nodeId);
  }

  private letGo(agent: BehaviorAgent, connectionId: number): void {
    this.held.delete(connectionId);
    agent.release(connectionId);
  }

  /** False when there is no room. */
  private enqueue(contact: Contact): boolean {
    const { nodeId } = contact;
    if (this.workers.all.some((dial) => dial.nodeId === nodeId)) return true;
    return this.workers.add({
      ...{ nodeId, place: nodeId },
      isWanted: () => {
        const isWanted = this.parts.table.get(nodeId) === contact && !contact.isConnected;
        if (isWanted) this.begun(contact);
        return isWanted;
      },
      settled: (agent, outcome) => this.settled(agent, contact, outcome),
    });
  }

  private begun(contact: Contact): void {
    this.parts.counters.meshDials++;
    if (contact.state === 'resolved') contact.moveTo('connecting');
  }

  private settled({ nowMs, random }: BehaviorAgent, contact: Contact, outcome: Connection | NetworkError): void {
    const { table, counters } = this.parts;
    if (!(outcome instanceof NetworkError) || contact.isConnected) return;
    contact.fallBack();
    contact.failures++;
    contact.retryMs = nowMs + backoffBoundMs(contact.failures, RETRY) * (0.5 + random.float() / 2);
    if (contact.provenMs !== undefined && contact.failures < FAILURES_MAX) return;
    counters.contactsEvicted++;
    table.remove(contact);
  }
}
