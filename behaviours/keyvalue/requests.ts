/**
 * @module Requests: the two ends of a request of this service on the exchange kit: one of this node's, which is settled once, and one in work here,
 * which is answered once.
 */
import {
  ANSWER_HEAD_BYTES,
  type AnswerTarget,
  type BehaviorAgent,
  ByteReader,
  ByteWriter,
  Exchange,
  type ExchangeFailure,
  Exchanges,
  type ExchangeUser,
  HEAD_BYTES,
  type Message,
  type MessageHead,
  type NodeId,
  type Peer,
  type ReachedBound,
  type Responder,
  type RouterTable,
  ServedRequest,
  type TurnEnd,
  toNode,
} from '../../core/index.js';
import type { Asking, MapAgent, Outcome, Reply, Settle } from './host.js';
import { type Request, readRequest, STATUS, writeRequest } from './messages.js';
import { type KeyValueCounters, REQUEST_BOUNDS } from './options.js';

const EXCHANGES_MAX = 65_536;
/** A request that has not been answered here by then never will be. */
const WORK_MS = 12_000;
/** Above it the room for messages is given back after use. */
const ROOM_KEPT_BYTES = 524_288;

export interface RequestsUser {
  readonly serviceId: number;
  /** Requests that could not be sent are settled there. */
  readonly turnEnd: TurnEnd<BehaviorAgent>;
  /** The reader stands behind the request's head, and is valid during the call. */
  onRequest(agent: MapAgent, request: Request, reader: ByteReader, reply: Reply): void;
}

class Asked extends Exchange {
  constructor(
    node: NodeId,
    serviceId: number,
    private readonly owner: Requests,
    private readonly settle: Settle,
  ) {
    super(toNode(node), serviceId);
  }

  override onAnswer(agent: MapAgent, head: MessageHead): void {
    this.owner.answered(agent, this, head, this.settle);
  }

  override onFailure(agent: MapAgent, failure: ExchangeFailure): void {
    this.settle(agent, { type: 'failure', failure });
  }
}

class Served extends ServedRequest implements Reply {
  onEnded: (() => void) | undefined = undefined;

  constructor(
    peer: Peer,
    carrier: Peer | undefined,
    head: MessageHead,
    private readonly owner: Requests,
  ) {
    super(peer, carrier, head);
  }

  get source(): NodeId {
    return this.peer.nodeId;
  }

  override onEnd(): void {
    this.onEnded?.();
  }

  send(agent: MapAgent, status: number, write?: (writer: ByteWriter) => void): void {
    if (this.isOver) return;
    this.owner.answer(agent, this, status, write);
  }
}

export class Requests implements ExchangeUser {
  readonly exchanges: Exchanges<Served>;
  private readonly reader = new ByteReader(new Uint8Array(0));
  private writer = new ByteWriter();

  constructor(
    private readonly user: RequestsUser,
    self: NodeId,
    routes: RouterTable,
    private readonly counters: KeyValueCounters,
  ) {
    this.exchanges = new Exchanges({ self, routes, counters, bounds: REQUEST_BOUNDS, exchangesMax: EXCHANGES_MAX });
  }

  ask(agent: MapAgent, request: Asking, write: (writer: ByteWriter) => void, settle: Settle): void {
    const { node, timeoutMs } = request;
    const { requester } = this.exchanges;
    const writer = this.fresh();
    writer.reserve(HEAD_BYTES);
    write(writeRequest(writer, request));
    const asked = new Asked(node, this.user.serviceId, this, settle);
    const result = requester.isFull ? 'full' : requester.start(agent, asked, timeoutMs, writer.written);
    if (result === 'queued') return this.exchanges.wake(agent);
    const failure = result === 'unreachable' ? 'no-route' : result;
    this.user.turnEnd.add(agent, (later) => settle(later, { type: 'failure', failure }));
  }

  answered(agent: MapAgent, asked: Asked, { bytes, contentAt, end }: MessageHead, settle: Settle): void {
    const reader = this.reader.reset(bytes, contentAt, end);
    const status = reader.u8();
    if (reader.hasFailed) return void this.counters.malformed++;
    this.exchanges.requester.leave(asked);
    settle(agent, { type: 'answer', status, reader } satisfies Outcome);
  }

  answer(agent: MapAgent, served: Served, status: number, write?: (writer: ByteWriter) => void): void {
    const { responder } = this.exchanges;
    responder.finish(served);
    served.onEnded?.();
    const writer = this.fresh();
    writer.reserve(ANSWER_HEAD_BYTES);
    writer.u8(status);
    write?.(writer);
    if (responder.answer(agent, served, 0, writer.written) === 'full') this.shortly(agent, served, responder);
  }

  onRequest(agent: MapAgent, head: MessageHead, peer: Peer, carrier: Peer | undefined): void {
    const reader = this.reader.reset(head.bytes, head.contentAt, head.end);
    const request = readRequest(reader);
    if (reader.hasFailed) return void this.counters.malformed++;
    const served = new Served(peer, carrier, head, this);
    this.exchanges.responder.begin(agent, served, WORK_MS);
    this.user.onRequest(agent, request, reader, served);
  }

  onOverload(agent: MapAgent, to: AnswerTarget, _reached: ReachedBound): void {
    this.shortly(agent, to, this.exchanges.responder);
  }

  onOwnKind(_agent: MapAgent, _message: Message, _head: MessageHead): void {
    this.counters.malformed++;
  }

  private shortly(agent: MapAgent, to: AnswerTarget, responder: Responder<Served>): void {
    const bytes = new Uint8Array(ANSWER_HEAD_BYTES + 1);
    bytes[ANSWER_HEAD_BYTES] = STATUS.overloaded;
    responder.answerShort(agent, to, 0, bytes);
  }

  private fresh(): ByteWriter {
    if (this.writer.slab.length > ROOM_KEPT_BYTES) this.writer = new ByteWriter();
    return this.writer.clear();
  }
}
