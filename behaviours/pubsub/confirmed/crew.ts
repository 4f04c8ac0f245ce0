/**
 * @module Crew: the members of one group at one publisher, and the messages that no member has confirmed yet. Each message is with one member at a
 * time; one that fails, or is gone, hands over what it has not confirmed. A subscriber that gets every message is a crew of its own: its
 * messages go in order, some together. A message is here until it is confirmed, or until nobody has been there for `GONE_MS`.
 */
import { type BehaviorAgent, backoffBoundMs, type Cancellable, type NodeId, toNode } from '../../../core/index.js';
import type { KeptMessage } from '../meeting/messages.js';
import { HAND, HAND_MAX, handValue, type Join } from './messages.js';

/** A member that has not joined again for so long is gone; so is a crew without members. */
export const GONE_MS = 60_000;
/** What goes with one call to a subscriber that gets every message. */
const HAND_BYTES_MAX = 65_536;
/** What a message costs beside its content. */
const MESSAGE_BYTES = 128;
/** The member has not had the messages: this is no attempt. */
const NOT_HANDED: ReadonlySet<string> = new Set(['RPC_UNREACHABLE', 'PUBSUB_NO_MEMBER']);
const RETRY = { minMs: 250, maxMs: 5_000 } as const;

/** A message, and how often it was handed out. */
interface Parcel {
  readonly message: KeptMessage;
  attempt: number;
}

interface Handed {
  readonly parcels: readonly Parcel[];
  call: Cancellable | undefined;
}

export interface Member {
  readonly node: NodeId;
  readonly id: number;
  readonly handed: Set<Handed>;
  window: number;
  confirmMs: number;
  /** It is gone then, unless it joins again. */
  untilMs: number;
  /** It is handed nothing before. */
  pausedMs: number;
  failures: number;
}

/** What a crew needs of its publisher. */
export interface CrewOwner {
  readonly serviceId: number;
  readonly topicId: NodeId;
  readonly epoch: number;
  /** The signed list of their hashes, where the topic is signed. */
  prove(agent: BehaviorAgent, messages: readonly KeptMessage[]): Uint8Array | undefined;
  /** Fewer messages are unconfirmed than before. */
  confirmed(agent: BehaviorAgent, count: number): void;
}

export class Crew {
  readonly members = new Map<string, Member>();
  private readonly waiting: Parcel[] = [];
  private count = 0;
  private byteCount = 0;
  private emptySinceMs = 0;

  constructor(
    private readonly owner: CrewOwner,
    /** In order, several at once: the crew is one subscriber that gets everything. */
    private readonly isAlone: boolean,
  ) {}

  /** Messages that nobody has confirmed. */
  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return this.byteCount;
  }

  /** When to look at it again. */
  get dueMs(): number {
    if (this.members.size === 0) return this.emptySinceMs + GONE_MS;
    let dueMs = Number.POSITIVE_INFINITY;
    const isWaiting = this.waiting.length > 0;
    for (const { untilMs, pausedMs } of this.members.values()) {
      dueMs = Math.min(dueMs, untilMs);
      if (isWaiting && pausedMs > 0) dueMs = Math.min(dueMs, pausedMs);
    }
    return dueMs;
  }

  /** Whether nobody has been there for long. */
  isGone(nowMs: number): boolean {
    return this.members.size === 0 && (this.isAlone || nowMs - this.emptySinceMs >= GONE_MS);
  }

  /** Joins, or stays. */
  join(agent: BehaviorAgent, node: NodeId, { member: id, window, confirmMs }: Join): void {
    const key = memberKey(node, id);
    const untilMs = agent.nowMs + GONE_MS;
    const known = this.members.get(key);
    if (known === undefined) this.members.set(key, { node, id, window, confirmMs, untilMs, handed: new Set(), pausedMs: 0, failures: 0 });
    else Object.assign(known, { window, confirmMs, untilMs, pausedMs: 0 });
    this.dispatch(agent);
  }

  /** What it has not confirmed goes to others. */
  part(agent: BehaviorAgent, node: NodeId, id: number): boolean {
    const member = this.members.get(memberKey(node, id));
    if (member === undefined) return false;
    this.remove(agent, member);
    this.dispatch(agent);
    return true;
  }

  /** The content is kept as it is. */
  add(agent: BehaviorAgent, message: KeptMessage): void {
    this.waiting.push({ message, attempt: 0 });
    this.count++;
    this.byteCount += sizeOf(message);
    this.dispatch(agent);
  }

  /** Members that are gone, and those that may be tried again. */
  look(agent: BehaviorAgent): void {
    for (const member of [...this.members.values()]) {
      if (member.untilMs <= agent.nowMs) this.remove(agent, member);
      else if (member.pausedMs <= agent.nowMs) member.pausedMs = 0;
    }
    this.dispatch(agent);
  }

  /** Nothing is handed out any more. */
  end(): void {
    for (const { handed } of this.members.values()) for (const { call } of handed) call?.cancel();
    this.members.clear();
  }

  private remove(agent: BehaviorAgent, member: Member): void {
    this.members.delete(memberKey(member.node, member.id));
    this.emptySinceMs = agent.nowMs;
    for (const handed of [...member.handed].reverse()) {
      handed.call?.cancel();
      this.waiting.unshift(...handed.parcels);
    }
    member.handed.clear();
  }

  private dispatch(agent: BehaviorAgent): void {
    while (this.waiting.length > 0) {
      const member = this.next();
      if (member === undefined) return;
      this.hand(agent, member, this.isAlone ? this.takeSome() : this.waiting.splice(0, 1));
    }
  }

  /** Of those with room, the one with least in work; among equals, who waits longest. */
  private next(): Member | undefined {
    let found: Member | undefined;
    for (const member of this.members.values()) {
      const hasRoom = member.pausedMs === 0 && member.handed.size < (this.isAlone ? 1 : member.window);
      if (hasRoom && (found === undefined || member.handed.size < found.handed.size)) found = member;
    }
    return found;
  }

  private takeSome(): readonly Parcel[] {
    let [count, bytes] = [0, 0];
    for (const { message } of this.waiting) {
      bytes += message.content.length;
      if (count === HAND_MAX || (count > 0 && bytes > HAND_BYTES_MAX)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private hand(agent: BehaviorAgent, member: Member, parcels: readonly Parcel[]): void {
    const { serviceId, topicId, epoch } = this.owner;
    const { node, id, confirmMs } = member;
    for (const parcel of parcels) parcel.attempt++;
    const handed: Handed = { parcels, call: undefined };
    member.handed.add(handed);
    // Who was served last comes last among equals.
    this.members.delete(memberKey(node, id));
    this.members.set(memberKey(node, id), member);
    const messages = parcels.map(({ message }) => message);
    const proof = this.owner.prove(agent, messages);
    const value = handValue({ topicId, member: id, epoch, attempt: (parcels[0] as Parcel).attempt, messages, proof });
    handed.call = agent.call(toNode(node), serviceId, HAND, value, { timeoutMs: confirmMs }, (later, result) => {
      if (!member.handed.delete(handed)) return;
      if (result.type === 'error' && NOT_HANDED.has(result.code)) for (const parcel of parcels) parcel.attempt--;
      this.answered(later, member, parcels, result.type === 'ok');
    });
  }

  private answered(agent: BehaviorAgent, member: Member, parcels: readonly Parcel[], isConfirmed: boolean): void {
    if (isConfirmed) {
      member.failures = 0;
      this.count -= parcels.length;
      for (const { message } of parcels) this.byteCount -= sizeOf(message);
    } else {
      member.failures++;
      member.pausedMs = agent.nowMs + backoffBoundMs(member.failures, RETRY);
      this.waiting.unshift(...parcels);
    }
    this.dispatch(agent);
    this.owner.confirmed(agent, isConfirmed ? parcels.length : 0);
  }
}

function memberKey(node: NodeId, id: number): string {
  return `${node}${id}`;
}

function sizeOf({ content }: KeptMessage): number {
  return content.length + MESSAGE_BYTES;
}
