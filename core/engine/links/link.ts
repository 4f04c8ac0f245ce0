/**
 * @module Link: the core's object for one connection to a node: its facts, its phase, and what bytes pass, its channel and its lanes. What a phase means and who may move it stands in `admission.ts`; the path of the bytes in `link-pipeline.ts`.
 *
 *   dialling -> securing -> duplicates -> gates -> open -> closing -> closed
 */

import type { Address } from '../../address/address.js';
import { isRelayed } from '../../address/address-class.js';
import { type NodeId, nodeIdToBytes } from '../../address/node-id.js';
import type { Connection, PathKind } from '../../api/events.js';
import type { CloseReason } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Counter } from '../../metrics.js';
import { noneOf } from '../../structures/few-list.js';
import { FewSet } from '../../structures/few-set.js';
import type { RateWindow } from '../../structures/rate-window.js';
import type { TokenBucket } from '../../structures/token-bucket.js';
import type { MessageOrigin } from '../../wire/message.js';
import type { BehaviorSlot, HandlerSlot } from '../behaviors/owner.js';
import type { DatagramChannel } from './datagrams/datagram-channel.js';
import { type ConnectionFacts, OpenConnection } from './open-connection.js';
import { Outbox } from './outbox.js';
import type { Pace } from './pace.js';
import { PingHistory } from './ping-history.js';
import type { StreamChannel } from './stream-channel.js';

export type Phase = 'dialling' | 'waiting' | 'securing' | 'duplicates' | 'gates' | 'open' | 'closing' | 'closed';

export class Link {
  phase: Phase = 'dialling';
  remoteAddress: Address;
  localAddress: Address | undefined;
  /** The socket of a link of datagrams; absent: it has a stream of its own. Set with `localAddress`. */
  socketId: number | undefined;
  /** Whose share of unfinished handshakes it takes, if not its host's. */
  place: string | undefined;
  /** Of a link that an initiation began: by what the same one is known when it comes again. */
  initiationKey: string | undefined;
  /** Present from `securing` on. */
  channel: StreamChannel | DatagramChannel | undefined;
  /** The channel that it had before a hand-over, until all of it has arrived; and whether the remote's end of it was read. */
  former: DatagramChannel | undefined;
  isFormerRead = false;
  /** The channel that is being read, or was last; and whether something has come over the present one that belongs behind the one before. */
  readFrom: StreamChannel | DatagramChannel | undefined;
  isEarly = false;
  /** Its channel is gone, and another one is looked for. */
  isLost = false;
  /** Of a candidate: the link that has its channel now. */
  successor: Link | undefined;
  /** The connection id by which its transport knows its channel. */
  channelId: number;
  /** Present once the remote's identity is proven. */
  connection: Connection | undefined;
  /** The remote's random name of its start, as hex; zeros when it gave none. */
  instance = '';
  private idBytes: Uint8Array | undefined;
  /** What its messages have in common; present with `connection`. */
  origin: MessageOrigin | undefined;

  readonly outbox: Outbox;
  /** By service id. */
  handlers: readonly (HandlerSlot | undefined)[] = noneOf();
  /** What the remote offers, from its `ready` on. */
  remoteServices: readonly number[] = [];

  /** Behaviours that saw it connected, and will see it disconnected. */
  readonly seenBy = new FewSet<BehaviorSlot>();
  /** Behaviours whose vote let it pass, and that see whether it comes to nothing. */
  voters: BehaviorSlot[] | undefined;
  /** Gates that have not admitted it yet, and those of them that have more to send before own `ready`. */
  readonly waitingGates = new FewSet<BehaviorSlot>();
  readonly speakingGates = new FewSet<BehaviorSlot>();
  /** Its channel is not read: it waits for a slot, or for the next turn. */
  isPaused = false;
  /** Complete messages of its secure handshake. */
  handshakeCount = 0;
  /** It is held back until this node's own dial to the remote has ended: what comes is left unread. */
  isHeld = false;
  readonly heldChunks: Uint8Array[] = [];
  heldBytes = 0;
  /** It has used up its share of this turn of the event loop: the rest, and what comes, is read in the next one. */
  isDeferred = false;
  /** Its channel has ended before all of it was read. */
  end: { readonly cause: Error | undefined } | undefined;
  /** The turn in which it was read last, and what was read of it then. */
  turn = 0;
  turnMs = 0;
  turnMessages = 0;
  turnBytes = 0;
  /** The record whose messages are being read. */
  plaintext: Uint8Array | undefined;
  /** It was chosen among its duplicates, by whoever decides. */
  isChosen = false;
  /** It counts as one of this node's connections. */
  isCounted = false;
  /** It is or was open. */
  hasOpened = false;
  isReadySent = false;
  isReadyReceived = false;
  /** Whoever keeps it from being closed as idle. */
  readonly holders = new FewSet<object>();
  /** How often links of this identity were replaced, this one's predecessors included. */
  replacements: RateWindow | undefined;

  /** At least one byte came. */
  hasReceived = false;
  lastReceivedMs: number;
  lastSentMs: number;
  /** Application messages only. */
  lastTrafficMs: number;
  /** Of the channel: records and handshake. */
  bytesSent = 0;
  bytesReceived = 0;
  openedMs = 0;
  /** Since when it goes over its present channel. */
  pathSinceMs = 0;
  rttMs: number | undefined;
  /** The last ping that was queued. */
  lastPingMs: number;
  pongCount = 0;
  readonly pings = new PingHistory();
  /** Present once either side has wished slower keep-alives. */
  pace: Pace | undefined;
  /** When it is looked at next for keep-alives, in the engine's table. */
  watchId = 0;

  /** Signals of lost messages for what came over it; present from the first one. */
  lossSignals: TokenBucket | undefined;

  closeReason: CloseReason | undefined;
  isTouched = false;
  /** The goodbye is in the lane, or there will be none: the channel ends when the lanes are empty. */
  isGoodbyeQueued = false;
  /** The deadline of the phase, in the engine's table. */
  deadlineId = 0;

  constructor(
    readonly id: number,
    readonly direction: 'incoming' | 'outgoing',
    address: Address,
    readonly attemptId: number | undefined,
    limits: Limits,
    readonly createdMs: number,
  ) {
    this.remoteAddress = address;
    this.channelId = id;
    this.outbox = new Outbox(limits);
    this.lastReceivedMs = createdMs;
    this.lastSentMs = createdMs;
    this.lastTrafficMs = createdMs;
    this.lastPingMs = createdMs;
  }

  /** Who is at the other end; absent until proven. */
  get nodeId(): NodeId | undefined {
    return this.connection?.nodeId;
  }

  /** The same as bytes, for what is forwarded for it. */
  get nodeIdBytes(): Uint8Array {
    this.idBytes ??= nodeIdToBytes(this.nodeId as NodeId);
    return this.idBytes;
  }

  get path(): PathKind {
    return isRelayed(this.remoteAddress) ? 'relayed' : 'direct';
  }

  get isOpen(): boolean {
    return this.phase === 'open';
  }

  /** It goes over another channel than at first. */
  get hasMoved(): boolean {
    return this.channelId !== this.id;
  }

  /** The channel before is lost: what it has left comes over the present one. */
  get isResuming(): boolean {
    return this.former?.remains.isSuspended === true;
  }

  /** What comes over its channel belongs behind what comes over the one before. */
  get isBehindFormer(): boolean {
    return this.former !== undefined && !this.isFormerRead && !this.isResuming;
  }

  /** It waits, because it has come already. */
  get awaitsFormer(): boolean {
    return this.isEarly && this.isBehindFormer;
  }

  /** What comes over its channel is kept for later. */
  get isLeftUnread(): boolean {
    return this.isHeld || this.isDeferred || this.awaitsFormer;
  }

  /** It has ended for authors. */
  get isOver(): boolean {
    return this.phase === 'closing' || this.phase === 'closed';
  }

  /** Whether a message that may be lost goes as it is: over datagrams it is in one of them. */
  takesUnreliable(messageBytes: number): boolean {
    return this.channel?.kind !== 'datagram' || messageBytes <= this.channel.unreliableBytesMax;
  }

  /** Both sides are ready. */
  opened(nowMs: number): void {
    this.phase = 'open';
    this.hasOpened = true;
    this.openedMs = nowMs;
    this.pathSinceMs = nowMs;
    this.lastTrafficMs = nowMs;
  }

  /**
   * Forgets what waits, and what its channels would send again; returns how many messages of authors that were of which it is not known that they
   * have arrived, or left.
   */
  abandon(): number {
    return this.outbox.clear() + (this.channel?.abandon() ?? 0) + (this.former?.abandon() ?? 0);
  }

  /** It goes over the candidate's channel from now on. What was measured, and what had come unread, belongs to a channel. */
  takePathOf(candidate: Link, nowMs: number): void {
    this.isEarly = false;
    this.channelId = candidate.id;
    this.socketId = candidate.socketId;
    this.remoteAddress = candidate.remoteAddress;
    this.localAddress = candidate.localAddress;
    this.pathSinceMs = nowMs;
    this.isPaused = candidate.isPaused;
    this.heldChunks.push(...candidate.heldChunks);
    this.heldBytes += candidate.heldBytes;
    this.end = candidate.end;
    this.rttMs = undefined;
    this.pongCount = 0;
  }

  /** A message that is handled by that service passes. */
  passed(serviceId: number, nowMs: number): void {
    this.lastTrafficMs = nowMs;
    this.pace?.passed(serviceId, nowMs);
  }

  setHandler(serviceId: number, handler: HandlerSlot | undefined): void {
    const length = Math.max(this.handlers.length, serviceId + 1);
    this.handlers = Array.from({ length }, (_, id) => (id === serviceId ? handler : this.handlers[id]));
  }

  /** The remote's identity is proven: the connection's facts stand from here on. */
  prove(connection: ConnectionFacts, undecodable: Counter, limits: Limits): void {
    this.origin = new LinkOrigin(this, connection.nodeId, undecodable, limits);
    this.connection = new OpenConnection(connection, this);
    this.instance = connection.instance;
    this.phase = 'duplicates';
  }
}

/** What the messages of a link have in common. */
class LinkOrigin implements MessageOrigin {
  constructor(
    private readonly link: Link,
    readonly nodeId: NodeId,
    readonly undecodable: Counter,
    readonly limits: Limits,
  ) {}

  get connectionId(): number {
    return this.link.id;
  }

  isLasting(bytes: Uint8Array): boolean {
    return bytes === this.link.plaintext;
  }

  giveBack(bytes: Uint8Array, end: number): void {
    this.link.readFrom?.frames.giveBack(bytes, end);
  }
}
