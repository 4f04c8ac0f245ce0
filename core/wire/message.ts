/**
 * @module Message: the wire form of a message, and the object that authors get. The header is numbers, big-endian:
 *
 *   byte 0     version (2 bits, 0) | route kind (3) | source present (1) | extension present (1) | unreliable (1)
 *   bytes 1-7  ttl u8, from-service u8, to-service u8, stream id u32
 *   then       source (32) if present; destination by kind; extension (u8 length, bytes) if present; the payload
 *
 * Receiving a message allocates nothing but the `Message` itself; views are made when the author reads them.
 */

import { NODE_ID_BYTES, type NodeId, nodeIdFromBytes } from '../address/node-id.js';
import type { Counter } from '../metrics.js';
import { readU24, readU32, writeU24, writeU32 } from '../structures/bytes.js';
import type { ValueLimits } from './cbor-scan.js';
import { decodeValue } from './codec.js';

export const KIND_DIRECT = 0;
export const KIND_NODE = 1;
export const KIND_KEY = 2;
export const KIND_SERVICE = 3;
export const KIND_SERVICES = 4;
/** As `KIND_NODE`, to the node at the other end of the link, which need not be named. */
export const KIND_NEIGHBOUR = 5;

export const FIXED_HEADER_BYTES = 8;
export const EXTENSION_BYTES_MAX = 255;
/** The longest header: fixed part, source, a node or key, and an extension. */
export const HEADER_BYTES_MAX = FIXED_HEADER_BYTES + 2 * NODE_ID_BYTES + 1 + EXTENSION_BYTES_MAX;

/** Bytes of the destination, by route kind. */
const DESTINATION_BYTES = [0, NODE_ID_BYTES, NODE_ID_BYTES, 4, 6, 0] as const;

export const SOURCE_BIT = 0b100;
const EXTENSION_BIT = 0b010;
/** Over a link of datagrams the message may be lost or overtaken; it is not sent again. */
export const UNRELIABLE_BIT = 0b001;

/** A header to write. One object is reused for every message of a network. */
export class HeaderDraft {
  kind = KIND_DIRECT;
  ttl = 0;
  fromServiceId = 0;
  serviceId = 0;
  streamId = 0;
  isUnreliable = false;
  /** 32 bytes, or absent when the source is the sending neighbour. */
  source: Uint8Array | undefined = undefined;
  /** 32 bytes, for node and key. */
  destination: Uint8Array | undefined = undefined;
  /** For service and services. */
  routedServiceId = 0;
  /** For service. */
  meta = 0;
  /** For services. */
  scope = 0;
  sequence = 0;
  extension: Uint8Array | undefined = undefined;

  get byteLength(): number {
    const source = this.source === undefined ? 0 : NODE_ID_BYTES;
    const extension = this.extension === undefined ? 0 : 1 + this.extension.length;
    return FIXED_HEADER_BYTES + source + (DESTINATION_BYTES[this.kind] as number) + extension;
  }

  /** Writes the header at `offset`; returns the offset behind it. */
  write(target: Uint8Array, offset: number): number {
    target[offset] = this.#first;
    target[offset + 1] = this.ttl;
    target[offset + 2] = this.fromServiceId;
    target[offset + 3] = this.serviceId;
    writeU32(target, offset + 4, this.streamId);
    const at = offset + FIXED_HEADER_BYTES;
    return this.kind === KIND_DIRECT && this.source === undefined && this.extension === undefined ? at : this.#writeRest(target, at);
  }

  get #first(): number {
    const source = this.source === undefined ? 0 : SOURCE_BIT;
    const extension = this.extension === undefined ? 0 : EXTENSION_BIT;
    return (this.kind << 3) | source | extension | (this.isUnreliable ? UNRELIABLE_BIT : 0);
  }

  #writeRest(target: Uint8Array, offset: number): number {
    let at = offset;
    if (this.source !== undefined) {
      target.set(this.source, at);
      at += NODE_ID_BYTES;
    }
    at = this.#writeDestination(target, at);
    if (this.extension === undefined) return at;
    target[at] = this.extension.length;
    target.set(this.extension, at + 1);
    return at + 1 + this.extension.length;
  }

  #writeDestination(target: Uint8Array, at: number): number {
    if (this.destination !== undefined) target.set(this.destination, at);
    if (this.kind === KIND_SERVICE) {
      target[at] = this.routedServiceId;
      writeU24(target, at + 1, this.meta);
    } else if (this.kind === KIND_SERVICES) {
      target[at] = this.routedServiceId;
      target[at + 1] = this.scope;
      writeU32(target, at + 2, this.sequence);
    }
    return at + (DESTINATION_BYTES[this.kind] as number);
  }
}

/** Where the parts of a received message lie. One object is reused for every message of a network; offsets are -1 when absent. */
export class HeaderView {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  kind = KIND_DIRECT;
  ttl = 0;
  fromServiceId = 0;
  serviceId = 0;
  streamId = 0;
  sourceOffset = -1;
  destinationOffset = -1;
  extensionOffset = -1;
  bodyOffset = 0;

  /** Reads the header of `bytes[start..end)`; false when it is malformed. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < FIXED_HEADER_BYTES) return false;
    const first = bytes[start] as number;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.kind = kindOf(first);
    this.ttl = bytes[start + 1] as number;
    this.fromServiceId = bytes[start + 2] as number;
    this.serviceId = bytes[start + 3] as number;
    this.streamId = readU32(bytes, start + 4);
    this.sourceOffset = -1;
    this.destinationOffset = -1;
    this.extensionOffset = -1;
    this.bodyOffset = start + FIXED_HEADER_BYTES;
    return first === 0 || this.#readRest(first);
  }

  get isUnreliable(): boolean {
    return ((this.bytes[this.start] as number) & UNRELIABLE_BIT) !== 0;
  }

  get routedServiceId(): number {
    return this.bytes[this.destinationOffset] as number;
  }

  get meta(): number {
    return readU24(this.bytes, this.destinationOffset + 1);
  }

  get scope(): number {
    return this.bytes[this.destinationOffset + 1] as number;
  }

  get sequence(): number {
    return readU32(this.bytes, this.destinationOffset + 2);
  }

  #readRest(first: number): boolean {
    if (first >> 6 !== 0 || this.kind > KIND_NEIGHBOUR) return false;
    let at = this.bodyOffset;
    if ((first & SOURCE_BIT) !== 0) {
      this.sourceOffset = at;
      at += NODE_ID_BYTES;
    }
    const destinationBytes = DESTINATION_BYTES[this.kind] as number;
    if (destinationBytes > 0) this.destinationOffset = at;
    at += destinationBytes;
    if ((first & EXTENSION_BIT) !== 0) {
      this.extensionOffset = at;
      at += at < this.end ? 1 + (this.bytes[at] as number) : 1;
    }
    this.bodyOffset = at;
    return at <= this.end;
  }
}

/** What all messages of one link have in common. */
export interface MessageOrigin {
  /** The authenticated neighbour, or this node itself. */
  readonly nodeId: NodeId;
  readonly connectionId: number | undefined;
  /** Moves when a payload is no CBOR. */
  readonly undecodable: Counter;
  /** Of what a payload may hold; the defaults when absent. */
  readonly limits?: ValueLimits;
  /** Whether nobody else writes to that memory, so that what lies in it may be kept. Asked during the callback. Absent: never. */
  readonly isLasting?: (bytes: Uint8Array) => boolean;
  /** No part of the message that ends there is used any more. Absent: its memory is the collector's. */
  readonly giveBack?: (bytes: Uint8Array, end: number) => void;
}

/**
 * A message as an author sees it. Its bytes are views that are valid during the callback: copy what you keep. Everything is read from
 * the header when it is asked for, so that a message costs one small object.
 */
export class Message {
  /** The payload is `bytes[bodyOffset..end)`, for those who read it without a view. */
  constructor(
    private readonly origin: MessageOrigin,
    readonly bytes: Uint8Array,
    private readonly start: number,
    readonly bodyOffset: number,
    readonly end: number,
  ) {}

  /** A message is its own connection event. */
  get type(): 'message' {
    return 'message';
  }

  get message(): this {
    return this;
  }

  /** The sender's service. */
  get fromServiceId(): number {
    return this.bytes[this.start + 2] as number;
  }

  /** The service that handles it here. */
  get serviceId(): number {
    return this.bytes[this.start + 3] as number;
  }

  get streamId(): number {
    return readU32(this.bytes, this.start + 4);
  }

  /** The link that it came over; absent when this node sent it to itself. */
  get connectionId(): number | undefined {
    return this.origin.connectionId;
  }

  /** True only when the source is the authenticated neighbour, or this node itself. */
  get sourceVerified(): boolean {
    return !this.hasSource || this.source === this.origin.nodeId;
  }

  /** The node that sent it: a claim unless `sourceVerified`. */
  get source(): NodeId {
    return this.hasSource ? nodeIdFromBytes(this.bytes, this.start + FIXED_HEADER_BYTES) : this.origin.nodeId;
  }

  /** The payload's length, without making a view of it. */
  get byteLength(): number {
    return this.end - this.bodyOffset;
  }

  get payload(): Uint8Array {
    const { bytes, bodyOffset } = this;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + bodyOffset, this.end - bodyOffset);
  }

  /** The payload as bytes that may be kept: a view where it is most of what the memory holds that lasts, else a copy. During the callback. */
  keptPayload(): Uint8Array {
    const { bytes, byteLength } = this;
    const isView = 2 * byteLength >= bytes.buffer.byteLength && this.origin.isLasting?.(bytes) === true;
    return isView ? this.payload : new Uint8Array(this.payload);
  }

  /** Nothing of it is used after the callback: its memory is freed when that holds for all that lies there. Not with an extension. */
  giveBack(): void {
    if (((this.bytes[this.start] as number) & EXTENSION_BIT) === 0) this.origin.giveBack?.(this.bytes, this.end);
  }

  /** The sender's bytes beside the payload. */
  get extension(): Uint8Array | undefined {
    const first = this.bytes[this.start] as number;
    if ((first & EXTENSION_BIT) === 0) return undefined;
    const at = this.start + FIXED_HEADER_BYTES + (this.hasSource ? NODE_ID_BYTES : 0) + (DESTINATION_BYTES[kindOf(first)] as number);
    return this.bytes.subarray(at + 1, this.bodyOffset);
  }

  /** The payload as CBOR, within the limits; `undefined` and a counter when it is not. */
  value<T = unknown>(): T | undefined {
    const decoded = decodeValue(this.payload, this.origin.limits);
    if (decoded !== undefined) return decoded.value as T;
    this.origin.undecodable.value++;
    return undefined;
  }

  private get hasSource(): boolean {
    return ((this.bytes[this.start] as number) & SOURCE_BIT) !== 0;
  }
}

function kindOf(first: number): number {
  return (first >> 3) & 0b111;
}

/** The header of messages of service 0 to a neighbour. */
export const controlDraft = (): HeaderDraft => Object.assign(new HeaderDraft(), { ttl: 1 });
