/**
 * @module Serving: the questions of neighbours. Each is answered here, or passed on to the next node of its chain, if there is a link to that; its answer
 * goes back as it came. Bounded by a rate and by work for each neighbour, and by a rate of signatures for all: what is beyond is answered `busy`.
 */
import {
  ANSWER_HEAD_BYTES,
  type AnswerTarget,
  type BehaviorAgent,
  type ExchangeUser,
  type Message,
  type MessageHead,
  type NodeId,
  type Peer,
  type Responder,
  ServedRequest,
  type Signer,
  TokenBucket,
} from '../../../core/index.js';
import { type AnswerCode, answerBytes, type Request, readRequest, signedBytes } from '../messages.js';
import { BURST_SECONDS, PROOFS_PER_SECOND, type SpacerCounters, type SpacerSettings } from '../options.js';
import { ANSWER_DOMAIN, type Ask, type Asking, type RawReply } from './asking.js';

/** A question in work here. */
export class ServedQuestion extends ServedRequest {
  /** Where it was passed on. */
  onward: Ask | undefined;

  constructor(
    peer: Peer,
    head: MessageHead,
    readonly request: Request,
    private readonly asking: Asking,
  ) {
    super(peer, peer, head);
  }

  override onEnd(): void {
    if (this.onward !== undefined) this.asking.leave(this.onward);
  }
}

/** Who asks; `nodeId` is proven, unless others have passed the question on (`isRelayed`): then it is who did so last. */
export interface Asker {
  readonly nodeId: NodeId;
  readonly connectionId: number;
  readonly isRelayed: boolean;
}

/** The answer to a question: its body, or why there is none. */
export type Served = { readonly code: AnswerCode; readonly body?: Uint8Array };

/** What answers the questions of one kind. */
export type Handler = (agent: BehaviorAgent, body: Uint8Array, asker: Asker) => Served;

export interface ServingParts {
  readonly responder: Responder<ServedQuestion>;
  readonly asking: Asking;
  readonly signer: Signer;
  readonly counters: SpacerCounters;
  readonly handlers: ReadonlyMap<number, Handler>;
  /** Questions whose answer takes the check of a signature. */
  readonly checking: ReadonlySet<number>;
  readonly settings: Pick<SpacerSettings, 'questionsPerSecond'>;
  linkTo(nodeId: NodeId): number | undefined;
  /** The neighbour has a spacer. */
  met(agent: BehaviorAgent, peer: Peer): void;
}

/** The last node of a chain waits a little less, so that its silence can be told. */
const ONWARD_SHARE = 0.9;
const BUSY: Served = { code: 'busy' };

export class Serving implements ExchangeUser {
  /** By connection. */
  private readonly rates = new Map<number, TokenBucket>();
  private proofs: TokenBucket | undefined;

  constructor(private readonly parts: ServingParts) {}

  disconnected(connectionId: number): void {
    this.rates.delete(connectionId);
  }

  onRequest(agent: BehaviorAgent, head: MessageHead, peer: Peer): void {
    const { counters, responder, asking, handlers } = this.parts;
    const request = readRequest(head.bytes, head.contentAt, head.end);
    // Only neighbours ask, and a question is proven to be theirs.
    if (request === undefined || peer.connectionId === undefined || !peer.isDirect) {
      counters.malformed++;
      return;
    }
    this.parts.met(agent, peer);
    const target: AnswerTarget = { peer, carrier: peer, idHigh: head.idHigh, idLow: head.idLow };
    if (!this.rateOf(agent, peer.connectionId).takeAll(1, agent.nowMs)) return this.refuse(agent, target);
    const [next] = request.chain;
    if (next === undefined) {
      if (!this.mayProve(agent, request)) return this.refuse(agent, target);
      const handler = handlers.get(request.op);
      const asker = { nodeId: peer.nodeId, connectionId: peer.connectionId, isRelayed: request.isSigned };
      counters.questionsServed++;
      return this.answer(agent, target, request, handler === undefined ? { code: 'unknown-op' } : handler(agent, request.body, asker));
    }
    const question = new ServedQuestion(peer, head, copyOf(request), asking);
    responder.begin(agent, question, request.waitMs);
    this.passOn(agent, question, next);
  }

  onOverload(agent: BehaviorAgent, to: AnswerTarget): void {
    this.refuse(agent, to);
  }

  onOwnKind(_agent: BehaviorAgent, _message: Message): void {
    this.parts.counters.malformed++;
  }

  private passOn(agent: BehaviorAgent, question: ServedQuestion, next: NodeId): void {
    const { asking, counters } = this.parts;
    const { request } = question;
    const connectionId = this.parts.linkTo(next);
    const onward = { ...request, chain: request.chain.slice(1), waitMs: request.waitMs * ONWARD_SHARE };
    const ask =
      connectionId === undefined || connectionId === question.peer.connectionId
        ? undefined
        : asking.send(agent, connectionId, onward, (later, raw) => this.passBack(later, question, raw));
    if (ask === undefined)
      return this.end(agent, question, answerBytes({ code: 'unreachable', proof: undefined, body: NOTHING }, ANSWER_HEAD_BYTES));
    counters.questionsRelayed++;
    question.onward = ask;
  }

  private passBack(agent: BehaviorAgent, question: ServedQuestion, raw: RawReply): void {
    if (question.isOver) return;
    if ('failure' in raw) {
      const code = raw.failure === 'timeout' ? 'silent' : 'unreachable';
      return this.end(agent, question, answerBytes({ code, proof: undefined, body: NOTHING }, ANSWER_HEAD_BYTES));
    }
    const { bytes, contentAt, end } = raw.head;
    const answer = new Uint8Array(ANSWER_HEAD_BYTES + end - contentAt);
    answer.set(bytes.subarray(contentAt, end), ANSWER_HEAD_BYTES);
    this.end(agent, question, answer);
  }

  private end(agent: BehaviorAgent, question: ServedQuestion, answer: Uint8Array): void {
    this.parts.responder.answer(agent, question, 0, answer);
    this.parts.responder.finish(question);
  }

  private answer(agent: BehaviorAgent, target: AnswerTarget, request: Request, { code, body = NOTHING }: Served): void {
    const { signer, responder } = this.parts;
    const isSigned = request.isSigned && code === 'ok';
    const proof = isSigned ? { publicKey: signer.publicKey, signature: signer.sign(ANSWER_DOMAIN, signedBytes(request, body)) } : undefined;
    responder.answer(agent, target, 0, answerBytes({ code, proof, body }, ANSWER_HEAD_BYTES));
  }

  private refuse(agent: BehaviorAgent, target: AnswerTarget): void {
    this.parts.counters.questionsRefused++;
    const { code } = BUSY;
    this.parts.responder.answerShort(agent, target, 0, answerBytes({ code, proof: undefined, body: NOTHING }, ANSWER_HEAD_BYTES));
  }

  /** Whether there is time left for the signatures that the answer takes. */
  private mayProve({ nowMs }: BehaviorAgent, { op, isSigned }: Request): boolean {
    const count = (isSigned ? 1 : 0) + (this.parts.checking.has(op) ? 1 : 0);
    this.proofs ??= new TokenBucket(BURST_SECONDS * PROOFS_PER_SECOND, PROOFS_PER_SECOND, nowMs);
    return count === 0 || this.proofs.takeAll(count, nowMs);
  }

  private rateOf({ nowMs }: BehaviorAgent, connectionId: number): TokenBucket {
    const { questionsPerSecond } = this.parts.settings;
    const rate = this.rates.get(connectionId) ?? new TokenBucket(BURST_SECONDS * questionsPerSecond, questionsPerSecond, nowMs);
    this.rates.set(connectionId, rate);
    return rate;
  }
}

const NOTHING = new Uint8Array(0);

/** The request without views. */
function copyOf(request: Request): Request {
  return { ...request, nonce: request.nonce.slice(), body: request.body.slice() };
}
