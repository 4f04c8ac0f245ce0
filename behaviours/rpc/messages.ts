/**
 * @module Messages of the rpc service: what follows the heads of the exchange kit (`core/kits/exchange/messages.ts`), which carry the call's id
 * and the number of an answer's part. Only their form is known and checked here. Big-endian; values are CBOR, to the end of the message.
 *
 *   request   service u8, timeout u32 (ms), window u16, method u16 (length) and UTF-8, value; window 0: one answer, else a stream of
 *             responses with that much credit; + 32,768: before the value stands which of its fields are streams (`parts/part-list.ts`)
 *   answer    1, value                  the only response; part 0
 *             2, code u8 (length) and ASCII, text in UTF-8   the failure; of a stream, after as many items as the part says
 *             3, value                  an item of a stream; the part is its index
 *             4                         the stream is over, after as many items as the part says
 *             5, fields that are streams, value     as 1
 *   16        credit: u48               items up to this total may be sent
 *   17        resume: u48, u48          the items from this index on are to be sent (again), up to this total
 *   18        gone                      there is no such stream (any more): the answer to `resume`
 */
import { isRpcCode } from '../../core/api/rpc.js';
import { ANSWER_HEAD_BYTES, ByteReader, ByteWriter, HEAD_BYTES, type MessageHead, type ValueLimits, writeValue } from '../../core/index.js';
import { MethodNames } from './method-names.js';
import { NO_PARTS, readParts, writeParts } from './parts/part-list.js';
import type { Part } from './parts/sources.js';

export const OK = 1;
export const ERROR = 2;
export const ITEM = 3;
export const END = 4;
export const OK_WITH_PARTS = 5;
/** Kinds of messages beside those of the kit. */
export const CREDIT = 16;
export const RESUME = 17;
export const GONE = 18;

export const METHOD_LENGTH_MAX = 128;
export const TEXT_LENGTH_MAX = 256;
/** The longest time that a request may ask for: a day. */
export const TIMEOUT_MS_MAX = 86_400_000;
/** The most items that may be on their way to a caller. */
export const WINDOW_MAX = 1_024;

const REQUEST_FIXED_BYTES = 9;
/** In the window of a request: the value has streams. */
const HAS_PARTS = 32_768;
/** Above it the room for messages is given back after use. */
const ROOM_KEPT_BYTES = 65_536;
const NO_BYTES = new Uint8Array(0);
const SURROGATE = /\p{Surrogate}/gu;
const BYTE_ORDER_MARKS = /^\uFEFF+/;

export interface RequestFields {
  readonly serviceId: number;
  readonly timeoutMs: number;
  readonly window: number;
  readonly method: string;
  readonly parts: readonly Part[];
  readonly valueAt: number;
}

/** What a reader asks for whose stream of responses goes on. */
export interface ResumeFields {
  readonly next: number;
  readonly granted: number;
}

/** A decoded failure. */
export interface ErrorFields {
  readonly code: string;
  readonly text: string;
}

/** Writes messages into room of its own: they are valid until the next one, and the kit fills in their heads. */
export class MessageWriter {
  private writer = new ByteWriter();
  private readonly names = new MethodNames();

  /** Throws `CODEC_UNENCODABLE` for a value that cannot be carried. */
  request(request: Omit<RequestFields, 'valueAt'>, value: unknown, limits: ValueLimits): Uint8Array {
    const method = this.names.bytesOf(request.method);
    const parts = request.parts.length === 0 ? NO_BYTES : writeParts(request.parts);
    const window = request.parts.length === 0 ? request.window : request.window + HAS_PARTS;
    const writer = this.fresh();
    writeValue(writer, HEAD_BYTES + REQUEST_FIXED_BYTES + method.length + parts.length, value, limits);
    const { length } = writer;
    writer.length = HEAD_BYTES;
    writer.u8(request.serviceId).u32(Math.ceil(request.timeoutMs)).u16(window).u16(method.length).bytes(method).bytes(parts);
    writer.length = length;
    return writer.written;
  }

  /** An answer of the type `OK` or `ITEM`. Throws `CODEC_UNENCODABLE`. */
  value(type: number, value: unknown, limits: ValueLimits): Uint8Array {
    const writer = this.fresh();
    writeValue(writer, ANSWER_HEAD_BYTES + 1, value, limits);
    writer.slab[ANSWER_HEAD_BYTES] = type;
    return writer.written;
  }

  /** An answer whose value has streams. Throws `CODEC_UNENCODABLE`. */
  valueWith(parts: readonly Part[], value: unknown, limits: ValueLimits): Uint8Array {
    const list = writeParts(parts);
    const writer = this.fresh();
    writeValue(writer, ANSWER_HEAD_BYTES + 1 + list.length, value, limits);
    writer.slab[ANSWER_HEAD_BYTES] = OK_WITH_PARTS;
    writer.slab.set(list, ANSWER_HEAD_BYTES + 1);
    return writer.written;
  }

  /** `code`: `isCode`. `text`: `carriable`. */
  error({ code, text }: ErrorFields): Uint8Array {
    const writer = this.fresh();
    writer.reserve(ANSWER_HEAD_BYTES);
    return writer.u8(ERROR).u8(code.length).utf8(code).utf8(text).written;
  }

  end(): Uint8Array {
    const writer = this.fresh();
    writer.reserve(ANSWER_HEAD_BYTES);
    return writer.u8(END).written;
  }

  credit(total: number): Uint8Array {
    const writer = this.fresh();
    writer.reserve(HEAD_BYTES);
    return writer.u48(total).written;
  }

  resume({ next, granted }: ResumeFields): Uint8Array {
    const writer = this.fresh();
    writer.reserve(HEAD_BYTES);
    return writer.u48(next).u48(granted).written;
  }

  private fresh(): ByteWriter {
    if (this.writer.slab.length > ROOM_KEPT_BYTES) this.writer = new ByteWriter();
    return this.writer.clear();
  }
}

/** Reads what follows the heads; `undefined` for what has no form of this service. Values stay encoded. */
export class MessageReader {
  private readonly reader = new ByteReader(new Uint8Array(0));
  private readonly names = new MethodNames();

  request({ bytes, contentAt, end }: MessageHead): RequestFields | undefined {
    const reader = this.reader.reset(bytes, contentAt, end);
    const serviceId = reader.u8();
    const timeoutMs = reader.u32();
    const flagged = reader.u16();
    const window = flagged % HAS_PARTS;
    const methodAt = reader.skip(reader.u16());
    const method = methodAt < 0 ? '' : this.names.textOf(bytes, methodAt, reader.at);
    const parts = flagged < HAS_PARTS ? NO_PARTS : readParts(reader);
    if (reader.hasFailed || parts === undefined || window > WINDOW_MAX || !isTimeout(timeoutMs) || !isMethod(method)) return undefined;
    return { serviceId, timeoutMs, window, method, parts, valueAt: reader.at };
  }

  /** Behind the type of an answer with streams: these, and where its value begins. */
  parts({ bytes, contentAt, end }: MessageHead): { readonly parts: readonly Part[]; readonly valueAt: number } | undefined {
    const reader = this.reader.reset(bytes, contentAt + 1, end);
    const parts = readParts(reader);
    return parts && { parts, valueAt: reader.at };
  }

  /** Behind the type of an answer. */
  error({ bytes, contentAt, end }: MessageHead): ErrorFields | undefined {
    const reader = this.reader.reset(bytes, contentAt + 1, end);
    const code = reader.utf8(reader.u8());
    const text = reader.utf8(reader.left);
    return reader.isComplete && isCode(code) && text.length <= TEXT_LENGTH_MAX ? { code, text } : undefined;
  }

  credit({ bytes, contentAt, end }: MessageHead): number | undefined {
    const reader = this.reader.reset(bytes, contentAt, end);
    const total = reader.u48();
    return reader.isComplete ? total : undefined;
  }

  resume({ bytes, contentAt, end }: MessageHead): ResumeFields | undefined {
    const reader = this.reader.reset(bytes, contentAt, end);
    const fields = { next: reader.u48(), granted: reader.u48() };
    return reader.isComplete ? fields : undefined;
  }
}

export function isMethod(method: unknown): method is string {
  return isText(method, METHOD_LENGTH_MAX) && method !== '';
}

export function isTimeout(timeoutMs: unknown): timeoutMs is number {
  return typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX;
}

/** UPPER_SNAKE of at most 64 characters. */
export function isCode(code: unknown): code is string {
  return isRpcCode(code);
}

/** The text in a form that a message can carry: well-formed, and of at most 256 characters. */
export function carriable(text: unknown): string {
  const wellFormed = String(text ?? '')
    .slice(0, TEXT_LENGTH_MAX)
    .replace(SURROGATE, '\uFFFD');
  return wellFormed.replace(BYTE_ORDER_MARKS, '');
}

function isText(text: unknown, lengthMax: number): text is string {
  return typeof text === 'string' && text.length <= lengthMax;
}
