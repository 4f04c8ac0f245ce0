/**
 * @module OutgoingCalls: encodes and begins own calls, reads their answers, and reports in the terms of rpc why one failed. What becomes of
 * their requests is up to the requester of the exchange kit. What cannot be sent fails at once, in the same step.
 */
import {
  type BehaviorAgent,
  type CallRequest,
  decodeValueAt,
  limitError,
  limitReached,
  type Message,
  type MessageHead,
  NetworkError,
  type Requester,
  requireRoute,
  type SendResult,
} from '../../core/index.js';
import { shown } from '../../core/schema/index.js';
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
  OK_WITH_PARTS,
  RESUME,
  type ResumeFields,
  TIMEOUT_MS_MAX,
} from './messages.js';
import { type Failure, failure, failureOf, type Outgoing, type ReadAnswer, UNREACHABLE } from './outgoing-call.js';
import type { OutgoingStream, StreamHost } from './outgoing-stream.js';
import { areParts, NO_PARTS } from './parts/part-list.js';
import { canJoin, divided, PART_NAME_LENGTH_MAX, PARTS_MAX, type Part } from './parts/sources.js';
import { PartStreams } from './parts/streams.js';
import { Resumptions } from './resumptions.js';
import { CallParts, SentParts } from './sent-parts.js';

export class OutgoingCalls implements StreamHost {
  private readonly writer = new MessageWriter();
  private readonly reader = new MessageReader();
  /** Calls that were not sent. They end by an event of the behaviour to itself: nobody is called back from within his call. */
  private refused: (() => void)[] = [];
  private readonly parts: SentParts;
  private readonly resumptions: Resumptions;

  constructor(
    private readonly host: RpcHost,
    private readonly requester: Requester,
    private readonly callsMax: number,
    private readonly serviceId: number,
    streams: PartStreams,
  ) {
    this.resumptions = new Resumptions(requester, (agent, stream, fields) => this.sendResume(agent, stream, fields));
    this.parts = new SentParts(
      host,
      streams,
      (call) => this.moved(call),
      (call, cause) => this.sourceFailed(call, cause),
    );
  }

  start(agent: BehaviorAgent, call: Outgoing): void {
    const failure = this.send(agent, call);
    if (failure === undefined) return;
    this.host.counters.callsRefused++;
    if (this.refused.push(() => call.failed(failure)) === 1) agent.sendToBehavior(this.serviceId, undefined);
  }

  /** Ends the calls that were not sent. */
  settleRefused(): void {
    const { refused } = this;
    this.refused = [];
    for (const end of refused) end();
  }

  read(agent: BehaviorAgent, head: MessageHead): ReadAnswer | undefined {
    const answer = this.readContent(agent, head);
    if (answer === undefined) this.malformed();
    return answer;
  }

  leave(call: Outgoing): void {
    this.requester.leave(call);
  }

  join(call: Outgoing, value: unknown, parts: readonly Part[]): unknown {
    call.parts ??= new CallParts(this.parts, call, []);
    return call.parts.read(value, parts);
  }

  answered(latencyMs: number): void {
    this.host.answered(latencyMs);
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

  resumable(agent: BehaviorAgent, stream: OutgoingStream): void {
    this.resumptions.add(agent, stream);
  }

  /** A connection has opened. */
  connected(agent: BehaviorAgent): void {
    this.resumptions.connected(agent);
  }

  /** A node does not have the stream that it was asked to go on with. */
  gone(message: Message, head: MessageHead): void {
    (this.requester.find(message, head) as Partial<OutgoingStream> | undefined)?.gone?.();
  }

  private sendResume(agent: BehaviorAgent, call: Outgoing, fields: ResumeFields): void {
    this.requester.send(agent, call, RESUME, this.writer.resume(fields));
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
    const bytes = this.encode(agent, call);
    if (!(bytes instanceof Uint8Array)) return bytes;
    const result = call.startWith(this.requester, agent, bytes);
    if (result === 'full') return noRoom(agent, call.request);
    if (result !== 'queued') return REFUSALS[result];
    this.host.counters.callsStarted++;
    call.parts?.offer();
    call.onStarted(agent);
    this.host.wake(agent);
    return undefined;
  }

  /** A stream of its request goes on. */
  private moved(call: Outgoing): void {
    if (call.isWaiting) this.host.act((agent) => this.wait(agent, call));
  }

  private sourceFailed(call: Outgoing, cause: unknown): void {
    if (call.isClosed) return;
    const wasWaiting = call.isWaiting;
    this.requester.leave(call);
    if (wasWaiting) this.host.act((agent) => this.requester.sendCancel(agent, call));
    call.failed({ type: 'error', code: 'RPC_SOURCE_FAILED', text: 'a stream of the request has failed here', cause });
  }

  /** The request in bytes, or why it cannot be sent. */
  private encode(agent: BehaviorAgent, call: Outgoing): Uint8Array | Failure {
    const { request, timeoutMs, window } = call;
    const { serviceId, method } = request;
    try {
      const found = divided(request.value);
      if (found !== undefined) call.parts = new CallParts(this.parts, call, found.sources);
      const parts = found?.sources ?? NO_PARTS;
      requireCall(request, timeoutMs, call.isMany);
      if (this.requester.isFull) throw tooMany(this.callsMax);
      if (parts.length > 0) requireParts(agent, parts, call.isMany);
      return this.writer.request(
        { serviceId, method, timeoutMs, window, parts },
        found === undefined ? request.value : found.value,
        agent.limits,
      );
    } catch (error) {
      return error instanceof NetworkError ? failureOf(error) : failure('CODEC_UNENCODABLE', 'the value cannot be read');
    }
  }

  private readContent({ limits }: BehaviorAgent, head: MessageHead): ReadAnswer | undefined {
    const { bytes, contentAt, end } = head;
    const type = contentAt < end ? bytes[contentAt] : 0;
    switch (type) {
      case OK:
      case ITEM: {
        const decoded = decodeValueAt(bytes, contentAt + 1, end, limits);
        if (decoded === undefined) return undefined;
        return { type: type === OK ? 'ok' : 'item', value: decoded.value };
      }
      case OK_WITH_PARTS: {
        const found = this.reader.parts(head);
        const decoded = found && decodeValueAt(bytes, found.valueAt, end, limits);
        const isWhole = decoded !== undefined && canJoin(decoded.value, found?.parts ?? NO_PARTS);
        return isWhole ? { type: 'ok', value: decoded.value, parts: found?.parts ?? NO_PARTS } : undefined;
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

/** Throws `ARGUMENT_INVALID`, naming the argument. */
function requireCall({ route, serviceId, method }: CallRequest, timeoutMs: number, isMany: boolean): void {
  requireRoute('call', route);
  if (route.type === 'services' && !isMany) throw invalid('route leads to many nodes; a call goes to one (requestMany goes to all)');
  if (!(Number.isInteger(serviceId) && serviceId >= 1 && serviceId <= 255))
    throw invalid(`serviceId is ${shown(serviceId)}; it must be a whole number from 1 to 255`);
  if (!isMethod(method)) throw invalid(`method is ${shown(method)}; it must be a text of 1 to ${METHOD_LENGTH_MAX} characters`);
  if (!isTimeout(timeoutMs))
    throw invalid(`timeoutMs is ${shown(timeoutMs)}; it must be a number of milliseconds from 1 to ${TIMEOUT_MS_MAX}`);
}

/** Throws for streams that cannot be sent. */
function requireParts(agent: BehaviorAgent, parts: readonly Part[], isMany: boolean): void {
  if (isMany) throw invalid('a request to many nodes has no streams');
  if (!areParts(parts))
    throw invalid(`a request has at most ${PARTS_MAX} streams, in fields of at most ${PART_NAME_LENGTH_MAX} characters`);
  if (!PartStreams.areThere(agent)) throw new NetworkError('STREAMS_ABSENT', 'no behaviour of this node opens byte streams');
}

function tooMany(callsMax: number): NetworkError {
  return limitReached({ limit: 'callsMax', current: callsMax, maximum: callsMax, scope: 'rpc', configKey: 'callsMax' });
}

function invalid(flaw: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `call: ${flaw}`);
}

/** The lane of the connection is full, or this node's own queue. */
function noRoom({ limits }: BehaviorAgent, { route }: CallRequest): Failure {
  const limit = route.type === 'local' ? 'localQueueBytesMax' : 'laneBytesMax';
  return failureOf(limitError(limit, limits[limit], limits[limit], route.type === 'local' ? 'this node' : 'the connection'));
}

const REFUSALS: Readonly<Record<Exclude<SendResult, 'queued' | 'full'>, Failure>> = {
  unreachable: UNREACHABLE,
  'too-large': failure('RPC_TOO_LARGE', 'the request is larger than a message may be (limits.payloadBytesMax)'),
};
