/**
 * @module Journal: what this node holds, written down in a `LogStorage`. Every change is appended; who answers that something is held first waits until
 * all that was appended so far is durable. When the log has grown to twice of what is held, it is replaced by that. After a failure nothing counts as
 * durable until it has been replaced as a whole. Without a log there is nothing to wait for.
 *
 *   1 entry   map (text), the entry
 *   2 facts   map (text), u8 is new, epoch u32, u8 count, node ids
 *   3 drop    map (text): it is not held any more
 */
import { ByteReader, ByteWriter, type NetworkError, type NodeId } from '../../../core/index.js';
import { type Entry, readEntry, readText, writeEntry, writeText } from '../entries/entry.js';
import type { KeyValueHost, MapAgent } from '../host.js';
import { NAME_BYTES_MAX, readNodes, writeNodes } from '../messages.js';
import type { HeldMap } from './held-map.js';

const ENTRY = 1;
const FACTS = 2;
const DROP = 3;
/** A log that is not longer than this is not worth the work. */
const COMPACT_BYTES_MIN = 1_048_576;
const RETRY_MS = 2_000;

/** What a record is about, for those who replay. */
export interface Replayed {
  onEntry(map: string, entry: Entry): void;
  onFacts(map: string, facts: { readonly isNew: boolean; readonly epoch: number; readonly holders: readonly NodeId[] }): void;
  onDrop(map: string): void;
}

interface Waiter {
  readonly number: number;
  readonly settle: (agent: MapAgent, error: NetworkError | undefined) => void;
}

export class Journal {
  private readonly writer = new ByteWriter();
  private waiting: Waiter[] = [];
  private appended = 0;
  private durable = 0;
  private bytes = 0;
  private compactedBytes = 0;
  private failure: NetworkError | undefined;
  private isCompacting = false;
  private retryMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly host: KeyValueHost,
    private readonly maps: ReadonlyMap<string, HeldMap>,
  ) {}

  private get log() {
    return this.host.settings.storage;
  }

  /** Damaged records are passed over, and counted. Returns how many there are. */
  replay(nowMs: number, user: Replayed): number {
    let damaged = 0;
    const passedOver = this.log?.replay((record) => {
      this.bytes += record.length;
      if (!readRecord(record, nowMs, user)) damaged++;
    });
    this.compactedBytes = this.bytes;
    damaged += passedOver ?? 0;
    this.host.counters.recordsDamaged += damaged;
    return damaged;
  }

  entry(map: string, entry: Entry, nowMs: number): void {
    this.append(ENTRY, map, (writer) => writeEntry(writer, entry, nowMs));
  }

  facts({ name, isNew, epoch, holders }: HeldMap): void {
    this.append(FACTS, name, (writer) => writeFacts(writer, { isNew, epoch, holders }));
  }

  drop(map: string): void {
    this.append(DROP, map, () => {});
  }

  /** `settle`: at once, where nothing waits, else once all that was appended so far is durable, or not. */
  whenDurable(agent: MapAgent, settle: Waiter['settle']): void {
    if (this.failure !== undefined) return settle(agent, this.failure);
    if (this.durable === this.appended) return settle(agent, undefined);
    this.waiting.push({ number: this.appended, settle });
  }

  /** Now and then: whether it is time to replace the log. */
  look(agent: MapAgent): void {
    if (this.log === undefined || this.isCompacting || agent.nowMs < this.retryMs) return;
    if (this.failure === undefined && this.bytes < COMPACT_BYTES_MIN + 2 * this.compactedBytes) return;
    this.compact(agent);
  }

  close(settled: () => void): void {
    if (this.log?.close === undefined) settled();
    else this.log.close(settled);
  }

  private compact(agent: MapAgent): void {
    this.isCompacting = true;
    this.bytes = 0;
    const failed = this.failure;
    this.log?.compact(this.snapshot(agent.nowMs), (error) => {
      this.isCompacting = false;
      this.host.act((later) => {
        this.compactedBytes = this.bytes;
        this.retryMs = later.nowMs + RETRY_MS;
        if (error !== undefined) return this.failed(error);
        if (this.failure === failed) this.failure = undefined;
        this.host.wake(later, later.nowMs);
      });
    });
  }

  /** Everything that is held. What changes meanwhile is appended, and comes later. */
  private *snapshot(nowMs: number): Generator<Uint8Array> {
    for (const map of [...this.maps.values()]) {
      const { name, isNew, epoch, holders } = map;
      yield this.record(FACTS, name, (writer) => writeFacts(writer, { isNew, epoch, holders }));
      for (const entry of map.state.entries()) yield this.record(ENTRY, name, (writer) => writeEntry(writer, entry, nowMs));
    }
  }

  private append(type: number, map: string, write: (writer: ByteWriter) => void): void {
    if (this.log === undefined) return;
    const record = this.record(type, map, write);
    const number = ++this.appended;
    this.bytes += record.length;
    this.log.append(record, (error) => this.settled(number, error));
  }

  private record(type: number, map: string, write: (writer: ByteWriter) => void): Uint8Array {
    const writer = this.writer.clear().u8(type);
    writeText(writer, map);
    write(writer);
    return writer.copy();
  }

  private settled(number: number, error: NetworkError | undefined): void {
    this.durable = Math.max(this.durable, number);
    if (error !== undefined) this.failed(error);
    const isDue = (waiter: Waiter) => waiter.number <= this.durable || this.failure !== undefined;
    const due = this.waiting.filter(isDue);
    if (due.length === 0) return;
    this.waiting = this.waiting.filter((waiter) => !isDue(waiter));
    const { failure } = this;
    this.host.act((agent) => {
      for (const { settle } of due) settle(agent, failure);
    });
  }

  private failed(error: NetworkError): void {
    this.host.counters.storageFailures++;
    if (this.failure === undefined) this.host.log.error({ err: error }, 'what this node holds of maps is not kept: its log failed');
    this.failure = error;
  }
}

function writeFacts(writer: ByteWriter, { isNew, epoch, holders }: Pick<HeldMap, 'isNew' | 'epoch' | 'holders'>): void {
  writer.u8(isNew ? 1 : 0).u32(epoch);
  writeNodes(writer, holders);
}

/** Whether it has a form. The log is read like what a remote sent. */
function readRecord(record: Uint8Array, nowMs: number, user: Replayed): boolean {
  const reader = new ByteReader(record);
  const type = reader.u8();
  const map = readText(reader, NAME_BYTES_MAX);
  if (type === ENTRY) {
    const entry = readEntry(reader, nowMs);
    if (reader.isComplete) user.onEntry(map, entry);
  } else if (type === FACTS) {
    const facts = { isNew: reader.u8() === 1, epoch: reader.u32(), holders: readNodes(reader) };
    if (reader.isComplete) user.onFacts(map, facts);
  } else if (type === DROP) {
    if (reader.isComplete) user.onDrop(map);
  } else reader.fail();
  return reader.isComplete;
}
