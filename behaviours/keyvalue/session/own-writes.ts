/**
 * @module OwnWrites: what a session has written, for some time: an answer that is older is none. Bounded over all maps together; where they are more,
 * those of the map that was written to least recently are forgotten first. Pure.
 */
import { BoundedMap } from '../../../core/index.js';
import { bytesOfRevision, type Revision } from '../entries/revision.js';
import type { FoundIn } from '../messages.js';

const WRITES_MAX = 65_536;
/** So long an own write is remembered. */
const KEPT_MS = 600_000;

interface Floor {
  readonly revision: Uint8Array;
  readonly atMs: number;
}

export class OwnWrites {
  private readonly maps = new BoundedMap<string, BoundedMap<string, Floor>>(WRITES_MAX);
  private count = 0;

  add(map: string, key: string, revision: Revision, nowMs: number): void {
    const keys = this.maps.get(map) ?? new BoundedMap<string, Floor>(WRITES_MAX);
    this.maps.set(map, keys);
    const { size } = keys;
    keys.set(key, { revision: bytesOfRevision(revision), atMs: nowMs });
    this.count += keys.size - size;
    if (this.count > WRITES_MAX) this.forgetOldest();
  }

  /** Whether an answer has what was written; `undefined`: it has nothing. */
  isCurrent(map: string, key: string, found: FoundIn | undefined, nowMs: number): boolean {
    const floor = this.maps.get(map)?.get(key);
    if (floor === undefined || nowMs >= floor.atMs + KEPT_MS) return true;
    return found !== undefined && !isBelow(found, floor.revision);
  }

  private forgetOldest(): void {
    const oldest = this.maps.oldest;
    if (oldest === undefined) return;
    oldest.value.takeOldest();
    this.count--;
    if (oldest.value.size === 0) this.maps.delete(oldest.key);
  }
}

function isBelow({ bytes, revisionAt }: FoundIn, floor: Uint8Array): boolean {
  for (let index = 0; index < floor.length; index++) {
    const [byte, least] = [bytes[revisionAt + index] as number, floor[index] as number];
    if (byte !== least) return byte < least;
  }
  return false;
}
