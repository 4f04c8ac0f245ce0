/**
 * @module ReadAll: all entries of a map that begin with a prefix, page by page from its owner; from the start again when that changes in between.
 */
import type { ByteWriter } from '../../../core/index.js';
import { NetworkError } from '../../../core/index.js';
import type { Entry } from '../entries/entry.js';
import { type Cursor, NOWHERE, putWatch, WATCH } from '../messages.js';
import { type Changes, readChanges } from './changes.js';
import { Kept } from './kept.js';
import { unheld } from './refusals.js';
import type { Session } from './session.js';

const RESTARTS_MAX = 8;
const NO_ID = NOWHERE.instance;

export interface ReadAll {
  readonly map: string;
  readonly prefix: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Rejects with `LIMIT_EXCEEDED` where the owner names more than this node may own itself. One time for all pages; a page that brings nothing new and is
 * not the last is no answer, and is asked for again a little later.
 */
export async function readAll(session: Session, { map, prefix, timeoutMs, signal }: ReadAll): Promise<readonly Entry[]> {
  const found = new Kept(session.host.settings, 'a read of all entries of a map');
  const wanted = { isKey: false, key: prefix };
  const untilMs = session.perform(({ nowMs }) => nowMs) + (timeoutMs ?? session.host.settings.timeoutMs);
  let [cursor, restarts]: [Cursor, number] = [NOWHERE, 0];
  for (;;) {
    const from = cursor;
    const changes: Changes = await session.run<Changes>(() => ({
      ...{ map, op: WATCH, isRead: true, timeoutMs, untilMs, signal },
      write: (writer: ByteWriter) => putWatch(writer, { isOnce: true, id: NO_ID, cursor: from, ...wanted }),
      read: (agent, reader) => {
        const changes = readChanges(reader, agent.nowMs, wanted);
        if (changes === undefined) return "the owner's answer has no form";
        return isProgress(changes, found) ? () => changes : 'the owner of the map answers without an end';
      },
    }));
    if (changes.isFromStart) {
      found.clear();
      if (++restarts > RESTARTS_MAX) throw new NetworkError('NO_REPLICA', 'the owner of the map changes all the time');
    }
    for (const entry of changes.entries) found.set(entry);
    const { excess } = found;
    if (excess !== undefined) throw excess;
    if (!changes.isMore) return [...found.values()].filter(({ value }) => value !== undefined);
    if (session.perform(({ nowMs }) => nowMs) >= untilMs) throw unheld('the owner of the map has not sent all entries in time', false);
    cursor = changes.cursor;
  }
}

function isProgress({ isMore, isFromStart, entries }: Changes, found: Kept): boolean {
  return !isMore || isFromStart || entries.some(({ key, revision }) => revision !== found.get(key)?.revision);
}
