/**
 * @module ReadAll: all entries of a map that begin with a prefix, page by page from its owner; from the start again when that changes in between.
 */
import type { ByteWriter } from '../../../core/index.js';
import { NetworkError } from '../../../core/index.js';
import type { Entry } from '../entries/entry.js';
import { type Cursor, NOWHERE, putWatch, WATCH } from '../messages.js';
import { type Changes, readChanges } from './changes.js';
import type { Session } from './session.js';

const RESTARTS_MAX = 8;
const NO_ID = NOWHERE.instance;

export interface ReadAll {
  readonly map: string;
  readonly prefix: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export async function readAll(session: Session, { map, prefix, timeoutMs, signal }: ReadAll): Promise<readonly Entry[]> {
  const found = new Map<string, Entry>();
  let [cursor, restarts]: [Cursor, number] = [NOWHERE, 0];
  for (;;) {
    const from = cursor;
    const changes: Changes = await session.run<Changes>(() => ({
      ...{ map, op: WATCH, isRead: true, timeoutMs, signal },
      write: (writer: ByteWriter) => putWatch(writer, { isOnce: true, isKey: false, id: NO_ID, cursor: from, key: prefix }),
      read: (agent, reader) => {
        const changes = readChanges(reader, agent.nowMs);
        return changes === undefined ? "the owner's answer has no form" : () => changes;
      },
    }));
    if (changes.isFromStart) {
      found.clear();
      if (++restarts > RESTARTS_MAX) throw new NetworkError('NO_REPLICA', 'the owner of the map changes all the time');
    }
    for (const entry of changes.entries) found.set(entry.key, entry);
    if (!changes.isMore) return [...found.values()].filter(({ value }) => value !== undefined);
    cursor = changes.cursor;
  }
}
