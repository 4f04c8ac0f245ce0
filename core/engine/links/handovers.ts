/**
 * @module Handovers: a link that goes over other nodes gets a direct channel, while it is open: link, id, lanes and handlers stay. A direct
 * channel to the same start of a node with which a relayed link is open is a candidate: it carries nothing until the hand-over. The node with
 * the smaller id decides: it ends the old channel with `handover`, which names the new one. The other answers likewise. Each sends everything else on
 * the new channel as soon as the old one is acknowledged up to that message, and reads the old channel up to there, then the new one. So nothing is
 * lost, doubled or out of order. When the old channel falls silent meanwhile, what it has left goes over the new one (`resumptions.ts`).
 *
 * A channel of datagrams that falls silent, or whose socket is gone, is replaced likewise by any other between the two nodes, without a word on
 * the old one. A link whose channel is gone ends after 5 s without another one.
 */

import type { NetworkError } from '../../errors.js';
import { equalBytes } from '../../structures/bytes.js';
import { encodeHandover, isClose, isResume, type SequenceState } from '../../wire/link-control.js';
import { controlDraft, type HeaderView, KIND_DIRECT } from '../../wire/message.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { EngineContext } from '../context.js';
import { Candidates, nameOf } from './candidates.js';
import type { DatagramChannel } from './datagrams/datagram-channel.js';
import type { Slab } from './lane.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';
import { Outbox } from './outbox.js';
import { Resumptions } from './resumptions.js';

/** How long a hand-over may take. A candidate waits until its deadline for opening. */
const HANDOVER_MS = 10_000;
/** The old channel still acknowledges for so long what the remote may send again. */
const LINGER_MS = 3_000;
/** A link whose channel is gone waits so long for another one. */
const LOST_MS = 5_000;
const TOO_MANY = 'another channel between the two nodes was chosen';

export class Handovers implements LinkObserver {
  /** Set right after construction: the dial, or the initiation, that a channel comes from has come to this link. */
  absorbed!: (candidate: Link, link: Link) => void;
  /** Set right after construction: another channel is to be found for the link. */
  seek!: (link: Link) => void;
  readonly resumptions: Resumptions;
  private readonly candidates = new Candidates();
  /** Links by the id by which a transport knows the stream that took them over, until it has ended. */
  private readonly byChannel = new Map<number, Link>();

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly callbacks: Callbacks,
  ) {
    this.resumptions = new Resumptions(context, links);
  }

  /** The link that the transport's channel took over. */
  linkAt(channelId: number): Link | undefined {
    return this.byChannel.get(channelId);
  }

  /** The transport has nothing more to say of the channel. */
  channelEnded(channelId: number): void {
    this.byChannel.delete(channelId);
  }

  /** Takes a proven channel for which there is a better use than a link of its own. False: it is an ordinary one. */
  take(candidate: Link): boolean {
    const link = this.linkFor(candidate);
    if (link === undefined) return false;
    const isNeeded = isSilent(link);
    if (!isNeeded && !isBetter(candidate, link)) return false;
    if (!this.isDecider(link)) this.keep(link, candidate);
    else if (isNeeded) this.replace(link, candidate);
    else this.begin(link, candidate);
    return true;
  }

  /** Whether a message is left unread, because it belongs behind what comes over the channel before. A channel that waits for a choice may end. */
  holds(link: Link, { serviceId, kind, bytes, bodyOffset }: HeaderView): boolean {
    const isBehind = link.isBehindFormer && link.readFrom !== link.former;
    if (!isBehind && !this.candidates.has(link) && !this.joins(link)) return false;
    const isControl = serviceId === 0 && kind === KIND_DIRECT;
    if (isControl && (isResume(bytes, bodyOffset) || (!isBehind && isClose(bytes, bodyOffset)))) return false;
    link.isEarly = isBehind;
    link.isHeld = !isBehind;
    this.links.pause(link);
    return true;
  }

  /** The remote has ended its side of the old channel, and names the new one. What makes no sense is counted, and changes nothing. */
  received(link: Link, name: Uint8Array): void {
    if (!link.isOpen) return this.refuse();
    const isAnswer = equalBytes(nameOf(link), name);
    if (link.former !== undefined && !link.isFormerRead) return isAnswer ? this.formerRead(link) : this.refuse();
    if (isAnswer || this.isDecider(link) || this.candidates.isNamed(link)) return this.refuse();
    this.dropFormer(link);
    // It may be proven on the other side first.
    const forget = this.candidates.name(link, new Uint8Array(name));
    const candidate = this.candidates.named(link);
    if (candidate !== undefined) return this.follow(link, candidate);
    this.context.deadlines.add(forget, this.context.nowMs + HANDOVER_MS, link);
  }

  /** The remote goes on over the channel that this came on, and says what it has of the one before. */
  resumed(on: Link, sequences: readonly SequenceState[]): void {
    const link = on.isOpen ? on : this.linkFor(on);
    if (link === undefined || (link !== on && (this.isDecider(link) || on.phase !== 'duplicates'))) return this.refuse();
    if (link !== on) this.replace(link, on);
    if (!this.resumptions.resumed(link, sequences, this.frameOf(encodeHandover(nameOf(link))))) return this.refuse();
    if (link.isFormerRead) this.finish(link, link.former);
  }

  /** Nothing was acknowledged for a while of what was sent on that channel of the link. */
  silent(link: Link, channel: DatagramChannel | undefined): void {
    if (!link.isOpen || channel === undefined) return;
    if (channel === link.former && !link.isResuming) this.resumptions.begin(link, channel);
    else if (channel === link.channel && link.former === undefined && link.path === 'direct') this.seek(link);
  }

  /** The socket of its channel, or of the one before, is gone. */
  lost(link: Link, socketId: number, cause: NetworkError): void {
    const { deadlines, nowMs, isStopping } = this.context;
    const { channel } = link;
    const end = () => this.links.channelClosed(link, 'transport', cause.message);
    if (!link.isOpen || isStopping) return end();
    if (link.socketId !== socketId) return this.silent(link, link.former);
    this.finishEarly(link);
    if (link.former !== undefined || channel?.kind !== 'datagram' || channel.state !== 'secured') return end();
    link.isLost = true;
    this.seek(link);
    deadlines.add(() => link.isLost && link.channel === channel && end(), nowMs + LOST_MS, link);
  }

  ended(link: Link): void {
    this.resumptions.ended(link);
    this.candidates.leave(link);
    for (const candidate of this.candidates.take(link)) this.release(candidate);
  }

  /** The link to the same start of the node that could go over the candidate. It is open, or may be open already for the smaller node. */
  private linkFor({ nodeId, instance, id }: Link): Link | undefined {
    const link = nodeId === undefined ? undefined : this.links.chosen(nodeId);
    if (link === undefined || link.id === id || link.instance !== instance) return undefined;
    if (link.isOver || (!link.isOpen && this.isDecider(link))) return undefined;
    this.finishEarly(link);
    // The smaller node begins another change only when it has all of the one before.
    const isDone = link.former === undefined || (link.isFormerRead && !this.isDecider(link));
    return isDone && link.channel?.kind === 'datagram' && link.channel.state === 'secured' ? link : undefined;
  }

  /** The channel of the link is lost: it goes on over the candidate's. */
  private replace(link: Link, candidate: Link): void {
    const { channel } = link;
    if (channel?.kind !== 'datagram') return;
    channel.remains.suspend();
    this.dropFormer(link);
    link.isFormerRead = false;
    link.isLost = false;
    this.absorb(link, candidate);
    this.resumptions.begin(link, channel);
    this.moved(link, candidate);
    this.refuseOthers(link);
  }

  /** Until the smaller node has decided. */
  private keep(link: Link, candidate: Link): void {
    if (!this.candidates.add(link, candidate)) this.links.close(candidate, 'duplicate', TOO_MANY);
    else if (this.candidates.named(link) === candidate) this.follow(link, candidate);
  }

  /** The smaller node has begun to send on a channel that waited for its choice, although it had chosen another one: it names it there. */
  private joins(candidate: Link): boolean {
    const link = candidate.phase === 'duplicates' ? this.linkFor(candidate) : undefined;
    if (link === undefined || this.isDecider(link) || !isBetter(candidate, link)) return false;
    const go = () => (this.linkFor(candidate) === link ? this.keep(link, candidate) : this.release(candidate));
    this.context.deadlines.add(go, this.context.nowMs, candidate);
    return true;
  }

  /** The smaller node has chosen. */
  private refuseOthers(link: Link): void {
    for (const other of this.candidates.take(link)) this.links.close(other, 'duplicate', TOO_MANY);
  }

  /** The remote may have no link of that kind any more: then it sends on the candidate as on any new link. */
  private release(candidate: Link): void {
    if (candidate.isOver) return;
    candidate.isHeld = false;
    this.context.deadlines.add(() => this.links.readOn(candidate), this.context.nowMs, candidate);
  }

  /** The larger node's side: the remote's old channel was read to its end. */
  private follow(link: Link, candidate: Link): void {
    this.begin(link, candidate);
    this.formerRead(link);
    this.refuseOthers(link);
  }

  /** Ends this side of the old channel. */
  private begin(link: Link, candidate: Link): void {
    const { channel } = link;
    if (channel?.kind !== 'datagram') return;
    channel.remains.finish(this.frameOf(encodeHandover(nameOf(candidate))));
    link.former = channel;
    link.isFormerRead = false;
    link.outbox.isHeld = true;
    this.absorb(link, candidate);
    this.context.metrics.handovers.value++;
    this.context.deadlines.add(() => this.expire(link, channel), this.context.nowMs + HANDOVER_MS, link);
    this.moved(link, candidate);
  }

  private moved(link: Link, candidate: Link): void {
    this.absorbed(candidate, link);
    this.context.deadlines.add(() => this.links.readOn(link), this.context.nowMs, link);
    this.context.touch(link);
    if (link.connection !== undefined) this.context.options.emit('path', link.connection);
    const event = { type: 'path' as const, path: link.path };
    for (const slot of link.handlers) if (slot?.isOpened === true && !slot.behavior.isCondemned) this.callbacks.event(slot, event);
  }

  private formerRead(link: Link): void {
    const { former } = link;
    link.isFormerRead = true;
    if (link.channel?.kind === 'datagram') link.channel.readsServices = true;
    this.context.deadlines.add(() => this.links.readOn(link), this.context.nowMs, link);
    this.context.deadlines.add(() => this.finish(link, former), this.context.nowMs + LINGER_MS, link);
  }

  /** Another change is at hand. Of a lost channel, what is left may be on its way over the present one. */
  private finishEarly(link: Link): void {
    if (!link.isResuming) this.finish(link, link.former);
  }

  /** Both sides may have ended it, and everything may have arrived, or be on its way over the present one. */
  private finish(link: Link, former: DatagramChannel | undefined): void {
    if (link.former === former && former?.isFlushed === true && link.isFormerRead) this.dropFormer(link);
  }

  private expire(link: Link, former: DatagramChannel): void {
    if (link.former !== former || link.isResuming) return;
    // Whoever decides gets the answer behind everything that it has sent.
    const hasArrived = former.isFlushed || (this.isDecider(link) && link.isFormerRead);
    if (hasArrived && link.isFormerRead) this.dropFormer(link);
    else this.resumptions.begin(link, former);
  }

  /**
   * The link goes over the candidate's channel from now on, paused until it is read on. What was measured, and what had come unread, belongs to a
   * channel; a part of that may lie in a chunk of the transport's, in whose midst the candidate was proven.
   */
  private absorb(link: Link, candidate: Link): void {
    const { channel, id } = candidate;
    if (channel === undefined) return;
    this.candidates.leave(candidate);
    candidate.channel = undefined;
    candidate.successor = link;
    channel.settle();
    this.links.forget(candidate);
    if (channel.kind === 'stream') this.byChannel.set(id, link);
    else channel.readsServices = false;
    channel.carry(link);
    link.channel = channel;
    link.takePathOf(candidate, this.context.nowMs);
    this.links.pause(link);
  }

  /** Everything has arrived that was sent on the channel before. */
  private dropFormer(link: Link): void {
    if (link.former === undefined) return;
    link.former.wipe();
    link.former = undefined;
    link.outbox.isHeld = false;
    this.resumptions.ended(link);
    this.context.touch(link);
  }

  /** A message of service 0 as a frame. */
  private frameOf(body: Uint8Array): Uint8Array {
    const outbox = new Outbox(this.context.limits);
    outbox.appendOwn(controlDraft(), body);
    const { bytes, sealed, used } = outbox.lane('control').slabs[0] as Slab;
    return bytes.slice(sealed, used);
  }

  private isDecider({ nodeId }: Link): boolean {
    return nodeId !== undefined && this.context.self < nodeId;
  }

  private refuse(): void {
    this.context.metrics.unknownControl.value++;
  }
}

function isBetter(candidate: Link, { path, channel }: Link): boolean {
  return path === 'relayed' && candidate.path === 'direct' && channel?.kind === 'datagram' && channel.remains.canFinish;
}

function isSilent({ isLost, channel }: Link): boolean {
  return isLost || (channel?.kind === 'datagram' && channel.isSilent);
}
