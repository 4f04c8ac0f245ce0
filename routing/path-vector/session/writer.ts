/**
 * @module SyncWriter: what one neighbour is sent. For every node that is marked it compares what was advertised with what is true now, writes
 * the difference, and remembers it as advertised. A node in hold-down is withdrawn unless what was advertised of it is still true. One
 * sync has some 48 KiB at most; the rest stays marked for the next one.
 */

import { NODE_ID_BYTES, writeNodeId } from '../../../core/address/node-id.js';
import { ByteWriter } from '../../../core/structures/byte-writer.js';
import { VARINT_BYTES_MAX } from '../../../core/structures/bytes.js';
import { ADVERTISED, DIRTY, INTRODUCED } from '../rib/adj-rib-out.js';
import { BANDWIDTH_UNKNOWN, ESTIMATED, lossOf } from '../rib/metric.js';
import type { Rib } from '../rib/rib.js';
import type { RouteLink } from '../rib/route-link.js';
import type { OutboundSession } from '../rib/sessions.js';
import { SELF } from '../structures/node-list.js';
import { NO_PATH, nameBehind } from '../structures/path-store.js';
import { NO_SERVICES } from '../structures/service-sets.js';
import * as form from './format.js';
import type { SyncResult } from './receiver.js';

const SYNC_BYTES = 48 * 1024;
/** Rounds without a sync after which the digest is sent. */
const DIGEST_ROUNDS = 10;
/** A neighbour that asks for a new session gets one in so many rounds. */
const BEGIN_ROUNDS = 2;

/** How a sync is asked for. */
interface Writing {
  readonly isRound: boolean;
  readonly ownSequence: number;
  /** Longer ones cannot be carried. A sync has half of it at most, and what its last entry needs. */
  readonly bytesMax: number | undefined;
}

/** More than there are numbers of nodes, or slots of links. */
const NUMBERS = 0x1_0000;

/** Magic, flags, binding, digest, five numbers and three counts, as long as they can be. */
const HEAD_BYTES_MAX = 2 + 8 + 8 * VARINT_BYTES_MAX;
/** Of a longer sync the memory is not kept. */
const SLAB_BYTES_MAX = 4_096;

export class SyncWriter {
  /** The entry at hand, as the receiver will keep it. */
  private readonly entry = { node: 0, path: 0, latency: 0, loss: 0, bandwidth: 0, services: 0, sequence: 0 };
  private nodes = new ByteWriter();
  private sets = new ByteWriter();
  private entries = new ByteWriter();
  private nodeCount = 0;
  private setCount = 0;
  private entryCount = 0;
  private bytesMax = SYNC_BYTES;

  constructor(private readonly rib: Rib) {}

  /** Everything new for the neighbour, and on the round's own sync the digest when it is time; `undefined`: nothing. */
  write(link: RouteLink, { isRound, ownSequence, bytesMax = Number.POSITIVE_INFINITY }: Writing): Uint8Array | undefined {
    const { outbound, inbound } = link;
    this.bytesMax = Math.min(SYNC_BYTES, bytesMax / 2);
    const { round } = this.rib;
    if (!outbound.isGreeted) return this.greet(link, ownSequence);
    if (!outbound.isBegun) this.begin(link);
    else if (!isRound && !outbound.isHeadNew && !outbound.isFull && outbound.dirty.length === 0 && !this.isShareLeft(outbound))
      return undefined;
    const isAsking = inbound.isWanted && round >= inbound.askRound;
    const isDue = outbound.isHeadNew || (isRound && (isAsking || round >= outbound.sentRound + DIGEST_ROUNDS));
    this.update(link);
    if (isRound) link.ribOut.share();
    const isEnd = outbound.isFull && outbound.dirty.length + outbound.postponedCount === 0 && this.rib.isFilledBeside(link);
    if (this.entryCount === 0 && !isDue && !isEnd && outbound.sequence > 0) return undefined;
    if (isAsking) inbound.asked(round);
    if (isEnd) outbound.isFull = false;
    outbound.sentRound = round;
    outbound.isHeadNew = false;
    const begin = outbound.sequence === 0 ? form.FLAG_BEGIN : 0;
    return this.join(link, begin | (isEnd ? form.FLAG_END : 0) | (isAsking ? form.FLAG_ASK : 0), ownSequence);
  }

  /** Before the first session both sides name the session that they received last. */
  private greet(link: RouteLink, ownSequence: number): Uint8Array | undefined {
    const { inbound } = link;
    if (this.rib.round < inbound.askRound) return undefined;
    inbound.asked(this.rib.round);
    return this.join(link, form.FLAG_ASK, ownSequence);
  }

  /** A new session: the neighbour forgets all numbers, and is sent everything. */
  private begin(link: RouteLink): void {
    const { outbound, ribOut } = link;
    const { nodes } = this.rib;
    const numbers = ribOut.find(DIRTY | ADVERTISED);
    ribOut.clear();
    for (const node of numbers) nodes.release(node);
    outbound.dirty = [];
    outbound.postponedCount = 0;
    outbound.introducedSets.clear();
    outbound.isBegun = true;
    outbound.isFull = true;
    outbound.session++;
    outbound.sequence = 0;
    outbound.digest = 0;
    outbound.begunRound = this.rib.round;
    for (let node = 1; node < nodes.end; node++)
      if (node !== link.node && this.rib.routeAround(node, link.node, true) !== undefined) link.postpone(node, nodes);
  }

  /** A neighbour that asks for a new session gets one, but not within the first rounds of one that may be under way. */
  received({ outbound }: RouteLink, { receivedSession, isAsking }: SyncResult): void {
    outbound.isGreeted = true;
    if (!outbound.isBegun) outbound.session = Math.max(outbound.session, receivedSession);
    else if (isAsking && this.rib.round >= outbound.begunRound + BEGIN_ROUNDS) outbound.isBegun = false;
  }

  /** Postponed nodes may be advertised in this round. */
  private isShareLeft(outbound: OutboundSession): boolean {
    outbound.renewShare(this.rib.round, this.rib.links.length);
    return outbound.postponedCount > 0 && outbound.introductionsLeft > 0;
  }

  private update(link: RouteLink): void {
    const { outbound, ribOut } = link;
    if (this.isShareLeft(outbound)) link.resume();
    if (outbound.dirty.length === 0) return;
    const { dirty } = outbound;
    outbound.dirty = [];
    for (const place of this.advertsOf(link, dirty)) {
      const node = Math.floor(place / NUMBERS) % NUMBERS;
      const isNew = (ribOut.flagsOf(node) & ADVERTISED) === 0;
      if (this.isFull) outbound.dirty.push(node);
      else if (isNew && outbound.introductionsLeft === 0) link.postpone(node, this.rib.nodes);
      else {
        if (isNew) outbound.introductionsLeft--;
        this.advertise(link, node, this.rib.linkList.slots[place % NUMBERS] as RouteLink);
      }
    }
  }

  /** The rest has to wait for the next sync. */
  private get isFull(): boolean {
    return this.entryCount >= form.ENTRIES_MAX || this.nodes.length + this.entries.length >= this.bytesMax;
  }

  /**
   * Of the nodes that are dirty, those with something new, in the order of their hops: each as one number of the hops, the node and the slot
   * of the link that its route takes. What is lost is withdrawn.
   */
  private advertsOf(link: RouteLink, dirty: readonly number[]): Float64Array {
    const adverts = new Float64Array(dirty.length);
    let count = 0;
    for (const node of dirty) {
      const via = this.routeToAdvertise(link, node);
      if (via !== undefined) {
        if (!this.isKnown(link, node, via)) adverts[count++] = (via.hopCount(node) * NUMBERS + node) * NUMBERS + via.slot;
      } else if (this.isFull) link.outbound.dirty.push(node);
      else this.withdraw(link, node);
    }
    return adverts.subarray(0, count).sort();
  }

  /** `undefined`: no route to the node is advertised to the neighbour. */
  private routeToAdvertise(link: RouteLink, node: number): RouteLink | undefined {
    const { rib } = this;
    if (rib.policy?.isAdvertised(rib.nodes.idOf(node), link.hop.nodeId, rib.nodes.idOf(SELF)) === false) return undefined;
    const via = rib.routeAround(node, link.node, true);
    if (via === undefined || via.hopCount(node) >= rib.settings.hopsMax) return undefined;
    return link.isAdvertised(node, via.pathName(node)) || rib.isSettled(node, via) ? via : undefined;
  }

  /** Whether exactly that was advertised; then there is nothing to send. */
  private isKnown({ ribOut }: RouteLink, node: number, via: RouteLink): boolean {
    const flags = ribOut.flagsOf(node);
    if ((flags & ADVERTISED) === 0 || ribOut.nameOf(node) !== this.nameOf(node, via)) return false;
    ribOut.setFlags(node, flags & ~DIRTY);
    return true;
  }

  /** The name of the entry, which is at hand from now on. */
  private nameOf(node: number, via: RouteLink): number {
    const { ribIn, paths } = via;
    const { nodes, sets } = this.rib;
    const { entry } = this;
    const path = ribIn.pathOf(node);
    entry.node = nodes.names[node] as number;
    entry.path = nameBehind(nodes.names[SELF] as number, paths.name(path), paths.hopCount(path));
    entry.latency = via.latencyOver(node);
    entry.loss = via.lossOver(node);
    entry.bandwidth = via.bandwidthOver(node);
    entry.services = sets.name(ribIn.servicesOf(node));
    entry.sequence = ribIn.sequenceOf(node);
    return form.entryName(entry);
  }

  private withdraw({ ribOut, outbound }: RouteLink, node: number): void {
    const flags = ribOut.flagsOf(node);
    ribOut.setFlags(node, flags & INTRODUCED);
    if ((flags & ADVERTISED) !== 0) {
      outbound.digest = (outbound.digest - ribOut.nameOf(node)) >>> 0;
      ribOut.setNames(node, 0, 0);
      this.entries.varint(node + 1);
      this.entries.u8(form.WITHDRAWN);
      this.entryCount++;
    }
    this.rib.nodes.release(node);
  }

  private advertise(link: RouteLink, node: number, via: RouteLink): void {
    const { ribOut, outbound } = link;
    const name = this.nameOf(node, via);
    ribOut.setFlags(node, (ribOut.flagsOf(node) & ~DIRTY) | ADVERTISED);
    outbound.digest = (outbound.digest - ribOut.nameOf(node) + name) >>> 0;
    this.writeEntry(link, node, via);
    ribOut.setNames(node, name, via.pathName(node));
  }

  private writeEntry(link: RouteLink, node: number, via: RouteLink): void {
    const { latency, loss, bandwidth, sequence } = this.entry;
    const set = via.ribIn.servicesOf(node);
    const parent = this.parentOf(link, node, via);
    const bits =
      form.ADVERTISED_FORM |
      (parent === undefined ? form.EXPLICIT : 0) |
      ((loss & ESTIMATED) !== 0 ? form.ESTIMATED_FORM : 0) |
      (lossOf(loss) > 0 ? form.LOSS : 0) |
      (bandwidth === BANDWIDTH_UNKNOWN ? 0 : form.BANDWIDTH) |
      (set === NO_SERVICES ? 0 : form.SERVICES) |
      (sequence === 0 ? 0 : form.SEQUENCE);
    this.entries.varint(this.introduce(link, node));
    this.entries.u8(bits);
    if (parent !== undefined) this.entries.varint(parent);
    else this.writeHops(link, node, via);
    this.entries.varint(latency);
    if ((bits & form.LOSS) !== 0) this.entries.varint(lossOf(loss));
    if ((bits & form.BANDWIDTH) !== 0) this.entries.varint(bandwidth);
    if ((bits & form.SERVICES) !== 0) this.entries.varint(this.introduceSet(link, set));
    if ((bits & form.SEQUENCE) !== 0) this.entries.varint(sequence);
    this.entryCount++;
  }

  /** The number of the node before it, if the same path to that one was advertised to the neighbour. */
  private parentOf(link: RouteLink, node: number, via: RouteLink): number | undefined {
    const before = via.paths.parent(via.ribIn.pathOf(node));
    if (before === NO_PATH) return form.SENDER;
    const last = via.paths.lastHop(before);
    return link.isAdvertised(last, via.paths.name(before)) ? last + 1 : undefined;
  }

  private writeHops(link: RouteLink, node: number, via: RouteLink): void {
    const hops = via.paths.hopsOf(via.paths.parent(via.ribIn.pathOf(node)));
    this.entries.varint(hops.length);
    for (const hop of hops) this.entries.varint(this.introduce(link, hop));
  }

  private introduce({ ribOut }: RouteLink, node: number): number {
    const flags = ribOut.flagsOf(node);
    if ((flags & INTRODUCED) === 0) {
      ribOut.setFlags(node, flags | INTRODUCED);
      this.nodes.varint(node + 1);
      const at = this.nodes.reserve(NODE_ID_BYTES);
      writeNodeId(this.rib.nodes.idOf(node), this.nodes.slab, at);
      this.nodeCount++;
    }
    return node + 1;
  }

  private introduceSet({ outbound }: RouteLink, set: number): number {
    if (outbound.introducedSets.has(set)) return set;
    outbound.introducedSets.add(set);
    const list = this.rib.sets.listOf(set);
    this.sets.varint(set);
    this.sets.u8(list.length - 1);
    for (const serviceId of list) this.sets.u8(serviceId);
    this.setCount++;
    return set;
  }

  private join({ node, outbound, inbound }: RouteLink, flags: number, ownSequence: number): Uint8Array {
    const { nodes, locRib } = this.rib;
    const sync = new ByteWriter(new Uint8Array(HEAD_BYTES_MAX + this.nodes.length + this.sets.length + this.entries.length));
    sync.u8(form.MAGIC).u8(flags);
    sync.u32(form.bindingOf(nodes.names[SELF] as number, nodes.names[node] as number)).u32(outbound.digest);
    const peerSequence = locRib.sequenceOf(node);
    for (const value of [outbound.session, outbound.isBegun ? outbound.sequence++ : 0, inbound.session, ownSequence, peerSequence])
      sync.varint(value);
    sync.varint(this.nodeCount).bytes(this.nodes.written);
    sync.varint(this.setCount).bytes(this.sets.written);
    sync.varint(this.entryCount).bytes(this.entries.written);
    this.nodes = reused(this.nodes);
    this.sets = reused(this.sets);
    this.entries = reused(this.entries);
    this.nodeCount = this.setCount = this.entryCount = 0;
    return sync.written;
  }
}

function reused(writer: ByteWriter): ByteWriter {
  return writer.slab.length > SLAB_BYTES_MAX ? new ByteWriter() : writer.clear();
}
