/**
 * @module Crews: all who confirm the messages of one topic of this node: groups, and subscribers that get everything. What nobody has confirmed yet
 * is bounded; at the bound the publisher is held back.
 */
import { type BehaviorAgent, type NodeId, WakeTimer } from '../../../core/index.js';
import type { KeptMessage } from '../meeting/messages.js';
import { Crew, type CrewOwner } from './crew.js';
import type { Join, MemberName } from './messages.js';

/** Groups and single subscribers of one topic, and members of all of them. */
export const MEMBERS_MAX = 1_024;
/** Of them those of one node: it may not take the places of all others. */
export const MEMBERS_PER_NODE_MAX = 64;
const BYTES_MAX = 4 * 1_024 * 1_024;

/** What crews need of their topic. */
export interface CrewsOwner {
  readonly serviceId: number;
  readonly topicId: NodeId;
  readonly epoch: number;
  /** Messages that one crew may leave unconfirmed. */
  readonly unconfirmedMax: number;
  prove(agent: BehaviorAgent, messages: readonly KeptMessage[]): Uint8Array | undefined;
  /** Others confirm than before, or there are fewer unconfirmed messages. */
  changed(agent: BehaviorAgent): void;
  /** Messages that were confirmed, and such that nobody will confirm. */
  confirmed(count: number): void;
  given(count: number): void;
}

export class Crews {
  private readonly crews = new Map<string, Crew>();
  private readonly timer = new WakeTimer<BehaviorAgent>((agent) => this.look(agent));
  private readonly crewOwner: CrewOwner;

  constructor(private readonly owner: CrewsOwner) {
    const { serviceId, topicId, epoch } = owner;
    this.crewOwner = {
      ...{ serviceId, topicId, epoch },
      prove: (agent, messages) => owner.prove(agent, messages),
      confirmed: (agent, count) => {
        owner.confirmed(count);
        this.changed(agent);
      },
    };
  }

  /** Groups, and subscribers that get everything. */
  get size(): number {
    return this.crews.size;
  }

  get memberCount(): number {
    let count = 0;
    for (const { members } of this.crews.values()) count += members.size;
    return count;
  }

  get unconfirmedCount(): number {
    let count = 0;
    for (const { size } of this.crews.values()) count += size;
    return count;
  }

  /** One of them has as much as it may: nothing can be published. */
  get isFull(): boolean {
    for (const { size, bytes } of this.crews.values()) if (size >= this.owner.unconfirmedMax || bytes >= BYTES_MAX) return true;
    return false;
  }

  /** False: there are as many as there may be. */
  join(agent: BehaviorAgent, node: NodeId, join: Join): boolean {
    const key = join.group === '' ? `${node}${join.member}` : `:${join.group}`;
    let crew = this.crews.get(key);
    if (crew?.members.has(`${node}${join.member}`) !== true && !this.hasPlace(node)) return false;
    if (crew === undefined) {
      crew = new Crew(this.crewOwner, join.group === '');
      this.crews.set(key, crew);
    }
    crew.join(agent, node, join);
    this.changed(agent);
    return true;
  }

  part(agent: BehaviorAgent, node: NodeId, { member }: MemberName): void {
    for (const crew of this.crews.values()) if (crew.part(agent, node, member)) break;
    this.look(agent);
  }

  /** One copy for each crew. Returns how many there are. */
  add(agent: BehaviorAgent, number: number, form: number, content: Uint8Array): number {
    if (this.crews.size === 0) return 0;
    const message = { number, form, content: content.slice() };
    for (const crew of this.crews.values()) crew.add(agent, message);
    this.schedule(agent);
    return this.crews.size;
  }

  /** The topic ends. */
  end(): void {
    const { unconfirmedCount } = this;
    for (const crew of this.crews.values()) crew.end();
    this.crews.clear();
    this.timer.cancel();
    this.owner.given(unconfirmedCount);
  }

  private hasPlace(node: NodeId): boolean {
    let ownCount = 0;
    for (const { members } of this.crews.values()) for (const member of members.values()) if (member.node === node) ownCount++;
    return this.memberCount < MEMBERS_MAX && ownCount < MEMBERS_PER_NODE_MAX;
  }

  private look(agent: BehaviorAgent): void {
    for (const [key, crew] of [...this.crews]) {
      crew.look(agent);
      if (!crew.isGone(agent.nowMs)) continue;
      this.crews.delete(key);
      this.owner.given(crew.size);
    }
    this.changed(agent);
  }

  private changed(agent: BehaviorAgent): void {
    this.schedule(agent);
    this.owner.changed(agent);
  }

  private schedule(agent: BehaviorAgent): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const crew of this.crews.values()) dueMs = Math.min(dueMs, crew.dueMs);
    this.timer.at(agent, dueMs);
  }
}

/** A topic of this node, as members need it. */
export interface Crewed {
  /** Subscribers of this node alone may join. */
  readonly isLocal: boolean;
  admits(node: NodeId): boolean;
  readonly crews: Crews | undefined;
  /** Those who confirm; made with the first of them. */
  crewed(): Crews;
}
