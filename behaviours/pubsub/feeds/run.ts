/**
 * @module Run: messages of a feed whose numbers follow each other, as they go over a link together, one head before all of them. Of each, one after
 * another: twice the length of its content plus its form (0: CBOR, 1: bytes) as a varint, then the content. Writing and reading one costs no object.
 * Pure.
 */
import { copyRange, readVarint, varintBytes, writeVarint } from '../../../core/structures/bytes.js';

/** The most messages of one run. */
export const RUN_MAX = 1_024;
/** The longest varint before a content: what a message holds at most has 28 bits. */
const VARINT_BYTES_MAX = 5;

/** What a message takes in a run. */
export function bytesInRun(contentBytes: number): number {
  return varintBytes(2 * contentBytes + 1) + contentBytes;
}

/** Writes one message behind the others; there is room. Returns where the next one goes. */
export function writeInRun(bytes: Uint8Array, at: number, form: number, content: Uint8Array): number {
  const start = writeVarint(bytes, at, 2 * content.length + form);
  copyRange(content, 0, content.length, bytes, start);
  return start + content.length;
}

/** Where in a run that was read or written the message begins that comes so many after the one at `at`. */
export function skipInRun(bytes: Uint8Array, at: number, count: number): number {
  let next = at;
  for (let left = count; left > 0; left--) {
    const value = readVarint(bytes, next);
    next += varintBytes(value) + (value >>> 1);
  }
  return next;
}

/** Where the messages of a run are, until the next one is read. */
export class RunReader {
  count = 0;
  /** Where each one begins, with its varint; the one after the last: the end. */
  private readonly heads = new Uint32Array(RUN_MAX + 1);
  private readonly starts = new Uint32Array(RUN_MAX);
  private readonly forms = new Uint8Array(RUN_MAX);

  /** Reads `bytes[start..end)`. False: that is no run. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.count = 0;
    let at = start;
    while (at < end) {
      if (this.count === RUN_MAX) return false;
      this.heads[this.count] = at;
      let value = bytes[at] as number;
      if (value < 0x80) at++;
      else {
        value = readLength(bytes, at, end);
        at += varintBytes(value);
      }
      this.starts[this.count] = at;
      this.forms[this.count++] = value & 1;
      at += value >>> 1;
    }
    this.heads[this.count] = end;
    return at === end && this.count > 0;
  }

  /** Where the message of that place begins; of `count`: where the run ends. */
  headOf(index: number): number {
    return this.heads[index] as number;
  }

  formOf(index: number): number {
    return this.forms[index] as number;
  }

  startOf(index: number): number {
    return this.starts[index] as number;
  }

  endOf(index: number): number {
    return this.heads[index + 1] as number;
  }
}

/** Such a varint within `bytes[at..end)`, in its shortest form. Where there is none: a number with which the run goes beyond its end. */
function readLength(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let next = at, unit = 1; next < end && next < at + VARINT_BYTES_MAX; unit *= 0x80) {
    const byte = bytes[next++] as number;
    value += (byte & 0x7f) * unit;
    if (byte >= 0x80) continue;
    const isShortest = value <= 0xffff_ffff && varintBytes(value) === next - at;
    return isShortest ? value : NO_LENGTH;
  }
  return NO_LENGTH;
}

const NO_LENGTH = 0xffff_ffff;
