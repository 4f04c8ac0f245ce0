/**
 * @module Asking: sends questions over the exchange kit, own ones and those that are passed on, always to a neighbour. An answer that came over others
 * counts only if the asked node has signed it.
 */
import {
  type BehaviorAgent,
  Exchange,
  type ExchangeFailure,
  HEAD_BYTES,
  type MessageHead,
  type NodeId,
  type Requester,
  type Signer,
  toConnection,
} from '../../../core/index.js';
import { type AnswerCode, NONCE_BYTES, OP_PING, type Request, readAnswer, requestBytes, signedBytes } from '../messages.js';
import type { SpacerCounters } from '../options.js';

export const ANSWER_DOMAIN = 'spacer/answer/1';

/** What came of a question. `unproven`: the answer is not the asked node's. `silent`: none came in time, or its link ended. */
export interface Reply {
  readonly code: AnswerCode | 'unproven';
  /** A view that is valid during the callback. */
  readonly body: Uint8Array;
}

/** An answer as it came, or why none did. */
export type RawReply = { readonly head: MessageHead } | { readonly failure: ExchangeFailure };

export interface Question {
  readonly op: number;
  /** The neighbour first, the asked node last: that may be the same one. */
  readonly chain: readonly NodeId[];
  readonly body: Uint8Array;
  readonly waitMs: number;
}

export class Ask extends Exchange {
  constructor(
    connectionId: number,
    serviceId: number,
    private readonly ended: (agent: BehaviorAgent, ask: Ask, raw: RawReply) => void,
  ) {
    super(toConnection(connectionId), serviceId);
  }

  override onAnswer(agent: BehaviorAgent, head: MessageHead): void {
    this.ended(agent, this, { head });
  }

  override onFailure(agent: BehaviorAgent, failure: ExchangeFailure): void {
    this.ended(agent, this, { failure });
  }
}

export interface AskingParts {
  readonly serviceId: number;
  readonly signer: Signer;
  readonly counters: SpacerCounters;
  readonly requester: Requester;
  /** The link to a neighbour that has a spacer. */
  linkTo(nodeId: NodeId): number | undefined;
  /** A deadline may have come closer. */
  wake(agent: BehaviorAgent): void;
}

const NOTHING = new Uint8Array(0);

export class Asking {
  constructor(private readonly parts: AskingParts) {}

  /** Asks; false: it could not be sent, and `settle` is not called. Else `settle` is called once, unless the question is left. */
  ask(agent: BehaviorAgent, question: Question, settle: (agent: BehaviorAgent, reply: Reply) => void): Ask | undefined {
    const { counters } = this.parts;
    const [neighbour, ...rest] = question.chain;
    const connectionId = neighbour === undefined ? undefined : this.parts.linkTo(neighbour);
    if (connectionId === undefined) return undefined;
    const { op, body, waitMs } = question;
    const request: Request = { op, body, waitMs, chain: rest, isSigned: rest.length > 0, nonce: agent.random.bytes(NONCE_BYTES) };
    const ask = this.send(agent, connectionId, request, (later, raw) => settle(later, this.read(question, request, raw)));
    if (ask !== undefined) counters.questionsSent++;
    return ask;
  }

  /** Sends a request as it is, also that of another node. */
  send(
    agent: BehaviorAgent,
    connectionId: number,
    request: Request,
    settle: (agent: BehaviorAgent, raw: RawReply) => void,
  ): Ask | undefined {
    const { requester, serviceId } = this.parts;
    if (requester.isFull) return undefined;
    const ask = new Ask(connectionId, serviceId, (later, ended, raw) => {
      requester.leave(ended);
      settle(later, raw);
    });
    const result = requester.start(agent, ask, request.waitMs, requestBytes(request, HEAD_BYTES));
    if (result !== 'queued') return undefined;
    this.parts.wake(agent);
    return ask;
  }

  /** Whether anybody answers over a link that is not known to have a spacer; `answered` is called only then. */
  ping(agent: BehaviorAgent, connectionId: number, waitMs: number, answered: (agent: BehaviorAgent) => void): void {
    const ping: Request = { op: OP_PING, isSigned: false, chain: [], waitMs, nonce: agent.random.bytes(NONCE_BYTES), body: NOTHING };
    this.send(agent, connectionId, ping, (later, raw) => 'head' in raw && answered(later));
  }

  /** Nobody waits for the answer any more. */
  leave(ask: Ask): void {
    this.parts.requester.leave(ask);
  }

  private read({ chain }: Question, request: Request, raw: RawReply): Reply {
    const { counters } = this.parts;
    if ('failure' in raw) return { code: raw.failure === 'connection-lost' ? 'unreachable' : 'silent', body: NOTHING };
    const { bytes, contentAt, end } = raw.head;
    const answer = readAnswer(bytes, contentAt, end, request.isSigned);
    if (answer === undefined) {
      counters.malformed++;
      return { code: 'malformed', body: NOTHING };
    }
    const { code, proof, body } = answer;
    if (proof !== undefined && !this.isProven(chain.at(-1) as NodeId, request, proof, body)) {
      counters.answersUnproven++;
      return { code: 'unproven', body: NOTHING };
    }
    counters.questionsAnswered++;
    return { code, body };
  }

  private isProven(
    asked: NodeId,
    request: Request,
    { publicKey, signature }: { readonly publicKey: Uint8Array; readonly signature: Uint8Array },
    body: Uint8Array,
  ): boolean {
    const { signer } = this.parts;
    return signer.nodeIdOf(publicKey) === asked && signer.verify(publicKey, ANSWER_DOMAIN, signedBytes(request, body), signature);
  }
}
