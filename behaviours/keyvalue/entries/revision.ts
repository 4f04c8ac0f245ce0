/**
 * @module Revision: the version of a value. Its owner stamps it: the epoch in which it owns the map, a counter, and the owner's instance id, a
 * random number of one start of a node. No two writes ever get the same one. As a text of 36 hexadecimal digits it sorts as it compares. Pure.
 */
import type { BehaviorAgent, ByteReader, ByteWriter } from '../../../core/index.js';
import { hexOf } from '../../../core/structures/bytes.js';

/** Sorts by `<`: epoch, then counter, then instance. */
export type Revision = string;

const EPOCH_DIGITS = 8;
const COUNTER_END = 20;
const REVISION_DIGITS = 36;
/** Lower than every revision. */
export const NONE: Revision = '0'.repeat(REVISION_DIGITS);
/** What is above it has no form. Of a map with this epoch nobody becomes the owner any more: requests are refused as `epochsMax`. */
export const EPOCH_MAX = 0xfff0_0000;
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
  writer.u32(digits(revision, 0, 8)).u48(digits(revision, 8, 20));
  writeInstance(writer, revision.slice(COUNTER_END));
}

export function readRevision(reader: ByteReader): Revision {
  const epoch = reader.u32();
  const counter = reader.u48();
  if (epoch > EPOCH_MAX) reader.fail();
  return revisionOf(epoch, counter, readInstance(reader));
}

export function writeInstance(writer: ByteWriter, instance: string): void {
  writer.u32(digits(instance, 0, 8)).u32(digits(instance, 8, 16));
}

export function readInstance(reader: ByteReader): string {
  return hex(reader.u32(), 8) + hex(reader.u32(), 8);
}

/** 16 hexadecimal digits: an instance, or what names something of it. */
export function randomId({ random }: Pick<BehaviorAgent, 'random'>): string {
  return hexOf(random.bytes(8));
}

function hex(value: number, length: number): string {
  return value.toString(16).padStart(length, '0');
}

function digits(text: string, from: number, to: number): number {
  return Number.parseInt(text.slice(from, to), 16);
}
