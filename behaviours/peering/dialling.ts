/**
 * @module Dialling: one supervisor for each peer that has an address: dial, greet, run, wait, again, until the peer is removed or given up
 * (H-01, H-02). Every end is a value: try again, or give up. Peers without an address, which dialled this node, are remembered for a while.
 */
import { type BehaviorAgent, type Connection, type ErrorCode, NetworkError } from '../../core/index.js';
import type { Endpoint } from './endpoint.js';
import { holdOffMs } from './hold-off.js';
import type { Peer, PeerFailure } from './peer.js';

/** Errors that another dial would meet again. */
const FATAL: ReadonlySet<ErrorCode> = new Set(['SELF_DIAL', 'SCHEME_UNKNOWN']);

export class Dialling {
  constructor(private readonly endpoint: Endpoint) {}

  /** Now, whatever the wait. */
  dial(agent: BehaviorAgent, peer: Peer): void {
    const { address, nodeId } = peer;
    if (address === undefined) return;
    peer.state = 'dialling';
    peer.dueMs = Number.POSITIVE_INFINITY;
    agent.connect(nodeId === undefined ? address : address.withNodeId(nodeId), (later, outcome) => this.settled(later, peer, outcome));
  }

  /** Frames go both ways, or as the type allows. */
  up(agent: BehaviorAgent, peer: Peer): void {
    peer.state = 'up';
    peer.dueMs = Number.POSITIVE_INFINITY;
    peer.upMs = agent.nowMs;
    peer.downSinceMs = undefined;
    peer.refusals = 0;
    peer.failure = undefined;
    this.endpoint.upWaiters.changed(peer);
  }

  /** The connection is gone, after frames could go. */
  lost(agent: BehaviorAgent, peer: Peer, reason: string): void {
    peer.failure = { type: 'dropped', reason };
    peer.downSinceMs = agent.nowMs;
    peer.failures = agent.nowMs - peer.upMs >= agent.limits.stableUptimeMs ? 0 : peer.failures + 1;
    this.later(agent, peer);
  }

  /** An attempt has failed. */
  failed(agent: BehaviorAgent, peer: Peer, failure: PeerFailure): void {
    peer.failure = failure;
    peer.failures++;
    peer.refusals++;
    if (peer.type === 'cross' && peer.refusals >= this.endpoint.setup.holdOff.giveUpCount) this.giveUp(peer);
    else this.later(agent, peer);
  }

  /** The peer is no more: its frames go back. */
  forget(peer: Peer): void {
    this.endpoint.table.remove(peer);
    peer.state = 'gave-up';
    peer.conversation.outgoing.close('peer-gone');
    this.endpoint.upWaiters.changed(peer);
  }

  private settled(agent: BehaviorAgent, peer: Peer, outcome: Connection | NetworkError): void {
    const { table, setup, agenda, connections, sessions } = this.endpoint;
    if (peer.state !== 'dialling' || table.get(peer.target) !== peer) return;
    if (outcome instanceof NetworkError) return this.refused(agent, peer, outcome);
    const other = table.of(outcome.nodeId);
    if (other !== undefined && other !== peer) {
      if (other.isConfigured) return this.giveUp(peer, { type: 'duplicate', target: other.target });
      this.takeOver(peer, other);
    }
    table.identify(peer, outcome.nodeId);
    // Should the connection end before this behaviour sees it.
    peer.dueMs = agent.nowMs + setup.greetingMs;
    agenda.wakeAt(agent, peer.dueMs);
    if (connections.has(outcome.id)) sessions.greet(agent, peer, outcome.id);
  }

  private refused(agent: BehaviorAgent, peer: Peer, { code }: NetworkError): void {
    if (code === 'NOT_STARTED') return;
    // What the user did not fix is learnt again.
    if (code === 'IDENTITY_MISMATCH' && peer.address?.nodeId === undefined) this.endpoint.table.unidentify(peer);
    const failure: PeerFailure = { type: 'refused', address: `${peer.address}`, attempts: peer.refusals + 1, code };
    if (FATAL.has(code)) this.giveUp(peer, failure);
    else this.failed(agent, peer, failure);
  }

  /** The node had come by itself before it was known that it is the configured peer: both targets lead to that one now. */
  private takeOver(peer: Peer, other: Peer): void {
    const { conversation } = peer;
    peer.conversation = other.conversation;
    peer.conversation.outgoing.adopt(conversation.outgoing);
    peer.link = other.link;
    other.link = undefined;
    this.endpoint.table.redirect(other, peer);
    this.endpoint.table.unidentify(other);
  }

  /** It is dialled again; or remembered for a while, when it is the other side that dials. */
  private later(agent: BehaviorAgent, peer: Peer): void {
    const { address, failures } = peer;
    const boundMs = failures === 0 ? 0 : holdOffMs(failures, this.endpoint.setup.holdOff);
    const waitMs = address === undefined ? this.endpoint.setup.forgetMs : boundMs * agent.random.float();
    peer.state = address === undefined ? 'lost' : 'waiting';
    peer.dueMs = agent.nowMs + waitMs;
    // What was on the link waits again, and may be due before.
    this.endpoint.agenda.wakeAt(agent, Math.min(peer.dueMs, peer.conversation.outgoing.nextDueMs));
  }

  private giveUp(peer: Peer, failure = peer.failure): void {
    peer.failure = failure;
    if (!peer.isConfigured) return this.forget(peer);
    peer.state = 'gave-up';
    peer.dueMs = Number.POSITIVE_INFINITY;
    peer.conversation.outgoing.close('peer-gone');
    this.endpoint.upWaiters.changed(peer);
  }
}
