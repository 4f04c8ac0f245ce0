/**
 * @module Log records: how `FileLog` frames its records, and how it reads a file of them, damaged or not. The work is bounded, whatever is in the file.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';

export const MAGIC = Buffer.from('meshwright-log 1\n');
/** Length, and the first half of a SHA-256 over length and record. */
const HEAD_BYTES = 4 + 16;
/** A longer record is damage. */
const RECORD_BYTES_MAX = 16_777_216;
/** A larger file is not read further. */
const FILE_BYTES_MAX = 8_589_934_592;
const READ_BYTES = 1_048_576;
/** So far a sound record is searched behind a damaged one; in one file with so many tries, and so much to hash. */
const SEARCH_BYTES = 1_048_576;
const SEARCH_TRIES = 65_536;
const SEARCH_HASHED_BYTES = 268_435_456;

export function framed(record: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + record.length);
  bytes.writeUInt32BE(record.length);
  bytes.set(record, HEAD_BYTES);
  bytes.set(checksumOf(bytes.subarray(0, 4), record), 4);
  return bytes;
}

function checksumOf(length: Uint8Array, record: Uint8Array): Buffer {
  return createHash('sha256').update(length).update(record).digest().subarray(0, 16);
}

/** Calls back for every record that is whole. Where they end, 0 for a file that is none of ours; and how often damage was passed over on the way. */
export function readRecords(file: number, each: (record: Uint8Array) => void): { readonly end: number; readonly passedOver: number } {
  const magic = readAt(file, 0, MAGIC.length);
  if (magic === undefined || !magic.equals(MAGIC)) return { end: 0, passedOver: 0 };
  let passedOver = 0;
  let at = MAGIC.length;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = at;
  const left = { tries: SEARCH_TRIES, bytes: SEARCH_HASHED_BYTES };
  const take = (count: number): Buffer | undefined => {
    if (at + count > windowAt + window.length) {
      window = readUpTo(file, at, Math.max(count, READ_BYTES));
      windowAt = at;
    }
    const bytes = window.subarray(at - windowAt, at - windowAt + count);
    return bytes.length === count ? bytes : undefined;
  };
  for (;;) {
    const head = take(HEAD_BYTES);
    const length = head?.readUInt32BE() ?? 0;
    if (head === undefined || at > FILE_BYTES_MAX) return { end: at, passedOver };
    const whole = length > RECORD_BYTES_MAX ? undefined : take(HEAD_BYTES + length);
    const record = whole?.subarray(HEAD_BYTES);
    if (whole !== undefined && record !== undefined && isSound(whole, record)) {
      each(Uint8Array.from(record));
      at += whole.length;
      continue;
    }
    // One that is damaged is passed over, as long as another one follows: what comes next is read all the same.
    const next = whole !== undefined && followed(file, at + whole.length) ? at + whole.length : searched(file, at + 1, left);
    if (next === undefined) return { end: at, passedOver };
    passedOver++;
    at = next;
  }
}

function isSound(head: Buffer, record: Uint8Array): boolean {
  return checksumOf(head.subarray(0, 4), record).equals(head.subarray(4, HEAD_BYTES));
}

/** Whether a sound record begins there. */
function followed(file: number, at: number): boolean {
  const head = readAt(file, at, HEAD_BYTES);
  const length = head?.readUInt32BE() ?? 0;
  const record = head === undefined || length > RECORD_BYTES_MAX ? undefined : readAt(file, at + HEAD_BYTES, length);
  return head !== undefined && record !== undefined && isSound(head, record);
}

/** Where the next sound record begins, when a length is damaged, so that nobody knows where its record ends. The work for it is bounded. */
function searched(file: number, from: number, left: { tries: number; bytes: number }): number | undefined {
  const window = readUpTo(file, from, SEARCH_BYTES);
  for (let at = 0; at + HEAD_BYTES < window.length && left.tries > 0 && left.bytes > 0; at++) {
    const length = window.readUInt32BE(at);
    if (length === 0 || at + HEAD_BYTES + length > window.length) continue;
    left.tries--;
    left.bytes -= length;
    const start = at + HEAD_BYTES;
    if (isSound(window.subarray(at, start), window.subarray(start, start + length))) return from + at;
  }
  return undefined;
}

function readAt(file: number, position: number, count: number): Buffer | undefined {
  const bytes = readUpTo(file, position, count);
  return bytes.length === count ? bytes : undefined;
}

function readUpTo(file: number, position: number, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  let length = 0;
  while (length < count) {
    const read = readSync(file, bytes, length, count - length, position + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}
