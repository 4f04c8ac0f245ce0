/**
 * @module Pieces: a value that is too large for one record, as pieces that are values of their own, and the list of them: its length, and their keys,
 * which are their hashes. So whoever has proven the list has proven the value. Pure but for the ports.
 */
import { ByteReader, ByteWriter, type NodeId, nodeIdToBytes } from '../../../core/index.js';
import { readId } from '../messages.js';
import { keyOfValue, RECORD_LIMITS, type RecordPorts, type RecordValue } from './records.js';

const { valueBytesMax: PIECE_BYTES } = RECORD_LIMITS;
const LENGTH_BYTES = 4;
const KEY_BYTES = 32;
/** As many keys as one record has room for. */
const PIECES_MAX = Math.floor((PIECE_BYTES - LENGTH_BYTES) / KEY_BYTES);
/** The largest value: 31,000 bytes. */
export const LARGE_BYTES_MAX = PIECES_MAX * PIECE_BYTES;

/** What the record of a value has, and the pieces that come with it. */
export interface Divided {
  readonly content: RecordValue;
  readonly pieces: readonly RecordValue[];
}

export interface PieceList {
  readonly byteCount: number;
  readonly keys: readonly NodeId[];
}

/** A value of `LARGE_BYTES_MAX` bytes at most. */
export function divided(ports: RecordPorts, value: Uint8Array): Divided {
  if (value.length <= PIECE_BYTES) return { content: { value, isList: false }, pieces: [] };
  const pieces = Array.from({ length: Math.ceil(value.length / PIECE_BYTES) }, (_, index) => ({
    ...{ value: value.slice(index * PIECE_BYTES, (index + 1) * PIECE_BYTES), isList: false },
  }));
  const writer = new ByteWriter().u32(value.length);
  for (const piece of pieces) writer.bytes(nodeIdToBytes(keyOfValue(ports, piece)));
  return { content: { value: writer.copy(), isList: true }, pieces };
}

/** `undefined` for what is no list: there is one list for each value. */
export function readList(bytes: Uint8Array): PieceList | undefined {
  const reader = new ByteReader(bytes);
  const byteCount = reader.u32();
  const count = Math.ceil(byteCount / PIECE_BYTES);
  if (byteCount <= PIECE_BYTES || byteCount > LARGE_BYTES_MAX || reader.left !== count * KEY_BYTES) return undefined;
  return { byteCount, keys: Array.from({ length: count }, () => readId(reader)) };
}

/** `undefined` when the pieces are not as long as the list says. */
export function joined({ byteCount }: PieceList, pieces: readonly Uint8Array[]): Uint8Array | undefined {
  const isWhole = pieces.every(({ length }, index) => length === Math.min(PIECE_BYTES, byteCount - index * PIECE_BYTES));
  if (!isWhole) return undefined;
  const value = new Uint8Array(byteCount);
  for (const [index, piece] of pieces.entries()) value.set(piece, index * PIECE_BYTES);
  return value;
}
