/**
 * @module EnvelopeChannel: what the two ends of one connection send each other about envelopes: a flow in each direction. Pure but for
 * the `send` that it is lent. Everything is sent over one lane, so that it arrives in order.
 *
 * After the hellos a side sends nothing until it is granted something, and a side grants only while its channel is used. A sender that is
 * out of grants and has envelopes waiting sends once how many it wants. Envelopes that arrive while the channel is not used (they were
 * granted before) wait for its next user, who gets them first. Whatever finds no room in the lane is sent by the next `flush`.
 */
import { assertNever, type CloseReason, InboundFlow, OutboundFlow, type SendResult } from '../../core/index.js';
import {
  decodeMessage,
  ENVELOPE_HEAD_BYTES,
  type EnvelopeMessage,
  encodeEnvelope,
  encodeGrant,
  encodeHello,
  encodeWant,
} from './messages.js';

/** Who uses a channel: an entry of a mesh. */
export interface ChannelUser {
  /** Envelopes have arrived: `take` returns them, in order. Those that are not taken wait. */
  onArrived(): void;
  /** The remote wants more than it was granted. */
  onWanted(): void;
  /** The connection, or the remote's side of the channel, ended. Nothing follows. */
  onEnded(reason: CloseReason): void;
}

/** `ignored`: from before the hello. `violation`: more than was granted. `ended`: the remote's side is over, or began anew. */
export type ReceiveOutcome = 'ok' | 'ignored' | 'malformed' | 'violation' | 'ended';

type Send = (message: Uint8Array) => SendResult;

/** Most envelopes that may wait to be sent, whatever the mesh. */
export const CAPACITY_MAX = 1_048_576;

export class EnvelopeChannel {
  /** Envelopes that wait for a grant or for room in the lane, encoded. Only while the channel is used. */
  readonly #outbound = new OutboundFlow<Uint8Array>({ capacity: CAPACITY_MAX });
  readonly #inbound = new InboundFlow<Uint8Array>({ window: 0 });
  #user: { readonly user: ChannelUser; readonly outgoingCapacity: number } | undefined;
  /** Envelopes that users took along: they count as consumed when there is a user again. */
  #takenAlong = 0;
  #helloDue: Uint8Array | undefined;
  #remoteSession: number | undefined;

  /**
   * `session`: random. `first`: who sends the first hello. `both`: the connection opens. `self`: it is older than this side's behaviour, so
   * that the remote's hello was missed. `remote`: the remote has ended its side, and may begin anew.
   */
  constructor(
    private readonly session: number,
    first: 'both' | 'self' | 'remote',
  ) {
    if (first !== 'remote') this.#helloDue = encodeHello(session, first === 'self');
  }

  get isUsed(): boolean {
    return this.#user !== undefined;
  }

  /** The remote has sent its hello: envelopes may be sent as soon as it grants some. */
  get isGreeted(): boolean {
    return this.#remoteSession !== undefined;
  }

  /** Envelopes that may be in transit or wait to be consumed: slots of the user's queue that are this channel's. */
  get held(): number {
    return this.#inbound.window;
  }

  /** Slots that it would like to have beside those; the first without being asked. */
  get wanted(): number {
    return this.held === 0 ? 1 : this.#inbound.wanted;
  }

  get outgoingCount(): number {
    return this.#outbound.length;
  }

  /** How many may wait to be sent; 0 while it is not used. */
  get outgoingMax(): number {
    return this.#user?.outgoingCapacity ?? 0;
  }

  /** Envelopes that may be sent now. */
  get grantedCount(): number {
    return this.#outbound.available;
  }

  /** Envelopes that no user has taken. */
  get unreadCount(): number {
    return this.#inbound.unread;
  }

  /** It is used from now on. */
  attach(user: ChannelUser, outgoingCapacity: number): void {
    this.#user = { user, outgoingCapacity };
    const taken = this.#takenAlong;
    this.#takenAlong = 0;
    if (taken > 0) this.consumed(taken, Math.min(taken, this.held - 1));
  }

  /** The next envelope that has arrived. */
  take(): Uint8Array | undefined {
    const next = this.#inbound.read();
    return next?.type === 'item' ? next.item : undefined;
  }

  /** It is not used any more. `takenAlong`: envelopes that the user took and has not consumed. Returns what was not sent, oldest first. */
  detach(takenAlong: number): Uint8Array[] {
    this.#user = undefined;
    this.#takenAlong += takenAlong;
    return this.#outbound.remove(() => true).map((message) => message.subarray(ENVELOPE_HEAD_BYTES));
  }

  /** Takes an envelope to send, unless its queue is full. Nothing is copied in vain. `flush` follows. */
  push(payload: Uint8Array): 'queued' | 'full' {
    if (this.#user === undefined || this.outgoingCount >= this.#user.outgoingCapacity) return 'full';
    return this.#outbound.push(encodeEnvelope(payload)) ? 'queued' : 'full';
  }

  /** So many slots more are its own. `flush` follows. */
  widen(slots: number): void {
    this.#inbound.resize(this.held + slots);
  }

  /** The user consumed envelopes; so many of their slots are not the channel's any more. One always remains. `flush` follows. */
  consumed(envelopes: number, narrower: number): void {
    if (narrower > 0) this.#inbound.resize(this.held - narrower);
    this.#inbound.consumed(envelopes);
  }

  /** Takes a message of the remote. `flush` follows. */
  receive(bytes: Uint8Array): ReceiveOutcome {
    const message = decodeMessage(bytes);
    if (message === undefined) return 'malformed';
    if (message.type === 'hello') return this.#greeted(message);
    if (!this.isGreeted) return 'ignored';
    switch (message.type) {
      case 'envelope':
        return this.#receiveEnvelope(message.payload);
      case 'grant':
        this.#outbound.onGrant(message.total);
        return 'ok';
      case 'want':
        this.#inbound.onWanted(message.total);
        if (this.wanted > 0) this.#user?.user.onWanted();
        return 'ok';
      case 'bye':
        return 'ended';
      default:
        return assertNever(message);
    }
  }

  /** The channel is over. Returns how many envelopes are lost. */
  end(reason: CloseReason): number {
    const lostCount = this.unreadCount;
    while (this.take() !== undefined);
    this.#user?.user.onEnded(reason);
    return lostCount;
  }

  /** Whether there may be something to send. */
  get hasNews(): boolean {
    return this.#helloDue !== undefined || (this.isUsed && this.#inbound.hasNews) || this.outgoingCount > 0;
  }

  /** Sends everything that is to be sent, as far as it finds room. */
  flush(send: Send): void {
    if (this.#helloDue !== undefined && send(this.#helloDue) !== 'queued') return;
    this.#helloDue = undefined;
    if (!this.isGreeted) return;
    if (this.isUsed && this.#inbound.hasNews) {
      if (send(encodeGrant(this.#inbound.announce().granted)) !== 'queued') return;
      this.#inbound.announced();
    }
    if (this.#sendEnvelopes(send)) this.#sendWant(send);
  }

  /** Whether all that were granted were sent. */
  #sendEnvelopes(send: Send): boolean {
    for (let next = this.#outbound.next; next !== undefined; next = this.#outbound.next) {
      if (send(next.item) !== 'queued') return false;
      this.#outbound.sent();
    }
    return true;
  }

  #sendWant(send: Send): void {
    const want = this.#outbound.wantDue;
    if (want !== undefined && send(encodeWant(want)) === 'queued') this.#outbound.wantSent(want);
  }

  #greeted({ session, isAnswerWanted }: Extract<EnvelopeMessage, { type: 'hello' }>): ReceiveOutcome {
    if (this.isGreeted && session !== this.#remoteSession) return 'ended';
    this.#remoteSession = session;
    if (isAnswerWanted) this.#helloDue = encodeHello(this.session, false);
    return 'ok';
  }

  #receiveEnvelope(payload: Uint8Array): ReceiveOutcome {
    if (this.#inbound.receive(payload.slice()) !== 'ok') return 'violation';
    this.#user?.user.onArrived();
    return 'ok';
  }
}
