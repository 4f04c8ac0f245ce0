/**
 * @module Admission: from a chosen link to an open connection, and what behaviours see of it. Caps, then votes in ascending service
 * id, then gates; when every gate has admitted the link this side sends `ready`; open is own `ready` sent and the remote's received.
 * It also tells behaviours of the end, in the mirrored order: handlers first.
 */

import type { NodeId } from '../../address/node-id.js';
import { ConnectionHandler } from '../../api/connection-handler.js';
import type { Connection } from '../../api/events.js';
import type { PolicyCandidate } from '../../api/ports.js';
import { type CloseReason, NetworkError } from '../../errors.js';
import { encodeReady } from '../../wire/link-control.js';
import { ConnectionAgentOf } from '../behaviors/agents.js';
import { type BehaviorSlot, HandlerSlot } from '../behaviors/owner.js';
import type { Engine } from '../engine.js';
import type { Link } from './link.js';

export class Admission {
  constructor(private readonly engine: Engine) {}

  /** The link was chosen among its duplicates. */
  begin(link: Link): void {
    const refusal = this.vote(link);
    if (refusal !== undefined) return this.engine.links.close(link, 'rejected', refusal);
    if (!this.makeRoom(link)) return this.engine.links.close(link, 'limit', 'this node has as many connections as it wants');
    link.phase = 'gates';
    this.engine.links.admittedCount++;
    const gates = this.engine.behaviors.all.filter((slot) => slot.isGate);
    for (const gate of gates) link.waitingGates.add(gate);
    this.connect(link, gates);
    if (gates.length === 0) this.sendReady(link);
  }

  /** A gate lets the link pass. */
  admit(connectionId: number, gate: BehaviorSlot): void {
    const link = this.engine.links.get(connectionId);
    if (link?.phase === 'gates' && link.waitingGates.delete(gate) && link.waitingGates.size === 0) this.sendReady(link);
  }

  /** The remote's `ready`. */
  readyReceived(link: Link, services: readonly number[]): void {
    if (link.isReadyReceived) return this.engine.links.close(link, 'protocol-error', 'ready twice');
    link.isReadyReceived = true;
    link.remoteServices = services;
    if (link.isReadySent) this.open(link);
  }

  /** A behaviour that is added to a running node sees the open connections, in id order, without votes. */
  introduce(slot: BehaviorSlot): void {
    for (const link of this.engine.links.all) if (link.isOpen) this.connect(link, [slot]);
  }

  /** A behaviour ends: its handlers see their close; a gate that was still asked fails closed. */
  retire(slot: BehaviorSlot): void {
    for (const link of [...this.engine.links.all]) {
      if (link.waitingGates.has(slot)) this.engine.links.close(link, 'gate', `gate ${slot.name} was stopped`);
      else if (link.seenBy.has(slot)) this.disconnect(link, [slot], { code: 'goodbye', text: 'behaviour stopped', by: 'local' });
    }
  }

  /** The link ends: whoever saw it connected sees it disconnected. */
  leave(link: Link, wasOpen: boolean, reason: CloseReason): void {
    if (wasOpen) this.engine.router.linkDown(link.id);
    this.disconnect(
      link,
      this.engine.behaviors.all.filter((slot) => link.seenBy.has(slot)),
      reason,
    );
    this.report(link, wasOpen, reason);
  }

  /** The first refusal wins; later behaviours are not asked. */
  private vote(link: Link): string | undefined {
    const { id, nodeId } = link.connection as Connection;
    for (const slot of this.engine.behaviors.all) {
      const check = link.direction === 'incoming' ? 'checkIncomingConnection' : 'checkOutgoingConnection';
      const verdict = this.engine.callbacks.ask(slot, check, () => slot.instance[check](nodeId, id));
      const refusal = this.refusalOf(slot, check, verdict);
      if (refusal !== undefined) return refusal;
    }
    for (const slot of this.engine.behaviors.all) {
      const policy = slot.ports.connectionPolicy;
      const verdict = policy && this.engine.callbacks.ask(slot, 'connectionPolicy', () => policy.admit?.(candidateOf(link)));
      const refusal = policy && this.refusalOf(slot, 'connectionPolicy', verdict);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Who cannot say whether a link may pass lets none pass: a throw, or an answer that is neither text nor nothing, refuses. */
  private refusalOf(slot: BehaviorSlot, callback: string, verdict: { readonly answer: unknown } | undefined): string | undefined {
    if (verdict?.answer === undefined) return verdict === undefined ? `${slot.name} failed` : undefined;
    if (typeof verdict.answer === 'string') return verdict.answer;
    this.engine.callbacks.fault(slot, callback, new NetworkError('ARGUMENT_INVALID', `${callback} must answer with a text or nothing`));
    return `${slot.name} failed`;
  }

  /** Users' policies before built-in ones; the first answer counts. A policy that throws is a fault of its behaviour, and spares everybody. */
  private askWhoGoes(newcomer: Link): number | undefined {
    const open = [...this.engine.links.all].filter((link) => link.isOpen).map(candidateOf);
    for (const slot of [...this.engine.behaviors.all].reverse()) {
      const policy = slot.ports.connectionPolicy;
      const prune = () => policy?.prune?.(open, candidateOf(newcomer));
      const id = policy && this.engine.callbacks.run(slot, 'connectionPolicy', prune);
      if (id !== undefined) return id;
    }
    return undefined;
  }

  /** Whether there is room below the cap, or the policy names an open connection that goes. */
  private makeRoom(link: Link): boolean {
    const { links, limits } = this.engine;
    if (links.admittedCount < limits.connectionsMax) return true;
    const id = this.askWhoGoes(link);
    const victim = id === undefined ? undefined : links.get(id);
    if (victim?.isOpen !== true) return false;
    links.close(victim, 'limit', 'another connection was preferred');
    return true;
  }

  private sendReady(link: Link): void {
    link.isReadySent = true;
    this.engine.delivery.sendControl(link, encodeReady(this.engine.instance, this.engine.behaviors.services));
    if (link.isReadyReceived) this.open(link);
  }

  private open(link: Link): void {
    const { engine } = this;
    const connection = link.connection as Connection;
    engine.deadlines.takeOwned(link);
    engine.links.pending.delete(link);
    link.phase = 'open';
    link.openedMs = engine.nowMs;
    link.lastTrafficMs = engine.nowMs;
    engine.metrics.opened.value++;
    engine.router.linkUp(link.id, connection.nodeId);
    engine.router.linkServices(link.id, link.remoteServices);
    engine.liveness.watch(link);
    engine.dialer.opened(link);
    engine.keeper.opened(link);
    this.connect(
      link,
      engine.behaviors.all.filter((slot) => !link.seenBy.has(slot)),
    );
    engine.liveness.opened(link);
    engine.options.emit('connected', connection);
  }

  /** Connected hooks by ascending service id, then `onOpened` of the handlers that they gave. */
  private connect(link: Link, slots: readonly BehaviorSlot[]): void {
    const connection = link.connection as Connection;
    const hook = link.direction === 'incoming' ? 'onIncomingConnectionConnected' : 'onOutgoingConnectionConnected';
    for (const slot of slots) {
      if (link.isOver || slot.isEnded) continue;
      link.seenBy.add(slot);
      const handler = this.engine.callbacks.run(slot, hook, () => slot.instance[hook](slot.agent, connection));
      if (link.isOver || slot.isEnded || !this.isHandler(slot, hook, handler)) continue;
      const handlerSlot = new HandlerSlot(handler, slot, link);
      handlerSlot.agent = new ConnectionAgentOf(this.engine, handlerSlot);
      handlerSlot.lastTickMs = this.engine.nowMs;
      link.handlers[slot.serviceId] = handlerSlot;
    }
    for (const slot of slots) {
      const handler = link.handlers[slot.serviceId];
      if (handler?.behavior !== slot || handler.isOpened || link.isOver) continue;
      handler.isOpened = true;
      this.engine.callbacks.run(handler, 'onOpened', () => handler.handler.onOpened(handler.agent));
    }
  }

  /** Anything else than a handler or nothing is the author's mistake. */
  private isHandler(slot: BehaviorSlot, hook: string, handler: unknown): handler is ConnectionHandler {
    if (handler === undefined || handler instanceof ConnectionHandler) return handler !== undefined;
    this.engine.callbacks.fault(slot, hook, new NetworkError('ARGUMENT_INVALID', `${hook} must return a ConnectionHandler or nothing`));
    return false;
  }

  private disconnect(link: Link, slots: readonly BehaviorSlot[], reason: CloseReason): void {
    const connection = link.connection;
    if (connection === undefined) return;
    for (const { serviceId } of slots) this.closeHandler(link, serviceId, reason);
    const hook = link.direction === 'incoming' ? 'onIncomingConnectionDisconnected' : 'onOutgoingConnectionDisconnected';
    for (const slot of slots) {
      link.seenBy.delete(slot);
      this.engine.callbacks.run(slot, hook, () => slot.instance[hook](slot.agent, connection, reason));
    }
  }

  private closeHandler(link: Link, serviceId: number, reason: CloseReason): void {
    const slot = link.handlers[serviceId];
    if (slot === undefined) return;
    link.handlers[serviceId] = undefined;
    if (slot.isOpened) this.engine.callbacks.run(slot, 'onClosed', () => slot.handler.onClosed(slot.agent, reason));
    this.engine.callbacks.end(slot);
  }

  private report(link: Link, wasOpen: boolean, reason: CloseReason): void {
    const { emit } = this.engine.options;
    if (wasOpen) {
      this.engine.metrics.closed.value++;
      emit('disconnected', { connection: link.connection as Connection, reason });
    } else if (link.direction === 'incoming' || link.connection !== undefined) {
      this.engine.metrics.refused.value++;
      emit('refused', { connectionId: link.id, nodeId: link.nodeId, remoteAddress: link.remoteAddress, reason });
    }
  }
}

export function candidateOf(link: Link): PolicyCandidate {
  return {
    connectionId: link.id,
    nodeId: link.nodeId as NodeId,
    direction: link.direction,
    openedMs: link.openedMs,
    lastTrafficMs: link.lastTrafficMs,
    isHeld: link.holders.size > 0,
    remoteAddress: link.remoteAddress,
    rttMs: link.rttMs,
  };
}
