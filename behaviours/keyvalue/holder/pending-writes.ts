/**
 * @module PendingWrites: the writes of an owner that are not answered yet: they wait until they are durable, and a replica holds them.
 */
import type { Entry } from '../entries/entry.js';
import type { Revision } from '../entries/revision.js';
import type { Reply } from '../host.js';

export interface PendingWrite {
  readonly entry: Entry;
  readonly reply: Reply;
  readonly sinceMs: number;
  readonly isOwnerEnough: boolean;
  isDurable: boolean;
  /** Replicas that hold it. */
  holders: number;
}

export class PendingWrites {
  /** By key, each in the order of its revisions. */
  private readonly byKey = new Map<string, PendingWrite[]>();

  add(write: PendingWrite): void {
    const { key } = write.entry;
    const others = this.byKey.get(key);
    if (others === undefined) this.byKey.set(key, [write]);
    else others.push(write);
  }

  /** Whether it waited: from now on it does not. */
  take(write: PendingWrite): boolean {
    const { key } = write.entry;
    const writes = this.byKey.get(key);
    const at = writes?.indexOf(write) ?? -1;
    if (writes === undefined || at < 0) return false;
    writes.splice(at, 1);
    if (writes.length === 0) this.byKey.delete(key);
    return true;
  }

  /** Those of a key that are held by whoever holds that revision. */
  upTo(key: string, revision: Revision): readonly PendingWrite[] {
    return (this.byKey.get(key) ?? []).filter(({ entry }) => entry.revision <= revision);
  }

  /** Those that wait since then or longer: they do not wait any more. */
  takeOlder(sinceMs: number): readonly PendingWrite[] {
    const older = [...this.byKey.values()].flat().filter((write) => write.sinceMs <= sinceMs);
    for (const write of older) this.take(write);
    return older;
  }
}
