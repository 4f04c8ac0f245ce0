/**
 * @module IncomingCalls: reads the requests that come, hands them to their services and encodes the answers. Until when a request is in
 * work, and that it is handed on at most once, is up to the responder of the exchange kit.
 */
import {
  type AnswerTarget,
  type BehaviorAgent,
  decodeValueAt,
  type ErrorCode,
  type ExchangeUser,
  type Message,
  type MessageHead,
  NetworkError,
  type Peer,
  type ReachedBound,
  type Responder,
  type SendResult,
  WakeTimer,
} from '../../core/index.js';
import { FailureLog } from './failure-log.js';
import type { RpcHost } from './host.js';
import { IncomingCall, type WorkHost } from './incoming-call.js';
import { CREDIT, type ErrorFields, GONE, ITEM, MessageReader, MessageWriter, OK, RESUME, type RequestFields } from './messages.js';
import { areParts } from './parts/part-list.js';
import type { ReadingHost } from './parts/reading.js';
import { canJoin, discard, divided, type Source } from './parts/sources.js';
import type { PartStreams } from './parts/streams.js';
import { ServedParts } from './served-parts.js';

type Sent = SendResult | 'unencodable';

/** What the caller is sent in place of an answer that could not be sent. */
const REFUSALS: Readonly<Record<Exclude<Sent, 'queued'>, ErrorFields & { readonly code: ErrorCode }>> = {
  full: { code: 'RPC_OVERLOADED', text: 'the answer found no room: limit laneBytesMax or laneMessagesMax of the remote node' },
  'too-large': { code: 'RPC_TOO_LARGE', text: 'the answer is larger than a message' },
  unreachable: { code: 'RPC_PEER_GONE', text: 'no route leads to the caller' },
  unencodable: { code: 'RPC_FAILED', text: 'the answer cannot be carried' },
};
/** There is no event for room in this node's own queue. */
const ROOM_RETRY_MS = 10;
/** Items of all streams before the event loop goes on: generators that have them ready would hold up everybody else. */
const ITEMS_PER_TURN = 1_024;
/** When those that the turn had no room for try again: at once, in the next one. */
const TURN_RETRY_MS = 1;
const STOPPING: ErrorFields = { code: 'RPC_PEER_GONE', text: 'the node stops; it did not process the call' };
const OVER = new NetworkError('CALL_CANCELLED', 'the call has been answered');
const UNCARRIED = 'an rpc answer cannot be carried';

export class IncomingCalls implements ExchangeUser, WorkHost {
  /** The node is about to stop: only its own requests are taken, without which those in work might not end. */
  isDraining = false;
  private readonly writer = new MessageWriter();
  private readonly reader = new MessageReader();
  private readonly failures = new FailureLog();
  /** Streams that wait for room in a lane or for the next turn, and what has them try again at the latest. */
  private readonly waiting: (() => void)[] = [];
  private readonly retry = new WakeTimer<BehaviorAgent>((agent) => this.roomAgain(agent));
  private turn = 0;
  private itemsOfTurn = 0;
  private readonly parts: ServedParts;

  constructor(
    private readonly host: RpcHost,
    private readonly responder: Responder<IncomingCall>,
    streams: PartStreams,
    /** A node does not have a stream of responses that this one asked for. */
    private readonly gone: (message: Message, head: MessageHead) => void,
  ) {
    this.parts = new ServedParts(host, streams, this);
  }

  onRequest(agent: BehaviorAgent, head: MessageHead, peer: Peer, carrier: Peer | undefined): void {
    if (this.isDraining && carrier !== undefined) return this.refuse(agent, { peer, carrier, idHigh: head.idHigh, idLow: head.idLow });
    const fields = this.reader.request(head);
    const decoded = fields && decodeValueAt(head.bytes, fields.valueAt, head.end, agent.limits);
    if (decoded === undefined || (fields?.parts.length && !canJoin(decoded.value, fields.parts))) {
      this.host.counters.malformed++;
      return;
    }
    const call = new IncomingCall(this, { peer, carrier, head, fields: fields as RequestFields, value: decoded.value });
    this.responder.begin(agent, call, call.timeoutMs);
    this.host.counters.requestsAccepted++;
    agent.deliverRpc(call, call);
  }

  onOverload(agent: BehaviorAgent, to: AnswerTarget, { name, value }: ReachedBound): void {
    this.sendError(agent, to, { code: 'RPC_OVERLOADED', text: `limit ${name} (${value}) of the remote's rpc behaviour is reached` }, 0);
  }

  onOwnKind(agent: BehaviorAgent, message: Message, head: MessageHead): void {
    if (head.kind === RESUME) return this.resume(agent, message, head);
    if (head.kind === GONE) return this.gone(message, head);
    const total = head.kind === CREDIT ? this.reader.credit(head) : undefined;
    if (total === undefined) this.host.counters.malformed++;
    else this.responder.find(agent, message, head)?.feed?.onCredit(total);
  }

  /** A reader comes back to its stream of responses, perhaps over another connection. */
  private resume(agent: BehaviorAgent, message: Message, head: MessageHead): void {
    const fields = this.reader.resume(head);
    if (fields === undefined) {
      this.host.counters.malformed++;
      return;
    }
    const call = this.responder.resumed(agent, message, head);
    const isThere = call?.feed?.resume(fields.next, fields.granted) === true;
    if (isThere) this.host.counters.streamsResumed++;
    else this.responder.reply(agent, message, head, GONE);
  }

  /** Whoever sends items that nobody here reads need not go on: this node was started again, or has given the stream up. */
  onStray(agent: BehaviorAgent, message: Message, head: MessageHead): void {
    if (head.contentAt < head.end && head.bytes[head.contentAt] === ITEM) this.responder.reject(agent, message, head);
  }

  readingOf(call: IncomingCall): ReadingHost {
    return this.parts.readingOf(call);
  }

  act(work: () => void): void {
    this.host.act(work);
  }

  streams(call: IncomingCall): void {
    this.host.act((agent) => {
      this.responder.watch(agent, call);
      this.host.wake(agent);
    });
  }

  finished(call: IncomingCall): void {
    this.finish(call);
  }

  due(call: IncomingCall, timeoutMs: number): void {
    this.host.act((agent) => {
      this.responder.wait(agent, call, timeoutMs);
      this.host.wake(agent);
    });
  }

  roomLater(callback: () => void): void {
    this.waiting.push(callback);
    this.host.act((agent) => this.retry.within(agent, this.isTurnFull(agent) ? TURN_RETRY_MS : ROOM_RETRY_MS));
  }

  /** A lane has room again, or the time has come to see whether one has. */
  roomAgain(agent: BehaviorAgent): void {
    if (this.isTurnFull(agent)) return this.retry.within(agent, TURN_RETRY_MS);
    for (const callback of this.waiting.splice(0)) callback();
  }

  answerOk(call: IncomingCall, value: unknown): void {
    const parts = dividedSafely(value);
    if (parts !== undefined) return this.answerWith(call, parts.value, parts.sources);
    this.finish(call);
    this.host.act((agent) => {
      const result = this.sendValue(agent, call, OK, 0, value);
      if (result !== 'queued') this.replace(agent, call, 0, result, REFUSALS[result]);
    });
  }

  answerError(call: IncomingCall, code: string, text: string, count: number, isLast = true): void {
    if (isLast) this.finish(call);
    this.host.act((agent) => this.sendError(agent, call, { code, text }, count));
  }

  /** The call stays in work until the streams of its answer were read. */
  private answerWith(call: IncomingCall, value: unknown, sources: readonly Source[]): void {
    this.host.act((agent) => {
      const result = areParts(sources) ? this.sendWith(agent, call, value, sources) : 'unencodable';
      if (result === 'queued') return this.parts.offer(call, sources);
      for (const source of sources) discard(source);
      this.finish(call);
      this.replace(agent, call, 0, result, REFUSALS[result]);
    });
  }

  private sendWith(agent: BehaviorAgent, call: IncomingCall, value: unknown, sources: readonly Source[]): Sent {
    try {
      return this.send(agent, call, 0, this.writer.valueWith(sources, value, agent.limits));
    } catch (err) {
      this.failures.report(agent, call, err, UNCARRIED);
      return 'unencodable';
    }
  }

  answerEnd(call: IncomingCall, count: number, isLast = true): void {
    if (isLast) this.finish(call);
    this.host.act((agent) => {
      const result = this.send(agent, call, count, this.writer.end());
      if (result !== 'queued') this.replace(agent, call, count, result, undefined);
    });
  }

  answerItem(call: IncomingCall, index: number, value: unknown): boolean {
    let result: Sent = 'unreachable';
    this.host.act((agent) => {
      const isFull = this.isTurnFull(agent);
      this.itemsOfTurn++;
      result = isFull ? 'full' : this.sendValue(agent, call, ITEM, index, value);
    });
    return this.isSettled(call, index, result);
  }

  ignored(): void {
    this.host.counters.answersIgnored++;
  }

  failedInside(call: IncomingCall, err: unknown): void {
    this.host.act((agent) => this.failures.report(agent, call, err, 'an rpc method failed'));
  }

  aborted(): void {
    this.host.counters.requestsAborted++;
    this.host.ended();
  }

  sendEnd(agent: BehaviorAgent, call: IncomingCall, code: ErrorCode, text: string): void {
    this.sendError(agent, call, { code, text }, call.feed?.sentCount ?? 0);
  }

  /** Whether this turn has no room for further items. */
  private isTurnFull({ turn }: BehaviorAgent): boolean {
    if (turn !== this.turn) this.itemsOfTurn = 0;
    this.turn = turn;
    return this.itemsOfTurn >= ITEMS_PER_TURN;
  }

  private refuse(agent: BehaviorAgent, to: AnswerTarget): void {
    this.host.counters.requestsRefused++;
    this.sendError(agent, to, STOPPING, 0);
  }

  private finish(call: IncomingCall): void {
    this.responder.finish(call);
    call.close(OVER);
    this.host.ended();
  }

  private isSettled(call: IncomingCall, index: number, result: Sent): boolean {
    if (result === 'queued' || result === 'full') return result === 'queued';
    const { code, text } = REFUSALS[result];
    this.answerError(call, code, text, index);
    return true;
  }

  private sendValue(agent: BehaviorAgent, call: IncomingCall, type: number, part: number, value: unknown): Sent {
    let bytes: Uint8Array;
    try {
      bytes = this.writer.value(type, value, agent.limits);
    } catch (err) {
      this.failures.report(agent, call, err, UNCARRIED);
      return 'unencodable';
    }
    const result = this.send(agent, call, part, bytes);
    if (result === 'too-large') this.failures.report(agent, call, tooLarge(bytes.length), UNCARRIED);
    return result;
  }

  private sendError(agent: BehaviorAgent, to: AnswerTarget, error: ErrorFields, count: number): void {
    const result = this.send(agent, to, count, this.writer.error(error));
    if (result !== 'queued') this.replace(agent, to, count, result, error);
  }

  private send(agent: BehaviorAgent, to: AnswerTarget, part: number, bytes: Uint8Array): SendResult {
    const result = this.responder.answer(agent, to, part, bytes);
    this.host.wake(agent);
    return result;
  }

  /** An answer that finds no room is replaced by a short one on the lane that has some. */
  private replace(agent: BehaviorAgent, to: AnswerTarget, part: number, result: Sent, error: ErrorFields | undefined): void {
    const short = error === undefined ? this.writer.end() : this.writer.error(error);
    if (result === 'unreachable' || this.responder.answerShort(agent, to, part, short) !== 'queued') this.host.counters.answersLost++;
  }
}

/** A value that cannot be read is refused when it is encoded. */
function dividedSafely(value: unknown): ReturnType<typeof divided> {
  try {
    return divided(value);
  } catch {
    return undefined;
  }
}

function tooLarge(byteCount: number): NetworkError {
  return new NetworkError('RPC_TOO_LARGE', `the answer has ${byteCount} bytes, more than limits.payloadBytesMax`);
}
