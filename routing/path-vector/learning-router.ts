/**
 * @module LearningRouter: what tables that learn whole paths have in common: their links and their sessions. Routes are selected in `rib/`, the
 * syncs stand in `session/`. Which route a message takes is decided by the tables that extend it.
 *
 * Somebody has to carry the syncs: `createSync` once in a round for every neighbour, `createNews` whenever something may have happened
 * in between. It has no clock: what has to wait, waits for rounds.
 */
import type { NodeId } from '../../core/address/node-id.js';
import { type LinkMetric, RouterTable } from '../../core/api/router-table.js';
import { isServiceId, isSoundMetric } from '../links/neighbours.js';
import type { AdvertisePolicy } from './rib/advertise-policy.js';
import type { PathVectorSettings } from './rib/options.js';
import { Rib } from './rib/rib.js';
import type { RouteLink } from './rib/route-link.js';
import { outlived, SyncReceiver } from './session/receiver.js';
import { SyncWriter } from './session/writer.js';
import { ShadowFeed } from './shadow/shadow-feed.js';

/** How much a table that learns paths keeps. */
export interface PathVectorSize {
  readonly nodeCount: number;
  readonly entryCount: number;
  readonly pathCount: number;
  /** Of all that is advertised on all links, in both directions. */
  readonly byteLength: number;
}

export abstract class LearningRouter extends RouterTable {
  /** Services of this node's own behaviours. */
  protected readonly own = new Set<number>();
  /** Present from `attach` on, as all parts. */
  protected rib: Rib | undefined;
  readonly #links = new Map<number, RouteLink>();
  #ownSequence = 0;
  /** All links went down; who knew this node then believes it lost. */
  #wasAlone = false;
  #writer: SyncWriter | undefined;
  #receiver: SyncReceiver | undefined;

  /** `zoneBytes`: bytes of ids that are zones. */
  constructor(
    protected readonly settings: PathVectorSettings,
    protected readonly zoneBytes = 0,
  ) {
    super();
  }

  override attach(self: NodeId): void {
    super.attach(self);
    this.rib = new Rib(self, this.settings, this.policyOf(self));
    this.#writer = new SyncWriter(this.rib);
    this.#receiver = new SyncReceiver(this.rib);
  }

  /** Links to neighbours whose table is of another kind do not count. */
  override get isFilled(): boolean {
    return this.sessions.every(({ inbound }) => inbound.isSettled);
  }

  override get revision(): number {
    return this.rib?.revision ?? 0;
  }

  override linkUp(connectionId: number, nodeId: NodeId): void {
    const rib = this.rib;
    if (rib === undefined || nodeId === this.self || this.#links.has(connectionId)) return;
    if (this.#wasAlone) this.#ownSequence = (this.#ownSequence + 1) >>> 0;
    this.#wasAlone = false;
    const link = rib.addLink(connectionId, nodeId);
    if (link !== undefined) this.#links.set(connectionId, link);
    rib.revision++;
  }

  /** Taken when it differs by a quarter from the one in use. */
  override linkMetric(connectionId: number, metric: LinkMetric): void {
    const link = this.#links.get(connectionId);
    if (link !== undefined && isSoundMetric(metric)) this.#measure(link, metric);
  }

  override linkServices(connectionId: number, services: readonly number[]): void {
    const [link, rib] = [this.#links.get(connectionId), this.rib];
    if (link === undefined || rib === undefined) return;
    const list = [...new Set(services.filter(isServiceId))].sort((one, other) => one - other);
    rib.setDirect(link, rib.sets.take(list));
    rib.revision++;
  }

  override linkDown(connectionId: number): void {
    const link = this.#links.get(connectionId);
    if (link === undefined) return;
    this.#links.delete(connectionId);
    this.#wasAlone = this.#links.size === 0;
    if (this.rib === undefined) return;
    this.rib.removeLink(link);
    this.rib.revision++;
  }

  override registerService(serviceId: number): void {
    if (isServiceId(serviceId)) this.own.add(serviceId);
  }

  override unregisterService(serviceId: number): void {
    this.own.delete(serviceId);
  }

  /** A round for this neighbour: what changed, and now and then the digest. The sessions belong to the younger of two links to one node. */
  override createSync(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    const [link, rib] = [this.#linkTo(forNode), this.rib];
    if (link === undefined || rib === undefined) return undefined;
    if (link.outbound.round >= rib.round) rib.advance();
    link.outbound.round = rib.round;
    return this.#writer?.write(link, { isRound: true, ownSequence: this.#ownSequence, bytesMax });
  }

  override createNews(forNode: NodeId, bytesMax?: number): Uint8Array | undefined {
    const link = this.#linkTo(forNode);
    return link === undefined ? undefined : this.#writer?.write(link, { isRound: false, ownSequence: this.#ownSequence, bytesMax });
  }

  /** Whichever link to the neighbour carried it. */
  override applySync(connectionId: number, metric: LinkMetric, sync: Uint8Array): boolean {
    const carrier = this.#links.get(connectionId);
    const link = carrier && this.#linkTo(carrier.hop.nodeId);
    const { rib } = this;
    if (link === undefined || rib === undefined || !isSoundMetric(metric)) return true;
    if (sync.length === 0) {
      rib.revision++;
      this.#receiver?.forget(link);
      return true;
    }
    const result = this.#receiver?.take(link, sync);
    if (result === undefined) return false;
    if (result.isNews) rib.revision++;
    if (carrier?.measure.isKnown === false) this.#measure(carrier, metric);
    this.#writer?.received(link, result);
    if (result.peerSequence !== undefined) this.#outlive(result.peerSequence);
    return true;
  }

  /** What keeps a `ShadowRouter` as this table is. Each feed costs a mark for every change; `close` ends it. */
  shadowFeed(): ShadowFeed {
    return new ShadowFeed(() => {
      const { rib, own, settings, zoneBytes } = this;
      return rib && { rib, own, links: this.#links, zoneBytes, balance: settings.balance };
    });
  }

  override get nodeCount(): number {
    return this.rib?.nodes.size ?? 0;
  }

  /** How much is known, and what it takes. */
  size(): PathVectorSize {
    const links = [...this.#links.values()];
    const sum = (of: (link: RouteLink) => number) => links.reduce((total, link) => total + of(link), 0);
    return {
      nodeCount: this.nodeCount,
      entryCount: sum((link) => link.ribIn.entryCount),
      pathCount: sum((link) => link.paths.size),
      byteLength: sum((link) => link.byteLength),
    };
  }

  /** What neighbours advertise; `undefined`: everything. */
  protected policyOf(_self: NodeId): AdvertisePolicy | undefined {
    return undefined;
  }

  /** The links that syncs belong to: of each neighbour the youngest. */
  protected get sessions(): RouteLink[] {
    return [...this.#links.values()].filter((link) => this.rib?.linkList.to(link.node) === link);
  }

  /** The link to take to a node, by its number, for what came over the connection `except`. */
  protected routeTo(rib: Rib, node: number, except: number | undefined): RouteLink | undefined {
    const from = except === undefined ? undefined : this.#links.get(except);
    return from === undefined ? rib.locRib.linkOf(node) : rib.routeFrom(node, from);
  }

  /** The link to take to a node with another next hop than the one at the other end of the connection `except`. */
  protected routeBeside(node: number, except: number): RouteLink | undefined {
    const peer = this.#links.get(except)?.node;
    return peer === undefined ? undefined : this.rib?.routeBeside(node, peer);
  }

  #measure(link: RouteLink, metric: LinkMetric): void {
    const { rib } = this;
    if (rib === undefined) return;
    const isNew = link.measure.take(metric);
    if (isNew) rib.recost(link);
    if ((link.measure.isKnown && rib.announce(link)) || isNew) rib.revision++;
  }

  /** A neighbour knows this node from an earlier life: it goes on where that ended, or its routes would count as old. */
  #outlive(known: number): void {
    const sequence = outlived(this.#ownSequence, known);
    if (sequence === this.#ownSequence) return;
    this.#ownSequence = sequence;
    for (const link of this.#links.values()) link.outbound.isHeadNew = true;
    if (this.rib !== undefined) this.rib.revision++;
  }

  #linkTo(nodeId: NodeId): RouteLink | undefined {
    const node = this.rib?.nodes.find(nodeId);
    return node === undefined ? undefined : this.rib?.linkList.to(node);
  }
}
