/**
 * @module Messages of pubsub between neighbours: how a feed, the messages of one topic of one publisher, is asked for and flows, hop by hop. The side
 * nearer to the subscriber names each feed by a label of its own, which holds for that connection; the other side repeats it, messages
 * as their stream id, so that one payload serves all connections. Big-endian:
 *
 *   1  subscribe   label u32, publisher (32 bytes), topic (32 bytes), subscribers u32, window u16 (0: as much as comes), epoch u32, from u48
 *                  (the next number wanted in that epoch; 0: whatever comes next)
 *   2  bound       label u32, epoch u32, next number u48, hops to the publisher u8, messages that it keeps u32
 *   3  refused     label u32, cause u8
 *   4  leave       label u32
 *   5  messages    number of the first u48, then 1 to 1,024 messages whose numbers follow each other (`feeds/run.ts`)
 *   6  beat        label u32, number of the last message u48
 *   7  missed      label u32, from u48, count u32, cause u8, where (32 bytes)
 *   8  credit      label u32, up to number u48
 *   9  refresh     as often as it fits: label u32, subscribers u32, up to number u48
 *  10  list        number of the first message u48, then the signed hashes of 1 to 64 messages (`signed/list.ts`): ahead of them, in their stream
 *  11  report      label u32, id u8 (0 to 15), window u16 (ms), subscribers u32, sum, least and greatest f64: in place of the one before (0 subscribers: none)
 *  12  pass        label u32, id u8 (0 to 15), up to 1,024 bytes for the publisher
 *
 * Messages 2, 3, 5, 6, 7 and 10 go one lane, in order; so do 1, 4, 8 and 9; 11 and 12 go after them, with less haste. What finds publishers and subscribers of others are calls (`meeting/`).
 */
import { ByteReader, ByteWriter, type NodeId, nodeIdFromBytes, nodeIdToBytes } from '../../core/index.js';
import { readU48, writeU48 } from '../../core/structures/bytes.js';

export const SUBSCRIBE = 1;
export const BOUND = 2;
export const REFUSED = 3;
export const LEAVE = 4;
export const MESSAGES = 5;
export const BEAT = 6;
export const MISSED = 7;
export const CREDIT = 8;
export const REFRESH = 9;
export const LIST = 10;
export const REPORT = 11;
export const PASS = 12;

/** Before messages, and before a signed list: kind and number. */
export const HEAD_BYTES = 7;
const NUMBER_AT = 1;
export const FORM_CBOR = 0;
export const FORM_BYTES = 1;
/** The greatest number of a message, and the credit that holds nothing back. */
export const NUMBER_MAX = 2 ** 48 - 1;
/** Bytes for the publisher at most, the greatest id of what it is sent, and the times in which a number goes once. */
export const PASS_BYTES_MAX = 1_024;
export const FEEDBACK_ID_MAX = 15;
export const WINDOW_MS = { min: 100, max: 60_000 } as const;
/** The most entries of one refresh. */
export const REFRESH_MAX = 4_096;
const REFRESH_BYTES = 14;

/** Why a feed does not flow, by its number on the wire. */
export const REFUSALS = ['no-publisher', 'ended', 'no-route', 'loop', 'overloaded', 'unknown', 'forbidden'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** By its number on the wire. */
export const MISS_CAUSES = [
  'unknown',
  'link-full',
  'rerouted',
  'queue-full',
  'malformed',
  'invalid',
  'unsigned',
  'forged',
  'stale',
  'unchecked',
] as const;
/**
 * Why messages were missed: no room on a link or in a queue, a path that began later, a value that cannot be decoded, one that the topic's schema
 * refuses, one of a signed topic that nothing proves, or not known.
 */
export type MissCause = (typeof MISS_CAUSES)[number];

export interface Subscribe {
  readonly label: number;
  readonly publisher: NodeId;
  readonly topicId: NodeId;
  readonly count: number;
  readonly window: number;
  readonly epoch: number;
  readonly from: number;
}

export interface Bound {
  readonly label: number;
  readonly epoch: number;
  readonly next: number;
  readonly hops: number;
  readonly kept: number;
}

/** Messages that do not come. */
export interface Gap {
  readonly from: number;
  readonly count: number;
  readonly cause: MissCause;
  /** `undefined`: not known. */
  readonly where: NodeId | undefined;
}

/** Numbers that are left out, nobody knows why. */
export function unknownGap(from: number, end: number): Gap {
  return { from, count: end - from, cause: 'unknown', where: undefined };
}

export interface Refreshed {
  readonly label: number;
  readonly count: number;
  readonly limit: number;
}

/** A number that so many subscribers report; a count of 0: nobody does any more. */
export interface Figures {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Figures under their id, and how long they hold at least before others may follow. */
export interface Report extends Figures {
  readonly id: number;
  readonly windowMs: number;
}

const NOWHERE = new Uint8Array(32);

/** Fills in the head in front of messages, or of a list of the hashes of messages: `number` is that of the first one. */
export function writeHead(payload: Uint8Array, kind: typeof MESSAGES | typeof LIST, number: number): void {
  payload[0] = kind;
  writeU48(payload, NUMBER_AT, number);
}

/** The number of the first message, where such a head begins at `start`. */
export function firstNumber(bytes: Uint8Array, start: number): number {
  return readU48(bytes, start + NUMBER_AT);
}

/** Writes into room of its own: what it returns is valid until the next message. */
export class MessageWriter {
  private readonly writer = new ByteWriter();

  subscribe({ label, publisher, topicId, count, window, epoch, from }: Subscribe): Uint8Array {
    const writer = this.begin(SUBSCRIBE, label);
    return writer.bytes(nodeIdToBytes(publisher)).bytes(nodeIdToBytes(topicId)).u32(count).u16(window).u32(epoch).u48(from).written;
  }

  bound({ label, epoch, next, hops, kept }: Bound): Uint8Array {
    return this.begin(BOUND, label).u32(epoch).u48(next).u8(hops).u32(kept).written;
  }

  refused(label: number, cause: Refusal): Uint8Array {
    return this.begin(REFUSED, label).u8(REFUSALS.indexOf(cause)).written;
  }

  leave(label: number): Uint8Array {
    return this.begin(LEAVE, label).written;
  }

  beat(label: number, last: number): Uint8Array {
    return this.begin(BEAT, label).u48(last).written;
  }

  missed(label: number, { from, count, cause, where }: Gap): Uint8Array {
    const writer = this.begin(MISSED, label).u48(from).u32(count).u8(MISS_CAUSES.indexOf(cause));
    return writer.bytes(where === undefined ? NOWHERE : nodeIdToBytes(where)).written;
  }

  credit(label: number, limit: number): Uint8Array {
    return this.begin(CREDIT, label).u48(limit).written;
  }

  refresh(entries: readonly Refreshed[]): Uint8Array {
    const writer = this.writer.clear().u8(REFRESH);
    for (const { label, count, limit } of entries) writer.u32(label).u32(count).u48(limit);
    return writer.written;
  }

  report(label: number, { id, windowMs, count, sum, min, max }: Report): Uint8Array {
    return this.begin(REPORT, label).u8(id).u16(windowMs).u32(count).f64(sum).f64(min).f64(max).written;
  }

  passed(label: number, id: number, bytes: Uint8Array): Uint8Array {
    return this.begin(PASS, label).u8(id).bytes(bytes).written;
  }

  private begin(kind: number, label: number): ByteWriter {
    return this.writer.clear().u8(kind).u32(label);
  }
}

/** Reads what follows the kind; `undefined` for what has no form of this service. */
export class MessageReader {
  private readonly reader = new ByteReader(new Uint8Array(0));

  /** Before everything else: the message's body. Returns its kind. */
  open(bytes: Uint8Array, start: number, end: number): number {
    return this.reader.reset(bytes, start, end).u8();
  }

  /** A label and nothing else. */
  label(): number | undefined {
    const label = this.reader.u32();
    return this.reader.isComplete ? label : undefined;
  }

  subscribe(): Subscribe | undefined {
    const label = this.reader.u32();
    const [publisher, topicId] = [this.id(), this.id()];
    const [count, window, epoch, from] = [this.reader.u32(), this.reader.u16(), this.reader.u32(), this.reader.u48()];
    if (!this.reader.isComplete || publisher === undefined || topicId === undefined) return undefined;
    return { label, publisher, topicId, count, window, epoch, from };
  }

  bound(): Bound | undefined {
    const [label, epoch, next] = [this.reader.u32(), this.reader.u32(), this.reader.u48()];
    const [hops, kept] = [this.reader.u8(), this.reader.u32()];
    return this.reader.isComplete ? { label, epoch, next, hops, kept } : undefined;
  }

  refused(): { readonly label: number; readonly cause: Refusal } | undefined {
    const label = this.reader.u32();
    const cause = REFUSALS[this.reader.u8()];
    return this.reader.isComplete && cause !== undefined ? { label, cause } : undefined;
  }

  /** A label with a number: a beat, a credit. */
  numbered(): { readonly label: number; readonly number: number } | undefined {
    const [label, number] = [this.reader.u32(), this.reader.u48()];
    return this.reader.isComplete ? { label, number } : undefined;
  }

  missed(): { readonly label: number; readonly gap: Gap } | undefined {
    const [label, from, count] = [this.reader.u32(), this.reader.u48(), this.reader.u32()];
    const cause = MISS_CAUSES[this.reader.u8()];
    const where = this.id();
    if (!this.reader.isComplete || cause === undefined || where === undefined || count === 0) return undefined;
    return { label, gap: { from, count, cause, where: where === NOBODY ? undefined : where } };
  }

  refresh(): readonly Refreshed[] | undefined {
    const { reader } = this;
    if (reader.left % REFRESH_BYTES !== 0 || reader.left > REFRESH_MAX * REFRESH_BYTES) return undefined;
    const entries: Refreshed[] = [];
    while (reader.left > 0) entries.push({ label: reader.u32(), count: reader.u32(), limit: reader.u48() });
    return entries;
  }

  report(): { readonly label: number; readonly report: Report } | undefined {
    const { reader } = this;
    const [label, id, windowMs, count] = [reader.u32(), reader.u8(), reader.u16(), reader.u32()];
    const [sum, min, max] = [reader.f64(), reader.f64(), reader.f64()];
    const isWindow = windowMs >= WINDOW_MS.min && windowMs <= WINDOW_MS.max;
    if (!reader.isComplete || !isWindow || id > FEEDBACK_ID_MAX || ![sum, min, max].every(Number.isFinite) || min > max) return undefined;
    return { label, report: { id, windowMs, count, sum, min, max } };
  }

  passed(): { readonly label: number; readonly id: number; readonly bytes: Uint8Array } | undefined {
    const { reader } = this;
    const [label, id] = [reader.u32(), reader.u8()];
    const bytes = reader.view(reader.left);
    return reader.isComplete && id <= FEEDBACK_ID_MAX && bytes.length <= PASS_BYTES_MAX ? { label, id, bytes } : undefined;
  }

  private id(): NodeId | undefined {
    const at = this.reader.skip(32);
    return at < 0 ? undefined : nodeIdFromBytes(this.reader.bytes, at);
  }
}

const NOBODY = nodeIdFromBytes(NOWHERE);
