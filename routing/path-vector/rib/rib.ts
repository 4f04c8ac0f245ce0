/**
 * @module Rib: every route that is known. An entry is what one neighbour has advertised of one node. Which of them is selected is decided
 * in `best-path.ts` whenever an entry changes. Nothing is advertised to the neighbour that it came from, nor a route that leads through
 * the neighbour (split horizon).
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { KeyIndex } from '../structures/key-index.js';
import { NO_NODE, NodeList, SELF } from '../structures/node-list.js';
import { NO_PATH, PathStore } from '../structures/path-store.js';
import { NO_SERVICES, ServiceSets } from '../structures/service-sets.js';
import { ADVERTISED, createSharedPages, DIRTY } from './adj-rib-out.js';
import type { AdvertisePolicy } from './advertise-policy.js';
import { BestPath } from './best-path.js';
import { type Entry, isBetter, leadsAround } from './entry.js';
import { Flaps } from './flaps.js';
import { LinkList } from './link-list.js';
import { LocRib } from './loc-rib.js';
import { BANDWIDTH_UNKNOWN, CostModel } from './metric.js';
import type { PathVectorSettings } from './options.js';
import { Providers } from './providers.js';
import { RouteLink } from './route-link.js';

/** Tables that all are new would wait for each other without end. */
const FILL_ROUNDS = 5;

/** A node with many links waits longer before it advertises routes over a new one: another round for each so many. Some will not last. */
const CROWD = 128;

export class Rib {
  readonly nodes: NodeList;
  readonly sets: ServiceSets;
  readonly providers: Providers;
  readonly keys: KeyIndex;
  readonly linkList = new LinkList();
  readonly links: readonly RouteLink[] = this.linkList.all;
  /** By number. */
  readonly locRib = new LocRib(this.linkList.slots);
  readonly costs: CostModel;
  round = 1;
  /** Rises with everything that may be news for a neighbour. */
  revision = 0;
  /** Each gets the number of every node about which something is decided anew. */
  readonly watchers = new Set<Set<number>>();
  private readonly flaps = new Flaps();
  /** What was advertised, where it is the same for several links. */
  private readonly pages = createSharedPages();
  private readonly bestPath: BestPath;

  constructor(
    self: NodeId,
    readonly settings: PathVectorSettings,
    readonly policy?: AdvertisePolicy,
  ) {
    this.costs = new CostModel(settings.cost);
    this.nodes = new NodeList(self, settings.nodesMax, (node) => this.forget(node));
    this.sets = new ServiceSets((set) => {
      for (const link of this.links) link.outbound.introducedSets.delete(set);
    });
    this.providers = new Providers(this.sets);
    this.keys = new KeyIndex(this.nodes);
    this.keys.add(SELF);
    this.locRib.fit(this.nodes.end);
    this.bestPath = new BestPath(this);
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
    const link = new RouteLink(connectionId, slot, nodeId, node, this.round, quietRound, paths, this.pages);
    this.linkList.add(link);
    this.locRib.fit(this.nodes.end);
    this.setDirect(link, NO_SERVICES);
    return link;
  }

  removeLink(link: RouteLink): void {
    const { ribIn } = link;
    this.linkList.remove(link);
    this.flaps.down(link.hop.nodeId, this.round);
    ribIn.forEach((node) => {
      this.sets.release(ribIn.servicesOf(node));
      this.locRib.addRoutes(node, -1);
      this.bestPath.wait(node);
      this.bestPath.decide(node, link, false);
    });
    this.linkList.vacate(link);
    for (const node of link.ribOut.find(DIRTY | ADVERTISED)) this.nodes.release(node);
    link.ribOut.clear();
    link.paths.clear();
    this.nodes.release(link.node);
  }

  /** The neighbour itself, over its link. `services` is held for the RIB. */
  setDirect(link: RouteLink, services: number): void {
    const path = link.paths.extend(NO_PATH, link.node);
    const sequence = link.inbound.peerSequence;
    this.setEntry(link, link.node, { path, latency: 0, loss: 0, bandwidth: BANDWIDTH_UNKNOWN, services, sequence, isCurrent: false });
  }

  setEntry(link: RouteLink, node: number, entry: Entry): void {
    const { ribIn, paths } = link;
    const before = ribIn.pathOf(node);
    paths.hold(entry.path);
    if (before !== NO_PATH) {
      paths.release(before);
      this.sets.release(ribIn.servicesOf(node));
    } else this.locRib.addRoutes(node, 1);
    const costBefore = ribIn.costOf(node);
    ribIn.setEntry(node, entry);
    const cost = link.costOver(node, this.costs);
    ribIn.setCost(node, cost);
    if (before !== NO_PATH && before !== entry.path && cost > costBefore) this.bestPath.wait(node);
    this.bestPath.decide(node, link, true);
  }

  clearEntry(link: RouteLink, node: number): void {
    const { ribIn, paths } = link;
    const path = ribIn.pathOf(node);
    if (path === NO_PATH) return;
    this.nodes.hold(node);
    const services = ribIn.servicesOf(node);
    ribIn.clearEntry(node);
    this.locRib.addRoutes(node, -1);
    paths.release(path);
    this.sets.release(services);
    this.bestPath.wait(node);
    this.bestPath.decide(node, link, true);
    this.nodes.release(node);
  }

  /** The link's metric has changed. */
  recost(link: RouteLink): void {
    link.ribIn.forEach((node) => {
      link.ribIn.setCost(node, link.costOver(node, this.costs));
      this.bestPath.decide(node, link, false);
    });
  }

  /** From now on the routes over this link are advertised, if it is time. Whether this has begun. */
  announce(link: RouteLink): boolean {
    const isTime = this.round >= link.quietRound && (link.measure.isKnown || this.round > link.upRound + 1);
    if (link.isAnnounced || !isTime) return false;
    link.isAnnounced = true;
    link.ribIn.forEach((node) => {
      this.bestPath.mark(node, true);
    });
    return true;
  }

  /** A new round: what waited long enough is settled. */
  advance(): void {
    this.round++;
    for (const link of this.links) this.announce(link);
    this.bestPath.advance();
  }

  /**
   * Whether a session on the link may be complete: what others have to send may be missing in it until their first sessions are. In its first
   * rounds a new table waits for them, because a complete session makes void what the neighbour knew of the table before it.
   */
  isFilledBeside(link: RouteLink): boolean {
    if (this.round > FILL_ROUNDS) return true;
    return this.links.every((other) => other === link || other.inbound.isSettled || this.linkList.to(other.node) !== other);
  }

  /** Number of a node that a neighbour advertises, or `NO_NODE`; to be held at once. */
  learn(id: NodeId, link: RouteLink): number {
    const node = this.nodes.learn(id, link);
    if (node !== NO_NODE) this.locRib.fit(this.nodes.end);
    return node;
  }

  /** The link to take for what came over `from`. Mostly the selected route was advertised to its neighbour, and so leads around it. */
  routeFrom(node: number, from: RouteLink): RouteLink | undefined {
    return from.isAdvertised(node, this.locRib.pathNameOf(node)) ? this.locRib.linkOf(node) : this.routeAround(node, from.node);
  }

  /** The link to take for what came from `peer`: the cheapest route that does not lead through it. */
  routeAround(node: number, peer: number, isToAdvertise = false): RouteLink | undefined {
    const taken = this.locRib.linkOf(node);
    if (taken === undefined || leadsAround(taken, node, peer, isToAdvertise)) return taken;
    if (this.locRib.routeCountOf(node) < 2) return undefined;
    return this.bestOf(node, (link) => leadsAround(link, node, peer, isToAdvertise));
  }

  /** The link to take with another next hop than `peer`, which the rest of the route may pass. */
  routeBeside(node: number, peer: number): RouteLink | undefined {
    return this.bestOf(node, (link) => link.node !== peer);
  }

  private bestOf(node: number, isAccepted: (link: RouteLink) => boolean): RouteLink | undefined {
    let best: RouteLink | undefined;
    for (const link of this.links) {
      if (link.ribIn.pathOf(node) === NO_PATH || !isAccepted(link)) continue;
      if (best === undefined || isBetter(link, best, node)) best = link;
    }
    return best;
  }

  /** Whether the route over `link` may be advertised where it was not before. */
  isSettled(node: number, link: RouteLink): boolean {
    const { locRib } = this;
    return !locRib.isHeldDown(node) && (link === locRib.linkOf(node) || locRib.dueRoundOf(node) === 0);
  }

  /** The number is free: it may mean another node next. */
  private forget(node: number): void {
    this.locRib.clear(node);
    for (const link of this.links) {
      link.ribOut.forget(node);
      link.inbound.nodes.forget(node, this.nodes.idOf(node));
    }
  }
}
