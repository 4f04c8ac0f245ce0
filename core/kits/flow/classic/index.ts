/**
 * @module Classic repair: fixed numbers in place of measured round trips: fixed counts and fixed times. There is no congestion
 * control. Only the transport that is told to use it loads it.
 */
import type { Repair } from '../repaired/repair.js';
import { ClassicPath } from './classic-path.js';
import { ClassicReceipts } from './classic-receipts.js';

/** Entries of the received index, here those that wait in one sequence for what is before them; beyond, packets are dropped. */
const INDEX_MAX = 100;
/** Two rounds of the miss timer: a path is not lost before what was missed could arrive. */
const SILENT_MS = 10_000;

/** The two sides share when anything came from the remote. */
export const classicRepair: Repair = (counters, observer) => {
  const heard = { atMs: undefined };
  return {
    path: new ClassicPath(heard, counters, observer),
    receipts: new ClassicReceipts(heard),
    earlyMax: INDEX_MAX,
    silentMs: SILENT_MS,
  };
};
