/**
 * @module Bytes: writing and reading the fields of a sync: single bytes, whole 32-bit numbers, node ids, and numbers in seven-bit groups,
 * lowest first. A reader never throws; once it has met what is malformed it stays so and reads zeros.
 */
import { NODE_ID_BYTES, type NodeId, nodeIdFromBytes, writeNodeId } from '../../../core/address/node-id.js';

const FIRST_SIZE = 256;
const VARINT_BYTES_MAX = 5;

export class ByteWriter {
  private bytes = new Uint8Array(FIRST_SIZE);
  private at = 0;

  get length(): number {
    return this.at;
  }

  /** What was written, until more is. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  clear(): void {
    this.at = 0;
  }

  byte(value: number): void {
    this.fit(1);
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.fit(4);
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.at++] = value >>> shift;
  }

  /** 0 to 2^32 - 1. */
  varint(value: number): void {
    this.fit(VARINT_BYTES_MAX);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest = rest >>> 7;
    }
    this.bytes[this.at++] = rest;
  }

  nodeId(id: NodeId): void {
    this.fit(NODE_ID_BYTES);
    writeNodeId(id, this.bytes, this.at);
    this.at += NODE_ID_BYTES;
  }

  append(more: Uint8Array): void {
    this.fit(more.length);
    this.bytes.set(more, this.at);
    this.at += more.length;
  }

  private fit(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

export class ByteReader {
  isMalformed = false;
  /** What is read next. */
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (!this.has(1)) return 0;
    return this.bytes[this.at++] as number;
  }

  u32(): number {
    if (!this.has(4)) return 0;
    let value = 0;
    for (let end = this.at + 4; this.at < end; this.at++) value = value * 256 + (this.bytes[this.at] as number);
    return value;
  }

  /** At most 2^32 - 1, in as few bytes as it takes. */
  varint(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      unit *= 0x80;
      if (byte >= 0x80) continue;
      if (value > 0xffff_ffff || (byte === 0 && count > 0)) break;
      return value;
    }
    this.isMalformed = true;
    return 0;
  }

  nodeId(): NodeId | undefined {
    if (!this.has(NODE_ID_BYTES)) return undefined;
    this.at += NODE_ID_BYTES;
    return nodeIdFromBytes(this.bytes, this.at - NODE_ID_BYTES);
  }

  private has(count: number): boolean {
    if (this.left < count) this.isMalformed = true;
    return !this.isMalformed;
  }
}
