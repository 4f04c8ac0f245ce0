/**
 * @module LinkTable: every link by id, the chosen one by node, their opening and their end, and what the engine itself has to send on one.
 * Which of several links to one node is chosen is decided in `duplicates.ts`; who is admitted, in `admission.ts`.
 */

import type { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import type { HandlerTarget } from '../../api/agent.js';
import type { Connection } from '../../api/events.js';
import type { QueueReport } from '../../api/node-view.js';
import { CLOSE_CODES, type CloseCode, type CloseReason } from '../../errors.js';
import { encodeClose } from '../../wire/link-control.js';
import { controlDraft } from '../../wire/message.js';
import type { BehaviorObserver } from '../behaviors/behavior-table.js';
import type { BehaviorSlot, HandlerSlot, Owner } from '../behaviors/owner.js';
import type { ChannelFacts, EngineContext } from '../context.js';
import { Handshakes } from './handshakes.js';
import { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import { LinkSecurity } from './link-security.js';

/** How the channel of a link ends from this side. */
type Parting = 'end' | 'destroy' | 'cancel-dial';

/** Reasons after which what waits in the lanes is still written. */
const GRACEFUL: ReadonlySet<CloseCode> = new Set(['goodbye', 'idle']);

export class LinkTable implements BehaviorObserver {
  /** Set right after construction; the order is in `link-observer.ts`. */
  observers: readonly LinkObserver[] = [];
  /** Set right after construction: reads on a link that was not read for a while. */
  readOn!: (link: Link) => void;
  /** Links that count as connections: chosen, and at the gates or open. */
  admittedCount = 0;
  readonly handshakes: Handshakes;
  readonly security: LinkSecurity;
  private readonly byId = new Map<number, Link>();
  /** The link that goes on or is open, by node. */
  private readonly chosenByNode = new Map<NodeId, Link>();
  private readonly draft = controlDraft();
  private lastId = 0;

  constructor(private readonly context: EngineContext) {
    this.handshakes = new Handshakes(context, { begin: (link) => this.begin(link), refuse: (link, text) => this.evict(link, text) });
    this.security = new LinkSecurity(context);
  }

  /** The id of a channel that is about to be dialled or reported as accepted. */
  nextId(): number {
    return ++this.lastId;
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

  /** Handlers of all links, by ascending connection id and service id. */
  *handlers(): Generator<HandlerSlot> {
    for (const { handlers } of this.byId.values()) for (const slot of handlers) if (slot !== undefined) yield slot;
  }

  /** The lanes of every link. */
  get queues(): QueueReport[] {
    return [...this.byId.values()].flatMap(({ id, outbox }) => outbox.reportOf(id));
  }

  chosen(nodeId: NodeId): Link | undefined {
    return this.chosenByNode.get(nodeId);
  }

  choose(link: Link): void {
    link.isChosen = true;
    this.chosenByNode.set(link.nodeId as NodeId, link);
  }

  /** The open link to that node: there is one at most. A link that is not open yet, or closes, is none. */
  openTo(nodeId: NodeId): Link | undefined {
    const link = this.chosenByNode.get(nodeId);
    return link?.isOpen === true ? link : undefined;
  }

  openLinks(): Link[] {
    return [...this.byId.values()].filter((link) => link.isOpen);
  }

  openConnections(): readonly Connection[] {
    return this.openLinks().map((link) => link.connection as Connection);
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
  addOutgoing(address: Address, attemptId: number): Link {
    const link = new Link(this.nextId(), 'outgoing', address, attemptId, this.context.limits, this.context.nowMs);
    this.byId.set(link.id, link);
    this.armOpenDeadline(link);
    return link;
  }

  /** `initiation`: what a link of datagrams began with. */
  accept(facts: ChannelFacts, initiation?: Uint8Array): Link {
    const link = new Link(facts.connectionId, 'incoming', facts.remoteAddress, undefined, this.context.limits, this.context.nowMs);
    this.byId.set(link.id, link);
    this.context.metrics.accepted.value++;
    this.armOpenDeadline(link);
    link.phase = 'waiting';
    link.localAddress = facts.localAddress;
    link.socketId = facts.socketId;
    link.place = facts.place;
    if (initiation !== undefined) link.heldChunks.push(initiation);
    this.handshakes.accept(link, facts.socketsMax);
    if (link.phase === 'waiting') this.pause(link);
    return link;
  }

  connected(facts: ChannelFacts): void {
    const link = this.byId.get(facts.connectionId);
    if (link === undefined || link.phase !== 'dialling') return this.context.effect({ type: 'destroy', connectionId: facts.connectionId });
    link.remoteAddress = facts.remoteAddress.withNodeId(link.remoteAddress.nodeId ?? facts.remoteAddress.nodeId);
    link.localAddress = facts.localAddress;
    link.socketId = facts.socketId;
    this.security.secure(link);
    this.context.touch(link);
  }

  /** Both sides are ready. */
  open(link: Link): void {
    this.context.deadlines.takeOwned(link);
    link.opened(this.context.nowMs);
    this.context.metrics.opened.value++;
    for (const observer of this.observers) observer.opening?.(link);
    for (const observer of this.observers) observer.opened?.(link);
  }

  hold(id: number, holder: object): void {
    const link = this.byId.get(id);
    link?.holders.add(holder);
    link?.pace?.heldBy(holder, this.context.nowMs);
  }

  release(id: number, holder: object): void {
    const link = this.byId.get(id);
    if (link?.holders.delete(holder) === true) link.lastTrafficMs = this.context.nowMs;
    link?.pace?.left(holder, this.context.nowMs);
  }

  /** A behaviour holds nothing any more. */
  left(slot: BehaviorSlot): void {
    for (const { id } of this.byId.values()) this.release(id, slot);
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

  /** Ends a link from this side. The remote gets the reason if its identity is proven. */
  close(link: Link, code: CloseCode, text = ''): void {
    if (link.isOver) return;
    const [wasDialling, isProven] = [link.phase === 'dialling', link.connection !== undefined];
    this.retire(link, { code, text, by: 'local' });
    if (!isProven) return this.drop(link, wasDialling ? 'cancel-dial' : 'destroy');
    if (!GRACEFUL.has(code)) this.lose(link, link.outbox.clearWaiting());
    link.deadlineId = this.context.deadlines.add(
      () => this.cut(link, 'destroy'),
      this.context.nowMs + this.context.limits.closeLingerMs,
      link,
    );
    this.context.touch(link);
  }

  /** The remote has ended the link; nothing more is written. */
  closedByRemote(link: Link, code: CloseCode, text: string): void {
    if (!link.isOver) this.retire(link, { code, text, by: 'remote' });
    this.cut(link, 'end');
  }

  /** The channel is gone. */
  channelClosed(link: Link, code: CloseCode, text: string): void {
    if (!link.isOver) this.retire(link, { code, text, by: 'remote' });
    this.cut(link, undefined);
  }

  /** Called by flush when a closing link has written everything that it wanted to: sends the goodbye, then ends the channel. */
  sayGoodbye(link: Link): void {
    const { code, text } = link.closeReason as CloseReason;
    link.isGoodbyeQueued = true;
    this.sendControl(link, encodeClose(CLOSE_CODES[code], text));
  }

  finish(link: Link): void {
    this.drop(link, 'end');
  }

  /** Its channel is not read until `resume`, and while anything keeps it unread. A socket of datagrams is many links': it is read all the time. */
  pause(link: Link): void {
    if (link.isPaused || link.socketId !== undefined) return;
    link.isPaused = true;
    this.context.effect({ type: 'pause', connectionId: link.channelId });
  }

  resume(link: Link): void {
    if (!link.isPaused || link.isLeftUnread) return;
    link.isPaused = false;
    this.context.effect({ type: 'resume', connectionId: link.channelId });
  }

  /** Its channel is another link's: it is none any more. */
  forget(link: Link): void {
    link.phase = 'closed';
    this.byId.delete(link.id);
    this.context.deadlines.takeOwned(link);
    this.handshakes.opening(link);
  }

  /** A message of service 0. A link whose own control finds no room has a remote that reads nothing: it is closed. */
  sendControl(link: Link, body: Uint8Array): void {
    const isQueued = link.outbox.appendOwn(this.draft, body);
    this.context.touch(link);
    if (!isQueued && !link.isOver) this.close(link, 'timeout', 'the remote reads nothing');
  }

  /** An accepted link has a slot; what came before is read in a turn of its own. */
  private begin(link: Link): void {
    this.resume(link);
    this.security.secure(link);
    // The initiation of a link of datagrams was read with that.
    if (link.channel?.state === 'failed') this.context.enqueue({ run: () => this.close(link, 'handshake-failed') });
    if (link.heldChunks.length > 0) this.context.deadlines.add(() => this.readOn(link), this.context.nowMs, link);
  }

  private armOpenDeadline(link: Link): void {
    const { nowMs, limits, deadlines } = this.context;
    link.deadlineId = deadlines.add(() => this.close(link, 'timeout', 'not open in time'), nowMs + limits.openTimeoutMs, link);
  }

  /** An accepted link that is not open yet goes because others need its room. */
  private evict(link: Link, text: string): void {
    this.context.metrics.evicted.value++;
    this.close(link, 'limit', text);
  }

  /** The link ends for authors. */
  private retire(link: Link, reason: CloseReason): void {
    if (link.isCounted) this.admittedCount--;
    link.closeReason = reason;
    link.phase = 'closing';
    this.context.deadlines.takeOwned(link);
    if (link.nodeId !== undefined && this.chosenByNode.get(link.nodeId) === link) this.chosenByNode.delete(link.nodeId);
    for (const observer of this.observers) observer.ended?.(link, reason);
  }

  /** Nothing is written any more: what waits is lost. */
  private cut(link: Link, parting: Parting | undefined): void {
    this.lose(link, link.abandon());
    this.drop(link, parting);
  }

  private lose(link: Link, messages: number): void {
    if (messages > 0) this.context.dropped('link-closed', messages, link.id);
  }

  /** What waits is not counted: a link that has said goodbye in order has lost nothing. */
  private drop(link: Link, parting: Parting | undefined): void {
    if (link.phase === 'closed') return;
    link.phase = 'closed';
    this.byId.delete(link.id);
    this.context.deadlines.takeOwned(link);
    link.channel?.wipe();
    link.former?.wipe();
    if (parting !== undefined) this.context.effect({ type: parting, connectionId: link.channelId });
  }
}
