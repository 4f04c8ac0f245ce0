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

/** What a watch, or a read of many keys, asks for. */
export interface Wanted {
  /** `key` is the one key, else what the keys begin with. */
  readonly isKey: boolean;
  readonly key: string;
}

/** `undefined`: it has no form, or is about keys that nobody has asked for. */
export function readChanges(reader: ByteReader, nowMs: number, { isKey, key: wanted }: Wanted): Changes | undefined {
  const flags = reader.u8();
  const instance = readInstance(reader);
  const arrival = reader.u48();
  const entries = readList(reader, PAGE_ITEMS, () => readEntry(reader, nowMs));
  const losses = readSuperseded(reader);
  if (!reader.isComplete) return undefined;
  const isForeign = ({ key }: { readonly key: string }) => (isKey ? key !== wanted : !key.startsWith(wanted));
  if (entries.some(isForeign) || losses.some(isForeign)) return undefined;
  return { isFromStart: (flags & FROM_START) !== 0, isMore: (flags & IS_MORE) !== 0, cursor: { instance, arrival }, entries, losses };
}
