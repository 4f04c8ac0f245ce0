/**
 * @module LogStorage: the port of behaviours that keep a list of records, each durable before it counts. `FileLog` (Node) fills it with a file.
 */
import type { NetworkError } from '../errors.js';

/** A list of records that only grows, until it is replaced by a shorter one that says the same. */
export interface LogStorage {
  /** Adds a record; its bytes are free on return. `settle` is called once, when it is durable, or with why it is not and may be lost. Never during this call. */
  append(record: Uint8Array, settle: (error?: NetworkError) => void): void;
  /**
   * All records that are whole, in order. Once, before everything else; it does not throw for what is damaged. Returns how many stretches between
   * whole records were damaged and passed over: what stood there was durable, and is lost. An unfinished last record is not damage, but what a
   * crash leaves. Without a result nothing was damaged.
   */
  replay(each: (record: Uint8Array) => void): number | undefined;
  /**
   * Replaces all records by these, whole or not at all. What is appended meanwhile comes after them. `records` is read bit by bit, perhaps until
   * `settle` is called, once. Also the way back after a failure.
   */
  compact(records: Iterable<Uint8Array>, settle: (error?: NetworkError) => void): void;
  /** Nothing is appended any more. `settled` is called once, when nothing waits to be written. */
  close?(settled: () => void): void;
}
