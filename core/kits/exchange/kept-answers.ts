/**
 * @module KeptAnswers: answers that left over relays, kept for a few seconds. When a relay signals that it could not forward one, it is sent again,
 * at most `SENDS_MAX` times in all: at once when there is another next hop, else a little later. A requester that asks for an exchange which was
 * answered is sent the answer again; the same part twice does it no harm. Bounded in number and bytes: the oldest is dropped.
 *
 * An answer leaves over the connection that its request came over, if a path leads there: a requester that takes another path than the best
 * one has a reason.
 */
import type { SendResult } from '../../errors.js';
import { type Deadlined, DeadlineHeap } from '../../structures/deadline-heap.js';
import { EXCHANGE_LIMITS } from './limits.js';
import { ANSWER, type CorrelationId, type MessageHead, writeAttempt, writeNumberedHead } from './messages.js';
import type { Peer, Peers } from './peers.js';
import { type ExchangeAgent, RESEND_MS, SENDS_MAX, streamIdOf } from './port.js';

const KEEP_MS = 5_000;
/** Lists of answers, by the lowest bits of their ids. A power of two. */
const LISTS = 64;
const { keptAnswersMax: KEPT_MAX, keptAnswerBytesMax: KEPT_BYTES_MAX } = EXCHANGE_LIMITS;

export interface AnswerCounters {
  /** Times that an answer was sent again, because a relay could not forward it. */
  answersResent: number;
  /** Answers that found no path back. */
  answersLost: number;
}

/** Its deadline is when it is dropped. */
class KeptAnswer implements CorrelationId, Deadlined {
  readonly idHigh: number;
  readonly idLow: number;
  heapIndex = -1;
  heapOrder = 0;
  /** How often it was sent: the number of the attempt. */
  sentCount = 0;
  /** The connection that it left over. */
  connectionId: number | undefined = undefined;
  /** While it waits to be sent again. */
  retry: Retry | undefined = undefined;

  constructor(
    readonly peer: Peer,
    id: CorrelationId,
    readonly part: number,
    readonly bytes: Uint8Array,
    public dueMs: number,
  ) {
    this.idHigh = id.idHigh;
    this.idLow = id.idLow;
  }

  isOf({ idHigh, idLow }: CorrelationId): boolean {
    return this.idLow === idLow && this.idHigh === idHigh;
  }
}

class Retry implements Deadlined {
  heapIndex = -1;
  heapOrder = 0;

  constructor(
    readonly answer: KeptAnswer,
    public dueMs: number,
  ) {}
}

export class KeptAnswers {
  private readonly kept = new DeadlineHeap<KeptAnswer>();
  private readonly retries = new DeadlineHeap<Retry>();
  /**
   * By the lower half of the id, in the order in which they were sent; ids of different requesters may be equal. A map would turn over all the time:
   * the tables that it leaves refer to each other, and a collection of the young generation would keep all answers that were ever in them.
   */
  private readonly lists: KeptAnswer[][] = [];
  private keptBytes = 0;

  constructor(
    private readonly peers: Peers,
    private readonly counters: AnswerCounters,
  ) {}

  get size(): number {
    return this.kept.size;
  }

  get byteLength(): number {
    return this.keptBytes;
  }

  get nextDueMs(): number {
    return Math.min(this.kept.nextDueMs, this.retries.nextDueMs);
  }

  /** Sends a part of an answer to a node behind relays. Where no path leads there now, it waits for one as after a loss signal. */
  send(agent: ExchangeAgent, to: { readonly peer: Peer } & CorrelationId, part: number, bytes: Uint8Array, cameOver?: number): SendResult {
    const answer = this.keep(new KeptAnswer(to.peer, to, part, bytes.slice(), agent.nowMs + KEEP_MS));
    writeNumberedHead(answer.bytes, answer, ANSWER, 0, part);
    const result = this.transmit(agent, answer, this.exceptFor(to.peer, cameOver));
    if (result === 'unreachable') this.retryLater(agent, answer);
    else if (result !== 'queued') this.drop(answer);
    return result === 'unreachable' ? 'queued' : result;
  }

  /** A relay signals the loss of a message of this node that was an answer. */
  lost(agent: ExchangeAgent, head: MessageHead): void {
    for (const answer of this.listOf(head)) {
      const isMeant = answer.isOf(head) && answer.part === head.number && answer.sentCount === head.attempt;
      if (!isMeant || answer.retry !== undefined) continue;
      if (answer.sentCount === 1 && this.otherHop(answer) !== undefined) this.sendAgain(agent, answer);
      else this.retryLater(agent, answer);
      return;
    }
  }

  /** The requester asks again: what is kept for it is sent again, unless it was sent as often as allowed. Returns whether there was anything. */
  repeat(agent: ExchangeAgent, { nodeId }: Peer, id: CorrelationId): boolean {
    const answers = this.listOf(id).filter((answer) => answer.isOf(id) && answer.peer.nodeId === nodeId);
    for (const answer of answers) if (answer.sentCount < SENDS_MAX) this.transmit(agent, answer, undefined);
    return answers.length > 0;
  }

  expire(agent: ExchangeAgent, nowMs: number): void {
    for (let due = this.retries.takeDue(nowMs); due !== undefined; due = this.retries.takeDue(nowMs)) {
      due.answer.retry = undefined;
      if (due.answer.sentCount < SENDS_MAX) this.sendAgain(agent, due.answer);
    }
    for (let due = this.kept.first; due !== undefined && due.dueMs <= nowMs; due = this.kept.first) this.drop(due);
  }

  private retryLater(agent: ExchangeAgent, answer: KeptAnswer): void {
    if (answer.sentCount >= SENDS_MAX) {
      this.counters.answersLost++;
      return this.drop(answer);
    }
    answer.retry = new Retry(answer, agent.nowMs + (RESEND_MS[answer.sentCount - 1] as number));
    this.retries.add(answer.retry);
  }

  private sendAgain(agent: ExchangeAgent, answer: KeptAnswer): void {
    this.counters.answersResent++;
    const except = this.otherHop(answer) === undefined ? undefined : answer.connectionId;
    if (this.transmit(agent, answer, except) !== 'queued') this.retryLater(agent, answer);
  }

  private transmit(agent: ExchangeAgent, answer: KeptAnswer, except: number | undefined): SendResult {
    const { peer, bytes } = answer;
    answer.connectionId = this.peers.nextHopTo(peer.nodeId, except);
    writeAttempt(bytes, ++answer.sentCount);
    return agent.send(peer.route, bytes, { streamId: streamIdOf(answer), ...(except !== undefined && { except }) });
  }

  /** Another next hop than that which it left over. */
  private otherHop({ peer, connectionId }: KeptAnswer): number | undefined {
    return this.peers.nextHopTo(peer.nodeId, connectionId);
  }

  /** What to leave out, so that the answer leaves over that connection. */
  private exceptFor({ nodeId }: Peer, cameOver: number | undefined): number | undefined {
    const usual = this.peers.nextHopTo(nodeId);
    if (cameOver === undefined || usual === undefined || usual === cameOver) return undefined;
    return this.peers.nextHopTo(nodeId, usual) === cameOver ? usual : undefined;
  }

  private keep(answer: KeptAnswer): KeptAnswer {
    const { length } = answer.bytes;
    for (let oldest = this.kept.first; oldest !== undefined; oldest = this.kept.first) {
      if (this.kept.size < KEPT_MAX && this.keptBytes + length <= KEPT_BYTES_MAX) break;
      this.drop(oldest);
    }
    this.kept.add(answer);
    this.keptBytes += length;
    this.listOf(answer).push(answer);
    return answer;
  }

  private drop(answer: KeptAnswer): void {
    this.kept.remove(answer);
    if (answer.retry !== undefined) this.retries.remove(answer.retry);
    this.keptBytes -= answer.bytes.length;
    const others = this.listOf(answer);
    others.splice(others.indexOf(answer), 1);
  }

  private listOf({ idLow }: CorrelationId): KeptAnswer[] {
    if (this.lists.length === 0) for (let count = 0; count < LISTS; count++) this.lists.push([]);
    return this.lists[idLow & (LISTS - 1)] as KeptAnswer[];
  }
}
