/**
 * @module LinkTable: every link by id, the chosen one by node, and their end. Which of several links to one node is chosen is decided
 * in `duplicates.ts`; who is admitted, in `admission.ts`.
 */

import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { HandlerTarget } from '../../api/agent.js';
import type { Connection } from '../../api/events.js';
import { CLOSE_CODES, type CloseCode, type CloseReason } from '../../errors.js';
import { SecureStream } from '../../security/secure-stream.js';
import { type Space, spaceOf } from '../../security/space.js';
import { encodeClose, encodeServices } from '../../wire/link-control.js';
import type { BehaviorSlot, HandlerSlot, Owner } from '../behaviors/owner.js';
import type { ChannelFacts, Engine } from '../engine.js';
import { Duplicates } from './duplicates.js';
import { Link } from './link.js';
import { PendingLinks } from './pending-links.js';

/** Reasons after which what waits in the lanes is still written. */
const GRACEFUL: ReadonlySet<CloseCode> = new Set(['goodbye', 'idle']);

export class LinkTable {
  readonly duplicates: Duplicates;
  /** Links that were admitted by the votes: at the gates or open. */
  admittedCount = 0;
  private readonly byId = new Map<number, Link>();
  readonly pending: PendingLinks;
  /** What both sides of every link must share; made with the first link. */
  private space: Space | undefined;

  constructor(private readonly engine: Engine) {
    this.duplicates = new Duplicates(engine);
    this.pending = new PendingLinks(engine.limits);
  }

  get(id: number): Link | undefined {
    return this.byId.get(id);
  }

  get all(): IterableIterator<Link> {
    return this.byId.values();
  }

  get size(): number {
    return this.byId.size;
  }

  /** The open link to a node. */
  openTo(nodeId: NodeId): Link | undefined {
    const link = this.duplicates.chosen(nodeId);
    return link?.isOpen === true ? link : undefined;
  }

  openConnections(): readonly Connection[] {
    return [...this.byId.values()].filter((link) => link.isOpen).map((link) => link.connection as Connection);
  }

  handlersOf(slot: BehaviorSlot, target: HandlerTarget): HandlerSlot[] {
    const links =
      target === 'all'
        ? [...this.byId.values()]
        : [target.type === 'connection' ? this.byId.get(target.connectionId) : this.openTo(target.nodeId)];
    return links
      .map((link) => link?.handlers[slot.serviceId])
      .filter((handler) => handler?.isOpened === true && !handler.isEnded) as HandlerSlot[];
  }

  /** A dial begins: the link exists before its channel does. */
  addOutgoing(id: number, address: Address, attemptId: number): Link {
    const link = new Link(id, 'outgoing', address, attemptId, this.engine.limits, this.engine.nowMs);
    this.byId.set(id, link);
    this.armOpenDeadline(link);
    return link;
  }

  accept(facts: ChannelFacts): void {
    const link = new Link(facts.connectionId, 'incoming', facts.remoteAddress, undefined, this.engine.limits, this.engine.nowMs);
    this.byId.set(link.id, link);
    this.engine.metrics.accepted.value++;
    this.armOpenDeadline(link);
    this.evict(this.pending.add(link));
    this.secure(link, facts);
  }

  /** The remote's identity is proven. */
  identified(link: Link): void {
    this.pending.identified(link);
    this.duplicates.proven(link);
  }

  connected(facts: ChannelFacts): void {
    const link = this.byId.get(facts.connectionId);
    if (link === undefined || link.phase !== 'dialling') return this.engine.effect({ type: 'destroy', connectionId: facts.connectionId });
    link.remoteAddress =
      link.remoteAddress.nodeId === undefined ? facts.remoteAddress : facts.remoteAddress.withNodeId(link.remoteAddress.nodeId);
    this.secure(link, facts);
    this.engine.touch(link);
  }

  hold(id: number, holder: object): void {
    this.byId.get(id)?.holders.add(holder);
  }

  release(id: number, holder: object): void {
    const link = this.byId.get(id);
    if (link?.holders.delete(holder) === true) link.lastTrafficMs = this.engine.nowMs;
  }

  /** A holder has ended. */
  releaseAll(holder: object): void {
    for (const { id } of this.byId.values()) this.release(id, holder);
  }

  closeById(id: number, text: string): void {
    const link = this.byId.get(id);
    if (link !== undefined) this.close(link, 'goodbye', text);
  }

  /** A behaviour wants it: a gate refuses what is not open yet, everything else is a goodbye. */
  closeFor({ behavior }: Owner, id: number, text: string): void {
    const link = this.byId.get(id);
    if (link !== undefined) this.close(link, behavior.isGate && link.phase === 'gates' ? 'gate' : 'goodbye', text);
  }

  closeByNode(nodeId: NodeId, text: string): void {
    for (const link of [...this.byId.values()]) if (link.nodeId === nodeId) this.close(link, 'goodbye', text);
  }

  /** Ends a link from this side. The remote is told the reason if its identity is proven. */
  close(link: Link, code: CloseCode, text = ''): void {
    if (link.isOver) return;
    const wasDialling = link.phase === 'dialling';
    const isProven = link.connection !== undefined;
    this.retire(link, { code, text, by: 'local' });
    if (wasDialling) return this.drop(link, 'cancel-dial');
    if (!isProven) return this.drop(link, 'destroy');
    if (!GRACEFUL.has(code)) this.lose(link, link.outbox.clearWaiting());
    link.deadlineId = this.engine.deadlines.add(() => this.cut(link), this.engine.nowMs + this.engine.limits.closeLingerMs, link);
    this.engine.touch(link);
  }

  /** The remote has ended the link; nothing more is written. */
  closedByRemote(link: Link, code: CloseCode, text: string): void {
    if (!link.isOver) this.retire(link, { code, text, by: 'remote' });
    this.lose(link, link.outbox.clear());
    this.drop(link, 'end');
  }

  /** The channel is gone. */
  channelClosed(link: Link, code: CloseCode, text: string): void {
    if (!link.isOver) this.retire(link, { code, text, by: 'remote' });
    this.lose(link, link.outbox.clear());
    this.drop(link, undefined);
  }

  /** Called by flush when a closing link has written everything that it wanted to: says goodbye, then ends the channel. */
  sayGoodbye(link: Link): void {
    const { code, text } = link.closeReason as CloseReason;
    link.isGoodbyeQueued = true;
    this.engine.delivery.sendControl(link, encodeClose(CLOSE_CODES[code], text));
  }

  finish(link: Link): void {
    this.drop(link, 'end');
  }

  /** Tells what this node offers now to every neighbour that was told before, with `ready`: also while the link is not open yet. */
  announceServices(): void {
    if (this.engine.isStopping) return;
    const { services } = this.engine.behaviors;
    for (const link of this.byId.values())
      if (link.isReadySent && !link.isOver) this.engine.delivery.sendControl(link, encodeServices(services));
  }

  private secure(link: Link, facts: ChannelFacts): void {
    const { options, staticKey, instance } = this.engine;
    const isInitiator = link.direction === 'outgoing';
    link.localAddress = facts.localAddress;
    link.phase = 'securing';
    this.space ??= spaceOf({ networkName: options.network, networkKey: options.networkKey }, 'stream', options.crypto);
    link.secure = new SecureStream({
      crypto: options.crypto,
      keys: options.keys,
      identity: options.identity,
      staticKey,
      instance,
      isInitiator,
      space: this.space,
      handshakeBytesMax: this.engine.limits.handshakeBytesMax,
      ...(isInitiator && link.remoteAddress.nodeId && { expectedNodeId: link.remoteAddress.nodeId }),
      ...(options.secureHooks && { hooks: options.secureHooks }),
    });
    if (isInitiator) link.secure.start();
  }

  private armOpenDeadline(link: Link): void {
    const { nowMs, limits, deadlines } = this.engine;
    link.deadlineId = deadlines.add(() => this.close(link, 'timeout', 'not open in time'), nowMs + limits.openTimeoutMs, link);
  }

  /** A pending link goes because newer ones need its room. */
  private evict(link: Link | undefined): void {
    if (link === undefined) return;
    this.engine.metrics.evicted.value++;
    this.close(link, 'limit', 'too many pending connections');
  }

  /** The link ends for authors: handlers, then behaviours, then whoever dialled it. */
  private retire(link: Link, reason: CloseReason): void {
    const wasOpen = link.isOpen;
    if (wasOpen || link.phase === 'gates') this.admittedCount--;
    link.closeReason = reason;
    link.phase = 'closing';
    this.pending.delete(link);
    this.engine.deadlines.takeOwned(link);
    this.engine.admission.leave(link, wasOpen, reason);
    this.duplicates.gone(link);
    this.engine.dialer.linkEnded(link, reason);
    this.engine.keeper.linkEnded(link);
  }

  private cut(link: Link): void {
    this.lose(link, link.outbox.clear());
    this.drop(link, 'destroy');
  }

  private lose(link: Link, messages: number): void {
    if (messages > 0) this.engine.delivery.dropped('link-closed', messages, link.id);
  }

  private drop(link: Link, effect: 'end' | 'destroy' | 'cancel-dial' | undefined): void {
    if (link.phase === 'closed') return;
    link.phase = 'closed';
    this.byId.delete(link.id);
    this.engine.deadlines.takeOwned(link);
    link.secure?.wipe();
    if (effect !== undefined) this.engine.effect({ type: effect, connectionId: link.id });
  }
}
