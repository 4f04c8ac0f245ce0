/**
 * @module PeerRegistry: the peers, by target and by node. Targets are the numbers by which applications name peers, from
 * 0 to 65,535: they ascend, and after the last one come those that are free again. A node has one peer. Pure.
 */
import type { NodeId } from '../../../core/index.js';
import { Peer, type PeerFacts } from './peer.js';

export const TARGETS_MAX = 65_536;

export class PeerRegistry {
  private nextTarget = 0;
  /** A peer that two targets lead to is here twice. */
  private readonly byTarget = new Map<number, Peer>();
  private readonly byNode = new Map<NodeId, Peer>();

  constructor(private readonly sizeMax: number) {}

  /** Targets that are taken. */
  get size(): number {
    return this.byTarget.size;
  }

  get isFull(): boolean {
    return this.size >= this.sizeMax;
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

  /** A new peer, unless there are as many as may be. */
  create(facts: Omit<PeerFacts, 'target'>): Peer | undefined {
    if (this.isFull) return undefined;
    while (this.byTarget.has(this.nextTarget)) this.nextTarget = (this.nextTarget + 1) % TARGETS_MAX;
    const peer = new Peer({ ...facts, target: this.nextTarget });
    this.nextTarget = (this.nextTarget + 1) % TARGETS_MAX;
    this.byTarget.set(peer.target, peer);
    if (peer.nodeId !== undefined && !this.byNode.has(peer.nodeId)) this.byNode.set(peer.nodeId, peer);
    return peer;
  }

  /** Of the peers that came by themselves and are away, the one that was up least recently. */
  longestAway(): Peer | undefined {
    const upMs = ({ dial }: Peer) => dial?.upMs ?? 0;
    const away = this.all().filter(({ isConfigured, session }) => !isConfigured && session.link === undefined);
    return away.sort((a, b) => upMs(a) - upMs(b))[0];
  }

  /** It is known who the peer is. */
  identify(peer: Peer, nodeId: NodeId): void {
    this.unidentify(peer);
    peer.nodeId = nodeId;
    this.byNode.set(nodeId, peer);
  }

  /** Another node is at its address. */
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
