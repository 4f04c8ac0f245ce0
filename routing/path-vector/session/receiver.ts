/**
 * @module SyncReceiver: takes a neighbour's sync into the RIB, wholly or not at all. Taken is what is well-formed, meant for this node, and
 * the next of its session or the beginning of a newer one. Anything else changes no route; where something is missing, or the digest
 * shows that the two sides differ, the neighbour is asked for a new session.
 *
 * Of a sync that is taken, single entries may be refused: a path that goes in a circle, is too long, or finds no room. Such a node is
 * not reached over this link.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { ByteReader } from '../../../core/structures/byte-reader.js';
import { isNewer } from '../rib/entry.js';
import type { Rib } from '../rib/rib.js';
import type { RouteLink } from '../rib/route-link.js';
import { NO_NODE, SELF } from '../structures/node-list.js';
import { NO_PATH } from '../structures/path-store.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import { bindingOf, entryName, SENDER } from './format.js';
import { NO_SET, readHead, readSync, type Sync, type SyncEntry } from './reader.js';

/** What the table does about a sync besides taking its entries. */
export interface SyncResult {
  readonly receivedSession: number;
  readonly isAsking: boolean;
  /** This node's own sequence number as the neighbour knows it; absent when the sync was not taken. */
  readonly peerSequence: number | undefined;
  /** There may be something new for some neighbour: it was not just the digest of a session that goes on. */
  readonly isNews: boolean;
}

export class SyncReceiver {
  constructor(private readonly rib: Rib) {}

  /** `undefined`: it is no sync for this node. */
  take(link: RouteLink, bytes: Uint8Array): SyncResult | undefined {
    const reader = new ByteReader(bytes);
    const head = readHead(reader);
    const { nodes } = this.rib;
    if (head?.binding !== bindingOf(nodes.names[link.node] as number, nodes.names[SELF] as number)) return undefined;
    const sync = readSync(reader, head, link.inbound);
    if (sync === undefined) return undefined;
    const { receivedSession, isAsking, peerSequence } = sync;
    const isTaken = sync.session > 0 && this.isNext(link, sync);
    const isDigest = isTaken && sync.flags === 0 && sync.entryCount === 0 && sync.ownSequence === link.inbound.peerSequence;
    if (isTaken) this.apply(link, sync);
    return { receivedSession, isAsking, peerSequence: isTaken ? peerSequence : undefined, isNews: !isDigest || !link.outbound.isBegun };
  }

  /** Everything that the neighbour has advertised is void; it may begin anew. */
  forget(link: RouteLink): void {
    const { inbound } = link;
    inbound.nodes.clear();
    inbound.sets = [];
    inbound.digest = 0;
    inbound.isWanted = true;
    inbound.isWhole = false;
    inbound.isSettled = true;
    link.ribIn.age();
    this.sweep(link);
  }

  /** What was taken before, or belongs to an older session, is ignored. A gap has to be repaired. */
  private isNext({ inbound, outbound }: RouteLink, { isBegin, session, sequence }: Sync): boolean {
    if (isBegin ? session > inbound.session : session === inbound.session && sequence === inbound.sequence) return true;
    const isGap = !isBegin && (session > inbound.session || (session === inbound.session && sequence > inbound.sequence));
    if (isGap) {
      inbound.isWanted = true;
      outbound.isHeadNew = true;
    }
    return false;
  }

  private apply(link: RouteLink, sync: Sync): void {
    const { inbound } = link;
    if (sync.isBegin) this.begin(link, sync.session);
    for (const [number, id] of sync.nodes) this.introduce(link, number, id);
    for (const [number, list] of sync.sets) inbound.sets[number] = list;
    inbound.sequence = sync.sequence + 1;
    this.takeSequence(link, sync.ownSequence);
    sync.forEachEntry((entry) => this.takeEntry(link, entry));
    if (sync.isEnd) this.end(link);
    if (inbound.isPartial) return;
    if (inbound.digest !== sync.digest) inbound.isWanted = true;
    else if (sync.isEnd) inbound.settled();
  }

  /** What is in the RIB stays until the session is complete. */
  private begin({ inbound, ribIn }: RouteLink, session: number): void {
    ribIn.age();
    inbound.session = session;
    inbound.isWanted = false;
    inbound.isPartial = false;
    inbound.isBounded = false;
    inbound.isWhole = false;
    inbound.digest = 0;
    inbound.nodes.clear();
    inbound.sets = [];
  }

  private end(link: RouteLink): void {
    link.inbound.isWhole = true;
    link.inbound.isSettled = true;
    this.sweep(link);
  }

  private introduce({ inbound }: RouteLink, number: number, id: NodeId): void {
    const node = this.rib.nodes.find(id);
    if (node === undefined) inbound.nodes.setId(number, id);
    else inbound.nodes.setNode(number, node);
  }

  private takeSequence(link: RouteLink, ownSequence: number): void {
    if (link.inbound.peerSequence === ownSequence) return;
    link.inbound.peerSequence = ownSequence;
    const services = link.ribIn.servicesOf(link.node);
    this.rib.sets.hold(services);
    this.rib.setDirect(link, services);
  }

  private takeEntry(link: RouteLink, entry: SyncEntry): void {
    if (!entry.isWithdrawn) {
      if (this.setEntry(link, entry)) return;
      link.inbound.isPartial = true;
    }
    const node = this.find(link, entry.number);
    if (node !== NO_NODE && node !== link.node) this.clear(link, node);
  }

  /** Whether the entry was taken. */
  private setEntry(link: RouteLink, entry: SyncEntry): boolean {
    const { rib } = this;
    const { ribIn, inbound, paths } = link;
    if (this.isUnwanted(link, entry)) return false;
    const path = this.pathOf(link, entry);
    if (path === NO_PATH) return false;
    const node = paths.lastHop(path);
    const before = ribIn.pathOf(node) !== NO_PATH && ribIn.isCurrent(node) ? this.nameOf(link, node) : 0;
    const services = entry.set === NO_SET ? NO_SERVICES : rib.sets.take(inbound.sets[entry.set] ?? []);
    rib.setEntry(link, node, {
      path,
      latency: entry.latency,
      loss: entry.loss,
      bandwidth: entry.bandwidth,
      services,
      sequence: entry.sequence,
      isCurrent: true,
    });
    inbound.digest = (inbound.digest - before + this.nameOf(link, node)) >>> 0;
    return true;
  }

  private isUnwanted(link: RouteLink, entry: SyncEntry): boolean {
    const { policy, nodes } = this.rib;
    return policy !== undefined && !policy.isAdvertised(this.idOf(link, entry.number), nodes.idOf(SELF), link.hop.nodeId);
  }

  private clear(link: RouteLink, node: number): void {
    const { ribIn, inbound } = link;
    if (ribIn.pathOf(node) === NO_PATH) return;
    if (ribIn.isCurrent(node)) inbound.digest = (inbound.digest - this.nameOf(link, node)) >>> 0;
    this.rib.clearEntry(link, node);
  }

  /** The path from the neighbour to the node, or `NO_PATH` if there is none that may be taken. It is not held yet. */
  private pathOf(link: RouteLink, entry: SyncEntry): number {
    const { paths, ribIn } = link;
    let path = ribIn.pathOf(link.node);
    if (entry.hops.length > 0) {
      for (const number of entry.hops) path = this.extend(link, path, number);
    } else if (entry.parent !== SENDER) {
      const parent = this.find(link, entry.parent);
      const isAdvertised = parent !== NO_NODE && parent !== link.node && ribIn.isCurrent(parent);
      path = isAdvertised ? ribIn.pathOf(parent) : NO_PATH;
    }
    path = this.extend(link, path, entry.number);
    if (paths.hopCount(path) <= this.rib.settings.hopsMax) return path;
    link.inbound.isBounded = true;
    paths.discard(path);
    return NO_PATH;
  }

  /** One hop more. A path that cannot be taken leaves nothing behind. */
  private extend(link: RouteLink, path: number, number: number): number {
    if (path === NO_PATH) return NO_PATH;
    const { paths } = link;
    const node = this.learn(link, number);
    const isCircle = node === SELF || (node !== NO_NODE && paths.contains(path, node));
    const longer = isCircle || node === NO_NODE ? NO_PATH : paths.extend(path, node);
    if (longer !== NO_PATH) return longer;
    if (!isCircle) link.inbound.isBounded = true;
    if (node !== NO_NODE) this.rib.nodes.discard(node);
    paths.discard(path);
    return NO_PATH;
  }

  /** Removes what does not belong to this session. The neighbour itself stays. */
  private sweep(link: RouteLink): void {
    link.ribIn.forEach((node) => {
      if (node !== link.node && !link.ribIn.isCurrent(node)) this.rib.clearEntry(link, node);
    });
  }

  /** The table's own number for a number of the neighbour, or `NO_NODE`. */
  private find({ inbound }: RouteLink, number: number): number {
    const node = inbound.nodes.nodeOf(number);
    const id = node === NO_NODE ? inbound.nodes.idOf(number) : undefined;
    return id === undefined ? node : (this.rib.nodes.find(id) ?? NO_NODE);
  }

  /** The same, with a new number if there is room; to be held at once, or discarded. */
  private learn(link: RouteLink, number: number): number {
    const { nodes } = link.inbound;
    const id = nodes.idOf(number);
    if (id === undefined) return nodes.nodeOf(number);
    const node = this.rib.learn(id, link);
    if (node !== NO_NODE) nodes.setNode(number, node);
    return node;
  }

  private idOf({ inbound }: RouteLink, number: number): NodeId {
    return inbound.nodes.idOf(number) ?? this.rib.nodes.idOf(inbound.nodes.nodeOf(number));
  }

  /** The name of an entry in the RIB: that under which the neighbour has sent it. */
  private nameOf({ ribIn, paths }: RouteLink, node: number): number {
    const { nodes, sets } = this.rib;
    return entryName({
      node: nodes.names[node] as number,
      path: paths.name(ribIn.pathOf(node)),
      latency: ribIn.latencyOf(node),
      loss: ribIn.lossOf(node),
      bandwidth: ribIn.bandwidthOf(node),
      services: sets.name(ribIn.servicesOf(node)),
      sequence: ribIn.sequenceOf(node),
    });
  }
}

/** Where this node's own number has to go when a neighbour knows of a newer one: that of an earlier life. */
export function outlived(ownSequence: number, known: number): number {
  return isNewer(known, ownSequence) ? (known + 1) >>> 0 : ownSequence;
}
