/**
 * @module Owner: the one node that stamps the writes of a map and answers its reads, in one epoch. A write is answered when it is durable here, as far
 * as this node keeps anything, and one replica holds it. It keeps its replicas in step (`replication.ts`) and answers watches.
 */
import type { ByteWriter, NodeId } from '../../../core/index.js';
import { type Entry, lineageOf, TOMBSTONE_MS, writeEntry } from '../entries/entry.js';
import { sizeOf } from '../entries/map-state.js';
import { branchOf, counterOf, epochOf, NONE, type Revision, revisionOf, writeRevision } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Placed, Reply } from '../host.js';
import { type Answer, NOTIFY, STATUS, type Superseded, type WatchFields, type WriteFields, writeSuperseded } from '../messages.js';
import type { HeldMap } from './held-map.js';
import type { Journal } from './journal.js';
import { type PendingWrite, PendingWrites } from './pending-writes.js';
import { type Replicating, Replication } from './replication.js';
import { Watchers } from './watchers.js';

/** So long a write waits for a replica. */
const WRITE_MS = 5_000;
const NOTIFY_CALL_MS = 2_000;
const NOTIFY_PAGE = 256;

export interface OwnerUser {
  /** Whether one source may have so much more. The number of the bound that says no. */
  refuses(
    source: NodeId,
    keys: number,
    bytes: number,
  ): { readonly limit: number; readonly current: number; readonly maximum: number } | undefined;
  /** Somebody else is the owner now. */
  deposed(agent: MapAgent, map: HeldMap): void;
}

export class Owner implements Replicating {
  readonly watchers: Watchers;
  holders: readonly NodeId[] = [];
  private readonly replications = new Map<NodeId, Replication>();
  private readonly pending = new PendingWrites();
  private counter = 0;
  /** The last loss that replicas and watches were given. */
  private spreadArrival = 0;

  constructor(
    private readonly host: KeyValueHost,
    readonly map: HeldMap,
    private readonly journal: Journal,
    readonly epoch: number,
    private readonly user: OwnerUser,
  ) {
    this.watchers = new Watchers(map);
  }

  /** Its nodes may be others than before. `empty`: those that are known to hold nothing. */
  place(agent: MapAgent, { nodes }: Placed, empty: ReadonlySet<NodeId> = new Set()): void {
    const replicas = nodes.filter((node) => node !== this.host.self);
    for (const [node, replication] of this.replications) {
      if (replicas.includes(node)) continue;
      replication.end();
      this.replications.delete(node);
    }
    for (const node of replicas)
      if (!this.replications.has(node))
        this.replications.set(node, new Replication(this.host, this.map, node, this, empty.has(node) && this.map.isEmpty));
    if (nodes.join() !== this.holders.join()) {
      this.holders = nodes;
      this.map.holders = nodes;
      this.journal.facts(this.map);
    }
    this.look(agent);
  }

  get knows(): boolean {
    return !this.map.isNew || this.counter > 0;
  }

  /** A replica or more has all that this owner has; or none is wanted. */
  get isHeld(): boolean {
    return this.replications.size === 0 || [...this.replications.values()].some(({ isSynced }) => isSynced);
  }

  find(agent: MapAgent, key: string): Answer {
    this.host.counters.readsAnswered++;
    const entry = this.map.state.get(key);
    // Nobody has ever written here, as far as anybody says; but nobody was there before to say it.
    if (entry === undefined) return this.map.isNew ? 'unknown' : undefined;
    const isOver = entry.value !== undefined && entry.dueMs <= agent.nowMs;
    return isOver ? { ...entry, value: undefined } : entry;
  }

  write(agent: MapAgent, fields: WriteFields, reply: Reply): void {
    const { key, isDelete, expected, isOwnerEnough } = fields;
    const before = this.current(agent, key);
    if (this.host.settings.authorize?.(reply.source, this.map.name, key) === false) return this.refuse(agent, reply, STATUS.denied);
    if (before !== undefined && epochOf(before.revision) > this.epoch) {
      this.unheld(agent, reply, 0);
      return this.outdated(agent, epochOf(before.revision));
    }
    const revisionOfNow = before?.value === undefined ? NONE : before.revision;
    if (expected !== undefined && expected !== revisionOfNow) return this.unequal(agent, before, reply);
    // What is there can always be deleted; the deletion of what is not there takes room like any write.
    const reached = isDelete && before !== undefined ? undefined : this.refusal(reply.source, before, fields);
    if (reached !== undefined) {
      this.host.counters.writesRefused++;
      const { limit, current, maximum } = reached;
      return reply.send(agent, STATUS.limit, (writer) => writer.u8(limit).u48(current).u48(maximum));
    }
    if (!isOwnerEnough && ![...this.replications.values()].some(({ isReachable }) => isReachable)) return this.unheld(agent, reply, 0);
    const entry = this.stamp(agent, before, fields, reply.source);
    const write = { entry, reply, sinceMs: agent.nowMs, isOwnerEnough, isDurable: false, holders: 0 };
    this.pending.add(write);
    this.commit(agent, entry);
    this.host.wake(agent, agent.nowMs + WRITE_MS);
    this.journal.whenDurable(agent, (later, error) => {
      if (error !== undefined) return void (this.pending.take(write) && reply.send(later, STATUS.storageFailed));
      write.isDurable = true;
      this.check(later, write);
    });
  }

  watch(agent: MapAgent, fields: WatchFields, reply: Reply): void {
    // As of a key: that there is nothing is said by those who know.
    if (fields.isOnce && this.map.isNew) return reply.send(agent, STATUS.noReplica, (writer) => writer.u8(0));
    this.watchers.add(agent, fields, reply);
    this.host.wake(agent, this.watchers.dueMs);
  }

  /** Everything that time brings. */
  look(agent: MapAgent): void {
    for (const { key } of this.map.state.takeDue(agent.nowMs)) this.expire(agent, key);
    for (const replication of this.replications.values()) replication.look(agent);
    for (const { reply } of this.pending.takeOlder(agent.nowMs - WRITE_MS)) this.unheld(agent, reply, 1);
    this.watchers.look(agent);
    this.host.wake(
      agent,
      Math.min(this.map.state.nextDueMs, this.watchers.dueMs, ...[...this.replications.values()].map(({ dueMs }) => dueMs)),
    );
  }

  /** Now and then: writers that do not know yet that they have lost. */
  notify(agent: MapAgent): void {
    const losses = this.map.losses.toNotify(agent.nowMs);
    for (const source of new Set(losses.map((loss) => loss.source))) {
      const own = losses.filter((loss) => loss.source === source).slice(0, NOTIFY_PAGE);
      const request = { node: source, op: NOTIFY, map: this.map.name, timeoutMs: NOTIFY_CALL_MS };
      const write = (writer: ByteWriter) => writeSuperseded(writer, own);
      this.host.ask(agent, request, write, (_later, outcome) => {
        if (outcome.type === 'answer' && outcome.status === STATUS.ok) for (const loss of own) loss.isNotified = true;
      });
    }
  }

  /** Ends as an owner. Its writes may last: what is held is handed on. */
  end(agent: MapAgent): void {
    for (const replication of this.replications.values()) replication.end();
    this.replications.clear();
    for (const { reply } of this.pending.takeOlder(Number.POSITIVE_INFINITY)) this.unheld(agent, reply, 1);
    this.watchers.end(agent, STATUS.noReplica);
  }

  acknowledged(agent: MapAgent, sent: ReadonlyMap<string, Revision>): void {
    for (const [key, revision] of sent)
      for (const write of this.pending.upTo(key, revision)) {
        write.holders++;
        this.check(agent, write);
      }
  }

  gained(agent: MapAgent, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (this.map.merge(entry, agent.nowMs)) this.spread(agent, entry.key);
    }
    this.spreadLosses(agent);
    if (this.map.epoch > this.epoch) this.outdated(agent, this.map.epoch);
  }

  superseded(agent: MapAgent, losses: readonly Superseded[]): void {
    for (const loss of losses) this.map.losses.add(loss, agent.nowMs);
    this.spreadLosses(agent);
  }

  /** Replicas and watches are sent what has lost; writers are by `notify`. */
  spreadLosses(agent: MapAgent): void {
    const losses = this.map.losses.toSpread(agent.nowMs, this.spreadArrival);
    this.spreadArrival = losses.at(-1)?.arrival ?? this.spreadArrival;
    if (losses.length === 0) return;
    this.host.counters.writesSuperseded += losses.length;
    for (const replication of this.replications.values()) replication.lost(agent);
    for (const { key } of losses) this.watchers.changed(agent, key);
    this.host.wake(agent, agent.nowMs);
  }

  outdated(agent: MapAgent, epoch: number): void {
    this.map.epoch = Math.max(this.map.epoch, epoch);
    this.user.deposed(agent, this.map);
  }

  /** Values whose time was over while nobody owned the map. */
  expireOverdue(agent: MapAgent): void {
    for (const { key } of this.map.state.overdue(agent.nowMs)) this.expire(agent, key);
  }

  /** What is held of the key, with what is over by now deleted. */
  private current(agent: MapAgent, key: string): Entry | undefined {
    const entry = this.map.state.get(key);
    if (entry?.value !== undefined && entry.dueMs <= agent.nowMs) this.expire(agent, key);
    return this.map.state.get(key);
  }

  private expire(agent: MapAgent, key: string): void {
    const before = this.map.state.get(key);
    if (before?.value === undefined || before.dueMs > agent.nowMs || epochOf(before.revision) > this.epoch) return;
    const revision = this.nextRevision(before);
    const lineage = lineageOf(before, [], branchOf(revision));
    const dueMs = agent.nowMs + TOMBSTONE_MS;
    const { source, writer } = before;
    this.commit(agent, { key, value: undefined, revision, previous: before.revision, lineage, source, writer, isExpired: true, dueMs });
  }

  private stamp(agent: MapAgent, before: Entry | undefined, { key, isDelete, ttlMs, value, writer }: WriteFields, source: NodeId): Entry {
    const revision = this.nextRevision(before);
    const lineage = lineageOf(before, [], branchOf(revision));
    const lastsMs = isDelete ? TOMBSTONE_MS : ttlMs === 0 ? Number.POSITIVE_INFINITY : ttlMs;
    const previous = before?.revision ?? NONE;
    const dueMs = agent.nowMs + lastsMs;
    return { key, value: isDelete ? undefined : value, revision, previous, lineage, source, writer, isExpired: false, dueMs };
  }

  /** Above what it follows, also where that is of another owner of the same epoch, of another side. */
  private nextRevision(before: Entry | undefined): Revision {
    const least = before !== undefined && epochOf(before.revision) === this.epoch ? counterOf(before.revision) : 0;
    this.counter = Math.max(this.counter, least) + 1;
    return revisionOf(this.epoch, this.counter, this.host.instance);
  }

  private commit(agent: MapAgent, entry: Entry): void {
    this.host.counters.writesStamped++;
    this.map.put(entry, agent.nowMs);
    this.spread(agent, entry.key);
    this.host.wake(agent, this.map.state.nextDueMs);
  }

  private spread(agent: MapAgent, key: string): void {
    for (const replication of this.replications.values()) replication.changed(agent, key);
    this.watchers.changed(agent, key);
  }

  private check(agent: MapAgent, write: PendingWrite): void {
    const { entry, reply, isDurable, isOwnerEnough, holders } = write;
    if (!isDurable || !(isOwnerEnough || holders > 0)) return;
    // A write that is acknowledged founds the map.
    if (this.map.isNew) {
      this.map.isNew = false;
      this.journal.facts(this.map);
    }
    if (!this.pending.take(write)) return;
    reply.send(agent, STATUS.ok, (writer) => {
      writer.u8(1);
      writeRevision(writer, entry.revision);
      writer.u8(1 + holders).u8(0);
    });
  }

  private unequal(agent: MapAgent, before: Entry | undefined, reply: Reply): void {
    reply.send(agent, STATUS.ok, (writer) => {
      writer.u8(0);
      writeRevision(writer, before?.revision ?? NONE);
      writer.u8(0).u8(before === undefined ? 0 : 1);
      if (before !== undefined) writeEntry(writer, before, agent.nowMs);
    });
  }

  private refusal(source: NodeId, before: Entry | undefined, { key, value }: WriteFields) {
    const sizeBefore = before?.source === source ? sizeOf(before) : 0;
    return this.user.refuses(source, before?.source === source ? 0 : 1, sizeOf({ key, value }) - sizeBefore);
  }

  private refuse(agent: MapAgent, reply: Reply, status: number): void {
    this.host.counters.writesRefused++;
    reply.send(agent, status);
  }

  private unheld(agent: MapAgent, reply: Reply, isApplied: 0 | 1): void {
    this.host.counters.writesUnheld++;
    reply.send(agent, STATUS.noReplica, (writer) => writer.u8(isApplied));
  }
}
