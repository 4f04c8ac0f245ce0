/**
 * @module Membership: one subscription that confirms, at one publisher of its topic. It joins, and joins again before the publisher would forget it. What it
 * is handed twice it does once: the last numbers are remembered, with what became of them.
 */
import {
  type BehaviorAgent,
  backoffBoundMs,
  type NodeId,
  type RpcAnswer,
  type RpcRequest,
  toNode,
  WakeTimer,
} from '../../../../core/index.js';
import { GONE_MS } from '../../confirmed/crew.js';
import { type Hand, JOIN, joinValue, PART, partValue } from '../../confirmed/messages.js';
import type { KeptMessage } from '../../meeting/messages.js';
import type { Signatures } from '../../signed/signatures.js';
import type { TopicName } from '../../topics/topic.js';
import type { Followed } from '../account.js';
import type { PublisherAccount, TopicMessage } from '../topic-message.js';
import type { Jobs } from './jobs.js';

const REFRESH_MS = GONE_MS / 3;
const RETRY = { minMs: 1_000, maxMs: REFRESH_MS } as const;
const CALL_MS = 5_000;
/** Numbers of a group that are remembered, against doubles. */
const SEEN_MAX = 1_024;
/** No number waits as an answer. */
const DONE: unique symbol = Symbol('done');

/** What a membership needs of its subscription. */
export interface MembershipOwner {
  readonly serviceId: number;
  readonly member: number;
  /** Empty: everything, in order. */
  readonly group: string;
  readonly window: number;
  readonly confirmMs: number;
  readonly jobs: Jobs;
  readonly signatures: Signatures;
  /** `undefined`: it cannot be decoded, or is not as its schema demands. */
  messageOf(agent: BehaviorAgent, facts: MessageFacts): TopicMessage | undefined;
  delivered(count: number): void;
  malformed(membership: Membership, number: number): void;
  /** Its publisher is none. */
  over(agent: BehaviorAgent, membership: Membership): void;
}

export interface MessageFacts extends KeptMessage {
  readonly publisher: NodeId;
  readonly topic: TopicName;
  readonly isProven: boolean;
  readonly attempt: number;
  readonly confirm: () => void;
}

export class Membership {
  readonly publisher: NodeId;
  readonly topicId: NodeId;
  readonly topic: TopicName;
  private readonly isSigned: boolean;
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.join(agent));
  private readonly seen = new Map<number, RpcAnswer | typeof DONE>();
  private readonly settling: (() => void)[] = [];
  /** Of a group: messages with the consumer. A publisher that hands out more than was agreed is refused, whatever it has given up meanwhile. */
  private inWork = 0;
  /** Of a subscription to everything: the answer that waits until the queue has room. Nothing further is taken before. */
  private waitingAnswer: RpcAnswer | undefined;
  private isJoined = false;
  private isJoining = false;
  private hasEnded = false;
  private failures = 0;
  private reason: string | undefined;
  private epoch: number | undefined;
  private last = 0;
  private first: number | undefined;
  private deliveredCount = 0;

  constructor(
    private readonly owner: MembershipOwner,
    { publisher, topicId, topic, isSigned }: Followed,
  ) {
    this.publisher = publisher;
    this.topicId = topicId;
    this.topic = topic;
    this.isSigned = isSigned;
  }

  /** Somebody offers it. `settled`: once, when it has joined or could not. */
  offered(agent: BehaviorAgent, settled: () => void): void {
    if (this.isJoined) return settled();
    this.settling.push(settled);
    this.join(agent);
  }

  /** It is handed messages. */
  handed(agent: BehaviorAgent, hand: Hand, { sourceVerified, connectionId }: RpcRequest, answer: RpcAnswer): void {
    const { epoch, attempt, messages, proof } = hand;
    const isProven = this.isSigned || sourceVerified;
    const said = { publisher: this.publisher, topicId: this.topicId, epoch };
    if (this.isSigned) {
      const cause = this.owner.signatures.judgeHanded(agent, this.name, said, { messages, proof }, connectionId);
      if (cause !== undefined) return answer.error('PUBSUB_UNPROVEN', `the messages are ${cause}`);
    }
    if (this.epoch !== epoch) this.begin(epoch);
    if (this.owner.group === '') return this.queued(agent, messages, attempt, isProven, answer);
    for (const message of messages) this.worked(agent, message, attempt, isProven, answer);
  }

  end(agent: BehaviorAgent): void {
    this.hasEnded = true;
    this.timer.cancel();
    this.settle();
    const { serviceId, member } = this.owner;
    agent.call(toNode(this.publisher), serviceId, PART, partValue({ topicId: this.topicId, member }), { timeoutMs: CALL_MS }, () => {});
  }

  snapshot(): PublisherAccount {
    const { publisher, topic, reason, first, last, deliveredCount } = this;
    const [from, to] = first === undefined ? [undefined, undefined] : [first, last];
    const state = this.isJoined ? 'bound' : 'seeking';
    return { topic, publisher, state, reason, from, to, delivered: deliveredCount, waiting: this.owner.jobs.length, missed: 0 };
  }

  /** Beyond its end. */
  private get name(): string {
    return `${this.publisher}${this.topicId}${this.owner.member}`;
  }

  private join(agent: BehaviorAgent): void {
    if (this.isJoining || this.hasEnded) return;
    const { topicId, publisher, owner } = this;
    const { serviceId, member, group, window, confirmMs } = owner;
    this.isJoining = true;
    const value = joinValue({ topicId, member, group, window, confirmMs });
    agent.call(toNode(publisher), serviceId, JOIN, value, { timeoutMs: CALL_MS }, (later, result) => {
      this.isJoining = false;
      if (this.hasEnded) return;
      if (result.type === 'error') return this.failed(later, result.code);
      this.isJoined = true;
      this.failures = 0;
      this.reason = undefined;
      this.settle();
      this.timer.within(later, REFRESH_MS);
    });
  }

  private failed(agent: BehaviorAgent, code: string): void {
    this.isJoined = false;
    this.failures++;
    this.reason = code;
    this.settle();
    if (code === 'PUBSUB_NO_TOPIC') this.owner.over(agent, this);
    else this.timer.within(agent, backoffBoundMs(this.failures, RETRY));
  }

  private settle(): void {
    for (const settled of this.settling.splice(0)) settled();
  }

  /** The publisher has begun anew. */
  private begin(epoch: number): void {
    this.epoch = epoch;
    this.last = this.isSigned ? this.owner.signatures.handedBefore(this.name, epoch) : 0;
    this.first = undefined;
    this.seen.clear();
  }

  /** Everything, in order: confirmed when it is in the queue, and that has room. */
  private queued(agent: BehaviorAgent, messages: readonly KeptMessage[], attempt: number, isProven: boolean, answer: RpcAnswer): void {
    const { jobs } = this.owner;
    const isHeld = this.waitingAnswer !== undefined;
    if (isHeld && messages.some(({ number }) => number > this.last)) return answer.error('PUBSUB_REFUSED', 'its queue has no room');
    this.waitingAnswer = answer;
    if (isHeld) return;
    const nothing = () => {};
    for (const message of messages) {
      if (message.number <= this.last) continue;
      this.last = message.number;
      if (this.isSigned) this.owner.signatures.handed(this.name, message.number);
      this.push(agent, message, { attempt, isProven, confirm: nothing, refuse: nothing });
    }
    jobs.whenRoom(() => {
      this.waitingAnswer?.ok();
      this.waitingAnswer = undefined;
    });
  }

  /** One of a group: confirmed by its consumer. One that comes again while it is in work is answered with it. */
  private worked(agent: BehaviorAgent, message: KeptMessage, attempt: number, isProven: boolean, answer: RpcAnswer): void {
    const { number } = message;
    const known = this.seen.get(number);
    if (known === DONE) return answer.ok();
    if (known === undefined && this.inWork >= this.owner.window) return answer.error('PUBSUB_REFUSED', 'it has as many in work as it may');
    this.remember(number, answer);
    if (known !== undefined) return;
    this.last = Math.max(this.last, number);
    this.inWork++;
    const settle = this.settleOnce(number);
    this.push(agent, message, { attempt, isProven, confirm: () => settle(true), refuse: () => settle(false) });
  }

  /** What becomes of it. In a publisher's new beginning the number is another message's. */
  private settleOnce(number: number): (isDone: boolean) => void {
    const { epoch } = this;
    let isSettled = false;
    return (isDone) => {
      if (isSettled) return;
      isSettled = true;
      this.inWork--;
      const asked = this.epoch === epoch ? this.seen.get(number) : undefined;
      if (asked === undefined || asked === DONE) return;
      if (isDone) this.seen.set(number, DONE);
      else this.seen.delete(number);
      if (isDone) asked.ok();
      else asked.error('PUBSUB_REFUSED', 'its consumer has not confirmed it');
    };
  }

  private push(
    agent: BehaviorAgent,
    message: KeptMessage,
    { attempt, isProven, confirm, refuse }: Pick<MessageFacts, 'attempt' | 'isProven' | 'confirm'> & { readonly refuse: () => void },
  ): void {
    const { owner, publisher, topic } = this;
    const read = owner.messageOf(agent, { ...message, publisher, topic, isProven, attempt, confirm });
    this.first ??= message.number;
    if (read === undefined) {
      owner.malformed(this, message.number);
      return confirm();
    }
    this.deliveredCount++;
    owner.delivered(1);
    owner.jobs.push({ message: read, byteCount: message.content.length, confirm, refuse });
  }

  private remember(number: number, answer: RpcAnswer): void {
    this.seen.set(number, answer);
    for (const [old, state] of this.seen) {
      if (this.seen.size <= SEEN_MAX) return;
      if (state === DONE) this.seen.delete(old);
    }
  }
}
