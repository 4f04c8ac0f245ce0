/**
 * @module SyncWriter: what one neighbour is told. It compares what was told with what is true for every node that is marked, writes the
 * difference, and remembers it as told. A node that is held is withdrawn unless what was told of it is still true. One sync has some
 * 48 KiB at most; the rest stays marked for the next one.
 */

import { DIRTY, INTRODUCED, TOLD } from '../rib/adj-rib-out.js';
import { addLatency, addLoss, BANDWIDTH_UNKNOWN, ESTIMATED, lossOf } from '../rib/metric.js';
import type { RouteBook } from '../rib/rib.js';
import type { RouteLink } from '../rib/route-link.js';
import { SELF } from '../structures/node-list.js';
import { NO_PATH, nameBehind } from '../structures/path-store.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import { ByteWriter } from './bytes.js';
import * as form from './format.js';

const SYNC_BYTES = 48 * 1024;
/** Rounds without a word after which the digest is told. */
const DIGEST_ROUNDS = 10;
/** A neighbour that asks for a new session gets one in so many rounds. */
const BEGIN_ROUNDS = 2;

/** A node to be told of, and the way that is told. */
interface Advert {
  readonly number: number;
  readonly via: RouteLink;
  readonly hopCount: number;
}

/** Shared by all tables of the process: each sync is written without a break, and is a copy in the end. */
const NODES = new ByteWriter();
const SETS = new ByteWriter();
const ENTRIES = new ByteWriter();
const ALL = new ByteWriter();

export class SyncWriter {
  /** The entry at hand, as the receiver will keep it. */
  private readonly entry = { node: 0, path: 0, latency: 0, loss: 0, bandwidth: 0, services: 0, sequence: 0 };
  private nodeCount = 0;
  private setCount = 0;
  private entryCount = 0;

  constructor(private readonly book: RouteBook) {}

  /** Everything new for the neighbour, and on the round's own sync the digest when it is time; `undefined`: nothing. */
  write(link: RouteLink, isRound: boolean, ownSequence: number): Uint8Array | undefined {
    const { speech, hearing } = link;
    const { round } = this.book;
    if (!speech.isHeard) return this.greet(link, ownSequence);
    if (!speech.isBegun) this.begin(link);
    const isAsking = hearing.isWanted && round >= hearing.askRound;
    const isDue = speech.isHeadNew || (isRound && (isAsking || round >= speech.saidRound + DIGEST_ROUNDS));
    this.clear();
    this.tell(link);
    if (this.entryCount === 0 && !isDue && speech.sequence > 0) return undefined;
    const isEnd = speech.isFull && speech.dirty.length + speech.postponedCount === 0;
    if (isAsking) hearing.asked(round);
    if (isEnd) speech.isFull = false;
    speech.saidRound = round;
    speech.isHeadNew = false;
    const begin = speech.sequence === 0 ? form.FLAG_BEGIN : 0;
    return this.join(link, begin | (isEnd ? form.FLAG_END : 0) | (isAsking ? form.FLAG_ASK : 0), ownSequence);
  }

  /** Before the first session both sides say what they heard last. */
  private greet(link: RouteLink, ownSequence: number): Uint8Array | undefined {
    const { hearing } = link;
    if (this.book.round < hearing.askRound) return undefined;
    hearing.asked(this.book.round);
    this.clear();
    return this.join(link, form.FLAG_ASK, ownSequence);
  }

  /** A new session: the neighbour is to forget all numbers, and is told everything. */
  private begin(link: RouteLink): void {
    const { speech, told } = link;
    const { nodes } = this.book;
    const numbers = told.find(DIRTY | TOLD);
    told.clear();
    for (const node of numbers) nodes.release(node);
    speech.dirty = [];
    speech.postponedCount = 0;
    speech.introducedSets.clear();
    speech.isBegun = true;
    speech.isFull = true;
    speech.session++;
    speech.sequence = 0;
    speech.digest = 0;
    speech.begunRound = this.book.round;
    for (let node = 1; node < nodes.end; node++)
      if (node !== link.node && this.book.wayAround(node, link.node, true) !== undefined) link.postpone(node, nodes);
  }

  /**
   * The neighbour has heard `heardSession` last, and perhaps asks for a new one. It gets one, but not within the first rounds of one that
   * may be on its way.
   */
  heard({ speech }: RouteLink, heardSession: number, isAsking: boolean): void {
    speech.isHeard = true;
    if (!speech.isBegun) speech.session = Math.max(speech.session, heardSession);
    else if (isAsking && this.book.round >= speech.begunRound + BEGIN_ROUNDS) speech.isBegun = false;
  }

  private tell(link: RouteLink): void {
    const { speech, told } = link;
    speech.renewShare(this.book.round, this.book.links.length);
    link.resume();
    if (speech.dirty.length === 0) return;
    const adverts = this.advertsOf(link);
    speech.dirty = [];
    for (const advert of adverts) {
      const isNew = (told.flagsOf(advert.number) & TOLD) === 0;
      if (NODES.length + ENTRIES.length >= SYNC_BYTES) speech.dirty.push(advert.number);
      else if (isNew && speech.introductionsLeft === 0) link.postpone(advert.number, this.book.nodes);
      else {
        if (isNew) speech.introductionsLeft--;
        this.announce(link, advert);
      }
    }
  }

  /** Of the nodes that are dirty, those with something to tell, near ones first; what is lost is withdrawn. */
  private advertsOf(link: RouteLink): Advert[] {
    const adverts: Advert[] = [];
    for (const node of link.speech.dirty) {
      const via = this.wayToTell(link, node);
      if (via === undefined) this.withdraw(link, node);
      else if (!this.isKnown(link, node, via)) adverts.push({ number: node, via, hopCount: via.hopCount(node) });
    }
    return adverts.sort((one, other) => one.hopCount - other.hopCount || one.number - other.number);
  }

  /** `undefined`: the neighbour is not to be told of any way to the node. */
  private wayToTell(link: RouteLink, node: number): RouteLink | undefined {
    const { book } = this;
    if (book.policy?.isTold(book.nodes.idOf(node), link.hop.nodeId, book.nodes.idOf(SELF)) === false) return undefined;
    const via = book.wayAround(node, link.node, true);
    if (via === undefined || via.hopCount(node) >= book.settings.hopsMax) return undefined;
    return link.isTold(node, via.pathName(node)) || book.isSettled(node, via) ? via : undefined;
  }

  /** Whether the neighbour was told exactly that; then nothing has to be said. */
  private isKnown({ told }: RouteLink, node: number, via: RouteLink): boolean {
    const flags = told.flagsOf(node);
    if ((flags & TOLD) === 0 || told.nameOf(node) !== this.nameOf(node, via)) return false;
    told.setFlags(node, flags & ~DIRTY);
    return true;
  }

  /** The name of the entry, which is at hand from now on. */
  private nameOf(node: number, { columns, measure, paths }: RouteLink): number {
    const { nodes, sets } = this.book;
    const { entry } = this;
    const path = columns.pathOf(node);
    entry.node = nodes.names[node] as number;
    entry.path = nameBehind(nodes.names[SELF] as number, paths.name(path), paths.hopCount(path));
    entry.latency = addLatency(columns.latencyOf(node), measure.latency);
    entry.loss = addLoss(columns.lossOf(node), measure.loss);
    entry.bandwidth = Math.min(columns.bandwidthOf(node), measure.bandwidth);
    entry.services = sets.name(columns.servicesOf(node));
    entry.sequence = columns.sequenceOf(node);
    return form.entryName(entry);
  }

  private withdraw({ told, speech }: RouteLink, node: number): void {
    const flags = told.flagsOf(node);
    told.setFlags(node, flags & INTRODUCED);
    if ((flags & TOLD) !== 0) {
      speech.digest = (speech.digest - told.nameOf(node)) >>> 0;
      told.setNames(node, 0, 0);
      ENTRIES.varint(node + 1);
      ENTRIES.byte(form.WITHDRAWN);
      this.entryCount++;
    }
    this.book.nodes.release(node);
  }

  private announce(link: RouteLink, advert: Advert): void {
    const { told, speech } = link;
    const { number, via } = advert;
    const name = this.nameOf(number, via);
    told.setFlags(number, (told.flagsOf(number) & ~DIRTY) | TOLD);
    speech.digest = (speech.digest - told.nameOf(number) + name) >>> 0;
    this.writeEntry(link, advert);
    told.setNames(number, name, via.pathName(number));
  }

  private writeEntry(link: RouteLink, advert: Advert): void {
    const { latency, loss, bandwidth, sequence } = this.entry;
    const set = advert.via.columns.servicesOf(advert.number);
    const parent = this.parentOf(link, advert);
    const bits =
      form.TOLD_FORM |
      (parent === undefined ? form.EXPLICIT : 0) |
      ((loss & ESTIMATED) !== 0 ? form.ESTIMATED_FORM : 0) |
      (lossOf(loss) > 0 ? form.LOSS : 0) |
      (bandwidth === BANDWIDTH_UNKNOWN ? 0 : form.BANDWIDTH) |
      (set === NO_SERVICES ? 0 : form.SERVICES) |
      (sequence === 0 ? 0 : form.SEQUENCE);
    ENTRIES.varint(this.introduce(link, advert.number));
    ENTRIES.byte(bits);
    if (parent !== undefined) ENTRIES.varint(parent);
    else this.writeHops(link, advert);
    ENTRIES.varint(latency);
    if ((bits & form.LOSS) !== 0) ENTRIES.varint(lossOf(loss));
    if ((bits & form.BANDWIDTH) !== 0) ENTRIES.varint(bandwidth);
    if ((bits & form.SERVICES) !== 0) ENTRIES.varint(this.introduceSet(link, set));
    if ((bits & form.SEQUENCE) !== 0) ENTRIES.varint(sequence);
    this.entryCount++;
  }

  /** The number of the node before it, if the neighbour was told the same path to that one. */
  private parentOf(link: RouteLink, { via, number }: Advert): number | undefined {
    const before = via.paths.parent(via.columns.pathOf(number));
    if (before === NO_PATH) return form.SENDER;
    const last = via.paths.lastHop(before);
    return link.isTold(last, via.paths.name(before)) ? last + 1 : undefined;
  }

  private writeHops(link: RouteLink, { via, number }: Advert): void {
    const hops = via.paths.hopsOf(via.paths.parent(via.columns.pathOf(number)));
    ENTRIES.varint(hops.length);
    for (const hop of hops) ENTRIES.varint(this.introduce(link, hop));
  }

  private introduce({ told }: RouteLink, node: number): number {
    const flags = told.flagsOf(node);
    if ((flags & INTRODUCED) === 0) {
      told.setFlags(node, flags | INTRODUCED);
      NODES.varint(node + 1);
      NODES.nodeId(this.book.nodes.idOf(node));
      this.nodeCount++;
    }
    return node + 1;
  }

  private introduceSet({ speech }: RouteLink, set: number): number {
    if (speech.introducedSets.has(set)) return set;
    speech.introducedSets.add(set);
    const list = this.book.sets.listOf(set);
    SETS.varint(set);
    SETS.byte(list.length - 1);
    for (const serviceId of list) SETS.byte(serviceId);
    this.setCount++;
    return set;
  }

  private clear(): void {
    NODES.clear();
    SETS.clear();
    ENTRIES.clear();
    this.nodeCount = 0;
    this.setCount = 0;
    this.entryCount = 0;
  }

  private join({ node, speech, hearing }: RouteLink, flags: number, ownSequence: number): Uint8Array {
    const { nodes, states } = this.book;
    ALL.clear();
    ALL.byte(form.MAGIC);
    ALL.byte(flags);
    ALL.u32(form.bindingOf(nodes.names[SELF] as number, nodes.names[node] as number));
    ALL.u32(speech.digest);
    const peerSequence = states.sequenceOf(node);
    for (const value of [speech.session, speech.isBegun ? speech.sequence++ : 0, hearing.session, ownSequence, peerSequence])
      ALL.varint(value);
    ALL.varint(this.nodeCount);
    ALL.append(NODES.written);
    ALL.varint(this.setCount);
    ALL.append(SETS.written);
    ALL.varint(this.entryCount);
    ALL.append(ENTRIES.written);
    return ALL.written.slice();
  }
}
