/**
 * @module SyncTaker: takes a neighbour's sync into the book, wholly or not at all. Taken is what is well-formed, meant for this node, and
 * the next of its session or the beginning of a newer one. Anything else changes no route; where something is missing, or the digest
 * says that the two sides differ, the neighbour is asked to begin anew.
 *
 * Of a sync that is taken, single entries may be refused: a path that goes in a circle, is too long, or finds no room. Such a node is
 * not reached over this link.
 */
import type { NodeId } from '../../../core/address/node-id.js';
import { isNewer } from '../rib/entry.js';
import type { RouteBook } from '../rib/rib.js';
import type { RouteLink } from '../rib/route-link.js';
import { NO_NODE, SELF } from '../structures/node-list.js';
import { NO_PATH } from '../structures/path-store.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import { ByteReader } from './bytes.js';
import { bindingOf, entryName, SENDER } from './format.js';
import { NO_SET, readHead, readSync, type Sync, type ToldEntry } from './reader.js';

/** What the table does about a sync besides taking its entries. */
export interface SyncNews {
  readonly heardSession: number;
  readonly isAsking: boolean;
  /** This node's own sequence number as the neighbour knows it; absent when the sync was not taken. */
  readonly peerSequence: number | undefined;
}

export class SyncTaker {
  constructor(private readonly book: RouteBook) {}

  /** `undefined`: it is no sync for this node. */
  take(link: RouteLink, bytes: Uint8Array): SyncNews | undefined {
    const reader = new ByteReader(bytes);
    const head = readHead(reader);
    const { nodes } = this.book;
    if (head?.binding !== bindingOf(nodes.names[link.node] as number, nodes.names[SELF] as number)) return undefined;
    const sync = readSync(reader, head, link.hearing);
    if (sync === undefined) return undefined;
    const isTaken = sync.session > 0 && this.isNext(link, sync);
    if (isTaken) this.apply(link, sync);
    return { heardSession: sync.heardSession, isAsking: sync.isAsking, peerSequence: isTaken ? sync.peerSequence : undefined };
  }

  /** Everything that the neighbour told is void; it may begin anew. */
  forget(link: RouteLink): void {
    const { hearing } = link;
    hearing.nodes.clear();
    hearing.sets = [];
    hearing.digest = 0;
    hearing.isWanted = true;
    hearing.isWhole = false;
    hearing.isSettled = true;
    link.columns.age();
    this.sweep(link);
  }

  /** What was taken before, or belongs to an older session, is ignored. A gap has to be repaired. */
  private isNext({ hearing, speech }: RouteLink, { isBegin, session, sequence }: Sync): boolean {
    if (isBegin ? session > hearing.session : session === hearing.session && sequence === hearing.sequence) return true;
    const isGap = !isBegin && (session > hearing.session || (session === hearing.session && sequence > hearing.sequence));
    if (isGap) {
      hearing.isWanted = true;
      speech.isHeadNew = true;
    }
    return false;
  }

  private apply(link: RouteLink, sync: Sync): void {
    const { hearing } = link;
    if (sync.isBegin) this.begin(link, sync.session);
    for (const [number, id] of sync.nodes) this.introduce(link, number, id);
    for (const [number, list] of sync.sets) hearing.sets[number] = list;
    hearing.sequence = sync.sequence + 1;
    this.takeSequence(link, sync.ownSequence);
    sync.forEachEntry((entry) => this.takeEntry(link, entry));
    if (sync.isEnd) this.end(link);
    if (hearing.isPartial) return;
    if (hearing.digest !== sync.digest) hearing.isWanted = true;
    else if (sync.isEnd) hearing.settled();
  }

  /** What is in the book stays until the session has been told to its end. */
  private begin({ hearing, columns }: RouteLink, session: number): void {
    columns.age();
    hearing.session = session;
    hearing.isWanted = false;
    hearing.isPartial = false;
    hearing.isBounded = false;
    hearing.isWhole = false;
    hearing.digest = 0;
    hearing.nodes.clear();
    hearing.sets = [];
  }

  private end(link: RouteLink): void {
    link.hearing.isWhole = true;
    link.hearing.isSettled = true;
    this.sweep(link);
  }

  private introduce({ hearing }: RouteLink, number: number, id: NodeId): void {
    const node = this.book.nodes.find(id);
    if (node === undefined) hearing.nodes.setId(number, id);
    else hearing.nodes.setNode(number, node);
  }

  private takeSequence(link: RouteLink, ownSequence: number): void {
    if (link.hearing.peerSequence === ownSequence) return;
    link.hearing.peerSequence = ownSequence;
    const services = link.columns.servicesOf(link.node);
    this.book.sets.hold(services);
    this.book.setDirect(link, services);
  }

  private takeEntry(link: RouteLink, told: ToldEntry): void {
    if (!told.isWithdrawn) {
      if (this.setEntry(link, told)) return;
      link.hearing.isPartial = true;
    }
    const node = this.find(link, told.number);
    if (node !== NO_NODE && node !== link.node) this.clear(link, node);
  }

  /** Whether the entry was taken. */
  private setEntry(link: RouteLink, told: ToldEntry): boolean {
    const { book } = this;
    const { columns, hearing, paths } = link;
    if (this.isUnwanted(link, told)) return false;
    const path = this.pathOf(link, told);
    if (path === NO_PATH) return false;
    const node = paths.lastHop(path);
    const before = columns.pathOf(node) !== NO_PATH && columns.isCurrent(node) ? this.nameOf(link, node) : 0;
    const services = told.set === NO_SET ? NO_SERVICES : book.sets.take(hearing.sets[told.set] ?? []);
    book.setEntry(link, node, {
      path,
      latency: told.latency,
      loss: told.loss,
      bandwidth: told.bandwidth,
      services,
      sequence: told.sequence,
      isCurrent: true,
    });
    hearing.digest = (hearing.digest - before + this.nameOf(link, node)) >>> 0;
    return true;
  }

  private isUnwanted(link: RouteLink, told: ToldEntry): boolean {
    const { policy, nodes } = this.book;
    return policy !== undefined && !policy.isTold(this.idOf(link, told.number), nodes.idOf(SELF), link.hop.nodeId);
  }

  private clear(link: RouteLink, node: number): void {
    const { columns, hearing } = link;
    if (columns.pathOf(node) === NO_PATH) return;
    if (columns.isCurrent(node)) hearing.digest = (hearing.digest - this.nameOf(link, node)) >>> 0;
    this.book.clearEntry(link, node);
  }

  /** The path from the neighbour to the node, or `NO_PATH` if there is none that may be taken. It is held by nobody yet. */
  private pathOf(link: RouteLink, told: ToldEntry): number {
    const { paths, columns } = link;
    let path = columns.pathOf(link.node);
    if (told.hops.length > 0) {
      for (const number of told.hops) path = this.extend(link, path, number);
    } else if (told.parent !== SENDER) {
      const parent = this.find(link, told.parent);
      const isTold = parent !== NO_NODE && parent !== link.node && columns.isCurrent(parent);
      path = isTold ? columns.pathOf(parent) : NO_PATH;
    }
    path = this.extend(link, path, told.number);
    if (paths.hopCount(path) <= this.book.settings.hopsMax) return path;
    link.hearing.isBounded = true;
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
    if (!isCircle) link.hearing.isBounded = true;
    if (node !== NO_NODE) this.book.nodes.discard(node);
    paths.discard(path);
    return NO_PATH;
  }

  /** Removes what was not told in this session. The neighbour itself stays. */
  private sweep(link: RouteLink): void {
    link.columns.forEach((node) => {
      if (node !== link.node && !link.columns.isCurrent(node)) this.book.clearEntry(link, node);
    });
  }

  /** The table's own number for a number of the neighbour, or `NO_NODE`. */
  private find({ hearing }: RouteLink, number: number): number {
    const node = hearing.nodes.nodeOf(number);
    const id = node === NO_NODE ? hearing.nodes.idOf(number) : undefined;
    return id === undefined ? node : (this.book.nodes.find(id) ?? NO_NODE);
  }

  /** The same, with a new number if there is room; to be held at once, or discarded. */
  private learn(link: RouteLink, number: number): number {
    const { nodes } = link.hearing;
    const id = nodes.idOf(number);
    if (id === undefined) return nodes.nodeOf(number);
    const node = this.book.learn(id, link);
    if (node !== NO_NODE) nodes.setNode(number, node);
    return node;
  }

  private idOf({ hearing }: RouteLink, number: number): NodeId {
    return hearing.nodes.idOf(number) ?? this.book.nodes.idOf(hearing.nodes.nodeOf(number));
  }

  /** The name of an entry in the book: that under which the neighbour has told it. */
  private nameOf({ columns, paths }: RouteLink, node: number): number {
    const { nodes, sets } = this.book;
    return entryName({
      node: nodes.names[node] as number,
      path: paths.name(columns.pathOf(node)),
      latency: columns.latencyOf(node),
      loss: columns.lossOf(node),
      bandwidth: columns.bandwidthOf(node),
      services: sets.name(columns.servicesOf(node)),
      sequence: columns.sequenceOf(node),
    });
  }
}

/** Where this node's own number has to go when a neighbour knows of a newer one: that of an earlier life. */
export function outlived(ownSequence: number, known: number): number {
  return isNewer(known, ownSequence) ? (known + 1) >>> 0 : ownSequence;
}
