/**
 * @module PeerTable: the peers, by target, by node and by connection (INET-11 to INET-14). A node has one entry. Pure.
 */
import type { NodeId } from '../../core/index.js';
import type { Peer } from './peer.js';
import { Targets } from './targets.js';

export class PeerTable {
  private readonly targets = new Targets();
  /** A peer that two targets lead to stands here twice. */
  private readonly byTarget = new Map<number, Peer>();
  private readonly byNode = new Map<NodeId, Peer>();

  /** Targets that are taken. */
  get size(): number {
    return this.byTarget.size;
  }

  /** A target for a new peer; nothing when all are taken. */
  nextTarget(): number | undefined {
    return this.targets.next((target) => this.byTarget.has(target));
  }

  /** Replaces what stood under the target before. */
  add(peer: Peer): void {
    this.byTarget.set(peer.target, peer);
    if (peer.nodeId !== undefined && !this.byNode.has(peer.nodeId)) this.byNode.set(peer.nodeId, peer);
  }

  get(target: number): Peer | undefined {
    return this.byTarget.get(target);
  }

  of(nodeId: NodeId): Peer | undefined {
    return this.byNode.get(nodeId);
  }

  /** By target, each peer once: a copy. */
  all(): readonly Peer[] {
    return [...new Set(this.byTarget.values())].sort((a, b) => a.target - b.target);
  }

  /** It is known who the peer is. */
  identify(peer: Peer, nodeId: NodeId): void {
    this.unidentify(peer);
    peer.nodeId = nodeId;
    this.byNode.set(nodeId, peer);
  }

  /** Somebody else is found at its address. */
  unidentify(peer: Peer): void {
    if (peer.nodeId !== undefined && this.byNode.get(peer.nodeId) === peer) this.byNode.delete(peer.nodeId);
    peer.nodeId = undefined;
  }

  /** From now on `old`'s target leads to `peer`. */
  redirect(old: Peer, peer: Peer): void {
    for (const [target, known] of this.byTarget) if (known === old) this.byTarget.set(target, peer);
  }

  /** With every target that leads to it. Idempotent. */
  remove(peer: Peer): void {
    for (const [target, known] of this.byTarget) if (known === peer) this.byTarget.delete(target);
    this.unidentify(peer);
  }
}
