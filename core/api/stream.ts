/**
 * @module Byte streams as applications meet them, with web streams only. How they are carried is the work of `behaviours/streams`.
 */
import type { NodeId } from '../address/node-id.js';
import type { NetworkError } from '../errors.js';
import type { BehaviorAgent } from './agent.js';
import type { CallResult } from './ports.js';
import type { Route } from './routes.js';

/** Bytes in both directions, each ended by itself. */
export interface BytePipe {
  /** The next bytes, which are good until the next read; `undefined` at the end. One read at a time. Rejects when the pipe was reset. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when the bytes were handed on: the next ones may be. One write at a time, none after `end`. Rejects when the pipe was reset. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more is written. Once it has begun, it gives the same result each time. */
  end(): Promise<void>;
  /** Both directions end at once, and the other side is told so. Idempotent. */
  reset(reason: string): void;
}

/**
 * A stream of bytes in each direction between two nodes, in order and without loss. Each side ends its own direction with `writable.close()`;
 * the other one goes on. `readable.cancel()` before the remote's end and `writable.abort()` reset the stream. A side that does not read
 * holds back the remote's `write`.
 */
export interface ByteStream {
  /** Bytes of the remote. Fails with a `NetworkError` when the stream is reset, by either side. */
  readonly readable: ReadableStream<Uint8Array>;
  /** A `write` resolves when its bytes were handed on, and are free; `close` when the end was. Fails as `readable` does. */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * The stream without web streams, once and instead of `readable` and `writable`: it takes fewer steps for each piece. Of reads and of writes one waits
   * at a time, a further one rejects with `ARGUMENT_INVALID`. Throws `ARGUMENT_INVALID` where `readable` or `writable` is used; they throw it then.
   */
  pipe(): BytePipe;
  /** The other side. */
  readonly nodeId: NodeId;
  /** True only when the other side is the authenticated neighbour, or this node. Over relays its id is a claim. */
  readonly nodeVerified: boolean;
  /** What the opener has given as name; empty by default. */
  readonly name: string;
  /** Resolves when both directions have ended and everything was read; rejects when the stream was reset. */
  readonly closed: Promise<void>;
  /**
   * From now on at most so many bytes of the remote wait here for the reader, or are in transit to it: 16,384 or more; never more than the streams
   * behaviour grants anyway. In `onStream` itself it holds from the first byte on, later when as much has been read as it is narrower by.
   * `silenceMs`, 1 or more: without a byte in either direction for so long the stream is reset, where the opener allows longer.
   */
  narrow(windowBytes: number, silenceMs?: number): void;
  /** Ends both directions at once, also on the other side, which gets `STREAM_RESET` with the reason. Idempotent; 256 characters at most. */
  reset(reason?: string): void;
}

/** Deadlines of a stream, in ms. */
export interface StreamDeadlines {
  /** Until the remote has taken the stream. 10,000 by default; 1 to 86,400,000. */
  readonly timeoutMs?: number;
  /** From then on, until its first byte or end has come. Absent: as long as it takes. */
  readonly firstByteMs?: number;
  /** Without a byte in either direction for so long, both sides reset the stream with `STREAM_TIMEOUT`. 120,000 by default; 1 to 86,400,000. */
  readonly silenceMs?: number;
}

/** What `node.openStream` takes. */
export interface StreamOptions extends StreamDeadlines {
  /** For the remote behaviour; 256 characters at most. */
  readonly name?: string;
  /** As `narrow` of the stream, from its first byte on. */
  readonly windowBytes?: number;
  /** Ends the opening, and the stream while it is open: with `CALL_CANCELLED` on this side, with `STREAM_RESET` on the other. */
  readonly signal?: AbortSignal;
}

/** What a `StreamOpener` takes. */
export interface StreamRequest extends StreamDeadlines {
  /** One node: all routes but `toServices`. */
  readonly route: Route;
  readonly serviceId: number;
  readonly name?: string;
  readonly windowBytes?: number;
}

/** The outcome of an opening. */
export type StreamResult = { readonly type: 'ok'; readonly stream: ByteStream } | Extract<CallResult, { readonly type: 'error' }>;

/** Opens byte streams to services of other nodes. Without a behaviour that fills this port the result is `STREAMS_ABSENT`. */
export interface StreamOpener {
  /**
   * `settle` is called once, perhaps during this call, unless `cancel` came first. `cancel` ends the opening, or the stream that is open meanwhile, which fails
   * with `error` on this side. Idempotent.
   */
  open(agent: BehaviorAgent, request: StreamRequest, settle: (result: StreamResult) => void): { cancel(error?: NetworkError): void };
  /** A service of this node has ended: streams that it has taken are reset. */
  serviceEnded?(agent: BehaviorAgent, serviceId: number): void;
  /**
   * The node is about to stop: streams that other nodes open from now on to services of users are refused. `settled` is called once, perhaps during
   * this call, when no stream is open any more; of several calls the last one counts.
   */
  drain?(agent: BehaviorAgent, settled: () => void): void;
}

/** A stream that a remote has opened to a service of this node, and what becomes of it: exactly one of the three. */
export interface IncomingStream {
  readonly serviceId: number;
  readonly stream: ByteStream;
  /** The service has got it. */
  taken(): void;
  /** No service of this node takes it. */
  refused(text: string): void;
  /** The service has thrown, perhaps later, after it was taken. */
  failed(cause: unknown): void;
}
