/**
 * @module Pull: takes from another holder what this one lacks. Their digests of 256 ranges are compared; of the ranges that differ the keys and
 * revisions are asked, and of those the entries that are newer there, or of a branch that has lost. One request at a time; it ends by `done`, once.
 */
import type { ByteReader, ByteWriter, NodeId } from '../../../core/index.js';
import { type Entry, follows, KEY_BYTES_MAX, readEntry, readText, writeEntry, writeText } from '../entries/entry.js';
import { RANGES } from '../entries/map-state.js';
import { type Revision, readRevision, writeRevision } from '../entries/revision.js';
import type { KeyValueHost, MapAgent, Outcome } from '../host.js';
import { FETCH, KEYS, PAGE_BYTES, PAGE_ITEMS, readList, STATUS } from '../messages.js';
import { HELD_SHARE } from '../options.js';
import type { HeldMap } from './held-map.js';

const CALL_MS = 3_000;
const KEY_COST_BYTES = 20;

export interface PullUser {
  onEntries(agent: MapAgent, entries: readonly Entry[]): void;
  /** `missing`: the keys that the other one lacks, or has an older entry of; absent: it failed. */
  done(agent: MapAgent, missing: readonly string[] | undefined): void;
}

export class Pull {
  private readonly seen = new Set<string>();
  private readonly wanted: string[] = [];
  private readonly missing: string[] = [];
  private ranges: number[] = [];
  private differing: readonly number[] = [];
  private listed = 0;

  constructor(
    private readonly host: KeyValueHost,
    private readonly map: HeldMap,
    private readonly node: NodeId,
    private readonly user: PullUser,
  ) {}

  /** `digests`: of the other node; none: it holds nothing. */
  start(agent: MapAgent, digests: readonly number[]): void {
    const own = this.map.state.rangeDigests;
    const differs = (range: number) => own[2 * range] !== digests[2 * range] || own[2 * range + 1] !== digests[2 * range + 1];
    this.differing = Array.from({ length: RANGES }, (_, range) => range).filter((range) => digests.length === 0 || differs(range));
    this.ranges = digests.length === 0 ? [] : [...this.differing];
    this.nextKeys(agent, '');
  }

  private nextKeys(agent: MapAgent, after: string): void {
    if (this.ranges.length === 0) return this.compared(agent);
    const write = (writer: ByteWriter) => {
      writer.u16(this.ranges.length);
      for (const range of this.ranges) writer.u8(range);
      writeText(writer, after);
    };
    this.ask(agent, KEYS, write, (later, reader) => {
      const isMore = reader.u8() === 1;
      const range = reader.u8();
      const items = readList(reader, PAGE_ITEMS, () => ({ key: readText(reader, KEY_BYTES_MAX), revision: readRevision(reader) }));
      if (!reader.isComplete || (isMore && items.length === 0)) return this.user.done(later, undefined);
      this.listed += items.length;
      // More than any holder may have: there would be no end of it.
      if (this.listed > HELD_SHARE * this.host.settings.keysMax) return this.user.done(later, undefined);
      for (const { key, revision } of items) this.compare(key, revision);
      this.ranges = isMore ? this.ranges.filter((one) => one >= range) : [];
      this.nextKeys(later, items.at(-1)?.key ?? '');
    });
  }

  private compare(key: string, revision: Revision): void {
    this.seen.add(key);
    const own = this.map.state.get(key);
    if (own === undefined || own.revision < revision || !follows(own, revision)) this.wanted.push(key);
    if (own !== undefined && own.revision > revision) this.missing.push(key);
  }

  private compared(agent: MapAgent): void {
    for (const range of this.differing)
      for (const { key } of this.map.state.entriesIn(range)) if (!this.seen.has(key)) this.missing.push(key);
    this.nextEntries(agent);
  }

  private nextEntries(agent: MapAgent): void {
    const keys = this.wanted.slice(0, PAGE_ITEMS / 4);
    if (keys.length === 0) return this.user.done(agent, this.missing);
    const write = (writer: ByteWriter) => {
      writer.u16(keys.length);
      for (const key of keys) writeText(writer, key);
    };
    this.ask(agent, FETCH, write, (later, reader) => {
      // What was replaced or forgotten there meanwhile is not sent: `taken` counts the keys that were answered.
      const taken = reader.u16();
      const entries = readList(reader, PAGE_ITEMS, () => readEntry(reader, later.nowMs));
      const asked = new Set(keys);
      const isAsked = entries.every(({ key }) => asked.delete(key));
      if (!reader.isComplete || taken === 0 || taken > keys.length || !isAsked) return this.user.done(later, undefined);
      if (!this.host.hasRoom(entries.length)) {
        this.host.counters.entriesUnheld += entries.length;
        return this.user.done(later, undefined);
      }
      this.wanted.splice(0, taken);
      this.host.counters.entriesPulled += entries.length;
      this.user.onEntries(later, entries);
      this.nextEntries(later);
    });
  }

  private ask(agent: MapAgent, op: number, write: (writer: ByteWriter) => void, read: (agent: MapAgent, reader: ByteReader) => void): void {
    const request = { node: this.node, op, map: this.map.name, timeoutMs: CALL_MS };
    this.host.ask(agent, request, write, (later, outcome: Outcome) => {
      if (outcome.type === 'answer' && outcome.status === STATUS.ok) read(later, outcome.reader);
      else this.user.done(later, undefined);
    });
  }
}

/** Answers `KEYS`. False: the request has no form. */
export function answerKeys(map: HeldMap | undefined, reader: ByteReader): ((writer: ByteWriter) => void) | undefined {
  const ranges = readList(reader, RANGES, () => reader.u8());
  const after = readText(reader, KEY_BYTES_MAX);
  if (!reader.isComplete || ranges.length === 0) return undefined;
  return (writer) => {
    const head = writer.reserve(4);
    const page = pageOf(map, ranges, after);
    for (const { key, revision } of page.items) {
      writeText(writer, key);
      writeRevision(writer, revision);
    }
    writer.fill(head, () =>
      writer
        .u8(page.isMore ? 1 : 0)
        .u8(page.range)
        .u16(page.items.length),
    );
  };
}

function pageOf(map: HeldMap | undefined, ranges: readonly number[], after: string) {
  const items: Entry[] = [];
  let bytes = 0;
  for (const [index, range] of ranges.entries()) {
    const inRange = (map?.state.entriesIn(range) ?? []).sort((one, other) => (one.key < other.key ? -1 : 1));
    for (const entry of inRange) {
      if (index === 0 && entry.key <= after) continue;
      if (bytes >= PAGE_BYTES || items.length >= PAGE_ITEMS)
        return { items, range: map?.state.rangeIndexOf(items.at(-1)?.key ?? '') ?? 0, isMore: true };
      bytes += KEY_COST_BYTES + entry.key.length;
      items.push(entry);
    }
  }
  return { items, range: 0, isMore: false };
}

/** Answers `FETCH`. */
export function answerFetch(map: HeldMap | undefined, reader: ByteReader, nowMs: number): ((writer: ByteWriter) => void) | undefined {
  const keys = readList(reader, PAGE_ITEMS, () => readText(reader, KEY_BYTES_MAX));
  if (!reader.isComplete || keys.length === 0) return undefined;
  return (writer) => {
    const head = writer.reserve(4);
    let [taken, count] = [0, 0];
    for (const key of keys) {
      if (writer.length - head > PAGE_BYTES) break;
      taken++;
      const entry = map?.state.get(key);
      if (entry === undefined) continue;
      count++;
      writeEntry(writer, entry, nowMs);
    }
    writer.fill(head, () => writer.u16(taken).u16(count));
  };
}
