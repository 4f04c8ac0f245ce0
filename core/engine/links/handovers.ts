/**
 * @module Handovers: a link that goes over other nodes gets a direct channel, while it is open: link, id, lanes and handlers stay. A direct
 * channel to the same start of a node with which a relayed link is open is a candidate: it carries nothing until the hand-over. The node with
 * the smaller id decides: it ends the old channel with `handover`, which names the new one, and sends everything else there. The other answers
 * likewise. Each reads the old channel up to that message, which comes after all others, then the new one. So nothing is lost, doubled or out of order. What
 * was sent on the old channel is repaired there until it has arrived; when that takes too long, the link ends as if its channel were lost.
 */
import { equalBytes } from '../../structures/bytes.js';
import { CHANNEL_NAME_BYTES, encodeHandover } from '../../wire/link-control.js';
import { controlDraft } from '../../wire/message.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { EngineContext } from '../context.js';
import type { Slab } from './lane.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';
import type { LinkTable } from './link-table.js';
import { Outbox } from './outbox.js';

/** How long a hand-over may take. A candidate waits until its deadline for opening. */
const HANDOVER_MS = 10_000;
/** The old channel still acknowledges for so long what the remote may send again. */
const LINGER_MS = 3_000;
/** Channels to one node that wait for its choice. */
const CANDIDATES_MAX = 4;
const TOO_MANY = 'another channel between the two nodes was chosen';

export class Handovers implements LinkObserver {
  /** Set right after construction: the dial, or the initiation, that a channel comes from has come to this link. */
  absorbed!: (candidate: Link, link: Link) => void;
  /** Channels that wait for the smaller node, by the link that they could take over. */
  private readonly candidates = new Map<Link, readonly Link[]>();
  /** Links by the id by which a transport knows the stream that took them over, until it has ended. */
  private readonly byChannel = new Map<number, Link>();
  /** Channels that the smaller node has named before they were proven here. */
  private readonly named = new Map<Link, Uint8Array>();

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly callbacks: Callbacks,
  ) {}

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
    const link = candidate.nodeId === undefined ? undefined : this.links.openTo(candidate.nodeId);
    if (link === undefined || link === candidate || link.instance !== candidate.instance) return false;
    if (link.path !== 'relayed' || candidate.path !== 'direct' || link.channel?.kind !== 'datagram') return false;
    if (!link.channel.canFinish) return false;
    if (this.isDecider(link)) this.begin(link, candidate);
    else this.keep(link, candidate);
    return true;
  }

  /** The remote has ended its side of the old channel, and names the new one. What makes no sense is counted, and changes nothing. */
  received(link: Link, name: Uint8Array): void {
    if (!link.isOpen) return this.refuse();
    if (this.isDecider(link)) {
      if (link.former === undefined || link.isFormerRead || !equalBytes(nameOf(link), name)) return this.refuse();
      return this.formerRead(link);
    }
    if (link.former !== undefined || this.named.has(link)) return this.refuse();
    const candidate = this.candidatesOf(link).find((other) => equalBytes(nameOf(other), name));
    if (candidate !== undefined) return this.follow(link, candidate);
    // It may be proven on the other side first.
    this.named.set(link, new Uint8Array(name));
    this.context.deadlines.add(() => this.named.delete(link), this.context.nowMs + HANDOVER_MS, link);
  }

  ended(link: Link): void {
    this.named.delete(link);
    const own = this.candidatesOf(link);
    this.candidates.delete(link);
    for (const candidate of own) this.release(candidate);
    for (const [other, waiting] of this.candidates) if (waiting.includes(link)) this.leave(other, link);
  }

  /** The smaller node's side of it. */
  private begin(link: Link, candidate: Link): void {
    this.move(link, candidate);
    this.context.deadlines.add(() => this.expire(link), this.context.nowMs + HANDOVER_MS, link);
  }

  /** Unread: what comes over it belongs behind what comes over the old channel. */
  private keep(link: Link, candidate: Link): void {
    candidate.isHeld = true;
    this.links.pause(candidate);
    const name = this.named.get(link);
    if (name !== undefined && equalBytes(nameOf(candidate), name)) return this.follow(link, candidate);
    const others = this.candidatesOf(link);
    if (others.length < CANDIDATES_MAX) this.candidates.set(link, [...others, candidate]);
    else this.links.close(candidate, 'duplicate', TOO_MANY);
  }

  private candidatesOf(link: Link): readonly Link[] {
    return this.candidates.get(link) ?? [];
  }

  private leave(link: Link, candidate: Link): void {
    const others = this.candidatesOf(link).filter((other) => other !== candidate);
    if (others.length > 0) this.candidates.set(link, others);
    else this.candidates.delete(link);
  }

  /** The remote may have no link of that kind any more: then it sends on the candidate as on any new link. */
  private release(candidate: Link): void {
    if (candidate.isOver) return;
    candidate.isHeld = false;
    this.context.deadlines.add(() => this.links.readOn(candidate), this.context.nowMs, candidate);
  }

  /** The larger node's side: the remote's old channel was read to its end. */
  private follow(link: Link, candidate: Link): void {
    this.leave(link, candidate);
    const others = this.candidatesOf(link);
    this.candidates.delete(link);
    this.named.delete(link);
    this.begin(link, candidate);
    this.formerRead(link);
    for (const other of others) this.links.close(other, 'duplicate', TOO_MANY);
  }

  private move(link: Link, candidate: Link): void {
    const { channel } = link;
    if (channel?.kind !== 'datagram') return;
    channel.finish(this.frameOf(encodeHandover(nameOf(candidate))));
    link.former = channel;
    link.isFormerRead = false;
    this.absorb(link, candidate);
    this.absorbed(candidate, link);
    this.context.touch(link);
    this.context.metrics.handovers.value++;
    if (link.connection !== undefined) this.context.options.emit('path', link.connection);
    const event = { type: 'path' as const, path: link.path };
    for (const slot of link.handlers) if (slot?.isOpened === true && !slot.behavior.isCondemned) this.callbacks.event(slot, event);
  }

  private formerRead(link: Link): void {
    link.isFormerRead = true;
    this.context.deadlines.add(() => this.links.readOn(link), this.context.nowMs, link);
    this.context.deadlines.add(() => this.finish(link), this.context.nowMs + LINGER_MS, link);
  }

  /** Both sides have ended it, and everything has arrived. */
  private finish(link: Link): void {
    if (link.former?.isFlushed === true) dropFormer(link);
  }

  private expire(link: Link): void {
    if (link.former === undefined) return;
    // Whoever decides gets the answer behind everything that it has sent.
    const hasArrived = link.former.isFlushed || (this.isDecider(link) && link.isFormerRead);
    if (hasArrived && link.isFormerRead) dropFormer(link);
    else this.links.close(link, 'transport', 'its channel was lost during a hand-over');
  }

  /**
   * The link goes over the candidate's channel from now on, paused until it is read on. What was measured, and what had come unread, belongs to a
   * channel; a part of that may lie in a chunk of the transport's, in whose midst the candidate was proven.
   */
  private absorb(link: Link, candidate: Link): void {
    const { channel, id } = candidate;
    if (channel === undefined) return;
    candidate.channel = undefined;
    candidate.successor = link;
    channel.settle();
    this.links.forget(candidate);
    if (channel.kind === 'stream') this.byChannel.set(id, link);
    channel.carry(link);
    link.channel = channel;
    link.channelId = id;
    link.socketId = candidate.socketId;
    link.remoteAddress = candidate.remoteAddress;
    link.localAddress = candidate.localAddress;
    link.pathSinceMs = this.context.nowMs;
    link.isPaused = candidate.isPaused;
    link.heldChunks.push(...candidate.heldChunks);
    link.heldBytes += candidate.heldBytes;
    link.end = candidate.end;
    link.rttMs = undefined;
    link.pongCount = 0;
    this.links.pause(link);
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

/** Everything has arrived that was sent on the channel before. */
function dropFormer(link: Link): void {
  link.former?.wipe();
  link.former = undefined;
}

/** Of the channel that the link has. */
function nameOf({ channel }: Link): Uint8Array {
  return channel?.remote?.channelBinding.subarray(0, CHANNEL_NAME_BYTES) ?? new Uint8Array(0);
}
