/**
 * @module Replication: how an owner keeps one replica in step. What changes in a turn is pushed at its end, one push on its way at a time: all that has
 * changed meanwhile goes with the next one, of each key the last entry. At the start, after a failure, and when digests differ although nothing waits, the
 * two are compared by ranges: each takes what it lacks. A replica that has all of it is not new any more.
 */
import type { ByteReader, ByteWriter, NodeId } from '../../../core/index.js';
import { type Entry, writeEntry } from '../entries/entry.js';
import { type Revision, writeInstance } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Outcome } from '../host.js';
import { ASK, PAGE_BYTES, PAGE_ITEMS, PUSH, readSuperseded, STATUS, type Superseded, writeNodes, writeSuperseded } from '../messages.js';
import { summaryOf } from './ask.js';
import type { HeldMap } from './held-map.js';
import { Pull } from './pull.js';

const CALL_MS = 3_000;
const HEARTBEAT_MS = 2_000;
const RETRY_MS = 500;
/** Of what has lost, in a push and in its answer. */
export const SUPERSEDED_PER_PUSH = 256;
/** Flag of a push: with it the replica has all that its owner has. */
export const COMPLETE = 1;
/** Flag of its answer: what the replica has differs. */
export const DIFFERS = 1;

export interface Replicating {
  readonly epoch: number;
  readonly holders: readonly NodeId[];
  /** It knows the map, or has founded it. */
  readonly knows: boolean;
  /** The replica holds these. */
  acknowledged(agent: MapAgent, sent: ReadonlyMap<string, Revision>): void;
  /** It had entries that this owner lacked. */
  gained(agent: MapAgent, entries: readonly Entry[]): void;
  superseded(agent: MapAgent, losses: readonly Superseded[]): void;
  /** It knows a later owner. */
  outdated(agent: MapAgent, epoch: number): void;
}

export class Replication {
  /** It holds all that the owner holds, but for what waits. */
  isSynced = false;
  /** The last request was answered, or none has failed yet. */
  isReachable = true;
  private readonly waiting = new Set<string>();
  /** The last loss that the replica was sent. */
  private sentArrival = 0;
  /** A push goes at the end of this turn. */
  private isGathering = false;
  private isPushing = false;
  private isComparing = false;
  private isEnded = false;
  private pushMs = Number.NEGATIVE_INFINITY;
  private compareMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly host: KeyValueHost,
    private readonly map: HeldMap,
    readonly node: NodeId,
    private readonly owner: Replicating,
    /** Both hold nothing: there is nothing to compare. */
    private isCompared: boolean,
  ) {}

  /** When it has to be looked at again. */
  get dueMs(): number {
    return Math.min(
      this.isPushing ? Number.POSITIVE_INFINITY : this.pushMs,
      this.isCompared || this.isComparing ? Number.POSITIVE_INFINITY : this.compareMs,
    );
  }

  changed(agent: MapAgent, key: string): void {
    this.waiting.add(key);
    this.gather(agent);
  }

  lost(agent: MapAgent): void {
    this.gather(agent);
  }

  end(): void {
    this.isEnded = true;
  }

  look(agent: MapAgent): void {
    if (!this.isCompared && !this.isComparing && agent.nowMs >= this.compareMs) this.compare(agent);
    if (!this.isPushing && agent.nowMs >= this.pushMs) this.push(agent);
  }

  private gather(agent: MapAgent): void {
    if (this.isGathering || this.isPushing || !this.isReachable) return;
    this.isGathering = true;
    this.host.atTurnEnd(agent, (later) => {
      this.isGathering = false;
      if (this.isReachable) this.push(later);
    });
  }

  private push(agent: MapAgent): void {
    if (this.isPushing || this.isEnded) return;
    this.isPushing = true;
    const sent = new Map<string, Revision>();
    const losses = this.map.losses.toSpread(agent.nowMs, this.sentArrival).slice(0, SUPERSEDED_PER_PUSH);
    const write = (writer: ByteWriter) => this.write(writer, agent.nowMs, sent, losses);
    const request = { node: this.node, op: PUSH, map: this.map.name, timeoutMs: CALL_MS };
    this.host.ask(agent, request, write, (later, outcome) => {
      this.isPushing = false;
      if (this.isEnded) return;
      if (outcome.type === 'answer' && outcome.status === STATUS.ok) this.pushed(later, sent, losses.at(-1)?.arrival ?? 0, outcome.reader);
      else this.refused(later, outcome);
    });
  }

  private write(writer: ByteWriter, nowMs: number, sent: Map<string, Revision>, losses: readonly Superseded[]): void {
    const { owner, map } = this;
    writer.u32(owner.epoch);
    writeInstance(writer, this.host.instance);
    const flagsAt = writer.reserve(1);
    writer.utf8(map.state.digest);
    writeNodes(writer, owner.holders);
    const countAt = writer.reserve(2);
    let isAll = true;
    for (const key of this.waiting) {
      const entry = map.state.get(key);
      if (entry === undefined) this.waiting.delete(key);
      else if (writer.length > PAGE_BYTES || sent.size >= PAGE_ITEMS) isAll = false;
      else {
        writeEntry(writer, entry, nowMs);
        sent.set(key, entry.revision);
      }
      if (!isAll) break;
    }
    writeSuperseded(writer, losses);
    writer.fill(flagsAt, () => writer.u8(this.isCompared && isAll && owner.knows ? COMPLETE : 0));
    writer.fill(countAt, () => writer.u16(sent.size));
  }

  private pushed(agent: MapAgent, sent: ReadonlyMap<string, Revision>, lossArrival: number, reader: ByteReader): void {
    const flags = reader.u8();
    const losses = readSuperseded(reader);
    if (!reader.isComplete) return this.failed(agent);
    this.isReachable = true;
    this.sentArrival = Math.max(this.sentArrival, lossArrival);
    for (const [key, revision] of sent) if (this.map.state.get(key)?.revision === revision) this.waiting.delete(key);
    const isDone = this.waiting.size === 0;
    this.isSynced = this.isCompared && isDone && (flags & DIFFERS) === 0;
    // Nothing has changed since, and yet they differ: they are compared anew.
    if (isDone && sent.size === 0 && (flags & DIFFERS) !== 0) this.isCompared = false;
    this.pushMs = agent.nowMs + HEARTBEAT_MS;
    this.owner.acknowledged(agent, sent);
    if (losses.length > 0) this.owner.superseded(agent, losses);
    const hasLosses = this.map.losses.toSpread(agent.nowMs, this.sentArrival).length > 0;
    if (this.waiting.size > 0 || hasLosses) this.push(agent);
    this.host.wake(agent, this.dueMs);
  }

  private refused(agent: MapAgent, outcome: Outcome): void {
    if (outcome.type === 'answer' && outcome.status === STATUS.stale) return this.owner.outdated(agent, outcome.reader.u32());
    this.failed(agent);
  }

  private failed(agent: MapAgent): void {
    this.isReachable = false;
    this.isSynced = false;
    this.isCompared = false;
    this.compareMs = agent.nowMs + RETRY_MS;
    this.pushMs = agent.nowMs + RETRY_MS;
    this.host.wake(agent, this.dueMs);
  }

  private compare(agent: MapAgent): void {
    this.isComparing = true;
    const request = { node: this.node, op: ASK, map: this.map.name, timeoutMs: CALL_MS };
    this.host.ask(
      agent,
      request,
      (writer) => writer.u8(0),
      (later, outcome) => {
        const summary = summaryOf(outcome);
        if (summary === undefined) return this.compared(later, undefined);
        const done = (last: MapAgent, missing: readonly string[] | undefined) => this.compared(last, missing);
        const onEntries = (last: MapAgent, entries: readonly Entry[]) => this.owner.gained(last, entries);
        new Pull(this.host, this.map, this.node, { onEntries, done }).start(later, summary.digests);
      },
    );
  }

  private compared(agent: MapAgent, missing: readonly string[] | undefined): void {
    this.isComparing = false;
    if (this.isEnded) return;
    if (missing === undefined) return this.failed(agent);
    this.isCompared = true;
    this.isReachable = true;
    for (const key of missing) this.waiting.add(key);
    this.push(agent);
  }
}
