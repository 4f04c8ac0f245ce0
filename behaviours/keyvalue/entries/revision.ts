/**
 * @module Revision: the version of a value. Its owner stamps it: the epoch in which it owns the map, a counter, and the owner's instance id, a
 * random number of one start of a node. No two writes ever get the same one. As a text of 36 hexadecimal digits it sorts as it compares. Pure.
 */
import type { BehaviorAgent, ByteReader, ByteWriter } from '../../../core/index.js';
import { hexOf, writeHex } from '../../../core/structures/hex.js';

/** Sorts by `<`: epoch, then counter, then instance. */
export type Revision = string;

const EPOCH_DIGITS = 8;
const COUNTER_END = 20;
const REVISION_DIGITS = 36;
export const REVISION_BYTES = REVISION_DIGITS / 2;
const INSTANCE_BYTES = 8;
/** Lower than every revision. */
export const NONE: Revision = '0'.repeat(REVISION_DIGITS);
/** What is above it has no form. Of a map with this epoch nobody becomes the owner any more: requests are refused as `epochsMax`. */
export const EPOCH_MAX = 0xfff0_0000;
const LAST: Revision = EPOCH_MAX.toString(16) + 'f'.repeat(REVISION_DIGITS - EPOCH_DIGITS);
const REVISION = /^[0-9a-f]{36}$/;

/** `instance`: 16 hexadecimal digits. */
export function revisionOf(epoch: number, counter: number, instance: string): Revision {
  return hex(epoch, EPOCH_DIGITS) + hex(counter, COUNTER_END - EPOCH_DIGITS) + instance;
}

export function isRevision(value: unknown): value is Revision {
  return typeof value === 'string' && REVISION.test(value);
}

export function epochOf(revision: Revision): number {
  return Number.parseInt(revision.slice(0, EPOCH_DIGITS), 16);
}

export function counterOf(revision: Revision): number {
  return Number.parseInt(revision.slice(EPOCH_DIGITS, COUNTER_END), 16);
}

/** What the writes of one owner in one epoch have in common. */
export function branchOf(revision: Revision): string {
  return revision.slice(0, EPOCH_DIGITS) + revision.slice(COUNTER_END);
}

export function writeRevision(writer: ByteWriter, revision: Revision): void {
  writer.hex(revision);
}

/** They sort as it compares. */
export function bytesOfRevision(revision: Revision): Uint8Array {
  const bytes = new Uint8Array(REVISION_BYTES);
  writeHex(revision, bytes, 0);
  return bytes;
}

/** Passes over one. Returns where it begins. */
export function skipRevision(reader: ByteReader): number {
  const { at } = reader;
  if (reader.u32() > EPOCH_MAX) reader.fail();
  reader.skip(REVISION_BYTES - EPOCH_DIGITS / 2);
  return at;
}

export function readRevision(reader: ByteReader): Revision {
  const revision = reader.hex(REVISION_BYTES);
  if (revision > LAST) reader.fail();
  return revision;
}

export function writeInstance(writer: ByteWriter, instance: string): void {
  writer.hex(instance);
}

export function readInstance(reader: ByteReader): string {
  return reader.hex(INSTANCE_BYTES);
}

/** 16 hexadecimal digits: an instance, or what names something of it. */
export function randomId({ random }: Pick<BehaviorAgent, 'random'>): string {
  return hexOf(random.bytes(8));
}

function hex(value: number, length: number): string {
  return value.toString(16).padStart(length, '0');
}
