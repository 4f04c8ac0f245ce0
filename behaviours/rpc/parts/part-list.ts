/**
 * @module PartList: how a message describes the streams of its value: count u8, and for each its kind u8 (1 items, 2 bytes) and the field that it
 * stands for, length u8 and UTF-8; empty for the value itself. Big-endian.
 */
import { type ByteReader, ByteWriter } from '../../../core/index.js';
import { isPartName, PARTS_MAX, type Part } from './sources.js';

const KINDS = ['items', 'bytes'] as const;
/** Of nearly all values. */
export const NO_PARTS: readonly Part[] = [];

export function writeParts(parts: readonly Part[]): Uint8Array {
  const writer = new ByteWriter().u8(parts.length);
  for (const { name, kind } of parts) {
    const bytes = new TextEncoder().encode(name);
    writer
      .u8(KINDS.indexOf(kind) + 1)
      .u8(bytes.length)
      .bytes(bytes);
  }
  return writer.written;
}

/** Whether the fields can be described: their number and their names. */
export function areParts(parts: readonly Part[]): boolean {
  return parts.length <= PARTS_MAX && parts.every(({ name }) => isPartName(name) && new TextEncoder().encode(name).length <= 0xff);
}

/** What follows in the reader, which is behind it then; `undefined` for what is no such list. */
export function readParts(reader: ByteReader): readonly Part[] | undefined {
  const count = reader.u8();
  if (count === 0 || count > PARTS_MAX) return undefined;
  const parts: Part[] = [];
  for (let index = 0; index < count; index++) {
    const kind = KINDS[reader.u8() - 1];
    const name = reader.utf8(reader.u8());
    if (reader.hasFailed || kind === undefined || !isPartName(name) || parts.some((part) => part.name === name)) return undefined;
    parts.push({ name, kind });
  }
  return parts;
}
