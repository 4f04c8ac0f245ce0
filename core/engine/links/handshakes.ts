/**
 * @module Handshakes: accepted links until they are open. Each waits unread until it has a slot (`handshake-slots.ts` decides), and loses it
 * when it dawdles while others wait. What comes of a link that waits is kept within a bound by the pipeline.
 */
import type { NodeId } from '../../address/node-id.js';
import type { QueueReport } from '../../api/node-view.js';
import type { CloseReason } from '../../errors.js';
import type { EngineContext } from '../context.js';
import { HandshakeSlots } from './handshake-slots.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';

export interface HandshakeActions {
  /** The link has a slot: its secure handshake begins. */
  begin(link: Link): void;
  /** The link makes room for others. */
  refuse(link: Link, text: string): void;
}

export class Handshakes implements LinkObserver {
  private readonly slots: HandshakeSlots<Link>;
  /** Links whose remote is proven, oldest first. */
  private readonly proven = new Set<Link>();
  private checkMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: EngineContext,
    private readonly actions: HandshakeActions,
  ) {
    this.slots = new HandshakeSlots(context.limits);
  }

  /** The links that wait for a slot. */
  get queue(): QueueReport {
    const { backlogMax } = this.context.limits;
    const bytes = { bytes: undefined, bytesMax: undefined };
    return { name: 'backlog', connectionId: undefined, messages: this.slots.waiting, messagesMax: backlogMax, ...bytes };
  }

  /** Accepted links that are not open yet. */
  get pendingCount(): number {
    return this.slots.inHandshake + this.slots.waiting;
  }

  /** Takes in a link that was just accepted. `socketsMax`: what its transport has in all; dials keep half of that. */
  accept(link: Link, socketsMax = Number.POSITIVE_INFINITY): void {
    const victim = this.slots.add(link, Math.floor(socketsMax / 2));
    if (victim !== undefined) this.actions.refuse(victim, 'limits.backlogMax is reached: too many connections wait for a handshake');
    this.grant();
  }

  /** A complete message of the handshake came. */
  progress(link: Link): void {
    if (link.direction === 'incoming') this.slots.progress(link, this.context.nowMs);
  }

  /** The link's remote is proven. */
  identified(link: Link): void {
    if (link.direction === 'incoming') this.proven.add(link);
  }

  /** Those that are proven to come from one node, oldest first. */
  ofNode(nodeId: NodeId): readonly Link[] {
    return [...this.proven].filter((link) => link.nodeId === nodeId);
  }

  opening(link: Link): void {
    this.leave(link);
  }

  ended(link: Link, _reason: CloseReason): void {
    this.leave(link);
  }

  private leave(link: Link): void {
    if (link.direction !== 'incoming') return;
    this.proven.delete(link);
    this.slots.delete(link);
    this.grant();
  }

  /** Gives out the slots that are free. */
  private grant(): void {
    const { context, slots } = this;
    for (let link = slots.next(context.nowMs); link !== undefined; link = slots.next(context.nowMs)) this.actions.begin(link);
    this.watch();
  }

  /** Looks at those with a slot again when the first of them may have dawdled. */
  private watch(): void {
    const dueMs = this.slots.nextDueMs;
    if (dueMs >= this.checkMs) return;
    this.checkMs = dueMs;
    this.context.deadlines.add(() => this.check(), dueMs);
  }

  private check(): void {
    this.checkMs = Number.POSITIVE_INFINITY;
    for (const link of this.slots.dawdlers(this.context.nowMs)) {
      if (this.slots.waiting === 0) break;
      // This node keeps the remote waiting, not the other way round.
      if (link.isHeld) this.slots.progress(link, this.context.nowMs);
      else this.actions.refuse(link, 'limits.handshakeStallMs: the next handshake message did not come in time, and others wait');
    }
    this.watch();
  }
}
