/**
 * @module ControlSession: one program that is connected to the control socket. It handles one request at a time, in their order, and reads on when
 * the answer was taken: a program that does not read keeps itself waiting, and nobody else. A step that takes longer than 10 s ends it.
 */
import type { Socket } from 'node:net';
import { NetworkError, type Timers } from '../../core/index.js';
import { LineReader } from './line-reader.js';
import { type ControlRequest, failureLine, LINE_BYTES_MAX, requestOf, resultLine, STEP_MS } from './messages.js';

export interface Outcome {
  readonly result: unknown;
  /** What is done once the program has the answer. */
  readonly after?: () => void;
}

export interface SessionPorts {
  readonly timers: Timers;
  /** Handles a request; rejects with what the program is told. The signal aborts when nobody waits for the result any more. */
  readonly handle: (request: ControlRequest, signal: AbortSignal) => Promise<Outcome>;
}

export class ControlSession {
  private readonly reader = new LineReader(LINE_BYTES_MAX);
  private readonly lines: string[] = [];
  /** Of the request in work. */
  private asking = new AbortController();
  private isBusy = false;
  private isRefused = false;
  private hasEnded = false;
  private cancelStep: () => void = () => {};

  constructor(
    private readonly socket: Socket,
    private readonly ports: SessionPorts,
  ) {
    socket.on('error', () => {});
    socket.on('close', () => this.closed());
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('end', () => {
      this.hasEnded = true;
      this.next();
    });
    this.await('no request came within 10 s');
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Uint8Array): void {
    if (this.isRefused) return;
    const lines = this.reader.take(chunk);
    if (lines === undefined) return this.refuse(`a line has more than ${LINE_BYTES_MAX} bytes`);
    this.lines.push(...lines);
    // Complete lines are bounded by the size of a chunk: nothing more is read until they are handled.
    if (this.lines.length > 0) this.socket.pause();
    this.next();
  }

  private next(): void {
    if (this.isBusy || this.socket.destroyed) return;
    const line = this.lines.shift();
    if (line !== undefined) void this.handle(line);
    else if (this.hasEnded) this.socket.end();
    else this.socket.resume();
  }

  private async handle(line: string): Promise<void> {
    const request = requestOf(line);
    if (request === undefined) return this.refuse('a line is no request of the control protocol, version 1');
    this.isBusy = true;
    this.asking = new AbortController();
    try {
      const { result, after } = await this.within(this.ports.handle(request, this.asking.signal));
      this.answer(resultLine(request.id, result), request.id, after);
    } catch (error) {
      this.answer(failureLine(request.id, error), request.id);
    }
  }

  private within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.step(() => {
        const error = new NetworkError('WAIT_TIMEOUT', `it took more than ${STEP_MS / 1_000} s`);
        reject(error);
        this.asking.abort(error);
      });
      work.then(resolve, reject);
    });
  }

  private answer(line: string, id: number, after?: () => void): void {
    if (this.socket.destroyed) return;
    const isTooLong = Buffer.byteLength(line) > LINE_BYTES_MAX;
    const text = isTooLong ? failureLine(id, tooLong(line)) : line;
    this.step(() => this.close());
    this.socket.write(text, () => {
      this.isBusy = false;
      this.await('no further request came within 10 s');
      after?.();
      this.next();
    });
  }

  /** Waits for the next request. */
  private await(words: string): void {
    this.step(() => this.refuse(words));
  }

  private step(onLate: () => void): void {
    this.cancelStep();
    this.cancelStep = this.ports.timers.after(STEP_MS, onLate);
  }

  /** Says why, and ends. Whoever does not read it is cut off all the same. */
  private refuse(text: string): void {
    this.isRefused = true;
    this.isBusy = true;
    this.socket.end(failureLine(null, new NetworkError('CONTROL_FAILED', text)));
    this.step(() => this.close());
    this.socket.resume();
    this.lines.length = 0;
  }

  private closed(): void {
    this.cancelStep();
    this.isBusy = true;
    this.asking.abort(new NetworkError('CALL_CANCELLED', 'the program that asked is gone'));
  }
}

function tooLong(line: string): NetworkError {
  const text = `the answer has ${Buffer.byteLength(line)} bytes; a line has ${LINE_BYTES_MAX} at most`;
  return new NetworkError('LIMIT_EXCEEDED', text, { details: { limit: 'controlLineBytes', maximum: LINE_BYTES_MAX } });
}
