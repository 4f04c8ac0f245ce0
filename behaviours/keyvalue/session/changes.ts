/**
 * @module Changes: what an owner answers to a watch.
 */
import type { ByteReader } from '../../../core/index.js';
import { type Entry, readEntry } from '../entries/entry.js';
import { readInstance } from '../entries/revision.js';
import { type Cursor, PAGE_ITEMS, readList, readSuperseded, type Superseded } from '../messages.js';

const FROM_START = 1;
const IS_MORE = 2;

export interface Changes {
  /** They begin with all that there is: the owner is another one than that of the cursor. */
  readonly isFromStart: boolean;
  readonly isMore: boolean;
  readonly cursor: Cursor;
  readonly entries: readonly Entry[];
  readonly losses: readonly Superseded[];
}

export function readChanges(reader: ByteReader, nowMs: number): Changes | undefined {
  const flags = reader.u8();
  const instance = readInstance(reader);
  const arrival = reader.u48();
  const entries = readList(reader, PAGE_ITEMS, () => readEntry(reader, nowMs));
  const losses = readSuperseded(reader);
  if (!reader.isComplete) return undefined;
  return { isFromStart: (flags & FROM_START) !== 0, isMore: (flags & IS_MORE) !== 0, cursor: { instance, arrival }, entries, losses };
}
