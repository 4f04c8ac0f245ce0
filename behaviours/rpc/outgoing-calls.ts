/**
 * @module OutgoingCalls: encodes and begins own calls, reads their answers, and says in the terms of rpc why one failed. What becomes of
 * their requests is up to the requester of the exchange kit. What cannot be sent fails at once, in the same step.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  decodeValueAt,
  type MessageHead,
  NetworkError,
  type Requester,
  type SendResult,
} from '../../core/index.js';
import type { RpcHost } from './host.js';
import {
  CREDIT,
  END,
  ERROR,
  ITEM,
  isMethod,
  isTimeout,
  METHOD_LENGTH_MAX,
  MessageReader,
  MessageWriter,
  OK,
  TIMEOUT_MS_MAX,
} from './messages.js';
import { type CallHost, type Failure, failure, type Outgoing, type ReadAnswer, UNREACHABLE } from './outgoing-call.js';

/** A call that was not sent: an event of the behaviour to itself, so that nobody is called back from within his call. */
export interface RefusedCall {
  readonly call: Outgoing;
  readonly failure: Failure;
}

export class OutgoingCalls implements CallHost {
  private readonly writer = new MessageWriter();
  private readonly reader = new MessageReader();

  constructor(
    private readonly host: RpcHost,
    private readonly requester: Requester,
    private readonly callsMax: number,
    private readonly serviceId: number,
  ) {}

  start(agent: BehaviorAgent, call: Outgoing): void {
    const failure = this.send(agent, call);
    if (failure === undefined) return;
    this.host.counters.callsRefused++;
    agent.sendToBehavior(this.serviceId, { call, failure } satisfies RefusedCall);
  }

  read(agent: BehaviorAgent, head: MessageHead): ReadAnswer | undefined {
    const answer = this.readContent(agent, head);
    if (answer === undefined) this.malformed();
    return answer;
  }

  leave(call: Outgoing): void {
    this.requester.leave(call);
  }

  cancel(call: Outgoing): void {
    this.host.counters.callsCancelled++;
    this.host.ended();
    if (!call.isWaiting) return;
    this.requester.leave(call);
    this.host.act((agent) => this.requester.sendCancel(agent, call));
  }

  wait(agent: BehaviorAgent, call: Outgoing): void {
    this.requester.wait(agent, call, call.patienceMs);
    this.host.wake(agent);
  }

  sendCancel(agent: BehaviorAgent, call: Outgoing): void {
    this.requester.sendCancel(agent, call);
  }

  sendCredit(agent: BehaviorAgent, call: Outgoing, total: number): void {
    this.requester.send(agent, call, CREDIT, this.writer.credit(total));
  }

  settled(): void {
    this.host.counters.callsSettled++;
    this.host.ended();
  }

  timedOut(): void {
    this.host.counters.callsTimedOut++;
  }

  malformed(): void {
    this.host.counters.malformed++;
  }

  callBack<T>(callback: (value: T) => void, value: T): void {
    try {
      callback(value);
    } catch (err) {
      this.host.log.error({ err }, 'rpc caller threw in its callback');
    }
  }

  act(work: (agent: BehaviorAgent) => void): void {
    this.host.act(work);
  }

  /** Sends the request; returns why not. */
  private send(agent: BehaviorAgent, call: Outgoing): Failure | undefined {
    const problem = problemOf(call.request, call.timeoutMs);
    if (problem !== undefined) return failure('ARGUMENT_INVALID', problem);
    if (this.requester.isFull) return failure('LIMIT_EXCEEDED', `rpc limit callsMax (${this.callsMax}) is reached`);
    const bytes = this.encode(agent, call);
    if (!(bytes instanceof Uint8Array)) return bytes;
    const result = this.requester.start(agent, call, call.patienceMs, bytes);
    if (result !== 'queued') return REFUSALS[result];
    this.host.counters.callsStarted++;
    this.host.wake(agent);
    return undefined;
  }

  private encode({ limits }: BehaviorAgent, { request, timeoutMs, window }: Outgoing): Uint8Array | Failure {
    const { serviceId, method, value } = request;
    try {
      return this.writer.request({ serviceId, method, timeoutMs, window }, value, limits);
    } catch (error) {
      return failure('CODEC_UNENCODABLE', error instanceof NetworkError ? error.message : 'the value cannot be read');
    }
  }

  private readContent({ limits }: BehaviorAgent, head: MessageHead): ReadAnswer | undefined {
    const { bytes, contentAt, end } = head;
    const type = contentAt < end ? bytes[contentAt] : 0;
    switch (type) {
      case OK:
      case ITEM: {
        const decoded = decodeValueAt(bytes, contentAt + 1, end, limits);
        return decoded && { type: type === OK ? 'ok' : 'item', value: decoded.value };
      }
      case ERROR: {
        const fields = this.reader.error(head);
        return fields && { type: 'error', code: fields.code, text: fields.text };
      }
      case END:
        return end === contentAt + 1 ? END_OF_STREAM : undefined;
      default:
        return undefined;
    }
  }
}

const END_OF_STREAM: ReadAnswer = { type: 'end' };

function problemOf({ route, serviceId, method }: CallRequest, timeoutMs: number): string | undefined {
  if (typeof route !== 'object' || route === null) return `call: route is ${typeof route}`;
  if (route.type === 'services') return 'call: route leads to many nodes; a call goes to one';
  if (!Number.isInteger(serviceId) || serviceId < 1 || serviceId > 255) return `call: serviceId is ${String(serviceId)}; it must be 1-255`;
  if (!isMethod(method)) return `call: method must be a text of 1 to ${METHOD_LENGTH_MAX} characters`;
  if (!isTimeout(timeoutMs)) return `call: timeoutMs is ${String(timeoutMs)}; it must be 1 to ${TIMEOUT_MS_MAX}`;
  return undefined;
}

const REFUSALS: Readonly<Record<Exclude<SendResult, 'queued'>, Failure>> = {
  unreachable: UNREACHABLE,
  'too-large': failure('RPC_TOO_LARGE', 'the request is larger than a message may be'),
  full: failure('LIMIT_EXCEEDED', 'the lane of the connection is full'),
};
