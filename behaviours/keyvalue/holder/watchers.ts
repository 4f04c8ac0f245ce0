/**
 * @module Watchers: the watches that wait at an owner. Each is one request of a node, known by node and id: it is answered when something has changed of
 * what it watches, or after a while; then it comes again, with the number of the last change that it has. So nothing is kept for a watch
 * but the request; of changes that it has not asked for in time it gets the last one of each key.
 */
import type { ByteWriter } from '../../../core/index.js';
import { type Entry, writeEntry } from '../entries/entry.js';
import { writeInstance } from '../entries/revision.js';
import type { MapAgent, Reply } from '../host.js';
import { PAGE_BYTES, STATUS, type Superseded, type WatchFields, writeSuperseded } from '../messages.js';
import type { HeldMap } from './held-map.js';

/** A watch on which nothing happens is answered after so long. */
const IDLE_MS = 8_000;
const ENTRIES_MAX = 512;
/** Flags of an answer: it begins with the first change of all; there is more. */
export const FROM_START = 1;
export const IS_MORE = 2;

interface Waiting extends WatchFields {
  readonly reply: Reply;
  readonly sinceMs: number;
}

export class Watchers {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly map: HeldMap) {}

  get size(): number {
    return this.waiting.size;
  }

  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { sinceMs } of this.waiting.values()) dueMs = Math.min(dueMs, sinceMs + IDLE_MS);
    return dueMs;
  }

  add(agent: MapAgent, fields: WatchFields, reply: Reply): void {
    const name = `${reply.source}${fields.id}`;
    const before = this.waiting.get(name);
    this.waiting.delete(name);
    before?.reply.send(agent, STATUS.replaced);
    const isCurrent = fields.cursor.instance === this.map.mark && fields.cursor.arrival <= this.map.state.lastArrival;
    const from = isCurrent ? fields.cursor.arrival : 0;
    const page = this.pageAfter(fields, from);
    const isEmpty = page.entries.length === 0 && page.losses.length === 0;
    if (fields.isOnce || !isCurrent || !isEmpty) return this.answer(agent, reply, page, !isCurrent);
    const waiting = { ...fields, reply, sinceMs: agent.nowMs };
    this.waiting.set(name, waiting);
    reply.onEnded = () => {
      if (this.waiting.get(name) === waiting) this.waiting.delete(name);
    };
  }

  changed(agent: MapAgent, key: string): void {
    if (this.waiting.size === 0) return;
    for (const [name, { isKey, key: wanted, cursor, reply }] of [...this.waiting]) {
      if (isKey ? key !== wanted : !key.startsWith(wanted)) continue;
      this.waiting.delete(name);
      this.answer(agent, reply, this.pageAfter({ isKey, key: wanted }, cursor.arrival), false);
    }
  }

  /** Those that have waited long enough. */
  look(agent: MapAgent): void {
    for (const [name, { reply, sinceMs }] of [...this.waiting]) {
      if (agent.nowMs < sinceMs + IDLE_MS) continue;
      this.waiting.delete(name);
      this.answer(agent, reply, { entries: [], losses: [], arrival: this.map.state.lastArrival, isMore: false }, false);
    }
  }

  end(agent: MapAgent, status: number): void {
    for (const { reply } of this.waiting.values()) reply.send(agent, status, (writer) => writer.u8(0));
    this.waiting.clear();
  }

  private answer(agent: MapAgent, reply: Reply, { entries, losses, arrival, isMore }: Page, isFromStart: boolean): void {
    reply.send(agent, STATUS.ok, (writer: ByteWriter) => {
      writer.u8((isFromStart ? FROM_START : 0) + (isMore ? IS_MORE : 0));
      writeInstance(writer, this.map.mark);
      writer.u48(arrival).u16(entries.length);
      for (const entry of entries) writeEntry(writer, entry, agent.nowMs);
      writeSuperseded(writer, losses);
    });
  }

  /** What has changed of it since, as far as one message goes. */
  private pageAfter({ isKey, key: wanted }: Pick<WatchFields, 'isKey' | 'key'>, from: number): Page {
    const { state, losses } = this.map;
    const isMeant = (key: string) => (isKey ? key === wanted : key.startsWith(wanted));
    const entries: Entry[] = [];
    let [bytes, arrival, isMore] = [0, state.lastArrival, false];
    for (const held of state.changesAfter(from)) {
      const { entry } = held;
      if (!isMeant(entry.key)) continue;
      if (bytes > PAGE_BYTES || entries.length >= ENTRIES_MAX) {
        isMore = true;
        break;
      }
      arrival = held.arrival;
      bytes += (entry.value?.length ?? 0) + entry.key.length;
      entries.push(entry);
    }
    if (!isMore) arrival = state.lastArrival;
    const lost = losses.since(from).filter((loss) => loss.arrival <= arrival && isMeant(loss.key));
    return { entries, losses: lost, arrival, isMore };
  }
}

interface Page {
  readonly entries: readonly Entry[];
  readonly losses: readonly Superseded[];
  readonly arrival: number;
  readonly isMore: boolean;
}
