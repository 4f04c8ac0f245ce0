/**
 * @module InboundSequences: puts the pieces of a link's sequences into order. Each sequence is a stream of frames of its own, so that what is
 * missing in one holds up no other. Chunks that are in order wait, oldest first, until they are read; those of sequences other than 0 only
 * once the link is open. What is kept is bounded: a piece that finds no room is refused, and its packet counts as lost. A piece may
 * overlap others: their bytes are the same. Pure.
 */
import { BoundedQueue } from '../../../structures/bounded-queue.js';
import { FrameReader } from '../../../wire/frame.js';
import type { FinalItem, PieceItem, SequenceEnd } from './packet.js';

/** What a piece costs besides its bytes. */
const PIECE_COST_BYTES = 128;

class Sequence {
  /** Everything before it is here. */
  received = 0;
  /** Came early, by position. */
  readonly early = new Map<number, Uint8Array>();
  /** No early piece begins before it; exact after `nextOf`. */
  earliest = Number.POSITIVE_INFINITY;
  readonly frames: FrameReader;

  constructor(
    readonly number: number,
    frameBytesMax: number,
  ) {
    this.frames = new FrameReader(frameBytesMax);
  }
}

interface Chunk {
  readonly sequence: Sequence;
  readonly bytes: Uint8Array;
}

export class InboundSequences {
  /** Of sequence 0, and of whichever is read now. */
  frames: FrameReader;
  /** Bytes that are kept, with what they cost. */
  keptBytes = 0;
  /** There was something in the pieces of the last packet that was not here yet. */
  hasNews = false;
  /** Sequences other than 0 are read. */
  isOpen = false;
  readonly #sequences = new Map<number, Sequence>();
  /** The reader of what belongs to no sequence, once something has come. */
  #unsequenced: Sequence | undefined;
  readonly #ready = new BoundedQueue<Chunk>({ name: 'datagram link', policy: 'reject', lengthMax: Number.MAX_SAFE_INTEGER });
  /** In order, of other sequences than 0, before the link is open. */
  #parked: Chunk[] = [];
  #final: FinalItem | undefined;
  /** The final frame was read. */
  #isOver = false;

  constructor(
    private readonly frameBytesMax: number,
    /** Of one sequence so many pieces wait at most for what is before them. */
    private readonly earlyMax: number,
  ) {
    this.frames = this.#sequence(0).frames;
  }

  /** There is something to read once the link is open. */
  get hasParked(): boolean {
    return this.#parked.length > 0;
  }

  /** Takes the pieces of one packet, whose memory is its own. False: there is no room for all of them within `bytesMax`. */
  receive(pieces: readonly PieceItem[], final: FinalItem | undefined, bytesMax: number): boolean {
    this.hasNews = false;
    for (const piece of pieces) if (!this.#take(this.#sequence(piece.sequence), piece, bytesMax)) return false;
    this.#final ??= final;
    return true;
  }

  /** Takes whole frames that belong to no sequence. False: there is no room for them. */
  receiveUnreliable(bytes: Uint8Array, bytesMax: number): boolean {
    if (this.keptBytes + costOf(bytes) > bytesMax) return false;
    if (this.#isOver) return true;
    this.#unsequenced ??= new Sequence(-1, this.frameBytesMax);
    this.#put({ sequence: this.#unsequenced, bytes: owned(bytes) }, this.isOpen);
    return true;
  }

  /** Where each sequence goes on: everything before that position has come. */
  get positions(): readonly SequenceEnd[] {
    return [...this.#sequences.values()].map(({ number, received }) => ({ sequence: number, position: received }));
  }

  /** The next chunk: bytes of the sequence whose reader `frames` is then. */
  read(): Uint8Array | undefined {
    if (this.isOpen && this.hasParked) this.#unpark();
    const chunk = this.#ready.shift();
    if (chunk === undefined) return this.#readFinal();
    this.keptBytes -= costOf(chunk.bytes);
    this.frames = chunk.sequence.frames;
    return chunk.bytes;
  }

  #unpark(): void {
    for (const chunk of this.#parked) this.#ready.push(chunk);
    this.#parked = [];
  }

  /** The final frame, when everything before it was read. */
  #readFinal(): Uint8Array | undefined {
    if (this.#final === undefined || this.#isOver || this.hasParked) return undefined;
    if (this.#final.ends.some(({ sequence, position }) => this.#sequence(sequence).received < position)) return undefined;
    this.#isOver = true;
    this.frames = this.#sequence(0).frames;
    return this.#final.bytes;
  }

  #take(sequence: Sequence, { position, bytes }: PieceItem, bytesMax: number): boolean {
    const { received, early } = sequence;
    // What is waited for has room beside what waits for it.
    const isWanted = position <= received && (this.isOpen || sequence.number === 0);
    if (position + bytes.length <= received || (early.get(position)?.length ?? 0) >= bytes.length) return true;
    if (this.keptBytes + costOf(bytes) > (isWanted ? 2 : 1) * bytesMax) return false;
    this.hasNews = true;
    if (position > received) return this.#keepEarly(sequence, position, owned(bytes));
    this.keptBytes += costOf(bytes);
    this.#append(sequence, position, bytes);
    for (let next = nextOf(sequence); next !== undefined; next = nextOf(sequence)) this.#append(sequence, next, takeEarly(sequence, next));
    return true;
  }

  #keepEarly(sequence: Sequence, position: number, bytes: Uint8Array): boolean {
    const { early } = sequence;
    const shorter = early.get(position);
    if (shorter === undefined && early.size >= this.earlyMax) return false;
    this.keptBytes += costOf(bytes) - (shorter === undefined ? 0 : costOf(shorter));
    early.set(position, bytes);
    sequence.earliest = Math.min(sequence.earliest, position);
    return true;
  }

  /** Bytes that continue the sequence, or overlap what is here. They are accounted for already. */
  #append(sequence: Sequence, position: number, bytes: Uint8Array): void {
    const fresh = owned(bytes.subarray(sequence.received - position));
    this.keptBytes -= costOf(bytes);
    if (fresh.length === 0) return;
    sequence.received += fresh.length;
    this.#put({ sequence, bytes: fresh }, this.isOpen || sequence.number === 0);
  }

  #put(chunk: Chunk, isReady: boolean): void {
    this.keptBytes += costOf(chunk.bytes);
    if (isReady) this.#ready.push(chunk);
    else this.#parked.push(chunk);
  }

  #sequence(number: number): Sequence {
    const known = this.#sequences.get(number);
    if (known !== undefined) return known;
    const sequence = new Sequence(number, this.frameBytesMax);
    this.#sequences.set(number, sequence);
    return sequence;
  }
}

/** Where an early piece begins that continues the sequence. */
function nextOf(sequence: Sequence): number | undefined {
  const { early, received } = sequence;
  if (early.has(received)) return received;
  if (sequence.earliest >= received) return undefined;
  sequence.earliest = Number.POSITIVE_INFINITY;
  for (const position of early.keys()) sequence.earliest = Math.min(sequence.earliest, position);
  return sequence.earliest < received ? sequence.earliest : undefined;
}

/** A short piece does not keep the memory of its packet. */
function owned(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * costOf(bytes) ? bytes.slice() : bytes;
}

function takeEarly({ early }: Sequence, position: number): Uint8Array {
  const bytes = early.get(position) as Uint8Array;
  early.delete(position);
  return bytes;
}

function costOf(bytes: Uint8Array): number {
  return bytes.length + PIECE_COST_BYTES;
}
