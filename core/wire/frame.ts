/**
 * @module Frame: cuts the byte stream of record plaintexts into frames: an unsigned LEB128 length of at most four bytes in shortest
 * form, then a message. A declared length is checked before anything is allocated for it.
 */

import { giveBuffer, takeBuffer } from '../structures/buffer-pool.js';

/**
 * The most plaintext that is sealed into a record, one byte less than it could hold: with length and tag it is 65,536 B then, which is how sockets are read,
 * so that records that follow each other are read one by one, and not put together from two reads each.
 */
export const RECORD_BYTES = 65_518;
/** The longest payload that fills a record with its header, for a neighbour: its receiver gets that record's memory, and nothing is copied. */
export const RECORD_PAYLOAD_BYTES = RECORD_BYTES - 11;

const PREFIX_BYTES_MAX = 4;
const CARRY_BYTES_MIN = 4096;
const EMPTY = new Uint8Array(0);

/**
 * Pull reader: `push` one plaintext, then call `next` until it is false. While it is true, the frame is `bytes[start..end)`; it is
 * valid until the next call. A frame that lies whole in a plaintext is not copied.
 */
export class FrameReader {
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** The remote broke the format; nothing more will be read. */
  isBroken = false;

  #input: Uint8Array = EMPTY;
  #at = 0;
  /** Frames that were handed out as views of the plaintext that was pushed last and not given back, and whether the last one is among them. */
  #lentCount = 0;
  #isLent = false;
  /** The length prefix as far as it was read. */
  #prefix = 0;
  #prefixBytes = 0;
  /** Bytes that the frame in work is long, -1 while its prefix is incomplete. */
  #wanted = -1;
  #carry: Uint8Array = EMPTY;
  #carried = 0;

  constructor(private readonly frameBytesMax: number) {}

  push(plaintext: Uint8Array): void {
    this.#input = plaintext;
    this.#at = 0;
    this.#lentCount = 0;
    this.#isLent = false;
  }

  next(): boolean {
    if (this.#wanted < 0 && !this.#readPrefix()) return false;
    const available = this.#input.length - this.#at;
    if (this.#carried === 0 && available >= this.#wanted) return this.#take();
    return this.#accumulate(available);
  }

  /** Whether there may be views of the plaintext that was pushed last. */
  get hasLent(): boolean {
    return this.#lentCount > 0;
  }

  /** There is no view any more of a frame, if it is the one that was read last. */
  giveBack(bytes: Uint8Array, end: number): void {
    if (!this.#isLent || bytes !== this.bytes || end !== this.end) return;
    this.#lentCount--;
    this.#isLent = false;
  }

  /** The frame that was read last is read again by the next call of `next`. */
  again(): void {
    this.#wanted = this.end - this.start;
    if (this.bytes === this.#carry) this.#carried = this.#wanted;
    else this.#at = this.start;
  }

  #readPrefix(): boolean {
    while (this.#at < this.#input.length) {
      const byte = this.#input[this.#at++] as number;
      this.#prefix |= (byte & 0x7f) << (7 * this.#prefixBytes++);
      if (byte < 0x80) return this.#prefixDone(byte);
      if (this.#prefixBytes === PREFIX_BYTES_MAX) return this.#break();
    }
    this.#release();
    return false;
  }

  #prefixDone(lastByte: number): boolean {
    const isShortest = lastByte !== 0 || this.#prefixBytes === 1;
    if (!isShortest || this.#prefix === 0 || this.#prefix > this.frameBytesMax) return this.#break();
    this.#wanted = this.#prefix;
    this.#prefix = 0;
    this.#prefixBytes = 0;
    return true;
  }

  #take(): boolean {
    this.#lentCount++;
    this.#isLent = true;
    this.bytes = this.#input;
    this.start = this.#at;
    this.end = this.#at += this.#wanted;
    this.#wanted = -1;
    return true;
  }

  /** The frame spans records: gathers it in a buffer that grows with what has really come, and serves the next such frame, too. */
  #accumulate(available: number): boolean {
    const take = Math.min(available, this.#wanted - this.#carried);
    this.#grow(this.#carried + take);
    this.#carry.set(this.#input.subarray(this.#at, this.#at + take), this.#carried);
    this.#at += take;
    this.#carried += take;
    if (this.#carried < this.#wanted) {
      this.#release();
      return false;
    }
    this.bytes = this.#carry;
    this.start = 0;
    this.end = this.#wanted;
    this.#isLent = false;
    this.#carried = 0;
    this.#wanted = -1;
    return true;
  }

  #grow(needed: number): void {
    if (needed <= this.#carry.length) return;
    const grown = takeBuffer(Math.min(this.#wanted, Math.max(CARRY_BYTES_MIN, 2 * needed)));
    grown.set(this.#carry.subarray(0, this.#carried));
    giveBuffer(this.#carry);
    this.#carry = grown;
  }

  /** An idle reader holds no plaintext, and no buffer unless a frame is in work. */
  #release(): void {
    this.#input = EMPTY;
    this.bytes = EMPTY;
    this.#at = 0;
    if (this.#carried > 0 || this.#carry === EMPTY) return;
    giveBuffer(this.#carry);
    this.#carry = EMPTY;
  }

  #break(): boolean {
    this.isBroken = true;
    this.#release();
    return false;
  }
}
