/**
 * @module RouteLink: one link as the path-vector table sees it: its metric, what its neighbour told, what the neighbour was told, and
 * where both conversations stand. It decides nothing.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import type { NextHop } from '../../../core/api/router-table.js';
import type { NextAction } from '../../links/neighbours.js';
import type { Introducer, NodeList } from '../structures/node-list.js';
import type { PathStore } from '../structures/path-store.js';
import { Columns } from './adj-rib-in.js';
import { DIRTY, POSTPONED, TOLD, ToldNodes } from './adj-rib-out.js';
import { addLatency, addLoss, type CostModel, LinkMeasure } from './metric.js';
import { Hearing, Speech } from './sessions.js';

export class RouteLink implements Introducer {
  readonly hop: NextHop;
  readonly action: NextAction;
  readonly measure = new LinkMeasure();
  readonly columns = new Columns();
  readonly told = new ToldNodes();
  readonly speech = new Speech();
  readonly hearing = new Hearing();
  introducedCount = 0;
  /** Whether others are told of ways over this link: from its first round trip on, or from the second round after it came up. */
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
  ) {
    this.hop = Object.freeze({ connectionId, nodeId });
    this.action = Object.freeze({ type: 'next', connectionId, nodeId });
    this.speech.round = upRound - 1;
  }

  /** Whether the neighbour was told of that path to the node, by its name. */
  isTold(node: number, pathName: number): boolean {
    return this.told.isTold(node, pathName);
  }

  /** What was told of the node may not be true any more. */
  mark(node: number, nodes: NodeList): void {
    const flags = this.told.flagsOf(node);
    if ((flags & DIRTY) !== 0) return;
    if ((flags & TOLD) === 0) nodes.hold(node);
    this.told.setFlags(node, flags | DIRTY);
    this.speech.dirty.push(node);
  }

  /** The neighbour was never told of the node, and hears of it when there is a share for it. */
  postpone(node: number, nodes: NodeList): void {
    const flags = this.told.flagsOf(node);
    if ((flags & DIRTY) === 0) nodes.hold(node);
    this.told.setFlags(node, flags | DIRTY | POSTPONED);
    this.speech.postponedCount++;
  }

  /** Postponed nodes that have a share now wait no longer. */
  resume(): void {
    const { speech, told } = this;
    if (speech.postponedCount === 0 || speech.introductionsLeft === 0) return;
    const nodes = told.find(POSTPONED, speech.introductionsLeft);
    for (const node of nodes) told.setFlags(node, told.flagsOf(node) & ~POSTPONED);
    speech.postponedCount -= nodes.length;
    speech.dirty.push(...nodes);
  }

  /** What this node pays for the way to `node` over this link. */
  costOver(node: number, costs: CostModel): number {
    const { columns, measure } = this;
    const bandwidth = Math.min(columns.bandwidthOf(node), measure.bandwidth);
    const latency = addLatency(columns.latencyOf(node), measure.latency);
    return costs.of(latency, addLoss(columns.lossOf(node), measure.loss), bandwidth, this.hopCount(node));
  }

  /** What the neighbour itself pays for the rest of it. */
  costThere(node: number, costs: CostModel): number {
    const { columns } = this;
    return costs.of(columns.latencyOf(node), columns.lossOf(node), columns.bandwidthOf(node), this.hopCount(node) - 1);
  }

  /** Of all that grows with the nodes that are known. */
  get byteLength(): number {
    return this.columns.byteLength + this.paths.byteLength + this.told.byteLength + this.hearing.nodes.byteLength;
  }

  pathName(node: number): number {
    return this.paths.name(this.columns.pathOf(node));
  }

  /** The links of the path to a node, the one to the neighbour included. */
  hopCount(node: number): number {
    return this.paths.hopCount(this.columns.pathOf(node));
  }
}
