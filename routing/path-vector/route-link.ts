/**
 * @module RouteLink: one link as the path-vector table sees it: its metric, what its neighbour told, what the neighbour was told, and
 * where both conversations stand. It decides nothing.
 */
import type { NodeId } from '../../core/address/node-id.js';
import type { NextHop } from '../../core/api/router-table.js';
import type { NextAction } from '../neighbours.js';
import { Columns } from './columns.js';
import { HeardNodes } from './heard-nodes.js';
import { addLatency, addLoss, type CostModel, LinkMeasure } from './metric.js';
import type { Introducer, NodeList } from './node-list.js';
import type { PathStore } from './path-store.js';
import { DIRTY, POSTPONED, TOLD, ToldNodes } from './told-nodes.js';

/** The rounds between asking for a session for the first and the second time, and at most. */
const ASK_ROUNDS = 2;
const ASK_ROUNDS_MAX = 512;

/**
 * In one round all neighbours together are told of so many nodes for the first time, each of a fair share, but of `SHARE_MIN` at least.
 * News of what is known or gone have no bound: they are few. Without it a node with a thousand neighbours would do nothing but introduce
 * them to each other.
 */
const INTRODUCTIONS_PER_ROUND = 16_384;
const SHARE_MIN = 16;

/** What this node says to the neighbour. A session begins with everything; after that it has what changed. */
export class Speech {
  /** The neighbour has said which session it heard last, perhaps of another table of this node: the first one here is newer. */
  isHeard = false;
  isBegun = false;
  /** The full part of the session is not said to its end. */
  isFull = false;
  session = 0;
  /** Syncs of this session so far. */
  sequence = 0;
  /** The sum of the names of all that was told. */
  digest = 0;
  /** The head of the next sync has something new, if nothing else has. */
  isHeadNew = false;
  begunRound = 0;
  saidRound = 0;
  /** Rounds of this link; the table's own go on with the fastest. */
  round = 0;
  /** Nodes with the bit `DIRTY`, in the order of becoming so. */
  dirty: number[] = [];
  /** How many others have it, and the bit `POSTPONED`: the neighbour was never told of them, and hears of them in later rounds. */
  postponedCount = 0;
  /** Nodes that the neighbour may be told of for the first time, in that round. */
  introductionsLeft = 0;
  introductionsRound = 0;
  /** Lists of services that the neighbour knows by number. */
  readonly introducedSets = new Set<number>();

  /** The round's share, one of `linkCount`; what is left of an earlier one lapses. */
  renewShare(round: number, linkCount: number): void {
    if (this.introductionsRound === round) return;
    this.introductionsRound = round;
    this.introductionsLeft = Math.max(SHARE_MIN, Math.floor(INTRODUCTIONS_PER_ROUND / linkCount));
  }
}

/** What the neighbour says. */
export class Hearing {
  /** The last session that was heard of; 0: none. */
  session = 0;
  /** What the next sync has to be numbered. */
  sequence = 0;
  digest = 0;
  /** Something of this session found no room or was no path: its digest says nothing. */
  isPartial = false;
  /** Something of this session found no room, or was too far away. */
  isBounded = false;
  /** This session was received to its end. */
  isWhole = false;
  /** Some session was, or the neighbour has nothing to tell. */
  isSettled = false;
  /** The neighbour is to begin a new session. */
  isWanted = true;
  /** Not asked before this round. */
  askRound = 0;
  /** The neighbour's own sequence number. */
  peerSequence = 0;
  /** Whom the neighbour's numbers mean, and which lists of services. */
  readonly nodes = new HeardNodes();
  sets: (readonly number[] | undefined)[] = [];
  private askGap = ASK_ROUNDS;

  /** The gap grows with every time that asking did not help. */
  asked(round: number): void {
    this.askRound = round + this.askGap;
    this.askGap = Math.min(this.askGap * 2, ASK_ROUNDS_MAX);
  }

  /** A session was heard to its end, and its digest is right. */
  settled(): void {
    this.askGap = ASK_ROUNDS;
  }
}

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
