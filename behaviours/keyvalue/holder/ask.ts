/**
 * @module Ask: what a holder says of a map when a new owner, or one that compares, asks: whether it is new, the epoch, the holders, and the digests
 * of what it has.
 */
import type { ByteReader, ByteWriter, NodeId } from '../../../core/index.js';
import { digestOf, RANGES } from '../entries/map-state.js';
import { EPOCH_MAX } from '../entries/revision.js';
import type { Outcome } from '../host.js';
import { readNodes, STATUS, writeNodes } from '../messages.js';
import type { HeldMap } from './held-map.js';

export interface Summary {
  readonly isNew: boolean;
  readonly epoch: number;
  readonly holders: readonly NodeId[];
  /** None, where nothing is held. */
  readonly digests: readonly number[];
  /** Over all of them. */
  readonly digest: string;
}

export function writeSummary(writer: ByteWriter, map: HeldMap | undefined): void {
  writer.u8(map === undefined || map.isNew ? 1 : 0).u32(map?.epoch ?? 0);
  writeNodes(writer, map?.holders ?? []);
  const digests = map === undefined || map.isEmpty ? [] : map.state.rangeDigests;
  writer.u8(digests.length === 0 ? 0 : 1);
  for (const word of digests) writer.u32(word);
}

function readSummary(reader: ByteReader): Summary | undefined {
  const isNew = reader.u8() === 1;
  const epoch = reader.u32();
  const holders = readNodes(reader);
  const digests: number[] = [];
  if (reader.u8() === 1) for (let index = 0; index < 2 * RANGES; index++) digests.push(reader.u32());
  return reader.isComplete && epoch <= EPOCH_MAX ? { isNew, epoch, holders, digests, digest: digestOf(digests) } : undefined;
}

/** What came of asking; `undefined`: nothing that has a form. */
export function summaryOf(outcome: Outcome): Summary | undefined {
  return outcome.type === 'answer' && outcome.status === STATUS.ok ? readSummary(outcome.reader) : undefined;
}
