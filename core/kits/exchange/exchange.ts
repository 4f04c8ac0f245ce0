/**
 * @module Exchange: what is known of a request of this node until its answer has come: where it went, until when it waits, and, if it left
 * over relays, how far it got. It decides and sends nothing; `requester.ts` and `recovery.ts` do.
 */
import type { Deadlined } from '../../structures/deadline-heap.js';
import type { CorrelationId, MessageHead } from './messages.js';
import type { Target, UnicastRoute } from './peers.js';
import type { ExchangeAgent, Origin } from './port.js';

/**
 * Why an exchange ended without its answer. `no-route`, `undelivered`: the request was not handled. All others: it may have been.
 * `connection-lost`: to the neighbour. `path-lost`: no route leads to the node any more. `forgotten`: the node does not have the request in
 * work any more. `stopped`: this side ends.
 */
export type ExchangeFailure = 'no-route' | 'undelivered' | 'connection-lost' | 'path-lost' | 'forgotten' | 'timeout' | 'stopped';

export abstract class Exchange implements CorrelationId, Deadlined {
  idHigh = 0;
  idLow = 0;
  dueMs = 0;
  heapIndex = -1;
  heapOrder = 0;
  target: Target | undefined = undefined;
  /** Only while its request is under way over relays. */
  progress: Progress | undefined = undefined;
  /** It was sent, and something of its answer is still to come. */
  isWaiting = false;
  /** Several nodes answer it: it is bound to none of them. */
  readonly isMany: boolean = false;

  constructor(
    readonly route: UnicastRoute,
    /** The service that handles the request, for service routes without an id. */
    readonly serviceId: number,
  ) {}

  /**
   * The node has sent a part of the answer, `head.number`; `head`, its content and where it came from are valid during the call. An exchange that has all that it
   * waited for ends itself by `requester.leave`.
   */
  abstract onAnswer(agent: ExchangeAgent, head: MessageHead, origin: Origin): void;
  /** It has ended. Called at most once, and never after `leave`. */
  abstract onFailure(agent: ExchangeAgent, failure: ExchangeFailure): void;

  /** Whether it goes on in spite of that: it will be sent to the node again (`requester.rebind`), and its deadline stands. */
  outlives(_agent: ExchangeAgent, _failure: ExchangeFailure): boolean {
    return false;
  }
}

/** Beyond it attempts are counted from 2 on: only the first message is number 1. */
const ATTEMPT_MAX = 0xff;
/** When the node is asked first whether it has the request; then each time after twice as long. */
export const ASK_MS = 2_000;

/** How far a request has come that left over relays. Its deadline in a heap is that of its one retry. */
export class Progress implements Deadlined {
  dueMs = 0;
  heapIndex = -1;
  heapOrder = 0;
  /** Where it left last, and where the table would have sent it. */
  connectionId: number | undefined = undefined;
  usualId: number | undefined = undefined;
  /** Of the last message, request or question. Loss signals of earlier ones mean nothing. */
  attempt = 0;
  /** A relay has reported the last message as lost. */
  isReported = false;
  /** How often the request was sent. */
  sentCount = 0;
  /** Looks in a row that found the path changed. */
  strayCount = 0;
  /** Something of the answer has come. */
  isDelivered = false;
  /** The last message was the question whether the node has it. */
  isAsked = false;
  /** When the node is to be asked. */
  askMs: number;
  /** Questions that relays could not forward. */
  askLostCount = 0;

  constructor(
    readonly exchange: Exchange,
    /** The request as it is sent; absent when it may not be sent again. */
    public bytes: Uint8Array | undefined,
    /** When it was sent first. */
    readonly firstMs: number,
  ) {
    this.askMs = firstMs + ASK_MS;
  }

  /** The next message is on its way. */
  nextAttempt(): number {
    this.isReported = false;
    this.strayCount = 0;
    this.attempt = this.attempt === ATTEMPT_MAX ? 2 : this.attempt + 1;
    return this.attempt;
  }
}
