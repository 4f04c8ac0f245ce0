/**
 * @module Introductions: what behaviours see of links. Connected hooks by ascending service id, then `onOpened` of the handlers that they
 * gave; at the end the mirrored order: `onClosed` of handlers first. A behaviour that is added later sees the open links, in id order.
 */
import type { ConnectionAgent } from '../../api/agent.js';
import { ConnectionHandler } from '../../api/connection-handler.js';
import type { Connection } from '../../api/events.js';
import { type ConnectedFacts, NetworkBehavior } from '../../api/network-behavior.js';
import { type CloseReason, NetworkError } from '../../errors.js';
import { COPIES_CURE, isOfAnotherCopy, OF_ANOTHER_COPY } from '../../structures/copies.js';
import type { BehaviorObserver, BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import { type BehaviorSlot, HandlerSlot } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';

const NEWER: ConnectedFacts = Object.freeze({ isOlder: false });
const OLDER: ConnectedFacts = Object.freeze({ isOlder: true });

export class Introductions implements LinkObserver, BehaviorObserver {
  /** Set right after construction. */
  agentOf!: (slot: HandlerSlot, link: Link) => ConnectionAgent;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
  ) {}

  opened(link: Link): void {
    this.connect(
      link,
      this.behaviors.all.filter((slot) => !link.seenBy.has(slot)),
    );
  }

  /** Whoever saw it connected sees it disconnected; whoever let it pass in vain sees that. */
  ended(link: Link, reason: CloseReason): void {
    const { voters = [], connection } = link;
    const inVain = link.hasOpened || connection === undefined ? [] : voters.filter((slot) => !link.seenBy.has(slot));
    this.disconnect(
      link,
      this.behaviors.all.filter((slot) => link.seenBy.has(slot)),
      reason,
    );
    for (const slot of inVain)
      this.callbacks.run(slot, 'onConnectionRefused', () =>
        slot.instance.onConnectionRefused(slot.agent, connection as Connection, reason),
      );
  }

  /** A behaviour that is added to a running node sees the open connections, in id order, without votes. */
  joined(slot: BehaviorSlot): void {
    for (const link of this.links.all) if (link.isOpen) this.connect(link, [slot], OLDER);
  }

  /** A behaviour ends: its handlers see their close; a gate that was still asked fails closed. */
  leaving(slot: BehaviorSlot): void {
    for (const link of [...this.links.all]) {
      if (link.waitingGates.has(slot)) this.links.close(link, 'gate', `gate ${slot.name} was stopped`);
      else if (link.seenBy.has(slot)) this.disconnect(link, [slot], { code: 'goodbye', text: 'behaviour stopped', by: 'local' });
    }
  }

  /** Connected hooks by ascending service id, then `onOpened` of the handlers that they gave. */
  connect(link: Link, slots: readonly BehaviorSlot[], facts: ConnectedFacts = NEWER): void {
    const connection = link.connection as Connection;
    const hook = link.direction === 'incoming' ? 'onIncomingConnectionConnected' : 'onOutgoingConnectionConnected';
    for (const slot of slots) {
      if (link.isOver || slot.isEnded) continue;
      link.seenBy.add(slot);
      const name = overridden(slot, hook, 'onConnected');
      const handler = this.callbacks.run(slot, name, () => slot.instance[hook](slot.agent, connection, facts));
      if (link.isOver || slot.isEnded || !this.isHandler(slot, name, handler)) continue;
      const handlerSlot = new HandlerSlot(handler, slot, connection);
      handlerSlot.agent = this.agentOf(handlerSlot, link);
      handlerSlot.lastTickMs = this.context.nowMs;
      link.setHandler(slot.serviceId, handlerSlot);
    }
    for (const slot of slots) {
      const handler = link.handlers[slot.serviceId];
      if (handler?.behavior !== slot || handler.isOpened || link.isOver) continue;
      handler.isOpened = true;
      this.callbacks.run(handler, 'onOpened', () => handler.handler.onOpened(handler.agent));
    }
  }

  /** Anything else than a handler or nothing is the author's mistake. */
  private isHandler(slot: BehaviorSlot, hook: string, handler: unknown): handler is ConnectionHandler {
    if (handler === undefined || handler instanceof ConnectionHandler) return handler !== undefined;
    const rule = `${hook} must return a ConnectionHandler or nothing`;
    const text = isOfAnotherCopy(handler, ConnectionHandler) ? `what ${hook} returns ${OF_ANOTHER_COPY}; ${COPIES_CURE}` : rule;
    this.callbacks.fault(slot, hook, new NetworkError('ARGUMENT_INVALID', text));
    return false;
  }

  private disconnect(link: Link, slots: readonly BehaviorSlot[], reason: CloseReason): void {
    const connection = link.connection;
    if (connection === undefined) return;
    for (const { serviceId } of slots) this.closeHandler(link, serviceId, reason);
    const hook = link.direction === 'incoming' ? 'onIncomingConnectionDisconnected' : 'onOutgoingConnectionDisconnected';
    for (const slot of slots) {
      link.seenBy.delete(slot);
      const name = overridden(slot, hook, 'onDisconnected');
      this.callbacks.run(slot, name, () => slot.instance[hook](slot.agent, connection, reason));
    }
  }

  private closeHandler(link: Link, serviceId: number, reason: CloseReason): void {
    const slot = link.handlers[serviceId];
    if (slot === undefined) return;
    link.setHandler(serviceId, undefined);
    if (slot.isOpened) this.callbacks.run(slot, 'onClosed', () => slot.handler.onClosed(slot.agent, reason));
    this.callbacks.end(slot);
  }
}

/** The hook that the class has written: a direction's own, or the one for both. */
function overridden({ instance }: BehaviorSlot, hook: keyof NetworkBehavior, common: string): string {
  return instance[hook] === NetworkBehavior.prototype[hook] ? common : hook;
}
