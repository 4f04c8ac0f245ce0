/**
 * @module FrameFeed: takes frames out of a link's lanes for datagrams: control before normal before bulk, as many as fit, a frame in pieces where it
 * is longer than the room that is left. Each frame belongs to a sequence: that of the service
 * that handles it, or 0 if it was written before the link was open. A frame that has
 * begun holds up further frames of its own sequence only. Frames that may be lost belong to none, and go whole: one that is longer than any
 * datagram of the path is dropped, and counted.
 */
import { copyRange, readVarint, varintBytes } from '../../../structures/bytes.js';
import { UNRELIABLE_BIT } from '../../../wire/message.js';
import type { Lane, Slab } from '../lane.js';
import type { Outbox } from '../outbox.js';
import type { PieceItem, SequenceEnd } from './packet.js';

/** Stands in the place of a sequence. */
export const UNRELIABLE = -1;
/** Where the service that handles a message stands in it. */
const SERVICE_AT = 3;
/** A frame that does not fit is begun only where so many bytes are left. */
const PART_BYTES_MIN = 64;

/** The next frame of a lane, or the one that has begun. */
export interface Frame {
  readonly lane: Lane;
  readonly sequence: number;
  /** In the lane's first slab. */
  readonly end: number;
  readonly isAuthors: boolean;
}

/** What was taken at once: bytes of one sequence. */
export interface Run {
  readonly sequence: number;
  readonly position: number;
  readonly byteCount: number;
  /** Frames of authors that end in it. */
  readonly messageCount: number;
}

/** Up to where frames of a lane were written before the link was open. */
interface Boundary {
  readonly slab: Slab;
  readonly used: number;
}

export class FrameFeed {
  readonly #positions = new Map<number, number>();
  readonly #begun = new Map<Lane, Frame>();
  readonly #boundaries = new Map<Lane, Boundary>();
  #isOpen = false;
  /** Frames of authors among those that were taken at once. */
  #authorsCount = 0;
  /** Messages that were too long for the path. */
  tooLargeCount = 0;

  constructor(private outbox: Outbox) {}

  /** Where each sequence ends that was used. */
  get ends(): readonly SequenceEnd[] {
    return [...this.#positions].map(([sequence, position]) => ({ sequence, position }));
  }

  /** The link is open: frames that are written from now on go in the sequences of their services. */
  opened(): void {
    this.#isOpen = true;
    for (const lane of this.outbox.lanes) {
      const slab = lane.slabs.at(-1);
      if (slab !== undefined) this.#boundaries.set(lane, { slab, used: slab.used });
    }
  }

  /** The frames of an open link, each in the sequence of its service. */
  carry(outbox: Outbox): void {
    this.outbox = outbox;
    this.#isOpen = true;
  }

  /** The rest of the frames that have begun: then the lanes begin with whole frames again. */
  takeBegun(pieceBytesMax: number): PieceItem[] {
    const pieces: PieceItem[] = [];
    for (const [lane, { sequence, end }] of [...this.#begun]) {
      const slab = lane.slabs[0] as Slab;
      while (slab.sealed < end) {
        const position = this.#positions.get(sequence) ?? 0;
        const bytes = slab.bytes.slice(slab.sealed, Math.min(end, slab.sealed + pieceBytesMax));
        pieces.push({ sequence, position, bytes });
        slab.sealed += bytes.length;
        this.#positions.set(sequence, position + bytes.length);
      }
      this.#begun.delete(lane);
      if (slab.sealed === slab.used) this.#shift(lane, slab);
    }
    return pieces;
  }

  /** What comes next; `undefined` when nothing waits. `wholeBytesMax`: unreliable frames that are longer are dropped. */
  next(wholeBytesMax: number): Frame | undefined {
    for (const lane of this.outbox.lanes) {
      const frame = this.#nextOf(lane, wholeBytesMax);
      if (frame !== undefined && !this.#isHeldUp(lane, frame.sequence)) return frame;
    }
    return undefined;
  }

  /** The one frame that is left in the lanes, which belongs to no sequence. */
  takeLast(): Uint8Array | undefined {
    const lane = this.outbox.lanes.find(({ count }) => count > 0);
    const slab = lane?.slabs[0];
    if (lane === undefined || slab === undefined) return undefined;
    const bytes = slab.bytes.slice(slab.sealed, slab.used);
    this.#shift(lane, slab);
    return bytes;
  }

  #isHeldUp(lane: Lane, sequence: number): boolean {
    for (const [other, begun] of this.#begun) if (other !== lane && begun.sequence === sequence) return true;
    return false;
  }

  /** Writes `first`, which is next, and the frames of its sequence that follow it in the lane into `target[at..end)`; `undefined` when nothing fits. */
  take(first: Frame, target: Uint8Array, at: number, end: number): Run | undefined {
    const { lane, sequence } = first;
    const partBytesMin = sequence === UNRELIABLE ? Number.POSITIVE_INFINITY : PART_BYTES_MIN;
    const position = this.#positions.get(sequence) ?? 0;
    let [byteCount, messageCount] = [0, 0];
    for (let frame: Frame | undefined = first; frame?.sequence === sequence; frame = this.#nextOf(lane)) {
      const slab = lane.slabs[0] as Slab;
      const room = end - at - byteCount;
      const isWhole = frame.end - slab.sealed <= room;
      if (!isWhole && room < partBytesMin) break;
      const until = isWhole ? this.#runEnd(slab, frame, slab.sealed + room) : slab.sealed + room;
      copyRange(slab.bytes, slab.sealed, until, target, at + byteCount);
      byteCount += until - slab.sealed;
      slab.sealed = until;
      if (!isWhole) {
        this.#begun.set(lane, frame);
        break;
      }
      this.#begun.delete(lane);
      messageCount += this.#authorsCount;
      if (slab.sealed === slab.used) this.#shift(lane, slab);
    }
    if (byteCount === 0) return undefined;
    if (sequence !== UNRELIABLE) this.#positions.set(sequence, position + byteCount);
    return { sequence, position, byteCount, messageCount };
  }

  /**
   * Where the frames end that follow a whole one in its slab, are of the same sequence and end up to `endMax`. Counts those of authors. One that was written
   * before the link was open may be left for later: all that is asked is its service.
   */
  #runEnd({ bytes, used }: Slab, { sequence, end, isAuthors }: Frame, endMax: number): number {
    this.#authorsCount = isAuthors ? 1 : 0;
    let runEnd = end;
    while (runEnd < used) {
      const messageBytes = readVarint(bytes, runEnd);
      const messageAt = runEnd + varintBytes(messageBytes);
      if (messageAt + messageBytes > endMax || sequenceOf(bytes, messageAt) !== sequence) break;
      runEnd = messageAt + messageBytes;
      if (bytes[messageAt + SERVICE_AT] !== 0) this.#authorsCount++;
    }
    return runEnd;
  }

  #nextOf(lane: Lane, wholeBytesMax = Number.POSITIVE_INFINITY): Frame | undefined {
    for (let slab = lane.slabs[0]; slab !== undefined; slab = lane.slabs[0]) {
      const frame = this.#frameAt(lane, slab);
      if (frame.sequence !== UNRELIABLE || frame.end - slab.sealed <= wholeBytesMax) return frame;
      this.tooLargeCount++;
      slab.sealed = frame.end;
      if (slab.sealed === slab.used) this.#shift(lane, slab);
    }
    return undefined;
  }

  #frameAt(lane: Lane, slab: Slab): Frame {
    const begun = this.#begun.get(lane);
    if (begun !== undefined) return begun;
    const messageBytes = readVarint(slab.bytes, slab.sealed);
    const messageAt = slab.sealed + varintBytes(messageBytes);
    const sequence = this.#isOfOpen(lane, slab) ? sequenceOf(slab.bytes, messageAt) : 0;
    return { lane, sequence, end: messageAt + messageBytes, isAuthors: slab.bytes[messageAt + SERVICE_AT] !== 0 };
  }

  /** Whether what comes next was written when the link was open. */
  #isOfOpen(lane: Lane, slab: Slab): boolean {
    const boundary = this.#boundaries.get(lane);
    if (boundary === undefined) return this.#isOpen;
    if (slab !== boundary.slab || slab.sealed < boundary.used) return false;
    this.#boundaries.delete(lane);
    return true;
  }

  #shift(lane: Lane, slab: Slab): void {
    if (this.#boundaries.get(lane)?.slab === slab) this.#boundaries.delete(lane);
    lane.shift();
  }
}

/** Of an open link. */
function sequenceOf(bytes: Uint8Array, messageAt: number): number {
  return ((bytes[messageAt] as number) & UNRELIABLE_BIT) === 0 ? (bytes[messageAt + SERVICE_AT] as number) : UNRELIABLE;
}
