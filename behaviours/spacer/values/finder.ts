/**
 * @module Finder: looks a key up, and collects what those close to it have: their records, as far as these prove themselves, and their tokens, with which
 * they take a record.
 */
import type { BehaviorAgent, ByteReader, NodeId } from '../../../core/index.js';
import type { FoundNode, Lookup } from '../lookup/lookup.js';
import type { Lookups, RunningLookup } from '../lookup/lookups.js';
import { lookupError } from '../lookup/resolver.js';
import { findBody, OP_FIND, readFound } from './messages.js';
import { type RecordPorts, readRecord, type SoundRecord } from './records.js';
import type { Holder } from './storing.js';

export interface FinderParts {
  readonly lookups: Lookups;
  readonly ports: RecordPorts;
  readonly k: number;
  act<T>(work: (agent: BehaviorAgent) => T): T;
}

export interface Finding {
  readonly lookup: Lookup;
  readonly holders: readonly Holder[];
  readonly records: readonly SoundRecord[];
  /** Who answered and had none. */
  readonly without: readonly Holder[];
}

/** What somebody who has answered has; it may finish the lookup. */
export type Collect = (records: readonly SoundRecord[], lookup: Lookup, nowMs: number) => void;

export class Finder {
  constructor(private readonly parts: FinderParts) {}

  /** Rejects as `resolve` does. Alone in its space, a node finds nobody. */
  find(key: NodeId, collect?: Collect, deadlineMs?: number): Promise<Finding> {
    const { lookups, ports, k, act } = this.parts;
    const holders: Holder[] = [];
    const without: Holder[] = [];
    const records: SoundRecord[] = [];
    const read = (agent: BehaviorAgent, reader: ByteReader, node: FoundNode, running: RunningLookup): boolean => {
      const found = readFound(reader);
      if (found === undefined) return false;
      const sound = found.records.flatMap((bytes) => readSound(ports, key, bytes));
      records.push(...sound);
      holders.push({ node, token: found.token });
      if (sound.length === 0) without.push({ node, token: found.token });
      collect?.(sound, running.lookup, agent.nowMs);
      return true;
    };
    return new Promise((resolve, reject) => {
      const settle = (_agent: BehaviorAgent, lookup: Lookup) => {
        const { end } = lookup;
        // Alone, this node keeps what it puts.
        if (end === 'done' || end === 'empty-table' || end === undefined) resolve({ lookup, holders, records, without });
        else reject(lookupError(lookup, end));
      };
      const question = { op: OP_FIND, body: findBody(key) };
      act((agent) => lookups.start(agent, { key, count: k, enough: k, deadlineMs, question, read, settle }));
    });
  }
}

function readSound(ports: RecordPorts, key: NodeId, bytes: Uint8Array): readonly SoundRecord[] {
  const record = readRecord(ports, key, bytes);
  return typeof record === 'string' ? [] : [record];
}
