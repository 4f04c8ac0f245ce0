/**
 * @module OutgoingCall: an own call, from its request to its one answer. It sends nothing itself; `outgoing-calls.ts` does.
 * `outgoing-stream.ts` has its sibling for streams of responses.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  type CallResult,
  Exchange,
  type ExchangeFailure,
  type MessageHead,
  type NetworkError,
  type Requester,
  type SendResult,
  type UnicastRoute,
} from '../../core/index.js';
import { ERROR, OK, OK_WITH_PARTS } from './messages.js';
import type { Part } from './parts/sources.js';
import type { CallParts } from './sent-parts.js';

export type Failure = Extract<CallResult, { type: 'error' }>;

/** A part of an answer as it is read. */
export type ReadAnswer =
  | Failure
  | { readonly type: 'ok'; readonly value: unknown; readonly parts?: readonly Part[] }
  | { readonly type: 'item'; readonly value: unknown }
  | { readonly type: 'end' };

/** What a call needs of those who send it. */
export interface CallHost {
  /** Reads the content of an answer; `undefined`, and a counter, for what has no form. */
  read(agent: BehaviorAgent, head: MessageHead): ReadAnswer | undefined;
  /** It has all that it waited for. */
  leave(call: Outgoing): void;
  /** The value of an answer with its streams. */
  join(call: Outgoing, value: unknown, parts: readonly Part[]): unknown;
  /** The one answer has come, so long after the request. */
  answered(latencyMs: number): void;
  /** Its caller wants no more; the remote is sent that. */
  cancel(call: Outgoing): void;
  /** Its time begins anew. */
  wait(agent: BehaviorAgent, call: Outgoing): void;
  sendCancel(agent: BehaviorAgent, call: Outgoing): void;
  sendCredit(agent: BehaviorAgent, call: Outgoing, total: number): void;
  settled(): void;
  timedOut(): void;
  malformed(): void;
  /** Calls back; what the callback throws is logged. */
  callBack<T>(callback: (value: T) => void, value: T): void;
  act(work: (agent: BehaviorAgent) => void): void;
}

/** What calls for one answer and calls for a stream of responses have in common. */
export abstract class Outgoing extends Exchange {
  /** Its caller was sent the last of it, or wants no more. */
  isClosed = false;
  /** Its streams, and those of its answer, if there are any. */
  parts: CallParts | undefined = undefined;
  /** Credit that the request grants; 0 asks for one answer. */
  abstract readonly window: number;
  /** How long it waits for what comes next. */
  abstract readonly patienceMs: number;

  constructor(
    protected readonly host: CallHost,
    readonly request: CallRequest,
    readonly timeoutMs: number,
  ) {
    super(request.route as UnicastRoute, request.serviceId);
  }

  startWith(requester: Requester, agent: BehaviorAgent, bytes: Uint8Array): SendResult {
    return requester.start(agent, this, this.patienceMs, bytes);
  }

  /** Ends it, also on the remote node. Idempotent. */
  cancel(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.cancel(this);
    this.parts?.close();
  }

  /** Its request has gone. */
  onStarted(_agent: BehaviorAgent): void {}

  /** It ended on this side. */
  abstract failed(failure: Failure): void;
  /** As `failed`, by its deadline. */
  protected abstract expired(agent: BehaviorAgent): void;

  override onFailure(agent: BehaviorAgent, failure: ExchangeFailure): void {
    if (failure !== 'timeout') return this.failed(FAILURES[failure]);
    this.host.timedOut();
    this.expired(agent);
  }
}

export class OutgoingCall extends Outgoing {
  readonly window = 0;

  constructor(
    host: CallHost,
    request: CallRequest,
    timeoutMs: number,
    private readonly settle: (result: CallResult) => void,
  ) {
    super(host, request, timeoutMs);
  }

  get patienceMs(): number {
    return this.timeoutMs;
  }

  override onAnswer(agent: BehaviorAgent, head: MessageHead): void {
    const type = head.contentAt < head.end ? head.bytes[head.contentAt] : 0;
    if (type !== OK && type !== ERROR && type !== OK_WITH_PARTS) return this.host.malformed();
    const answer = this.host.read(agent, head);
    if (answer === undefined) return;
    this.host.leave(this);
    this.host.answered(agent.nowMs - (this.dueMs - this.timeoutMs));
    this.end(withParts(this.host, this, answer) as CallResult);
  }

  override failed(failure: Failure): void {
    this.end(failure);
  }

  protected override expired(): void {
    this.end({ type: 'error', code: 'RPC_TIMEOUT', text: `no answer came within ${this.timeoutMs} ms` });
  }

  private end(result: CallResult): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.settled();
    // The caller goes on with a stream of responses, to which the streams of the request belong then.
    if (this.parts?.isRead !== true) this.parts?.close(result.type === 'error' && result.code === 'RPC_SEQUENCE');
    this.host.callBack(this.settle, result);
  }
}

/** The same with the streams of the value, where it has some. */
export function withParts(host: CallHost, call: Outgoing, answer: ReadAnswer): ReadAnswer {
  if (answer.type !== 'ok' || answer.parts === undefined) return answer;
  return { type: 'ok', value: host.join(call, answer.value, answer.parts) };
}

export function failure(code: string, text: string): Failure {
  return { type: 'error', code, text };
}

export function failureOf({ code, message, details }: NetworkError): Failure {
  return { type: 'error', code, text: message, details };
}

export const UNREACHABLE = failure('RPC_UNREACHABLE', 'no route leads to the destination');

const FAILURES: Readonly<Record<Exclude<ExchangeFailure, 'timeout'>, Failure>> = {
  'no-route': UNREACHABLE,
  undelivered: failure('RPC_UNREACHABLE', 'the request could not be forwarded'),
  'connection-lost': failure('RPC_PEER_GONE', 'the connection ended before the answer'),
  'path-lost': failure('RPC_PEER_GONE', 'no path leads to the node any more'),
  forgotten: failure('RPC_PEER_GONE', 'the node does not have the call in work any more'),
  stopped: failure('CALL_CANCELLED', 'the node or its rpc behaviour stops'),
};
