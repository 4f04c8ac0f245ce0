/**
 * @module SentAnswers: answers that left over relays, kept for a few seconds. When a relay says that it could not hand one on, it goes again,
 * at most `SENDS_MAX` times in all: at once when there is another way, else a little later. A caller that asks for a call which was answered
 * is sent the answer again; two of the same do no harm to it. Bounded in number and bytes: the oldest is forgotten.
 *
 * An answer leaves over the connection that its request came over, if there is such a way: a caller that takes another way than the best
 * one has a reason.
 */
import { type BehaviorAgent, encodeValue, type Lost, type NodeId, PENDING_FULL, PendingTable, type SendResult } from '../../core/index.js';
import type { RpcHost } from './host.js';
import type { AnswerMessage } from './messages.js';
import { RESEND_MS, SENDS_MAX } from './options.js';
import type { Party } from './parties.js';

const KEEP_MS = 5_000;
const KEPT_MAX = 1_024;
const KEPT_BYTES_MAX = 4_194_304;
const STREAM_IDS = 2 ** 31;

interface SentAnswer {
  readonly party: Party;
  /** Of its call. */
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly keptId: number;
  /** The connection that it left over. */
  connectionId: number | undefined;
  sentCount: number;
  /** In the table of those that go again. */
  retryId: number;
}

export class SentAnswers {
  /** By age. */
  private readonly kept = new PendingTable<SentAnswer>(KEPT_MAX);
  private readonly retries = new PendingTable<SentAnswer>(KEPT_MAX);
  /** What was said of each call, in order. */
  private readonly byCall = new Map<string, SentAnswer[]>();
  private keptBytes = 0;

  constructor(private readonly host: RpcHost) {}

  get nextDueMs(): number {
    return Math.min(this.kept.nextDueMs, this.retries.nextDueMs);
  }

  /** Sends an answer to a node behind relays. Where no way leads there now, it waits for one as if a relay had said so. */
  send(agent: BehaviorAgent, party: Party, answer: AnswerMessage, cameOver: number | undefined): SendResult {
    const bytes = encodeValue(answer, agent.limits);
    const sent = this.keep(agent, party, answer[1], bytes);
    const result = this.transmit(agent, sent, this.exceptFor(party, cameOver));
    if (result === 'unreachable') this.retryLater(agent, sent);
    else if (result !== 'queued') this.forget(sent);
    return result === 'unreachable' ? 'queued' : result;
  }

  /** A relay speaks of a message of this node that was no request. */
  lost(agent: BehaviorAgent, { streamId }: Lost): void {
    const sent = this.kept.get(streamId - STREAM_IDS);
    if (sent === undefined || sent.retryId !== PENDING_FULL) return;
    const hasOther = this.host.parties.wayTo(sent.party.nodeId, sent.connectionId) !== undefined;
    if (hasOther && sent.sentCount === 1) this.again(agent, sent);
    else this.retryLater(agent, sent);
  }

  /** The caller asks for it: what was said of the call goes again, so often as anything does. Whether anything was said. */
  repeat(agent: BehaviorAgent, { nodeId }: Party, callId: number): boolean {
    const said = this.byCall.get(keyOf(nodeId, callId));
    for (const sent of said ?? []) if (sent.sentCount < SENDS_MAX) this.transmit(agent, sent, undefined);
    return said !== undefined;
  }

  expire(agent: BehaviorAgent, nowMs: number): void {
    for (let due = this.retries.takeDue(nowMs); due !== undefined; due = this.retries.takeDue(nowMs)) this.again(agent, due.value);
    for (let due = this.kept.takeDue(nowMs); due !== undefined; due = this.kept.takeDue(nowMs)) this.dropped(due.value);
  }

  private retryLater(agent: BehaviorAgent, sent: SentAnswer): void {
    if (sent.sentCount >= SENDS_MAX) return this.giveUp(sent);
    sent.retryId = this.retries.add(sent, agent.nowMs + (RESEND_MS[sent.sentCount - 1] as number));
    this.host.wakeAt(agent, this.nextDueMs);
  }

  private again(agent: BehaviorAgent, sent: SentAnswer): void {
    const hasOther = this.host.parties.wayTo(sent.party.nodeId, sent.connectionId) !== undefined;
    sent.retryId = PENDING_FULL;
    this.host.counters.answersResent++;
    if (this.transmit(agent, sent, hasOther ? sent.connectionId : undefined) !== 'queued') this.retryLater(agent, sent);
  }

  private transmit(agent: BehaviorAgent, sent: SentAnswer, except: number | undefined): SendResult {
    const { party, bytes, keptId } = sent;
    sent.connectionId = this.host.parties.wayTo(party.nodeId, except);
    sent.sentCount++;
    const streamId = STREAM_IDS + (keptId % STREAM_IDS);
    return agent.send(party.route, bytes, { streamId, ...(except !== undefined && { except }) });
  }

  private keep(agent: BehaviorAgent, party: Party, callId: number, bytes: Uint8Array): SentAnswer {
    while (this.kept.size > 0 && (this.kept.size >= KEPT_MAX || this.keptBytes + bytes.length > KEPT_BYTES_MAX))
      this.dropped(this.kept.takeDue(Number.MAX_VALUE)?.value as SentAnswer);
    const keptId = this.kept.lastId + 1;
    const key = keyOf(party.nodeId, callId);
    const sent: SentAnswer = { party, key, bytes, keptId, connectionId: undefined, sentCount: 0, retryId: PENDING_FULL };
    this.kept.add(sent, agent.nowMs + KEEP_MS);
    this.keptBytes += bytes.length;
    const said = this.byCall.get(key);
    if (said === undefined) this.byCall.set(key, [sent]);
    else said.push(sent);
    this.host.wakeAt(agent, this.nextDueMs);
    return sent;
  }

  /** What to leave out, so that the answer leaves over that connection. */
  private exceptFor({ nodeId }: Party, cameOver: number | undefined): number | undefined {
    const { parties } = this.host;
    const usual = parties.wayTo(nodeId);
    if (cameOver === undefined || usual === undefined || usual === cameOver) return undefined;
    return parties.wayTo(nodeId, usual) === cameOver ? usual : undefined;
  }

  private giveUp(sent: SentAnswer): void {
    this.host.counters.answersLost++;
    this.forget(sent);
  }

  private forget(sent: SentAnswer): void {
    if (this.kept.take(sent.keptId) !== undefined) this.dropped(sent);
  }

  private dropped(sent: SentAnswer): void {
    this.keptBytes -= sent.bytes.length;
    this.retries.take(sent.retryId);
    const said = this.byCall.get(sent.key) as SentAnswer[];
    said.splice(said.indexOf(sent), 1);
    if (said.length === 0) this.byCall.delete(sent.key);
  }
}

function keyOf(nodeId: NodeId, callId: number): string {
  return `${nodeId}${callId}`;
}
