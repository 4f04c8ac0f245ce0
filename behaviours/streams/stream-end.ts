/**
 * @module StreamEnd: one end of a stream: what it has to send, frame by frame, and what has come. Both directions are ordered flows of bytes under
 * credit (`core/kits/flow`). It knows no carrier and no agent; what the application does with it is the work of its observer.
 *
 * Order: the opener sends `open` with credit for the other side, which answers `accept` with credit, or `reset`. No data of the opener leaves
 * before that.
 */
import { type ByteWriter, InboundFlow, type Message, NetworkError, OutboundFlow } from '../../core/index.js';
import { EndDeadlines } from './end-deadlines.js';
import type { EndFields } from './end-fields.js';
import type { EndObserver } from './end-observer.js';
import {
  ACCEPT,
  CREDIT,
  DATA,
  DATA_HEAD_BYTES,
  END,
  type Frame,
  type FrameOwner,
  plainText,
  RESET,
  type ResetCode,
  writeData,
  writeNumber,
  writeOpen,
  writeReset,
} from './messages.js';
import { PIECE_BYTES_MAX, PIECE_BYTES_MIN, pieceBytes } from './pieces.js';

/** When the reader has taken so much, the remote is granted more, so that a wide window does not come in halves. */
const GRANT_BYTES = 262_144;

const EOF = {};
type Eof = typeof EOF;

/** What the application writes, until it was handed on. */
interface Writing {
  readonly bytes: Uint8Array;
  at: number;
  readonly sent: () => void;
}

export class StreamEnd implements FrameOwner {
  readonly id: number;
  readonly isOpener: boolean;
  readonly serviceId: number;
  readonly name: string;
  /** Of the carrier, for its round. */
  isWaiting = false;
  /** Of the deadlines. */
  dueMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  heapOrder = 0;
  observer!: EndObserver;
  readonly deadlines: EndDeadlines;
  readonly inbound: InboundFlow<Uint8Array, Eof>;
  private readonly outbound: OutboundFlow<Uint8Array, Eof>;
  private windowMax = Number.POSITIVE_INFINITY;
  private isOpenDue: boolean;
  private isAcceptDue = false;
  private writing: Writing | undefined;
  private finished: (() => void) | undefined;
  private hasEnded = false;
  private isEndRead = false;
  /** Since the remote was granted more. */
  private consumedBytes = 0;
  private resetDue: { readonly code: ResetCode; readonly text: string } | undefined;
  /** The application has left an accepted stream: until then its handler may say more than the reset, which waits. */
  leftUntilMs = Number.POSITIVE_INFINITY;
  /** Why it was reset. */
  error: NetworkError | undefined;

  constructor(private readonly fields: EndFields) {
    const { id, isOpener, serviceId, name, window, granted = 0 } = fields;
    this.id = id;
    this.isOpener = isOpener;
    this.serviceId = serviceId;
    this.name = name;
    this.inbound = new InboundFlow({ window, unitsOf: lengthOf });
    this.outbound = new OutboundFlow({ capacity: PIECE_BYTES_MAX, unitsOf: lengthOf, granted });
    this.deadlines = new EndDeadlines(fields);
    this.isOpenDue = isOpener;
  }

  /** Nothing will be sent or read any more. */
  get isOver(): boolean {
    if (this.error !== undefined) return this.resetDue === undefined;
    return this.hasEnded && this.isEndRead;
  }

  /** Everything was read but the end, which has come. */
  get isAtEnd(): boolean {
    return !this.isEndRead && this.inbound.isReadOut;
  }

  /** Whether there is a frame to send now. */
  get hasFrame(): boolean {
    if (this.resetDue !== undefined) return this.leftUntilMs === Number.POSITIVE_INFINITY;
    if (this.error !== undefined || this.isOver) return false;
    return this.isOpenDue || this.isAcceptDue || this.isCreditDue || this.hasData || this.outbound.endingDue !== undefined;
  }

  private get hasData(): boolean {
    const { writing } = this;
    return writing !== undefined && this.outbound.available >= Math.min(PIECE_BYTES_MIN, writing.bytes.length - writing.at);
  }

  private get isCreditDue(): boolean {
    return (this.inbound.hasNews || this.consumedBytes >= GRANT_BYTES) && !this.inbound.isComplete && !this.isOpenDue && !this.isAcceptDue;
  }

  /** The next deadline that holds now. */
  get deadlineMs(): number {
    return this.error !== undefined || this.isOver ? this.leftUntilMs : this.deadlines.dueMs;
  }

  get sentBytes(): number {
    return this.outbound.position;
  }

  /** The next bytes, `most` at most, when nothing but data is to be sent now: for carriers that need no frame around them. */
  takePiece(most: number, nowMs: number): Uint8Array | undefined {
    const { writing } = this;
    const hasOther = this.resetDue !== undefined || this.isOpenDue || this.isAcceptDue || this.isCreditDue;
    if (hasOther || writing === undefined) return undefined;
    return this.nextPiece(writing, pieceBytes(writing.bytes.length - writing.at, most), nowMs);
  }

  /** Writes the next frame, of `room` bytes at most: `hasFrame` holds. */
  writeFrame(writer: ByteWriter, room: number, nowMs: number): void {
    if (this.resetDue !== undefined) return this.writeResetFrame(writer, this.resetDue);
    if (this.isOpenDue) return this.writeOpenFrame(writer);
    if (this.isAcceptDue) return this.writeCredit(writer, ACCEPT);
    if (this.isCreditDue) return this.writeCredit(writer, CREDIT);
    const { position } = this.outbound;
    if (this.writing !== undefined) return writeData(writer, this, position, this.nextPiece(this.writing, room - DATA_HEAD_BYTES, nowMs));
    this.outbound.endingSent();
    this.hasEnded = true;
    writeNumber(writer, END, this, this.outbound.position);
    this.finished?.();
  }

  /** Bytes for the remote; `sent` is called when they are free again. One at a time, after the one before was sent. */
  write(bytes: Uint8Array, sent: () => void): void {
    this.writing = { bytes, at: 0, sent };
  }

  /** Nothing more is written; `sent` is called when the end was handed on. */
  finish(sent: () => void): void {
    this.finished = sent;
    this.outbound.finish(EOF);
  }

  /** The next bytes, `end` after the last; `undefined` as long as nothing has come. */
  read(): Uint8Array | 'end' | undefined {
    const next = this.inbound.read();
    if (next?.type === 'item') return next.item;
    this.isEndRead ||= next !== undefined;
    return next && 'end';
  }

  /** The reader has taken so many bytes, and the window is this now, as far as it is not narrower. */
  consumed(byteCount: number, window: number): void {
    const share = Math.min(window, this.windowMax);
    this.consumedBytes += byteCount;
    if (share !== this.inbound.window) this.inbound.resize(share);
    this.inbound.consumed(byteCount);
  }

  /** What was announced stays granted. A wider window than before changes nothing. */
  narrow(window: number): void {
    this.windowMax = Math.min(this.windowMax, window);
    this.inbound.resize(Math.min(this.windowMax, this.inbound.window));
    if (this.isOpenDue || (!this.isOpener && this.deadlines.acceptedMs === undefined)) this.inbound.announceAnew();
  }

  /** This side takes the stream. */
  accept(nowMs: number): void {
    this.deadlines.acceptedMs = nowMs;
    this.isAcceptDue = true;
    this.observer.accepted();
  }

  /** Ends it on both sides. A reset that waits says this instead; `cause` stays on this side, which fails with `error`, if there is one. */
  reset(code: ResetCode, reason: string, cause?: unknown, error?: NetworkError): void {
    const isLeft = this.leftUntilMs !== Number.POSITIVE_INFINITY;
    this.leftUntilMs = Number.POSITIVE_INFINITY;
    if ((this.error !== undefined && !isLeft) || this.isOver) return;
    const text = plainText(reason);
    if (!this.isOpenDue) this.resetDue = { code, text };
    this.fail(error ?? new NetworkError(code, text, { cause }));
  }

  /** Ends it on this side. */
  fail(error: NetworkError): void {
    if (this.error !== undefined || this.isOver) return;
    this.error = error;
    this.writing = undefined;
    this.observer.failed(error);
  }

  /** A frame has come. False when the remote may not send it. */
  receive(frame: Frame, nowMs: number): boolean {
    this.deadlines.lastMs = nowMs;
    if (this.error !== undefined) return true;
    switch (frame.kind) {
      case ACCEPT:
        return this.onAccept(frame.position, nowMs);
      case CREDIT:
        return this.outbound.onGrant(frame.position) !== 'invalid';
      case DATA:
        return this.onData(new Uint8Array(frame.bytes), frame.position);
      case END:
        return this.onEnd(frame.position);
      case RESET:
        this.resetDue = undefined;
        this.fail(new NetworkError(frame.code, frame.text));
        return true;
      default:
        return false;
    }
  }

  private onAccept(credit: number, nowMs: number): boolean {
    if (!this.isOpener) return false;
    this.outbound.onGrant(credit);
    if (this.deadlines.acceptedMs !== undefined) return true;
    this.deadlines.acceptedMs = nowMs;
    this.observer.accepted();
    return true;
  }

  /** The message has bytes that follow those before. They are kept if they may come, and only then copied, or its memory held. */
  receivePiece(message: Message, nowMs: number): boolean {
    const { error, inbound } = this;
    this.deadlines.lastMs = nowMs;
    const bytes = error === undefined && message.byteLength <= inbound.room ? message.keptPayload() : undefined;
    // Only a view does not begin its memory. To ask a short copy for its buffer would make one.
    if ((bytes?.byteOffset ?? 0) === 0) message.giveBack();
    return bytes === undefined ? error !== undefined : this.onData(bytes, inbound.received);
  }

  private onData(bytes: Uint8Array, position: number): boolean {
    if (this.inbound.receive(bytes, position) === 'violation') return false;
    this.deadlines.hasReceived = true;
    this.observer.incoming();
    return true;
  }

  private onEnd(position: number): boolean {
    if (!this.inbound.end(position, EOF)) return false;
    this.deadlines.hasReceived = true;
    this.observer.incoming();
    return true;
  }

  private writeResetFrame(writer: ByteWriter, { code, text }: { readonly code: ResetCode; readonly text: string }): void {
    this.resetDue = undefined;
    writeReset(writer, this, code, text);
  }

  private writeOpenFrame(writer: ByteWriter): void {
    const { serviceId, name, timeoutMs, silenceMs } = this.fields;
    this.isOpenDue = false;
    writeOpen(writer, this, { serviceId, credit: this.announce(), timeoutMs, silenceMs, name });
  }

  private writeCredit(writer: ByteWriter, kind: typeof ACCEPT | typeof CREDIT): void {
    this.isAcceptDue = false;
    writeNumber(writer, kind, this, this.announce());
  }

  private announce(): number {
    const { granted } = this.inbound.announce();
    this.consumedBytes = 0;
    this.inbound.announced();
    return granted;
  }

  private nextPiece(writing: Writing, most: number, nowMs: number): Uint8Array {
    const { outbound } = this;
    const { bytes, at } = writing;
    const piece = bytes.subarray(at, at + Math.min(most, outbound.available));
    if (!outbound.push(piece)) throw new NetworkError('ARGUMENT_INVALID', 'a piece was written after the end, or is too long');
    outbound.sent();
    this.deadlines.lastMs = nowMs;
    writing.at += piece.length;
    if (writing.at === bytes.length) {
      this.writing = undefined;
      writing.sent();
    }
    return piece;
  }
}

const lengthOf = ({ length }: Uint8Array): number => length;
