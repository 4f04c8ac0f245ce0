/**
 * @module RouteLink: one link as the path-vector table sees it: its metric, what its neighbour has advertised, what was advertised to the
 * neighbour, and the state of both sessions. It decides nothing.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { NextHop } from '../../../core/api/router-table.js';
import type { NextAction } from '../../links/neighbours.js';
import type { Introducer, NodeList } from '../structures/node-list.js';
import type { PathStore } from '../structures/path-store.js';
import { AdjRibIn } from './adj-rib-in.js';
import { ADVERTISED, AdjRibOut, DIRTY, POSTPONED } from './adj-rib-out.js';
import { addLatency, addLoss, type CostModel, LinkMeasure } from './metric.js';
import { InboundSession, OutboundSession } from './sessions.js';
import type { SharedPages } from './shared-pages.js';

export class RouteLink implements Introducer {
  readonly hop: NextHop;
  readonly action: NextAction;
  readonly measure = new LinkMeasure();
  readonly ribIn = new AdjRibIn();
  readonly ribOut: AdjRibOut;
  readonly outbound = new OutboundSession();
  readonly inbound = new InboundSession();
  introducedCount = 0;
  /** Whether routes over this link are advertised: from its first round trip on, or from the second round after it came up. */
  isAnnounced = false;

  constructor(
    readonly connectionId: number,
    /** Among the links of the table. */
    readonly slot: number,
    nodeId: NodeId,
    /** The neighbour's number. */
    readonly node: number,
    readonly upRound: number,
    /** Not announced before it: the neighbour comes and goes too often. */
    readonly quietRound: number,
    readonly paths: PathStore,
    pages: SharedPages,
  ) {
    this.ribOut = new AdjRibOut(pages);
    this.hop = Object.freeze({ connectionId, nodeId });
    this.action = Object.freeze({ type: 'next', connectionId, nodeId });
    this.outbound.round = upRound - 1;
  }

  /** Whether that path to the node, by its name, was advertised to the neighbour. */
  isAdvertised(node: number, pathName: number): boolean {
    return this.ribOut.isAdvertised(node, pathName);
  }

  /** What was advertised of the node may not be true any more. */
  mark(node: number, nodes: NodeList): void {
    const flags = this.ribOut.flagsOf(node);
    if ((flags & DIRTY) !== 0) return;
    if ((flags & ADVERTISED) === 0) nodes.hold(node);
    this.ribOut.setFlags(node, flags | DIRTY);
    this.outbound.dirty.push(node);
  }

  /** The node was never advertised to the neighbour, and is when there is a share for it. */
  postpone(node: number, nodes: NodeList): void {
    const flags = this.ribOut.flagsOf(node);
    if ((flags & DIRTY) === 0) nodes.hold(node);
    this.ribOut.setFlags(node, flags | DIRTY | POSTPONED);
    this.outbound.postponedCount++;
  }

  /** Postponed nodes that have a share now wait no longer. */
  resume(): void {
    const { outbound, ribOut } = this;
    if (outbound.postponedCount === 0 || outbound.introductionsLeft === 0) return;
    const nodes = ribOut.find(POSTPONED, outbound.introductionsLeft);
    for (const node of nodes) ribOut.setFlags(node, ribOut.flagsOf(node) & ~POSTPONED);
    outbound.postponedCount -= nodes.length;
    outbound.dirty.push(...nodes);
  }

  /** What this node pays for the route to `node` over this link. */
  costOver(node: number, costs: CostModel): number {
    return costs.of(this.latencyOver(node), this.lossOver(node), this.bandwidthOver(node), this.hopCount(node));
  }

  /** What that cost is made of, for people. */
  explainCost(node: number, costs: CostModel): string {
    return costs.explain(this.latencyOver(node), this.lossOver(node), this.bandwidthOver(node), this.hopCount(node));
  }

  /** Of the whole route to `node`, this link included; so are the next two. */
  latencyOver(node: number): number {
    return addLatency(this.ribIn.latencyOf(node), this.measure.latency);
  }

  lossOver(node: number): number {
    return addLoss(this.ribIn.lossOf(node), this.measure.loss);
  }

  bandwidthOver(node: number): number {
    return Math.min(this.ribIn.bandwidthOf(node), this.measure.bandwidth);
  }

  /** What the neighbour itself pays for the rest of it. */
  costThere(node: number, costs: CostModel): number {
    const { ribIn } = this;
    return costs.of(ribIn.latencyOf(node), ribIn.lossOf(node), ribIn.bandwidthOf(node), this.hopCount(node) - 1);
  }

  /** Of all that grows with the nodes that are known. */
  get byteLength(): number {
    return this.ribIn.byteLength + this.paths.byteLength + this.ribOut.byteLength + this.inbound.nodes.byteLength;
  }

  pathName(node: number): number {
    return this.paths.name(this.ribIn.pathOf(node));
  }

  /** The links of the path to a node, the one to the neighbour included. */
  hopCount(node: number): number {
    return this.paths.hopCount(this.ribIn.pathOf(node));
  }
}
