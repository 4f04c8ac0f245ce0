/**
 * @module IncomingCall: one request in work here, from its arrival to its one answer. It is what `onRpc` sees as request and as answer,
 * and what an `@Rpc` method sees as context. It sends nothing itself; `incoming-calls.ts` does.
 */
import { type ErrorCode, NetworkError, type NodeId, PENDING_FULL, type RpcAnswer, RpcError, type RpcRequest } from '../../core/index.js';
import { Feed, type FeedOutlet, sequenceOf } from './feed.js';
import type { IncomingCalls } from './incoming-calls.js';
import { carriable, isCode, type RequestMessage } from './messages.js';
import { STREAM_IDLE_MS } from './options.js';
import type { Party } from './parties.js';

/** How long a feed waits for room in a full lane. */
const ROOM_RETRY_MS = 10;

export class IncomingCall implements RpcRequest, RpcAnswer, FeedOutlet {
  readonly id: number;
  readonly serviceId: number;
  readonly method: string;
  readonly value: unknown;
  readonly timeoutMs: number;
  /** Items that the caller takes at first; 0 when it wants one answer. */
  readonly window: number;
  /** For the table of those in work. */
  pendingId = PENDING_FULL;
  deadlineMs = 0;
  /** It was answered, or nobody wants the answer any more. */
  isOver = false;
  feed: Feed | undefined = undefined;
  private isTaken = false;
  private abortion: NetworkError | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  constructor(
    private readonly calls: IncomingCalls,
    readonly party: Party,
    /** The neighbour that brought it; absent for a local call. */
    readonly carrier: Party | undefined,
    [, id, serviceId, method, timeoutMs, value, window]: RequestMessage,
  ) {
    this.id = id;
    this.serviceId = serviceId;
    this.method = method;
    this.timeoutMs = timeoutMs;
    this.value = value;
    this.window = window;
  }

  get source(): NodeId {
    return this.party.nodeId;
  }

  get sourceVerified(): boolean {
    return this.party.isDirect;
  }

  get connectionId(): number | undefined {
    return this.carrier?.connectionId;
  }

  /** Made when it is first asked for: most methods never do. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.abortion !== undefined) this.controller.abort(this.abortion);
    return this.controller.signal;
  }

  ok(value?: unknown): void {
    if (this.take()) this.calls.answerOk(this, value);
  }

  error(code: string, text = ''): void {
    if (!isCode(code)) throw new NetworkError('ARGUMENT_INVALID', 'error: code must be UPPER_SNAKE of at most 64 characters');
    if (this.take()) this.calls.answerError(this, code, carriable(text), 0);
  }

  result(returned: unknown): void {
    try {
      if (isThenable(returned)) void this.await(returned);
      else this.settle(returned);
    } catch (cause) {
      this.failed(cause);
    }
  }

  failed(cause: unknown): void {
    if (this.take()) this.fail(cause, 0);
  }

  /** The end without an answer. */
  abort(code: ErrorCode, text: string): void {
    this.isOver = true;
    this.abortion = new NetworkError(code, text);
    this.controller?.abort(this.abortion);
    this.feed?.end();
  }

  asking(): void {
    this.calls.due(this, this.timeoutMs);
  }

  waiting(): void {
    this.calls.due(this, 2 * STREAM_IDLE_MS);
  }

  item(index: number, value: unknown): boolean {
    return this.calls.answerItem(this, index, value);
  }

  roomLater(): Promise<void> {
    return new Promise((resolve) => {
      this.calls.later(ROOM_RETRY_MS, resolve);
    });
  }

  done(count: number): void {
    this.calls.answerEnd(this, count);
  }

  threw(cause: unknown, count: number): void {
    this.fail(cause, count);
  }

  unreturned(cause: unknown): void {
    this.calls.failedInside(this, cause);
  }

  private async await(returned: PromiseLike<unknown>): Promise<void> {
    try {
      this.settle(await returned);
    } catch (cause) {
      this.failed(cause);
    }
  }

  private settle(value: unknown): void {
    const sequence = sequenceOf(value);
    if (sequence === undefined) return this.ok(value);
    const feed = new Feed(this, sequence, this.window);
    if (!this.take()) return feed.end();
    this.feed = feed;
    if (this.window > 0) return void feed.run();
    this.calls.answerError(this, 'RPC_SEQUENCE', 'the method answers with a sequence', 0);
  }

  /** Its own code and text for the caller, if it has them; else nothing but the fact. */
  private fail(cause: unknown, count: number): void {
    if (cause instanceof RpcError && isCode(cause.code)) return this.calls.answerError(this, cause.code, carriable(cause.message), count);
    this.calls.failedInside(this, cause);
    this.calls.answerError(this, 'RPC_FAILED', 'the handler threw', count);
  }

  /** Whether an answer may be given now: the first one, in time. */
  private take(): boolean {
    if (this.isTaken || this.isOver) {
      this.calls.ignored();
      return false;
    }
    this.isTaken = true;
    return true;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
