/**
 * @module IncomingCall: one request in work here, from its arrival to its one answer. It is what `onRpc` sees as request and as answer,
 * and what an `@Rpc` method sees as context. It sends nothing itself; `incoming-calls.ts` does.
 */
import {
  type BehaviorAgent,
  type CorrelationId,
  type ErrorCode,
  NetworkError,
  type NodeId,
  type Peer,
  type RpcAnswer,
  RpcError,
  type RpcMethodOptions,
  type RpcRequest,
  type ServedEnd,
  ServedRequest,
} from '../../core/index.js';
import { type Checked, check, type Validator } from '../../core/schema/index.js';
import { checkedItems, mismatch, passed, refusal } from './checked-items.js';
import { Feed, type FeedEnding, type FeedOutlet, responsesOf } from './feed.js';
import { carriable, isCode, type RequestFields } from './messages.js';
import { STREAM_IDLE_MS } from './options.js';
import type { Offering } from './parts/offering.js';
import { Reading, type ReadingHost } from './parts/reading.js';
import { joined } from './parts/sources.js';

/** What a request in work needs of those who answer it. */
export interface WorkHost {
  answerOk(call: IncomingCall, value: unknown): void;
  /** `isLast`: nothing of the call is kept. By default it is. */
  answerError(call: IncomingCall, code: string, text: string, count: number, isLast?: boolean): void;
  answerEnd(call: IncomingCall, count: number, isLast?: boolean): void;
  /** The stream of responses has begun. */
  streams(call: IncomingCall): void;
  /** Its answer has gone, and so have the streams of that. */
  finished(call: IncomingCall): void;
  /** Runs work as a callback of the behaviour. */
  act(work: () => void): void;
  readingOf(call: IncomingCall): ReadingHost;
  /** Whether the item needs no second try: it was taken, or the call has ended with it. */
  answerItem(call: IncomingCall, index: number, value: unknown): boolean;
  /** An answer came too late, or twice. */
  ignored(): void;
  /** What a handler threw stays on this node. */
  failedInside(call: IncomingCall, err: unknown): void;
  /** It has ended without an answer, but its caller waits for one. */
  sendEnd(agent: BehaviorAgent, call: IncomingCall, code: ErrorCode, text: string): void;
  aborted(): void;
  /** From now on the call has so much time. */
  due(call: IncomingCall, timeoutMs: number): void;
  /** Calls back when it is worth a try to send again. */
  roomLater(callback: () => void): void;
}

/** A request as it came. */
export interface ArrivedRequest {
  readonly peer: Peer;
  /** The neighbour that brought it; absent for a local call. */
  readonly carrier: Peer | undefined;
  readonly head: CorrelationId & { readonly attempt: number };
  readonly fields: RequestFields;
  readonly value: unknown;
}

export class IncomingCall extends ServedRequest implements RpcRequest, RpcAnswer, FeedOutlet {
  readonly serviceId: number;
  readonly method: string;
  readonly value: unknown;
  readonly timeoutMs: number;
  /** Items that the caller takes at first; 0 when it wants one answer. */
  readonly window: number;
  /** The request itself is a stream. */
  private readonly isStream: boolean;
  feed: Feed | undefined = undefined;
  /** The streams of its answer, as long as it is read. */
  offering: Offering | undefined = undefined;
  private readonly reading: Reading | undefined = undefined;
  private output: Validator | undefined = undefined;
  private resumeMs = 0;
  private isTaken = false;
  private abortion: NetworkError | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  constructor(
    private readonly host: WorkHost,
    { peer, carrier, head, fields, value }: ArrivedRequest,
  ) {
    super(peer, carrier, head);
    this.serviceId = fields.serviceId;
    this.method = fields.method;
    this.timeoutMs = fields.timeoutMs;
    this.window = fields.window;
    const { parts } = fields;
    if (parts.length > 0) this.reading = new Reading(host.readingOf(this), parts);
    this.value = this.reading === undefined ? value : joined(value, parts, (part, index) => this.reading?.reader(part, index, false));
    this.isStream = parts[0]?.name === '';
  }

  get source(): NodeId {
    return this.peer.nodeId;
  }

  get sourceVerified(): boolean {
    return this.peer.isDirect;
  }

  get connectionId(): number | undefined {
    return this.carrier?.connectionId;
  }

  get deadlineMs(): number {
    return this.dueMs;
  }

  /** Made when it is first asked for: most methods never do. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.abortion !== undefined) this.controller.abort(this.abortion);
    return this.controller.signal;
  }

  ok(value?: unknown): void {
    if (this.take()) this.host.answerOk(this, value);
  }

  error(code: string, text = ''): void {
    if (!isCode(code)) throw new NetworkError('ARGUMENT_INVALID', 'error: code must be UPPER_SNAKE of at most 64 characters');
    if (this.take()) this.host.answerError(this, code, carriable(text), 0);
  }

  run({ input, output, resumeMs = 0 }: RpcMethodOptions, method: (value: unknown) => unknown): void {
    this.output = output;
    this.resumeMs = resumeMs;
    if (input === undefined) return this.invoke(method, this.value);
    if (this.isStream) return this.invoke(method, checkedItems(this.value as AsyncIterable<unknown>, input));
    const checked = check(input, this.value);
    if ('then' in checked) checked.then((later) => this.host.act(() => this.accept(later, method)));
    else this.accept(checked, method);
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

  override onEnd(agent: BehaviorAgent, end: ServedEnd): void {
    const [code, text] = ENDS[end];
    if (end === 'stopped') this.host.sendEnd(agent, this, code, text);
    // The caller's own deadline has passed as well; only the reader of a stream counts anew with each item.
    const isAnswered = this.feed?.isSent === true;
    if (end === 'timeout' && this.feed !== undefined && !isAnswered) this.host.sendEnd(agent, this, code, 'the stream stood still');
    if (isAnswered) this.host.finished(this);
    else this.host.aborted();
    this.abortion = new NetworkError(code, text);
    this.controller?.abort(this.abortion);
    this.close(this.abortion);
  }

  /** What belongs to it ends with it. Idempotent. */
  close(error: NetworkError): void {
    this.feed?.end();
    this.reading?.close(error);
    this.offering?.close(error.message);
  }

  /** Its reader may come back to a stream of responses, when the method says so. */
  override onDetached(): number {
    return this.feed?.detach() === true ? this.resumeMs : 0;
  }

  asking(): void {
    this.host.due(this, this.timeoutMs);
  }

  waiting(): void {
    this.host.due(this, 2 * STREAM_IDLE_MS);
  }

  async checked(item: unknown): Promise<unknown> {
    return this.output === undefined ? item : passed(await check(this.output, item));
  }

  item(index: number, value: unknown): boolean {
    return this.host.answerItem(this, index, value);
  }

  roomLater(): Promise<void> {
    return new Promise((resolve) => {
      this.host.roomLater(resolve);
    });
  }

  /** A reader that may come back has to confirm the end, too. */
  ended(ending: FeedEnding, count: number): void {
    const isLast = this.resumeMs === 0;
    if (!isLast) this.host.due(this, this.timeoutMs);
    if (ending.type === 'end') this.host.answerEnd(this, count, isLast);
    else this.fail(ending.cause, count, isLast);
  }

  unreturned(cause: unknown): void {
    this.host.failedInside(this, cause);
  }

  private async await(returned: PromiseLike<unknown>): Promise<void> {
    try {
      this.settle(await returned);
    } catch (cause) {
      this.failed(cause);
    }
  }

  private accept(checked: Checked<unknown>, method: (value: unknown) => unknown): void {
    if (this.isOver) return;
    if (checked.isValid) this.invoke(method, checked.value);
    else this.failed(refusal('the request', checked));
  }

  private invoke(method: (value: unknown) => unknown, value: unknown): void {
    let returned: unknown;
    try {
      returned = method(value);
    } catch (cause) {
      return this.failed(cause);
    }
    this.result(returned);
  }

  private settle(value: unknown): void {
    const responses = responsesOf(value);
    if (responses === undefined) return this.output === undefined ? this.ok(value) : this.settleChecked(check(this.output, value));
    const feed = new Feed(this, responses, this.window, this.resumeMs > 0);
    if (!this.take()) return feed.end();
    this.feed = feed;
    if (this.window > 0) {
      this.host.streams(this);
      return void feed.run();
    }
    this.host.answerError(this, 'RPC_SEQUENCE', 'the method answers with a stream of responses', 0);
  }

  private settleChecked(checked: Checked<unknown> | PromiseLike<Checked<unknown>>): void {
    if ('then' in checked) checked.then((later) => this.settleChecked(later));
    else if (checked.isValid) this.ok(checked.value);
    else this.failed(mismatch('the answer', checked));
  }

  /** Its own code and text for the caller, if it has them; else nothing but the fact. */
  private fail(cause: unknown, count: number, isLast = true): void {
    if (cause instanceof RpcError && isCode(cause.code))
      return this.host.answerError(this, cause.code, carriable(cause.message), count, isLast);
    this.host.failedInside(this, cause);
    const text = cause instanceof NetworkError && cause.code === 'SCHEMA_MISMATCH' ? 'the answer is not as declared' : 'the handler threw';
    this.host.answerError(this, 'RPC_FAILED', text, count, isLast);
  }

  /** Whether an answer may be given now: the first one, in time. */
  private take(): boolean {
    if (this.isTaken || this.isOver) {
      this.host.ignored();
      return false;
    }
    this.isTaken = true;
    return true;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

const ENDS: Readonly<Record<ServedEnd, readonly [code: ErrorCode, text: string]>> = {
  cancelled: ['CALL_CANCELLED', 'the caller cancelled'],
  timeout: ['RPC_TIMEOUT', 'the deadline has passed'],
  'connection-lost': ['RPC_PEER_GONE', 'the connection to the caller ended'],
  stopped: ['RPC_PEER_GONE', 'the service was stopped'],
};
