/**
 * @module Map history: what a run of one map shows from outside, in the order in which it happened: operations with their beginning, their end and
 * their outcome; crashes, starts, partitions; what watches were sent; and, at some moments, what every node holds. `checkMapHistory` judges it.
 */

/** How an operation ended. */
export type Outcome =
  /** Of a write, acknowledged: the nodes that hold it, or a later revision, at that moment. */
  | { readonly type: 'written'; readonly revision: string; readonly holders: readonly string[] }
  /** Of a read. Without a revision: there is nothing. */
  | { readonly type: 'read'; readonly revision: string | undefined; readonly value: unknown }
  /** Nothing was done: refused, not equal, or nobody who knows. */
  | { readonly type: 'refused'; readonly code: string }
  /** A write that may have been made. */
  | { readonly type: 'uncertain'; readonly code: string };

/** An operation on a map, with its outcome. */
export interface OperationRecord {
  readonly type: 'operation';
  readonly kind: 'get' | 'set' | 'delete' | 'compare-and-set';
  /** One start of one node. */
  readonly instance: string;
  readonly key: string;
  /** Of a write; every write of a run has another one. `undefined` of a deletion. */
  readonly value: unknown;
  /** Of a comparison; `undefined`: that there is nothing. */
  readonly expected?: string | undefined;
  readonly acknowledge: 'owner' | 'replica';
  /** The value may expire. */
  readonly hasTtl?: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
}

/** Of every instance that runs, or whose storage does: the revision of each key. */
export type Holdings = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Something that happened in a run. */
export type MapRecord =
  | OperationRecord
  | { readonly type: 'start'; readonly atMs: number; readonly node: string; readonly instance: string }
  /** `holdings`: just before it. Without `isStored` what it held is gone. */
  | {
      readonly type: 'crash';
      readonly atMs: number;
      readonly node: string;
      readonly instance: string;
      readonly isStored: boolean;
      readonly holdings: Holdings;
    }
  | { readonly type: 'partition'; readonly atMs: number; readonly sides: readonly (readonly string[])[]; readonly holdings: Holdings }
  | { readonly type: 'heal'; readonly atMs: number; readonly holdings: Holdings }
  /** Now and then. */
  | { readonly type: 'holdings'; readonly atMs: number; readonly holdings: Holdings }
  | {
      readonly type: 'watched';
      readonly atMs: number;
      readonly watch: string;
      readonly event: 'set' | 'delete' | 'superseded';
      readonly key: string;
      readonly revision: string;
      readonly isCoalesced: boolean;
      readonly isInitial: boolean;
    }
  /** `reason`: the code of the error; `undefined`: it ended without one, although nobody closed it. */
  | { readonly type: 'watch-ended'; readonly atMs: number; readonly watch: string; readonly reason: string | undefined }
  | { readonly type: 'watch-began'; readonly atMs: number; readonly watch: string; readonly instance: string }
  /** A writer was sent that a write of its own has lost. */
  | { readonly type: 'superseded'; readonly atMs: number; readonly instance: string; readonly key: string; readonly revision: string };

/** A run of one map, for `checkMapHistory`. */
export interface MapHistory {
  /** Wished holders of the map. */
  readonly holders: number;
  /** Instances that can hold it, by node: the number of nodes that run keyvalue. */
  readonly nodes: readonly string[];
  /** After a crash, a start, a partition or a heal things are settled again after so long, the time to notice them included. */
  readonly settleMs: number;
  readonly records: readonly MapRecord[];
  /** What a read of every key gave at the end, when all was settled: revision and value. */
  readonly final: ReadonlyMap<string, { readonly revision: string | undefined; readonly value: unknown }>;
  readonly endMs: number;
}

/** A sentence of the contract that does not hold. */
export interface MapViolation {
  readonly rule: MapRule;
  readonly atMs: number;
  readonly text: string;
}

/** One rule for each sentence of the contract (`docs/maps.md`). */
export type MapRule =
  | 'one-value-per-revision'
  | 'held-when-acknowledged'
  | 'no-acknowledged-write-lost'
  | 'repaired'
  | 'nothing-only-from-those-who-know'
  | 'reads-are-current'
  | 'own-writes-are-read'
  | 'order-without-clocks'
  | 'compare-and-set-is-atomic'
  | 'refused-is-not-done'
  | 'losers-are-reported'
  | 'watch-revisions-rise'
  | 'watch-misses-nothing'
  | 'watch-ends-with-a-reason';
