/**
 * @module Admission: from a proven link to an open connection. Votes in ascending service id, caps, then gates; when no gate has more to
 * send this side sends `ready`. Open is: chosen, admitted by every gate, own `ready` sent and the remote's received. A dialler of the larger
 * id begins before it knows whether its link is chosen: only gates see such a link, and it counts once it is chosen.
 */

import type { NodeId } from '../../address/node-id.js';
import type { PolicyCandidate } from '../../api/candidates.js';
import type { Connection } from '../../api/events.js';
import { REJECTION_CODES, type Rejection } from '../../api/votes.js';
import { NetworkError } from '../../errors.js';
import { encodeReady, encodeServices } from '../../wire/link-control.js';
import type { BehaviorObserver, BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';
import type { Introductions } from './introductions.js';
import type { Link } from './link.js';
import type { LinkTable } from './link-table.js';

interface AdmissionParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly callbacks: Callbacks;
  readonly behaviors: BehaviorTable;
  readonly introductions: Introductions;
}

export class Admission implements BehaviorObserver {
  constructor(private readonly parts: AdmissionParts) {}

  /** The remote is proven. */
  begin(link: Link): void {
    const refusal = this.vote(link);
    if (refusal !== undefined) return this.parts.links.close(link, REJECTION_CODES[refusal.reason], refusal.text ?? '');
    if (link.isChosen && !this.count(link)) return;
    link.phase = 'gates';
    const gates = this.parts.behaviors.all.filter((slot) => slot.isGate);
    for (const gate of gates) {
      link.waitingGates.add(gate);
      link.speakingGates.add(gate);
    }
    this.parts.introductions.connect(link, gates);
    this.goOn(link);
  }

  /** The link at the gates was chosen. */
  chosen(link: Link): void {
    if (this.count(link)) this.goOn(link);
  }

  /** A gate has nothing more to send, or lets the link pass. */
  passed(connectionId: number, gate: BehaviorSlot, isAdmitted: boolean): void {
    const link = this.parts.links.get(connectionId);
    if (link?.phase !== 'gates') return;
    link.speakingGates.delete(gate);
    if (isAdmitted) link.waitingGates.delete(gate);
    this.goOn(link);
  }

  /** The remote's `ready`. */
  readyReceived(link: Link, services: readonly number[]): void {
    if (link.isReadyReceived) return this.parts.links.close(link, 'protocol-error', 'ready twice');
    link.isReadyReceived = true;
    link.remoteServices = services;
    this.goOn(link);
  }

  /** Every neighbour that got `ready` gets to know what this node offers now: also while the link is not open yet. */
  servicesChanged(): void {
    const { context, links, behaviors } = this.parts;
    if (context.isStopping) return;
    for (const link of links.all) if (link.isReadySent && !link.isOver) links.sendControl(link, encodeServices(behaviors.services));
  }

  /** The first refusal wins; later behaviours are not asked. */
  private vote(link: Link): Rejection | undefined {
    const { id, nodeId } = link.connection as Connection;
    for (const slot of this.parts.behaviors.all) {
      const check = link.direction === 'incoming' ? 'checkIncomingConnection' : 'checkOutgoingConnection';
      const verdict = this.parts.callbacks.ask(slot, check, () => slot.instance[check](nodeId, id));
      const refusal = this.refusalOf(slot, check, verdict);
      if (refusal !== undefined) return refusal;
      if (slot.seesRefusals) link.voters = [...(link.voters ?? []), slot];
    }
    for (const slot of this.parts.behaviors.all) {
      const policy = slot.ports.connectionPolicy;
      const verdict = policy && this.parts.callbacks.ask(slot, 'connectionPolicy', () => policy.admit?.(slot.agent, candidateOf(link)));
      const refusal = policy && this.refusalOf(slot, 'connectionPolicy', verdict);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** Who cannot say whether a link may pass lets none pass: a throw, or an answer that is no vote, refuses. */
  private refusalOf(slot: BehaviorSlot, callback: string, verdict: { readonly answer: unknown } | undefined): Rejection | undefined {
    const failed: Rejection = { reason: 'custom', text: `${slot.name} failed` };
    if (verdict?.answer === undefined) return verdict === undefined ? failed : undefined;
    const { answer } = verdict;
    if (typeof answer === 'string') return { reason: 'custom', text: answer };
    if (isRejection(answer)) return answer;
    const rule = `${callback} must answer with a text, a reason (limited, invalid, custom) or nothing`;
    this.parts.callbacks.fault(slot, callback, new NetworkError('ARGUMENT_INVALID', rule));
    return failed;
  }

  /** Users' policies before built-in ones; the first answer counts. A policy that throws is a fault of its behaviour, and spares everybody. */
  private askWhoGoes(newcomer: Link): number | undefined {
    const open = [...this.parts.links.all].filter((link) => link.isOpen).map(candidateOf);
    for (const slot of [...this.parts.behaviors.all].reverse()) {
      const policy = slot.ports.connectionPolicy;
      const prune = () => policy?.prune?.(slot.agent, open, candidateOf(newcomer));
      const id = policy && this.parts.callbacks.run(slot, 'connectionPolicy', prune);
      if (id !== undefined) return id;
    }
    return undefined;
  }

  /** Whether the link counts from now on; without room it is closed. */
  private count(link: Link): boolean {
    const { links } = this.parts;
    link.isCounted = this.makeRoom(link);
    if (link.isCounted) links.admittedCount++;
    else links.close(link, 'limit', `connections.max is reached: ${this.parts.context.limits.connectionsMax}`);
    return link.isCounted;
  }

  /** Whether there is room below the cap, or the policy names an open connection that goes. */
  private makeRoom(link: Link): boolean {
    const { links, context } = this.parts;
    if (links.admittedCount < context.limits.connectionsMax) return true;
    const id = this.askWhoGoes(link);
    const victim = id === undefined ? undefined : links.get(id);
    if (victim?.isOpen !== true) return false;
    links.close(victim, 'limit', `connections.max is reached: ${context.limits.connectionsMax}; another connection was preferred`);
    return true;
  }

  /** Sends `ready`, and opens the link, as soon as nothing else is waited for. */
  private goOn(link: Link): void {
    const { links, behaviors } = this.parts;
    if (link.phase !== 'gates' || link.speakingGates.size > 0) return;
    if (!link.isReadySent) {
      link.isReadySent = true;
      links.sendControl(link, encodeReady(behaviors.services));
    }
    if (link.isChosen && link.isReadyReceived && link.waitingGates.size === 0) links.open(link);
  }
}

function isRejection(answer: unknown): answer is Rejection {
  if (typeof answer !== 'object' || answer === null) return false;
  const { reason, text } = answer as { readonly reason?: unknown; readonly text?: unknown };
  return typeof reason === 'string' && Object.hasOwn(REJECTION_CODES, reason) && (text === undefined || typeof text === 'string');
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
