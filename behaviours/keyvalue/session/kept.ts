/**
 * @module Kept: the entries of a map that a reader keeps, of each key the last one. How many there are is up to the owner of the map, so they are bounded
 * as the maps are that this node owns itself. Pure.
 */
import { limitReached, type NetworkError } from '../../../core/index.js';
import type { Entry } from '../entries/entry.js';
import { sizeOf } from '../entries/map-state.js';
import type { KeyValueSettings } from '../options.js';

export type KeptBounds = Pick<KeyValueSettings, 'keysMax' | 'bytesMax'>;

export class Kept {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  /** `scope`: who keeps them, in the error. */
  constructor(
    private readonly bounds: KeptBounds,
    private readonly scope: string,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  set(entry: Entry): void {
    this.delete(entry.key);
    this.entries.set(entry.key, entry);
    this.bytes += sizeOf(entry);
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.bytes -= sizeOf(entry);
  }

  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }

  values(): IterableIterator<Entry> {
    return this.entries.values();
  }

  /** Forgets deletions that are over. */
  sweep(nowMs: number): void {
    for (const { key, value, dueMs } of this.entries.values()) if (value === undefined && dueMs <= nowMs) this.delete(key);
  }

  /** Which bound is exceeded, if one is. */
  get excess(): NetworkError | undefined {
    const { keysMax, bytesMax } = this.bounds;
    return keysExcess(this.size, keysMax, this.scope) ?? excess('bytesMax', this.bytes, bytesMax, this.scope);
  }
}

export function keysExcess(current: number, keysMax: number, scope: string): NetworkError | undefined {
  return excess('keysMax', current, keysMax, scope);
}

function excess(limit: keyof KeptBounds, current: number, maximum: number, scope: string): NetworkError | undefined {
  return current > maximum ? limitReached({ limit, current, maximum, scope, configKey: limit }) : undefined;
}
