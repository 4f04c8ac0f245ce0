/**
 * @module RouteBook: every way that is known, and which one is taken. An entry is what one neighbour told of one node. For each node
 * the cheapest entry is taken, with one exception, which keeps news that are already false from going round (H-27):
 *
 * - Whoever loses its way falls back at once on another entry that is *feasible*: the neighbour's own cost is below the `floor`, the
 *   least cost that this node had in the last rounds, or the node's sequence number is newer than that of the lost way. Such a
 *   neighbour cannot have depended on this node. This is the condition of DSDV (Perkins and Bhagwat, 1994) and Babel (RFC 8966, 3.5.1).
 * - If only others are left, this node uses the cheapest of them for what it sends, but tells nobody: what its neighbours were told is
 *   withdrawn at once (poison), and the node is *held* for two rounds, in which the withdrawal overtakes what is false (compare "ghost
 *   flushing", Bremler-Barr, Afek and Schwarz, 2003). Then the floor is forgotten. Babel asks the origin for a new sequence number
 *   here; a path vector can wait instead, because paths that go in a circle are never taken.
 *
 * Nothing that a neighbour told is given back to it, nor is a way that leads through it (split horizon).
 */
import type { NodeId } from '../../core/node-id.js';
import { Flaps } from './flaps.js';
import { KeyIndex } from './key-index.js';
import { LinkList } from './link-list.js';
import { BANDWIDTH_UNKNOWN, COST_NONE, CostModel } from './metric.js';
import { NO_NODE, NodeList, SELF } from './node-list.js';
import { type Entry, isBetter, isNewer, leadsAround, NodeState } from './node-state.js';
import type { PathVectorSettings } from './options.js';
import { NO_PATH, PathStore } from './path-store.js';
import { Providers } from './providers.js';
import { RouteLink } from './route-link.js';
import { NO_SERVICES, ServiceSets } from './service-sets.js';
import type { SpeechPolicy } from './speech-policy.js';
import { DIRTY, TOLD } from './told-nodes.js';

/** A node with many links waits longer before it tells of a new one: another round for each so many. Some of them will not last. */
const CROWD = 128;
/** Rounds in which a way that may be false is told to nobody. */
const HELD_ROUNDS = 2;

export class RouteBook {
  readonly nodes: NodeList;
  readonly sets: ServiceSets;
  readonly providers: Providers;
  readonly keys: KeyIndex;
  readonly linkList = new LinkList();
  readonly links: readonly RouteLink[] = this.linkList.all;
  /** By number. */
  readonly states: NodeState[] = [];
  round = 1;
  /** Each gets the number of every node about which something is decided anew. */
  readonly watchers = new Set<Set<number>>();
  private readonly costs: CostModel;
  private readonly flaps = new Flaps();
  /** Nodes with a `dueRound`, held while they are here. */
  private waiting: number[] = [];

  constructor(
    self: NodeId,
    readonly settings: PathVectorSettings,
    readonly policy?: SpeechPolicy,
  ) {
    this.costs = new CostModel(settings.cost);
    this.nodes = new NodeList(self, settings.nodesMax, (node) => this.forget(node));
    this.sets = new ServiceSets((set) => {
      for (const link of this.links) link.speech.introducedSets.delete(set);
    });
    this.providers = new Providers(this.sets);
    this.keys = new KeyIndex(this.nodes);
    this.keys.add(SELF);
    this.fit();
  }

  addLink(connectionId: number, nodeId: NodeId): RouteLink {
    const node = this.nodes.neighbour(nodeId);
    this.nodes.hold(node);
    const quietRounds = Math.max(this.flaps.quietRounds(nodeId, this.round), Math.floor(this.links.length / CROWD));
    const quietRound = this.round + quietRounds;
    const link = new RouteLink(connectionId, nodeId, node, this.round, quietRound, new PathStore(this.nodes, this.settings.pathsMax));
    this.linkList.add(link);
    this.fit();
    this.setDirect(link, NO_SERVICES);
    return link;
  }

  removeLink(link: RouteLink): void {
    const { columns } = link;
    this.linkList.remove(link);
    this.flaps.down(link.hop.nodeId, this.round);
    columns.forEach((node) => {
      this.sets.release(columns.servicesOf(node));
      (this.states[node] as NodeState).wayCount--;
      this.wait(node);
      this.decide(node, link, false);
    });
    for (const node of link.told.find(DIRTY | TOLD)) this.nodes.release(node);
    link.paths.clear();
    this.nodes.release(link.node);
  }

  /** The neighbour itself, over its link. `services` is held for the book. */
  setDirect(link: RouteLink, services: number): void {
    const path = link.paths.extend(NO_PATH, link.node);
    const sequence = link.hearing.peerSequence;
    this.setEntry(link, link.node, { path, latency: 0, loss: 0, bandwidth: BANDWIDTH_UNKNOWN, services, sequence, session: 0 });
  }

  setEntry(link: RouteLink, node: number, entry: Entry): void {
    const { columns, paths } = link;
    const before = columns.pathOf(node);
    paths.hold(entry.path);
    if (before !== NO_PATH) {
      paths.release(before);
      this.sets.release(columns.servicesOf(node));
    } else (this.states[node] as NodeState).wayCount++;
    const costBefore = columns.costOf(node);
    columns.setEntry(node, entry);
    const cost = link.costOver(node, this.costs);
    columns.setCost(node, cost);
    if (before !== NO_PATH && before !== entry.path && cost > costBefore) this.wait(node);
    this.decide(node, link, true);
  }

  clearEntry(link: RouteLink, node: number): void {
    const { columns, paths } = link;
    const path = columns.pathOf(node);
    if (path === NO_PATH) return;
    this.nodes.hold(node);
    const services = columns.servicesOf(node);
    columns.clearEntry(node);
    (this.states[node] as NodeState).wayCount--;
    paths.release(path);
    this.sets.release(services);
    this.wait(node);
    this.decide(node, link, true);
    this.nodes.release(node);
  }

  /** The link's metric has changed. */
  recost(link: RouteLink): void {
    link.columns.forEach((node) => {
      link.columns.setCost(node, link.costOver(node, this.costs));
      this.decide(node, link, false);
    });
  }

  /** From now on others are told of the ways over this link, if it is time. */
  announce(link: RouteLink): void {
    const isTime = this.round >= link.quietRound && (link.measure.isKnown || this.round > link.upRound + 1);
    if (link.isAnnounced || !isTime) return;
    link.isAnnounced = true;
    link.columns.forEach((node) => {
      this.mark(node, true);
    });
  }

  /** A new round: what waited long enough is settled. */
  advance(): void {
    this.round++;
    for (const link of this.links) this.announce(link);
    const waiting = this.waiting;
    this.waiting = [];
    for (const node of waiting) {
      if ((this.states[node] as NodeState).dueRound > this.round) this.waiting.push(node);
      else this.expire(node);
    }
  }

  /** Number of a node that a neighbour told of, or `NO_NODE`; to be held at once. */
  learn(id: NodeId, link: RouteLink): number {
    const node = this.nodes.learn(id, link);
    if (node !== NO_NODE) this.fit();
    return node;
  }

  /** The link to take for what came over `from`. Mostly its neighbour was told of the way that is taken, which then leads around it. */
  wayFrom(node: number, from: RouteLink): RouteLink | undefined {
    const { link, pathName } = this.states[node] as NodeState;
    return from.isTold(node, pathName) ? link : this.wayAround(node, from.node);
  }

  /** The link to take for what came from `peer`: the cheapest way that does not lead through it. */
  wayAround(node: number, peer: number, isToTell = false): RouteLink | undefined {
    const { link: taken, wayCount } = this.states[node] as NodeState;
    if (taken === undefined || leadsAround(taken, node, peer, isToTell)) return taken;
    if (wayCount < 2) return undefined;
    let best: RouteLink | undefined;
    for (const link of this.links) {
      if (link.columns.pathOf(node) === NO_PATH || !leadsAround(link, node, peer, isToTell)) continue;
      if (best === undefined || isBetter(link, best, node)) best = link;
    }
    return best;
  }

  /** Whether the way over `link` may be told to somebody who was not told of it before. */
  isSettled(node: number, link: RouteLink): boolean {
    const { link: taken, isHeld, dueRound } = this.states[node] as NodeState;
    return !isHeld && (link === taken || dueRound === 0);
  }

  /**
   * Takes the best entry. `changed`: the link whose entry is another one now; if it is `fresh`, it was told just now, while all others
   * may have become false meanwhile.
   */
  private decide(node: number, changed: RouteLink | undefined, isFresh: boolean): void {
    const state = this.states[node] as NodeState;
    const { link: before } = state;
    const fresh = isFresh ? changed : undefined;
    let any: RouteLink | undefined;
    let sound: RouteLink | undefined;
    for (const link of this.links) {
      if (link.columns.pathOf(node) === NO_PATH) continue;
      if (any === undefined || isBetter(link, any, node)) any = link;
      const isCandidate = sound === undefined || isBetter(link, sound, node);
      if (isCandidate && this.isSound(link, node, state, fresh)) sound = link;
    }
    if (sound !== undefined) this.settle(sound, node, state);
    else if (state.floor !== COST_NONE) this.suspect(node, state);
    const taken = sound ?? any;
    this.take(taken, node, state);
    this.mark(node, taken !== before || taken === changed);
    for (const watcher of this.watchers) watcher.add(node);
  }

  /** While the node is held even what is told just now may be false. */
  private isSound(link: RouteLink, node: number, state: NodeState, fresh: RouteLink | undefined): boolean {
    if (state.floor === COST_NONE || (!state.isHeld && (link === fresh || link === state.link))) return true;
    return isNewer(link.columns.sequenceOf(node), state.sequence) || link.costThere(node, this.costs) < state.floor;
  }

  private settle(link: RouteLink, node: number, state: NodeState): void {
    const cost = link.columns.costOf(node);
    const sequence = link.columns.sequenceOf(node);
    state.isHeld = false;
    if (state.floor === COST_NONE || isNewer(sequence, state.sequence)) {
      state.sequence = sequence;
      state.floor = cost;
    } else if (cost < state.floor) state.floor = cost;
    else if (cost > state.floor) this.wait(node);
  }

  private suspect(node: number, state: NodeState): void {
    if (state.isHeld) return;
    state.isHeld = true;
    if (state.dueRound !== 0) state.dueRound = this.round + HELD_ROUNDS;
    else this.wait(node);
  }

  private take(link: RouteLink | undefined, node: number, state: NodeState): void {
    const pathName = link?.pathName(node) ?? 0;
    if (link !== state.link || pathName !== state.pathName) state.sinceRound = this.round;
    if (link === undefined && state.link !== undefined) this.keys.remove(node);
    if (link !== undefined && state.link === undefined) this.keys.add(node);
    state.link = link;
    state.pathName = pathName;
    const services = link === undefined ? NO_SERVICES : link.columns.servicesOf(node);
    this.sets.hold(services);
    this.providers.update(node, state.services, services);
    this.sets.release(state.services);
    state.services = services;
  }

  /** Everybody may have to be told; if the way that is taken is the same, those who were told of that one need not. */
  private mark(node: number, isWayNew: boolean): void {
    const { pathName } = this.states[node] as NodeState;
    for (const link of this.links) {
      if (link.node === node || !link.speech.isBegun || (!isWayNew && link.isTold(node, pathName))) continue;
      link.mark(node, this.nodes);
    }
  }

  /** At the bound, which nodes come to when nobody asks for syncs, the oldest waits no longer. */
  private wait(node: number): void {
    const state = this.states[node] as NodeState;
    if (state.dueRound !== 0) return;
    state.dueRound = this.round + HELD_ROUNDS;
    this.nodes.hold(node);
    this.waiting.push(node);
    if (this.waiting.length > this.settings.nodesMax) this.expire(this.waiting.shift() as number);
  }

  private expire(node: number): void {
    const state = this.states[node] as NodeState;
    state.dueRound = 0;
    state.isHeld = false;
    state.floor = state.link === undefined ? COST_NONE : state.link.columns.costOf(node);
    if (state.link !== undefined) state.sequence = state.link.columns.sequenceOf(node);
    this.decide(node, undefined, false);
    this.nodes.release(node);
  }

  /** Room for every number. */
  private fit(): void {
    const { end } = this.nodes;
    while (this.states.length < end) this.states.push(new NodeState());
  }

  /** The number is free: it may mean another node next. */
  private forget(node: number): void {
    this.states[node] = new NodeState();
    for (const link of this.links) link.told.forget(node);
  }
}
