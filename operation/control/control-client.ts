/**
 * @module ControlClient: a program's end of a control socket. Every request has a deadline: a node whose process is stopped takes connections
 * and answers nothing.
 */
import { createConnection, type Socket } from 'node:net';
import { NetworkError } from '../../core/index.js';
import { fallback, options as only, optionsReader, text, whole } from '../../core/schema/index.js';
import { LineReader } from './line-reader.js';
import { answerOf, errorOf, LINE_BYTES_MAX, requestLine, STEP_MS } from './messages.js';
import type { Identification } from './methods/identify.js';

/** A node that takes part answers within microseconds. */
const HELLO_MS = 1_500;

/** How long a timer of the platform lasts at most. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const readPath = optionsReader('ControlClient.connect', text(4_096, { min: 1, what: 'the path of a socket' }), 'ARGUMENT_INVALID');
const readOptions = optionsReader('ControlClient.request', only({ timeoutMs: fallback(whole(1, TIMEOUT_MS_MAX), STEP_MS + HELLO_MS) }));

/** How long a program waits. */
export interface ControlRequestOptions {
  /** 10 s by default. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly settle: (result: unknown) => void;
  readonly fail: (error: Error) => void;
}

export class ControlClient {
  /** What the node has said of itself. */
  node!: Identification;
  /** Resolves when the connection has ended: of a node that was told to stop, when it has stopped. */
  readonly closed: Promise<void>;
  private readonly reader = new LineReader(2 * LINE_BYTES_MAX);
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private ended: NetworkError | undefined;

  private constructor(
    readonly path: string,
    private readonly socket: Socket,
  ) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', (error) => this.end(failed(path, error.message)));
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.end(failed(path, 'the node has closed the connection'));
        resolve();
      });
    });
  }

  /**
   * Connects, and asks the node for its id. Rejects with `CONTROL_UNAVAILABLE` where nobody listens, with `CONTROL_TIMEOUT` for a node that does not
   * answer within 1.5 s, with `ARGUMENT_INVALID`, and with what the node refuses by.
   */
  static async connect(path: string): Promise<ControlClient> {
    const client = new ControlClient(path, await opened(readPath(path)));
    try {
      client.node = (await client.request('id', {}, { timeoutMs: HELLO_MS })) as Identification;
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Rejects with what the node answers, with `CONTROL_TIMEOUT`, with `CONTROL_FAILED` when the connection ends, and with `OPTION_INVALID`. */
  async request(method: string, params: unknown, options: ControlRequestOptions = {}): Promise<unknown> {
    const { timeoutMs } = readOptions(options);
    const id = ++this.lastId;
    const late = AbortSignal.timeout(timeoutMs);
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended);
      const release = () => {
        this.waiting.delete(id);
        late.removeEventListener('abort', onLate);
      };
      const settle = (result: unknown) => {
        release();
        resolve(result);
      };
      const fail = (error: Error) => {
        release();
        reject(error);
      };
      const onLate = () => fail(timedOut(this.path, method, timeoutMs));
      late.addEventListener('abort', onLate);
      this.waiting.set(id, { settle, fail });
      this.socket.write(requestLine(id, method, params));
    });
  }

  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private take(chunk: Uint8Array): void {
    const lines = this.reader.take(chunk);
    if (lines === undefined) return this.broken();
    for (const line of lines) this.answered(line);
  }

  private answered(line: string): void {
    const answer = answerOf(line);
    if (answer === undefined) return this.broken();
    const { id, result, error } = answer;
    if (id === undefined) return this.end(error === undefined ? failed(this.path, 'it sent no answer') : errorOf(error));
    const waiting = this.waiting.get(id);
    if (error === undefined) waiting?.settle(result);
    else waiting?.fail(errorOf(error));
  }

  private broken(): void {
    this.end(failed(this.path, 'what it sends is not the control protocol, version 1'));
    this.close();
  }

  private end(error: Error): void {
    this.ended ??= error as NetworkError;
    for (const { fail } of [...this.waiting.values()]) fail(this.ended);
  }
}

function opened(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(HELLO_MS);
    const socket = createConnection({ path });
    const onLate = () => {
      socket.destroy();
      reject(timedOut(path, 'the connection', HELLO_MS));
    };
    const settle = (settled: () => void) => {
      late.removeEventListener('abort', onLate);
      settled();
    };
    late.addEventListener('abort', onLate);
    socket.once('connect', () => settle(() => resolve(socket)));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(() => reject(unreachable(path, error))));
  });
}

function unreachable(path: string, error: NodeJS.ErrnoException): NetworkError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ECONNREFUSED: 'nobody listens on it any more',
    EACCES: 'it belongs to another user',
    ENOTSOCK: 'it is no socket',
  };
  const { code = '' } = error;
  const text = `no node can be reached at ${path}: ${reasons[code] ?? error.message}`;
  return new NetworkError('CONTROL_UNAVAILABLE', text, { cause: error, details: { path, code } });
}

function timedOut(path: string, what: string, timeoutMs: number): NetworkError {
  const text = `the node at ${path} has not answered within ${timeoutMs} ms (${what})`;
  return new NetworkError('CONTROL_TIMEOUT', text, { details: { path, timeoutMs } });
}

function failed(path: string, why: string): NetworkError {
  return new NetworkError('CONTROL_FAILED', `the control socket ${path}: ${why}`, { details: { path } });
}
