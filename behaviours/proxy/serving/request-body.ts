/**
 * @module RequestBody: the body of another node's request: exactly as long as its head says, and not slower than bodies may be.
 */
import type { BytePipe, Clock, NetworkError } from '../../../core/index.js';
import { asFailure, failure } from '../outcomes.js';
import type { Agenda } from '../pipes/agenda.js';
import type { Passing } from '../pipes/join.js';
import type { bodyOf } from '../protocols/headers.js';

/** What has to come in each period. */
const PERIOD_BYTES = 4_096;

export interface RequestBodyParts {
  readonly agenda: Agenda;
  readonly clock: Clock;
  readonly slowBodyMs: number;
}

export class RequestBody implements Pick<BytePipe, 'read'> {
  isEnded = false;
  /** What is wrong with it. */
  error: NetworkError | undefined;
  private received = 0;
  /** In this period: what has come, and how long it was waited for. */
  private periodBytes = 0;
  private waitedMs = 0;

  constructor(
    private readonly pipe: BytePipe,
    private readonly length: Exclude<ReturnType<typeof bodyOf>, 'wrong'>,
    private readonly parts: RequestBodyParts,
  ) {}

  async read(): Promise<Uint8Array | undefined> {
    try {
      return await this.next();
    } catch (error) {
      this.error = asFailure(error, 'the body of the request');
      throw this.error;
    }
  }

  /** What nobody wants is dropped, so that the other side comes to its end; it counts, and is held up, as what is wanted. */
  async drop(passing: Passing): Promise<void> {
    while (!this.isEnded) await passing((await this.read())?.length ?? 0);
  }

  private async next(): Promise<Uint8Array | undefined> {
    const { agenda, clock, slowBodyMs } = this.parts;
    const sinceMs = clock.nowMs();
    const expired = () => failure('http_request_error', `the body of the request is slower than ${PERIOD_BYTES} bytes in ${slowBodyMs} ms`);
    const bytes = await agenda.within(Math.max(0, slowBodyMs - this.waitedMs), () => this.pipe.read(), expired);
    this.waitedMs += clock.nowMs() - sinceMs;
    this.count(bytes?.length ?? 0);
    this.isEnded = bytes === undefined;
    const isShort = this.isEnded && typeof this.length === 'number' && this.received < this.length;
    if (isShort) throw failure('http_request_error', 'the body is shorter than its length');
    return bytes;
  }

  private count(byteCount: number): void {
    this.received += byteCount;
    this.periodBytes += byteCount;
    if (this.periodBytes >= PERIOD_BYTES) [this.periodBytes, this.waitedMs] = [0, 0];
    const most = this.length === 'none' ? 0 : this.length === 'chunked' ? Number.POSITIVE_INFINITY : this.length;
    if (this.received > most) throw failure('http_request_error', 'the body is longer than its length');
  }
}
