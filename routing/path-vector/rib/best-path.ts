/**
 * @module BestPath: which route is selected for each node, and to which neighbours it may have to be advertised. For each node the cheapest
 * entry is selected, with one exception, which keeps updates that are already false from going round:
 *
 * - A node that loses its route falls back at once on another entry that is *feasible*: the neighbour's own cost is below the
 *   feasibility distance, the least cost that this node had in the last rounds, or the node's sequence number is newer than that of the
 *   lost route. Such a neighbour cannot have depended on this node. This is the condition of DSDV (Perkins and Bhagwat, 1994) and Babel
 *   (RFC 8966, 3.5.1).
 * - If only others are left, this node uses the cheapest of them for what it sends, but does not advertise it: what it has advertised is
 *   withdrawn at once (poison), and the node is in *hold-down* for two rounds, in which the withdrawal overtakes what is false (compare
 *   "ghost flushing", Bremler-Barr, Afek and Schwarz, 2003). Then the feasibility distance is forgotten. Babel asks the origin for a new
 *   sequence number here; a path vector can wait instead, because paths that go in a circle are never taken.
 */

import { NO_PATH } from '../structures/path-store.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import { isBetter, isNewer } from './entry.js';
import { COST_NONE } from './metric.js';
import type { Rib } from './rib.js';
import type { RouteLink } from './route-link.js';

/** Rounds in which a route that may be false is not advertised. */
const HOLD_DOWN_ROUNDS = 2;

export class BestPath {
  /** Nodes with a `dueRound`; their numbers are held while they are here. */
  private waiting: number[] = [];

  constructor(private readonly rib: Rib) {}

  /**
   * Selects the best entry. `changed`: the link whose entry is another one now; if it is `fresh`, it came just now, while all others may
   * have become false meanwhile.
   */
  decide(node: number, changed: RouteLink | undefined, isFresh: boolean): void {
    const { locRib } = this.rib;
    const before = locRib.linkOf(node);
    if (before !== undefined && changed !== undefined && this.isBeside(changed, before, node)) this.markDetours(before, node);
    else this.decideAmongAll(node, before, changed, isFresh);
    for (const watcher of this.rib.watchers) watcher.add(node);
  }

  /** An update may be due to every neighbour; if the selected path is the same, not to those to which it was advertised. */
  mark(node: number, isWayNew: boolean): void {
    const pathName = this.rib.locRib.pathNameOf(node);
    for (const link of this.rib.links) {
      if (link.node === node || !link.outbound.isBegun || (!isWayNew && link.isAdvertised(node, pathName))) continue;
      link.mark(node, this.rib.nodes);
    }
  }

  /** At the bound, which is reached when nobody asks for syncs, the oldest waits no longer. */
  wait(node: number): void {
    const { locRib } = this.rib;
    if (locRib.dueRoundOf(node) !== 0) return;
    locRib.setDueRound(node, this.rib.round + HOLD_DOWN_ROUNDS);
    this.rib.nodes.hold(node);
    this.waiting.push(node);
    if (this.waiting.length > this.rib.settings.nodesMax) this.expire(this.waiting.shift() as number);
  }

  /** A new round: what waited long enough is settled. */
  advance(): void {
    const { rib, waiting } = this;
    this.waiting = [];
    for (const node of waiting) {
      if (rib.locRib.dueRoundOf(node) > rib.round) this.waiting.push(node);
      else this.expire(node);
    }
  }

  /** The entry that changed, or is gone, cannot be the best: nothing is decided anew. */
  private isBeside(changed: RouteLink, taken: RouteLink, node: number): boolean {
    if (changed === taken || this.rib.locRib.isHeldDown(node) || this.rib.locRib.isContested(node)) return false;
    return changed.ribIn.pathOf(node) === NO_PATH || isBetter(taken, changed, node);
  }

  /** As `mark`, where nothing is decided anew: other routes than the selected one are advertised to those only through whom that one leads. */
  private markDetours(taken: RouteLink, node: number): void {
    if (!taken.isAnnounced) return this.mark(node, false);
    const { paths, ribIn } = taken;
    for (let path = ribIn.pathOf(node); path !== NO_PATH; path = paths.parent(path)) {
      const link = this.rib.linkList.to(paths.lastHop(path));
      if (link !== undefined && link.node !== node && link.outbound.isBegun) link.mark(node, this.rib.nodes);
    }
  }

  private decideAmongAll(node: number, before: RouteLink | undefined, changed: RouteLink | undefined, isFresh: boolean): void {
    const { locRib } = this.rib;
    const fresh = isFresh ? changed : undefined;
    let any: RouteLink | undefined;
    let sound: RouteLink | undefined;
    for (const link of this.rib.links) {
      if (link.ribIn.pathOf(node) === NO_PATH) continue;
      if (any === undefined || isBetter(link, any, node)) any = link;
      const isCandidate = sound === undefined || isBetter(link, sound, node);
      if (isCandidate && this.isSound(link, node, fresh)) sound = link;
    }
    if (sound !== undefined) this.settle(sound, node);
    else if (locRib.feasibilityDistanceOf(node) !== COST_NONE) this.suspect(node);
    const taken = sound ?? any;
    locRib.setContested(node, taken !== any);
    this.take(taken, node);
    this.mark(node, taken !== before || taken === changed);
  }

  /** In hold-down even what came just now may be false. */
  private isSound(link: RouteLink, node: number, fresh: RouteLink | undefined): boolean {
    const { locRib } = this.rib;
    const feasibilityDistance = locRib.feasibilityDistanceOf(node);
    if (feasibilityDistance === COST_NONE || (!locRib.isHeldDown(node) && (link === fresh || link === locRib.linkOf(node)))) return true;
    return isNewer(link.ribIn.sequenceOf(node), locRib.sequenceOf(node)) || link.costThere(node, this.rib.costs) < feasibilityDistance;
  }

  private settle(link: RouteLink, node: number): void {
    const { locRib } = this.rib;
    const cost = link.ribIn.costOf(node);
    const sequence = link.ribIn.sequenceOf(node);
    const feasibilityDistance = locRib.feasibilityDistanceOf(node);
    locRib.setHeldDown(node, false);
    if (feasibilityDistance === COST_NONE || isNewer(sequence, locRib.sequenceOf(node))) {
      locRib.setSequence(node, sequence);
      locRib.setFeasibilityDistance(node, cost);
    } else if (cost < feasibilityDistance) locRib.setFeasibilityDistance(node, cost);
    else if (cost > feasibilityDistance) this.wait(node);
  }

  private suspect(node: number): void {
    const { locRib } = this.rib;
    if (locRib.isHeldDown(node)) return;
    locRib.setHeldDown(node, true);
    if (locRib.dueRoundOf(node) !== 0) locRib.setDueRound(node, this.rib.round + HOLD_DOWN_ROUNDS);
    else this.wait(node);
  }

  private take(link: RouteLink | undefined, node: number): void {
    const { locRib } = this.rib;
    const before = locRib.linkOf(node);
    if (link === undefined && before !== undefined) this.rib.keys.remove(node);
    if (link !== undefined && before === undefined) this.rib.keys.add(node);
    locRib.setRoute(node, link, link?.pathName(node) ?? 0, this.rib.round);
    const servicesBefore = locRib.servicesOf(node);
    const services = link === undefined ? NO_SERVICES : link.ribIn.servicesOf(node);
    this.rib.sets.hold(services);
    this.rib.providers.update(node, servicesBefore, services);
    this.rib.sets.release(servicesBefore);
    locRib.setServices(node, services);
  }

  private expire(node: number): void {
    const { locRib } = this.rib;
    const link = locRib.linkOf(node);
    locRib.setDueRound(node, 0);
    locRib.setHeldDown(node, false);
    locRib.setFeasibilityDistance(node, link === undefined ? COST_NONE : link.ribIn.costOf(node));
    if (link !== undefined) locRib.setSequence(node, link.ribIn.sequenceOf(node));
    this.decide(node, undefined, false);
    this.rib.nodes.release(node);
  }
}
