/**
 * @module Agenda: when something is due for a peer: a dial, the end of a greeting, the end of a memory, frames whose time is over, a word
 * to people. One timer for all.
 */
import type { BehaviorAgent, Cancellable } from '../../core/index.js';
import type { Endpoint } from './endpoint.js';
import type { Peer } from './peer.js';

/** People are told of a configured peer that is not up for so long (INET-22). */
const WARN_MS = 10_000;

export class Agenda {
  private timer: { readonly cancellable: Cancellable; readonly dueMs: number } | undefined;

  constructor(private readonly endpoint: Endpoint) {}

  wakeAt(agent: BehaviorAgent, dueMs: number): void {
    if (dueMs >= (this.timer?.dueMs ?? Number.POSITIVE_INFINITY)) return;
    this.timer?.cancellable.cancel();
    this.timer = { dueMs, cancellable: agent.after(Math.max(0, dueMs - agent.nowMs), (later) => this.look(later)) };
  }

  /** The peer is configured, or configured once more. */
  watch(agent: BehaviorAgent, peer: Peer): void {
    this.wakeAt(agent, this.warn(agent, peer));
  }

  private look(agent: BehaviorAgent): void {
    this.timer = undefined;
    for (const peer of this.endpoint.table.all()) {
      const { outgoing } = peer.conversation;
      if (peer.dueMs <= agent.nowMs) this.carryOn(agent, peer);
      outgoing.expire(agent.nowMs);
      this.wakeAt(agent, Math.min(peer.dueMs, outgoing.nextDueMs, this.warn(agent, peer)));
    }
  }

  private carryOn(agent: BehaviorAgent, peer: Peer): void {
    const { dialling, sessions } = this.endpoint;
    if (peer.state === 'waiting') dialling.dial(agent, peer);
    else if (peer.state === 'lost') dialling.forget(peer);
    else sessions.unanswered(agent, peer);
  }

  /** Answers when people are to be told that the peer is not up. */
  private warn(agent: BehaviorAgent, peer: Peer): number {
    const { downSinceMs, isConfigured, target, address, failure } = peer;
    if (downSinceMs === undefined || !isConfigured) return Number.POSITIVE_INFINITY;
    const dueMs = downSinceMs + WARN_MS;
    if (agent.nowMs < dueMs) return dueMs;
    agent.log.warn({ target, address: address?.text, failure }, 'a peer is not up');
    peer.downSinceMs = undefined;
    return Number.POSITIVE_INFINITY;
  }
}
