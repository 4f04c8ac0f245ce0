/**
 * @module WayChoice: which way is taken to each node, and who may have to be told of it. For each node the cheapest entry is taken, with
 * one exception, which keeps news that are already false from going round (H-27):
 *
 * - Whoever loses its way falls back at once on another entry that is *feasible*: the neighbour's own cost is below the `floor`, the
 *   least cost that this node had in the last rounds, or the node's sequence number is newer than that of the lost way. Such a
 *   neighbour cannot have depended on this node. This is the condition of DSDV (Perkins and Bhagwat, 1994) and Babel (RFC 8966, 3.5.1).
 * - If only others are left, this node uses the cheapest of them for what it sends, but tells nobody: what its neighbours were told is
 *   withdrawn at once (poison), and the node is *held* for two rounds, in which the withdrawal overtakes what is false (compare "ghost
 *   flushing", Bremler-Barr, Afek and Schwarz, 2003). Then the floor is forgotten. Babel asks the origin for a new sequence number
 *   here; a path vector can wait instead, because paths that go in a circle are never taken.
 */

import { NO_PATH } from '../structures/path-store.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import { isBetter, isNewer } from './entry.js';
import { COST_NONE } from './metric.js';
import type { RouteBook } from './rib.js';
import type { RouteLink } from './route-link.js';

/** Rounds in which a way that may be false is told to nobody. */
const HELD_ROUNDS = 2;

export class WayChoice {
  /** Nodes with a `dueRound`, held while they are here. */
  private waiting: number[] = [];

  constructor(private readonly book: RouteBook) {}

  /**
   * Takes the best entry. `changed`: the link whose entry is another one now; if it is `fresh`, it was told just now, while all others
   * may have become false meanwhile.
   */
  decide(node: number, changed: RouteLink | undefined, isFresh: boolean): void {
    const { states } = this.book;
    const before = states.linkOf(node);
    if (before !== undefined && changed !== undefined && this.isBeside(changed, before, node)) this.markDetours(before, node);
    else this.decideAmongAll(node, before, changed, isFresh);
    for (const watcher of this.book.watchers) watcher.add(node);
  }

  /** Everybody may have to be told; if the way that is taken is the same, those who were told of that one need not. */
  mark(node: number, isWayNew: boolean): void {
    const pathName = this.book.states.pathNameOf(node);
    for (const link of this.book.links) {
      if (link.node === node || !link.speech.isBegun || (!isWayNew && link.isTold(node, pathName))) continue;
      link.mark(node, this.book.nodes);
    }
  }

  /** At the bound, which nodes come to when nobody asks for syncs, the oldest waits no longer. */
  wait(node: number): void {
    const { states } = this.book;
    if (states.dueRoundOf(node) !== 0) return;
    states.setDueRound(node, this.book.round + HELD_ROUNDS);
    this.book.nodes.hold(node);
    this.waiting.push(node);
    if (this.waiting.length > this.book.settings.nodesMax) this.expire(this.waiting.shift() as number);
  }

  /** A new round: what waited long enough is settled. */
  advance(): void {
    const { book, waiting } = this;
    this.waiting = [];
    for (const node of waiting) {
      if (book.states.dueRoundOf(node) > book.round) this.waiting.push(node);
      else this.expire(node);
    }
  }

  /** The entry that changed, or is gone, cannot be the best: nothing is decided anew. */
  private isBeside(changed: RouteLink, taken: RouteLink, node: number): boolean {
    if (changed === taken || this.book.states.isHeld(node) || this.book.states.isContested(node)) return false;
    return changed.columns.pathOf(node) === NO_PATH || isBetter(taken, changed, node);
  }

  /** As `mark`, where nothing is decided anew: other ways than the one that is taken are told to those only through whom that one leads. */
  private markDetours(taken: RouteLink, node: number): void {
    if (!taken.isAnnounced) return this.mark(node, false);
    const path = taken.columns.pathOf(node);
    for (const link of this.book.links)
      if (link.node !== node && link.speech.isBegun && taken.paths.contains(path, link.node)) link.mark(node, this.book.nodes);
  }

  private decideAmongAll(node: number, before: RouteLink | undefined, changed: RouteLink | undefined, isFresh: boolean): void {
    const { states } = this.book;
    const fresh = isFresh ? changed : undefined;
    let any: RouteLink | undefined;
    let sound: RouteLink | undefined;
    for (const link of this.book.links) {
      if (link.columns.pathOf(node) === NO_PATH) continue;
      if (any === undefined || isBetter(link, any, node)) any = link;
      const isCandidate = sound === undefined || isBetter(link, sound, node);
      if (isCandidate && this.isSound(link, node, fresh)) sound = link;
    }
    if (sound !== undefined) this.settle(sound, node);
    else if (states.floorOf(node) !== COST_NONE) this.suspect(node);
    const taken = sound ?? any;
    states.setContested(node, taken !== any);
    this.take(taken, node);
    this.mark(node, taken !== before || taken === changed);
  }

  /** While the node is held even what is told just now may be false. */
  private isSound(link: RouteLink, node: number, fresh: RouteLink | undefined): boolean {
    const { states } = this.book;
    const floor = states.floorOf(node);
    if (floor === COST_NONE || (!states.isHeld(node) && (link === fresh || link === states.linkOf(node)))) return true;
    return isNewer(link.columns.sequenceOf(node), states.sequenceOf(node)) || link.costThere(node, this.book.costs) < floor;
  }

  private settle(link: RouteLink, node: number): void {
    const { states } = this.book;
    const cost = link.columns.costOf(node);
    const sequence = link.columns.sequenceOf(node);
    const floor = states.floorOf(node);
    states.setHeld(node, false);
    if (floor === COST_NONE || isNewer(sequence, states.sequenceOf(node))) {
      states.setSequence(node, sequence);
      states.setFloor(node, cost);
    } else if (cost < floor) states.setFloor(node, cost);
    else if (cost > floor) this.wait(node);
  }

  private suspect(node: number): void {
    const { states } = this.book;
    if (states.isHeld(node)) return;
    states.setHeld(node, true);
    if (states.dueRoundOf(node) !== 0) states.setDueRound(node, this.book.round + HELD_ROUNDS);
    else this.wait(node);
  }

  private take(link: RouteLink | undefined, node: number): void {
    const { states } = this.book;
    const before = states.linkOf(node);
    if (link === undefined && before !== undefined) this.book.keys.remove(node);
    if (link !== undefined && before === undefined) this.book.keys.add(node);
    states.setWay(node, link, link?.pathName(node) ?? 0, this.book.round);
    const servicesBefore = states.servicesOf(node);
    const services = link === undefined ? NO_SERVICES : link.columns.servicesOf(node);
    this.book.sets.hold(services);
    this.book.providers.update(node, servicesBefore, services);
    this.book.sets.release(servicesBefore);
    states.setServices(node, services);
  }

  private expire(node: number): void {
    const { states } = this.book;
    const link = states.linkOf(node);
    states.setDueRound(node, 0);
    states.setHeld(node, false);
    states.setFloor(node, link === undefined ? COST_NONE : link.columns.costOf(node));
    if (link !== undefined) states.setSequence(node, link.columns.sequenceOf(node));
    this.decide(node, undefined, false);
    this.book.nodes.release(node);
  }
}
