/**
 * @module Map account: what several rules need to know of a history: when the network was calm, which writes may be lost, and who has ever held anything.
 */
import type { Holdings, MapHistory, MapRecord, OperationRecord } from './history.js';

export interface Write extends OperationRecord {
  readonly outcome: Extract<OperationRecord['outcome'], { type: 'written' }>;
}

type Of<Type extends MapRecord['type']> = Extract<MapRecord, { type: Type }>;

export class Account {
  readonly operations: readonly OperationRecord[];
  /** Those that were acknowledged, in the order of their ends. */
  readonly writes: readonly Write[];
  readonly writesOf = new Map<string, Write[]>();
  /** Acknowledged writes that were held only by nodes that crashed without their storage, and not since long enough to be elsewhere. */
  readonly mayBeLost = new Set<string>();
  private readonly disturbances: readonly number[];
  private readonly partitions: readonly { readonly fromMs: number; readonly toMs: number }[];

  constructor(readonly history: MapHistory) {
    this.operations = this.all('operation');
    this.writes = this.operations.filter(isWrite).sort((one, other) => one.endMs - other.endMs);
    for (const write of this.writes) this.writesOf.set(write.key, [...(this.writesOf.get(write.key) ?? []), write]);
    const disturbing = new Set(['crash', 'start', 'partition', 'heal']);
    this.disturbances = history.records.filter(({ type }) => disturbing.has(type)).map((record) => (record as Of<'crash'>).atMs);
    this.partitions = this.partitionTimes();
    for (const crash of this.all('crash')) if (!crash.isStored) this.lose(crash);
  }

  all<Type extends MapRecord['type']>(type: Type): Of<Type>[] {
    return this.history.records.filter((record): record is Of<Type> => record.type === type);
  }

  /** No partition, and nothing that happened less than `settleMs` ago. */
  isCalm(fromMs: number, toMs = fromMs): boolean {
    const since = fromMs - this.history.settleMs;
    const isDisturbed = this.disturbances.some((atMs) => atMs > since && atMs <= toMs);
    return !isDisturbed && !this.isParted(fromMs, toMs);
  }

  isParted(fromMs: number, toMs = fromMs): boolean {
    return this.partitions.some((parted) => parted.fromMs <= toMs && parted.toMs >= fromMs);
  }

  /**
   * Whether there may be nothing for a read of that time: the key was deleted, or had a time that was over, and nothing that was acknowledged
   * before the read came surely after that.
   */
  mayBeAbsent(key: string, startMs: number, endMs: number): boolean {
    const set = (this.writesOf.get(key) ?? []).filter(
      (write) => write.value !== undefined && write.hasTtl !== true && write.endMs < startMs,
    );
    const ends = this.operations.filter((one) => one.key === key && isEnd(one) && one.startMs <= endMs);
    return ends.some((end) => {
      const { outcome } = end;
      if (outcome.type === 'written')
        return !set.some((write) => write.outcome.revision > outcome.revision && !this.mayBeLost.has(write.outcome.revision));
      return !set.some((write) => write.startMs > end.endMs + UNCERTAIN_MS);
    });
  }

  /** Whether the key may have been deleted, or be over, by something that is not older than that write; of two branches, by what its writer did after it. */
  wasEndedSince(key: string, write: Write, endMs: number): boolean {
    const { outcome, startMs, instance } = write;
    const ends = this.operations.filter((one) => one.key === key && isEnd(one) && one.startMs <= endMs);
    return ends.some((end) => {
      if (!isWrite(end)) return end.endMs + UNCERTAIN_MS >= startMs;
      return end.outcome.revision >= outcome.revision || (end.instance === instance && end.startMs >= write.endMs);
    });
  }

  /** Whether something crashed in that time. */
  hasCrash(fromMs: number, toMs: number): boolean {
    return this.all('crash').some(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  }

  /** A crash of the last nodes that had it takes what they had. */
  private lose({ instance, holdings, atMs }: Of<'crash'>): void {
    for (const [key, revision] of holdings.get(instance) ?? []) {
      if (bestOf(holdings, key, instance) >= revision) continue;
      for (const write of this.writesOf.get(key) ?? [])
        if (write.outcome.revision <= revision && write.outcome.revision > bestOf(holdings, key, instance) && write.endMs <= atMs)
          this.mayBeLost.add(write.outcome.revision);
    }
  }

  private partitionTimes() {
    const times: { fromMs: number; toMs: number }[] = [];
    for (const record of this.history.records) {
      if (record.type === 'partition') times.push({ fromMs: record.atMs, toMs: Number.POSITIVE_INFINITY });
      const open = times.at(-1);
      if (record.type === 'heal' && open !== undefined) open.toMs = Math.min(open.toMs, record.atMs);
    }
    return times;
  }
}

/** A write whose answer did not come may still be made for so long. */
const UNCERTAIN_MS = 15_000;

/** It may leave nothing behind. */
function isEnd({ kind, hasTtl, outcome }: OperationRecord): boolean {
  return (kind === 'delete' || hasTtl === true) && (outcome.type === 'written' || outcome.type === 'uncertain');
}

/** What the writes of one owner in one epoch have in common. */
export function branchOf(revision: string): string {
  return revision.slice(0, 8) + revision.slice(20);
}

/** The highest revision of a key that anybody but `except` has. */
export function bestOf(holdings: Holdings, key: string, except?: string): string {
  let best = '';
  for (const [instance, held] of holdings) {
    const revision = held.get(key);
    if (instance !== except && revision !== undefined && revision > best) best = revision;
  }
  return best;
}

export function isWrite(operation: OperationRecord): operation is Write {
  return operation.outcome.type === 'written';
}
