/**
 * @module Duplicates: one link per pair of nodes. The node with the smaller id decides, before any behaviour but gates has seen anything: it
 * holds an incoming link back, unread, while its own dial of the same kind, direct or relayed, is pending, then goes on with exactly one and closes the others. Its
 * first message on a link is the choice. The larger node waits for it with what it accepted; what it dialled goes on to the gates
 * meanwhile, so that the choice costs no round trip.
 *
 * A proven link with another instance id comes from a restarted node and replaces the old one; with the same instance the older link
 * stays, unless it has missed a ping. More than six replacements a minute mean that two processes use one key.
 */

import type { NodeId } from '../../address/node-id.js';
import type { PathKind } from '../../api/events.js';
import { RateWindow } from '../../structures/rate-window.js';
import type { EngineContext } from '../context.js';
import type { Admission } from './admission.js';
import type { Handovers } from './handovers.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';
import type { Liveness } from './liveness.js';

const MINUTE_MS = 60_000;
/** Links of one node, the chosen one included. An honest node needs no more: the larger one's dial and the smaller one's. */
const LINKS_PER_NODE_MAX = 2;

export class Duplicates implements LinkObserver {
  /** Set right after construction: whether a dial of that kind that must end at that node is pending. */
  isDialling!: (nodeId: NodeId, path: PathKind) => boolean;
  /** Set right after construction where links may change their channel. */
  handovers: Handovers | undefined;
  /** Proven incoming links that wait for this node's own dial to end, by node. */
  private readonly heldByNode = new Map<NodeId, Link>();

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly liveness: Liveness,
    private readonly admission: Admission,
  ) {}

  /** The remote's identity is proven: decides, or waits for the smaller node's decision. */
  proven(link: Link): void {
    const nodeId = link.nodeId as NodeId;
    if (this.handovers?.take(link) === true) return;
    if (this.context.self > nodeId) return this.mayLose(link, nodeId) ? this.awaitChoice(link, nodeId) : this.admission.begin(link);
    const rival = this.links.chosen(nodeId);
    if (rival !== undefined) this.contest(link, rival);
    else if (link.direction === 'incoming' && this.isDialling(nodeId, link.path)) this.holdBack(link, nodeId);
    else this.choose(link);
  }

  /** A message came on a link: if it waits for the smaller node's decision, this is it. */
  messageCame(link: Link): void {
    if (link.isChosen || link.isOver || this.context.self < (link.nodeId as NodeId)) return;
    const rival = this.links.chosen(link.nodeId as NodeId);
    if (rival !== undefined && rival !== link && !this.supersede(link, rival)) return;
    this.choose(link);
  }

  /** An incoming link may have waited for this one, this node's own dial, to end. */
  ended(link: Link): void {
    const { nodeId } = link;
    if (nodeId !== undefined && this.heldByNode.get(nodeId) === link) this.heldByNode.delete(nodeId);
    if (link.direction === 'outgoing' && link.remoteAddress.nodeId !== undefined) this.dialEnded(link.remoteAddress.nodeId);
  }

  private dialEnded(nodeId: NodeId): void {
    const held = this.heldByNode.get(nodeId);
    if (held === undefined || this.isDialling(nodeId, held.path)) return;
    this.heldByNode.delete(nodeId);
    if (!held.isOver) this.proven(held);
  }

  /** The smaller node may have another one; or an open relayed one, of which this is to be the new channel: then nothing may have been sent on it. */
  private mayLose({ direction, path }: Link, nodeId: NodeId): boolean {
    const isRelayed = (other: Link) => other.path === 'relayed' && !other.isOver && (other.nodeId ?? other.remoteAddress.nodeId) === nodeId;
    return direction === 'incoming' || (path === 'direct' && [...this.links.all].some(isRelayed));
  }

  /** The remote may never choose: one node's links that wait for that are few, the oldest goes. */
  private awaitChoice(link: Link, nodeId: NodeId): void {
    const others = this.links.handshakes.ofNode(nodeId).filter((other) => other !== link && other.phase === 'duplicates');
    const count = others.length + (this.links.chosen(nodeId) === undefined ? 0 : 1);
    if (count >= LINKS_PER_NODE_MAX) this.lose(others[0] as Link);
  }

  private contest(link: Link, rival: Link): void {
    const isRestarted = link.instance !== rival.instance;
    const isChanging = rival.former !== undefined;
    if (!isRestarted && (isChanging || !this.liveness.isSuspect(rival))) {
      // The remote may look for another channel because this one is lost, which shows as soon as something is sent there.
      if (rival.isOpen && rival.channel?.kind === 'datagram') this.liveness.ping(rival);
      return this.lose(link);
    }
    if (this.supersede(link, rival)) this.choose(link);
  }

  /** The rival makes room, unless it all happens too often. */
  private supersede(link: Link, rival: Link): boolean {
    const { nowMs, limits, metrics } = this.context;
    const replacements = rival.replacements ?? new RateWindow(MINUTE_MS);
    if (!replacements.take(limits.replacementsPerMinute, nowMs)) {
      this.links.close(link, 'duplicate-identity', 'replaced too often: two processes may use one key');
      return false;
    }
    link.replacements = replacements;
    metrics.replaced.value++;
    this.links.close(rival, 'duplicate', 'replaced by a newer link');
    return true;
  }

  private holdBack(link: Link, nodeId: NodeId): void {
    const { deadlines, nowMs, limits } = this.context;
    const held = this.heldByNode.get(nodeId);
    this.heldByNode.set(nodeId, link);
    link.isHeld = true;
    if (held !== undefined) this.lose(held);
    deadlines.add(() => this.holdEnded(link, nodeId), nowMs + limits.duplicateHoldMs, link);
  }

  private holdEnded(link: Link, nodeId: NodeId): void {
    if (this.heldByNode.get(nodeId) !== link) return;
    this.heldByNode.delete(nodeId);
    this.choose(link);
  }

  private choose(link: Link): void {
    const nodeId = link.nodeId as NodeId;
    this.links.choose(link);
    const held = this.heldByNode.get(nodeId);
    this.heldByNode.delete(nodeId);
    if (held !== undefined && held !== link) this.lose(held);
    if (link.phase === 'gates') this.admission.chosen(link);
    else this.admission.begin(link);
    if (link.isOver) return;
    // Behind what a gate answers to a message that has come already.
    this.context.enqueue({ run: () => this.liveness.ping(link) });
    if (link.isHeld) this.context.deadlines.add(() => this.release(link), this.context.nowMs, link);
  }

  /** In a turn of its own, between callbacks. */
  private release(link: Link): void {
    link.isHeld = false;
    this.links.readOn(link);
  }

  private lose(link: Link): void {
    this.context.metrics.duplicates.value++;
    this.links.close(link, 'duplicate', 'another link between the two nodes was chosen');
  }
}
