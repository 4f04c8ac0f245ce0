/**
 * @module RouteBook: every way that is known. An entry is what one neighbour told of one node. Which of them is taken is decided in
 * `way-choice.ts` whenever an entry changes. Nothing that a neighbour told is given back to it, nor is a way that leads through it
 * (split horizon).
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { KeyIndex } from '../structures/key-index.js';
import { NO_NODE, NodeList, SELF } from '../structures/node-list.js';
import { NO_PATH, PathStore } from '../structures/path-store.js';
import { NO_SERVICES, ServiceSets } from '../structures/service-sets.js';
import { DIRTY, TOLD } from './adj-rib-out.js';
import type { SpeechPolicy } from './advertise-policy.js';
import { WayChoice } from './best-path.js';
import { type Entry, isBetter, leadsAround } from './entry.js';
import { Flaps } from './flaps.js';
import { LinkList } from './link-list.js';
import { NodeStates } from './loc-rib.js';
import { BANDWIDTH_UNKNOWN, CostModel } from './metric.js';
import type { PathVectorSettings } from './options.js';
import { Providers } from './providers.js';
import { RouteLink } from './route-link.js';

/** A node with many links waits longer before it tells of a new one: another round for each so many. Some of them will not last. */
const CROWD = 128;

export class RouteBook {
  readonly nodes: NodeList;
  readonly sets: ServiceSets;
  readonly providers: Providers;
  readonly keys: KeyIndex;
  readonly linkList = new LinkList();
  readonly links: readonly RouteLink[] = this.linkList.all;
  /** By number. */
  readonly states = new NodeStates(this.linkList.slots);
  readonly costs: CostModel;
  round = 1;
  /** Each gets the number of every node about which something is decided anew. */
  readonly watchers = new Set<Set<number>>();
  private readonly flaps = new Flaps();
  private readonly choice: WayChoice;

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
    this.states.fit(this.nodes.end);
    this.choice = new WayChoice(this);
  }

  /** `undefined`: there are no numbers for more nodes. */
  addLink(connectionId: number, nodeId: NodeId): RouteLink | undefined {
    const node = this.nodes.neighbour(nodeId);
    if (node === NO_NODE) return undefined;
    this.nodes.hold(node);
    const quietRounds = Math.max(this.flaps.quietRounds(nodeId, this.round), Math.floor(this.links.length / CROWD));
    const quietRound = this.round + quietRounds;
    const slot = this.linkList.freeSlot();
    const paths = new PathStore(this.nodes, this.settings.pathsMax);
    const link = new RouteLink(connectionId, slot, nodeId, node, this.round, quietRound, paths);
    this.linkList.add(link);
    this.states.fit(this.nodes.end);
    this.setDirect(link, NO_SERVICES);
    return link;
  }

  removeLink(link: RouteLink): void {
    const { columns } = link;
    this.linkList.remove(link);
    this.flaps.down(link.hop.nodeId, this.round);
    columns.forEach((node) => {
      this.sets.release(columns.servicesOf(node));
      this.states.addWays(node, -1);
      this.choice.wait(node);
      this.choice.decide(node, link, false);
    });
    this.linkList.vacate(link);
    for (const node of link.told.find(DIRTY | TOLD)) this.nodes.release(node);
    link.paths.clear();
    this.nodes.release(link.node);
  }

  /** The neighbour itself, over its link. `services` is held for the book. */
  setDirect(link: RouteLink, services: number): void {
    const path = link.paths.extend(NO_PATH, link.node);
    const sequence = link.hearing.peerSequence;
    this.setEntry(link, link.node, { path, latency: 0, loss: 0, bandwidth: BANDWIDTH_UNKNOWN, services, sequence, isCurrent: false });
  }

  setEntry(link: RouteLink, node: number, entry: Entry): void {
    const { columns, paths } = link;
    const before = columns.pathOf(node);
    paths.hold(entry.path);
    if (before !== NO_PATH) {
      paths.release(before);
      this.sets.release(columns.servicesOf(node));
    } else this.states.addWays(node, 1);
    const costBefore = columns.costOf(node);
    columns.setEntry(node, entry);
    const cost = link.costOver(node, this.costs);
    columns.setCost(node, cost);
    if (before !== NO_PATH && before !== entry.path && cost > costBefore) this.choice.wait(node);
    this.choice.decide(node, link, true);
  }

  clearEntry(link: RouteLink, node: number): void {
    const { columns, paths } = link;
    const path = columns.pathOf(node);
    if (path === NO_PATH) return;
    this.nodes.hold(node);
    const services = columns.servicesOf(node);
    columns.clearEntry(node);
    this.states.addWays(node, -1);
    paths.release(path);
    this.sets.release(services);
    this.choice.wait(node);
    this.choice.decide(node, link, true);
    this.nodes.release(node);
  }

  /** The link's metric has changed. */
  recost(link: RouteLink): void {
    link.columns.forEach((node) => {
      link.columns.setCost(node, link.costOver(node, this.costs));
      this.choice.decide(node, link, false);
    });
  }

  /** From now on others are told of the ways over this link, if it is time. */
  announce(link: RouteLink): void {
    const isTime = this.round >= link.quietRound && (link.measure.isKnown || this.round > link.upRound + 1);
    if (link.isAnnounced || !isTime) return;
    link.isAnnounced = true;
    link.columns.forEach((node) => {
      this.choice.mark(node, true);
    });
  }

  /** A new round: what waited long enough is settled. */
  advance(): void {
    this.round++;
    for (const link of this.links) this.announce(link);
    this.choice.advance();
  }

  /** Number of a node that a neighbour told of, or `NO_NODE`; to be held at once. */
  learn(id: NodeId, link: RouteLink): number {
    const node = this.nodes.learn(id, link);
    if (node !== NO_NODE) this.states.fit(this.nodes.end);
    return node;
  }

  /** The link to take for what came over `from`. Mostly its neighbour was told of the way that is taken, which then leads around it. */
  wayFrom(node: number, from: RouteLink): RouteLink | undefined {
    return from.isTold(node, this.states.pathNameOf(node)) ? this.states.linkOf(node) : this.wayAround(node, from.node);
  }

  /** The link to take for what came from `peer`: the cheapest way that does not lead through it. */
  wayAround(node: number, peer: number, isToTell = false): RouteLink | undefined {
    const taken = this.states.linkOf(node);
    if (taken === undefined || leadsAround(taken, node, peer, isToTell)) return taken;
    if (this.states.wayCountOf(node) < 2) return undefined;
    let best: RouteLink | undefined;
    for (const link of this.links) {
      if (link.columns.pathOf(node) === NO_PATH || !leadsAround(link, node, peer, isToTell)) continue;
      if (best === undefined || isBetter(link, best, node)) best = link;
    }
    return best;
  }

  /** Whether the way over `link` may be told to somebody who was not told of it before. */
  isSettled(node: number, link: RouteLink): boolean {
    const { states } = this;
    return !states.isHeld(node) && (link === states.linkOf(node) || states.dueRoundOf(node) === 0);
  }

  /** The number is free: it may mean another node next. */
  private forget(node: number): void {
    this.states.clear(node);
    for (const link of this.links) {
      link.told.forget(node);
      link.hearing.nodes.forget(node, this.nodes.idOf(node));
    }
  }
}
