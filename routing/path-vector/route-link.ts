/**
 * @module RouteLink: one link as the path-vector table sees it: its metric, what its neighbour told, what the neighbour was told, and
 * where both conversations stand. It decides nothing.
 */
import type { NodeId } from '../../core/node-id.js';
import type { NextHop } from '../../core/router-table.js';
import type { NextAction } from '../neighbours.js';
import { Columns, DIRTY, TOLD } from './columns.js';
import { addLatency, addLoss, type CostModel, LinkMeasure } from './metric.js';
import type { Introducer, NodeList } from './node-list.js';
import type { PathStore } from './path-store.js';

/** The rounds between asking for a session for the first and the second time, and at most. */
const ASK_ROUNDS = 2;
const ASK_ROUNDS_MAX = 512;

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
  /** Lists of services that the neighbour knows by number. */
  readonly introducedSets = new Set<number>();
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
  /** The neighbour is to begin a new session. */
  isWanted = true;
  /** Not asked before this round. */
  askRound = 0;
  /** The neighbour's own sequence number. */
  peerSequence = 0;
  /** Whom the neighbour's numbers mean, and which lists of services. */
  nodes: (NodeId | undefined)[] = [];
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
  readonly speech = new Speech();
  readonly hearing = new Hearing();
  introducedCount = 0;
  /** Whether others are told of ways over this link: from its first round trip on, or from the second round after it came up. */
  isAnnounced = false;

  constructor(
    readonly connectionId: number,
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
    const { out, toldPath } = this.columns;
    return ((out[node] as number) & TOLD) !== 0 && toldPath[node] === pathName;
  }

  /** What was told of the node may not be true any more. */
  mark(node: number, nodes: NodeList): void {
    const { out } = this.columns;
    const flags = out[node] as number;
    if ((flags & DIRTY) !== 0) return;
    if ((flags & TOLD) === 0) nodes.hold(node);
    out[node] = flags | DIRTY;
    this.speech.dirty.push(node);
  }

  /** What this node pays for the way to `node` over this link. */
  costOver(node: number, costs: CostModel): number {
    const { columns, measure } = this;
    const bandwidth = Math.min(columns.bandwidth[node] as number, measure.bandwidth);
    const latency = addLatency(columns.latency[node] as number, measure.latency);
    return costs.of(latency, addLoss(columns.loss[node] as number, measure.loss), bandwidth, this.hopCount(node));
  }

  /** What the neighbour itself pays for the rest of it. */
  costThere(node: number, costs: CostModel): number {
    const { latency, loss, bandwidth } = this.columns;
    return costs.of(latency[node] as number, loss[node] as number, bandwidth[node] as number, this.hopCount(node) - 1);
  }

  pathName(node: number): number {
    return this.paths.name(this.columns.path[node] as number);
  }

  /** The links of the path to a node, the one to the neighbour included. */
  hopCount(node: number): number {
    return this.paths.hopCount(this.columns.path[node] as number);
  }
}
