/**
 * @module ApplicationStream: one end of a stream as an application has it: web streams (`web-streams.ts`), or a pipe, around `StreamEnd`. The readable
 * side asks for bytes only when somebody reads, and what was read is granted anew; a write resolves when its bytes were handed on. All promises of the
 * streams behaviour live here and in `pipe-reader.ts`.
 */
import { type BytePipe, type ByteStream, NetworkError, type NodeId } from '../../core/index.js';
import type { EndObserver } from './end-observer.js';
import { WINDOW_MIN_BYTES } from './options.js';
import { PipeReader } from './pipe-reader.js';
import type { StreamEnd } from './stream-end.js';
import { webStreams } from './web-streams.js';

const LEFT_TEXT = 'the stream was cancelled or aborted';

/** What the application's side needs of the behaviour. */
export interface StreamHost {
  /** The end has something to send, or is over. */
  touched(end: StreamEnd): void;
  /** The stream was taken, or is narrower: other deadlines hold. */
  deadlinesChanged(end: StreamEnd): void;
  /** The application goes on no further with it. */
  left(end: StreamEnd, text: string, reason: unknown): void;
  /** The reader has taken so many bytes. */
  consumed(end: StreamEnd, byteCount: number): void;
}

export interface Remote {
  readonly nodeId: NodeId;
  readonly isVerified: boolean;
}

/** A promise and what settles it. */
interface Waiting {
  resolve(): void;
  reject(error: NetworkError): void;
}

/** The readable side as it is handed out: a controller of a web stream, or the reader of a pipe. */
type Outlet = Pick<PipeReader, 'enqueue' | 'close' | 'error'>;

export class ApplicationStream implements ByteStream, EndObserver {
  readonly closed: Promise<void>;
  /** Of an opener. */
  onAccepted: () => void = () => {};
  onFailed: (error: NetworkError) => void = () => {};
  /** Made when the application asks for them: of web streams and a pipe only one. */
  private web: Pick<ByteStream, 'readable' | 'writable'> | undefined;
  private piped: BytePipe | undefined;
  private outlet: Outlet | undefined;
  private writer: WritableStreamDefaultController | undefined;
  private end: Waiting = { resolve: () => {}, reject: () => {} };
  /** The `write` or `close` that waits. */
  private writing: Waiting | undefined;
  /** The first `close`: nothing is written after it. */
  private closing: { readonly sent: Promise<void> | undefined } | undefined;
  private isWanted = false;
  private isHandingOut = false;
  private isReadOut = false;

  constructor(
    private readonly source: StreamEnd,
    private readonly remote: Remote,
    private readonly host: StreamHost,
  ) {
    source.observer = this;
    this.closed = new Promise((resolve, reject) => {
      this.end = { resolve, reject };
    });
    // Nobody has to look at it.
    this.closed.catch(() => {});
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.webStreams().readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.webStreams().writable;
  }

  pipe(): BytePipe {
    if (this.piped !== undefined || this.web !== undefined)
      throw new NetworkError('ARGUMENT_INVALID', 'pipe: the stream is used by readable, writable or another pipe');
    const reader = new PipeReader(() => this.pull());
    this.piped = {
      read: () => reader.read(),
      write: async (bytes) => this.write(bytes),
      end: async () => this.close(),
      reset: (reason) => this.reset(reason),
    };
    this.handOutTo(reader);
    return this.piped;
  }

  get nodeId(): NodeId {
    return this.remote.nodeId;
  }

  get nodeVerified(): boolean {
    return this.remote.isVerified;
  }

  get name(): string {
    return this.source.name;
  }

  narrow(windowBytes: number, silenceMs?: number): void {
    if (!Number.isSafeInteger(windowBytes) || windowBytes < WINDOW_MIN_BYTES)
      throw new NetworkError('ARGUMENT_INVALID', `narrow: windowBytes must be a whole number of ${WINDOW_MIN_BYTES} or more`);
    if (silenceMs !== undefined && !(Number.isSafeInteger(silenceMs) && silenceMs >= 1))
      throw new NetworkError('ARGUMENT_INVALID', 'narrow: silenceMs must be a whole number of 1 or more');
    this.source.narrow(windowBytes);
    if (silenceMs === undefined) return;
    this.source.deadlines.narrow(silenceMs);
    this.host.deadlinesChanged(this.source);
    this.host.touched(this.source);
  }

  /** `error`: what this side fails with instead. */
  reset(reason = '', error?: NetworkError): void {
    this.source.reset('STREAM_RESET', reason, undefined, error);
    this.host.touched(this.source);
  }

  accepted(): void {
    this.host.deadlinesChanged(this.source);
    this.onAccepted();
  }

  /** What has come goes to whoever waits for it. Handing out may be asked for more at once. */
  incoming(): void {
    if (this.isHandingOut) return;
    this.isHandingOut = true;
    while (this.isWanted) {
      const next = this.source.read();
      if (next === undefined) break;
      this.isWanted = false;
      if (next === 'end') this.readOut();
      else {
        this.outlet?.enqueue(next);
        this.host.consumed(this.source, next.length);
      }
    }
    this.isHandingOut = false;
    if (this.source.isAtEnd) this.readOut();
  }

  failed(error: NetworkError): void {
    this.outlet?.error(error);
    this.writer?.error(error);
    this.settle((waiting) => waiting.reject(error));
    this.end.reject(error);
    this.onFailed(error);
  }

  ended(): void {
    this.end.resolve();
  }

  private webStreams(): Pick<ByteStream, 'readable' | 'writable'> {
    if (this.piped !== undefined) throw new NetworkError('ARGUMENT_INVALID', 'readable, writable: the stream is used by its pipe');
    this.web ??= webStreams({
      readFrom: (outlet) => this.handOutTo(outlet),
      pull: () => this.pull(),
      cancel: (reason) => this.cancel(reason),
      writeTo: (writer) => this.takeFrom(writer),
      write: (chunk) => this.write(chunk),
      close: () => this.close(),
      abort: (reason) => this.leave(reason),
    });
    return this.web;
  }

  /** The stream may be over before anybody looks at it. */
  private handOutTo(outlet: Outlet): void {
    this.outlet = outlet;
    if (this.source.error !== undefined) outlet.error(this.source.error);
    else if (this.isReadOut) outlet.close();
  }

  private takeFrom(writer: WritableStreamDefaultController): void {
    this.writer = writer;
    if (this.source.error !== undefined) writer.error(this.source.error);
  }

  private pull(): void {
    this.isWanted = true;
    this.incoming();
  }

  private readOut(): void {
    this.isWanted = false;
    this.isReadOut = true;
    this.source.read();
    this.outlet?.close();
    this.host.touched(this.source);
  }

  /** What has come is dropped; unless that was all, the remote must not go on sending. */
  private cancel(reason: unknown): void {
    if (!this.source.inbound.isComplete) return this.leave(reason);
    for (let next = this.source.read(); next !== undefined && next !== 'end'; next = this.source.read());
    this.host.touched(this.source);
  }

  /** A text is for the remote, too; an error that the application has met stays here. */
  private leave(reason: unknown): void {
    this.host.left(this.source, typeof reason === 'string' ? reason : LEFT_TEXT, reason);
  }

  private write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.closing !== undefined) throw new NetworkError('ARGUMENT_INVALID', 'write: the stream was ended');
    if (!(chunk instanceof Uint8Array)) throw this.refuse(chunk);
    if (chunk.length === 0) return undefined;
    return this.handOn((sent) => this.source.write(chunk, sent));
  }

  private close(): Promise<void> | undefined {
    this.closing ??= { sent: this.handOn((sent) => this.source.finish(sent)) };
    return this.closing.sent;
  }

  private handOn(give: (sent: () => void) => void): Promise<void> | undefined {
    const { error } = this.source;
    if (error !== undefined) throw error;
    if (this.writing !== undefined) throw new NetworkError('ARGUMENT_INVALID', 'write, end: another write waits');
    let isSent = false;
    give(() => {
      isSent = true;
      this.settle((waiting) => waiting.resolve());
    });
    this.host.touched(this.source);
    if (isSent) return undefined;
    return new Promise((resolve, reject) => {
      if (this.source.error === undefined) this.writing = { resolve, reject };
      else reject(this.source.error);
    });
  }

  private settle(how: (waiting: Waiting) => void): void {
    const { writing } = this;
    this.writing = undefined;
    if (writing !== undefined) how(writing);
  }

  private refuse(chunk: unknown): NetworkError {
    const text = `a chunk is ${typeof chunk}; streams carry Uint8Array`;
    this.reset(text);
    return new NetworkError('ARGUMENT_INVALID', text);
  }
}
