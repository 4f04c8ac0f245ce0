/**
 * @module EnvelopeChannel: what the two ends of one connection say about envelopes, and what each may. Pure: it knows no mesh, no agent but
 * the `send` that it is lent, and no time. Everything goes down one lane, so that it arrives in order.
 *
 * After the hellos a side sends nothing until it is granted something, and a side grants only while somebody uses its channel. A sender
 * that is out of grants and has envelopes waiting says once how many it wants. Envelopes that arrive while nobody uses the channel (they
 * were granted before) wait for its next user, who gets them first. Whatever finds no room in the lane goes with the next `flush`.
 */
import { assertNever, BoundedQueue, type CloseReason, CreditReceiver, CreditSender, type SendResult } from '../../core/index.js';
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
  /** An envelope, in order; whether the user has taken it. If not it is offered again by `takeWaiting`. */
  onEnvelope(payload: Uint8Array): boolean;
  /** The remote wants more than it was granted. */
  onWanted(): void;
  /** The connection, or the remote's side of the channel, ended. Nothing follows. */
  onEnded(reason: CloseReason): void;
}

/** `ignored`: from before the hello. `violation`: more than was granted. `ended`: the remote's side is over, or began anew. */
export type Heard = 'ok' | 'ignored' | 'malformed' | 'violation' | 'ended';

type Send = (message: Uint8Array) => SendResult;

export class EnvelopeChannel {
  /** Envelopes that wait for a grant or for room in the lane, encoded. Only while the channel is used. */
  #outgoing: BoundedQueue<Uint8Array> | undefined;
  #user: ChannelUser | undefined;
  readonly #sending = new CreditSender();
  /** Absent until the first grant. */
  #receiving: CreditReceiver | undefined;
  /** Envelopes that no user has taken yet; at most as many as were granted. */
  #waiting: Uint8Array[] = [];
  /** Envelopes that users took along: they count as consumed when there is a user again. */
  #takenAlong = 0;
  #wantTold = 0;
  #remoteWant = 0;
  #grantDue: number | undefined;
  #helloDue: Uint8Array | undefined;
  #remoteSession: number | undefined;

  /**
   * `session`: random. `first`: who speaks first. `both`: the connection opens. `self`: it is older than this side's behaviour, so that
   * the remote's hello was missed. `remote`: the remote has ended its side, and may begin anew.
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

  /** The remote said hello: envelopes may go as soon as it grants some. */
  get isGreeted(): boolean {
    return this.#remoteSession !== undefined;
  }

  /** Envelopes that may be on their way here or wait to be consumed: slots of the user's queue that are this channel's. */
  get held(): number {
    return this.#receiving?.window ?? 0;
  }

  /** Slots that it would like to have beside those; the first without being asked. */
  get wanted(): number {
    return this.#receiving === undefined ? 1 : Math.max(0, this.#remoteWant - this.#receiving.total);
  }

  get outgoingCount(): number {
    return this.#outgoing?.length ?? 0;
  }

  /** Envelopes that may be sent now. */
  get grantedCount(): number {
    return this.#sending.available;
  }

  /** Somebody uses it from now on. */
  attach(user: ChannelUser, outgoingCapacity: number, name: string): void {
    this.#outgoing = new BoundedQueue({ name, policy: 'reject', lengthMax: outgoingCapacity });
    this.#user = user;
    const taken = this.#takenAlong;
    this.#takenAlong = 0;
    if (taken > 0) this.consumed(taken, Math.min(taken, this.held - 1));
  }

  /** The user gets what it has not got yet, as far as it takes it. */
  takeWaiting(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#user?.onEnvelope(next) === true) continue;
      this.#waiting.unshift(next);
      return;
    }
  }

  /** Nobody uses it any more. `takenAlong`: envelopes that the user got and has not consumed. Answers what was not sent, oldest first. */
  detach(takenAlong: number): Uint8Array[] {
    const unsent: Uint8Array[] = [];
    for (let message = this.#outgoing?.shift(); message !== undefined; message = this.#outgoing?.shift())
      unsent.push(message.subarray(ENVELOPE_HEAD_BYTES));
    this.#outgoing = undefined;
    this.#user = undefined;
    this.#takenAlong += takenAlong;
    return unsent;
  }

  /** Takes an envelope to send, unless its queue is full. Nothing is copied in vain. `flush` follows. */
  push(payload: Uint8Array): 'queued' | 'full' {
    const outgoing = this.#outgoing;
    if (outgoing === undefined || outgoing.length >= outgoing.lengthMax) return 'full';
    outgoing.push(encodeEnvelope(payload));
    return 'queued';
  }

  /** So many slots more are its own. `flush` follows. */
  widen(slots: number): void {
    if (this.#receiving === undefined) {
      this.#receiving = new CreditReceiver(slots);
      this.#grantDue = slots;
    } else this.#grantDue = this.#receiving.resize(this.#receiving.window + slots) ?? this.#grantDue;
  }

  /** The user consumed envelopes; so many of their slots are not the channel's any more. One always remains. `flush` follows. */
  consumed(envelopes: number, narrower: number): void {
    const receiving = this.#receiving as CreditReceiver;
    if (narrower > 0) receiving.resize(receiving.window - narrower);
    this.#grantDue = receiving.onConsumed(envelopes) ?? this.#grantDue;
  }

  /** Takes a message of the remote. `flush` follows. */
  receive(bytes: Uint8Array): Heard {
    const message = decodeMessage(bytes);
    if (message === undefined) return 'malformed';
    if (message.type === 'hello') return this.#greeted(message);
    if (!this.isGreeted) return 'ignored';
    switch (message.type) {
      case 'envelope':
        return this.#takeEnvelope(message.payload);
      case 'grant':
        this.#sending.onGrant(message.total);
        return 'ok';
      case 'want':
        this.#takeWant(message.total);
        return 'ok';
      case 'bye':
        return 'ended';
      default:
        return assertNever(message);
    }
  }

  /** The channel is over: its user hears it. Answers how many envelopes nobody will get. */
  end(reason: CloseReason): number {
    const lostCount = this.#waiting.length;
    this.#waiting = [];
    this.#user?.onEnded(reason);
    return lostCount;
  }

  /** Whether there may be something to say. */
  get hasNews(): boolean {
    return this.#helloDue !== undefined || this.#grantDue !== undefined || this.outgoingCount > 0;
  }

  /** Says everything that is to be said, as far as it finds room. */
  flush(send: Send): void {
    if (this.#helloDue !== undefined && send(this.#helloDue) !== 'queued') return;
    this.#helloDue = undefined;
    if (!this.isGreeted) return;
    if (this.#grantDue !== undefined && this.isUsed && send(encodeGrant(this.#grantDue)) !== 'queued') return;
    if (this.isUsed) this.#grantDue = undefined;
    if (this.#sendEnvelopes(send)) this.#tellWant(send);
  }

  /** Whether those that were granted are on their way. */
  #sendEnvelopes(send: Send): boolean {
    for (let next = this.#outgoing?.peek(); next !== undefined && this.#sending.available > 0; next = this.#outgoing?.peek()) {
      if (send(next) !== 'queued') return false;
      this.#sending.spend(1);
      this.#outgoing?.shift();
    }
    return true;
  }

  /** Once for each time that it ran out of grants. */
  #tellWant(send: Send): void {
    const { used, available } = this.#sending;
    if (available > 0 || this.outgoingCount === 0 || this.#wantTold > used) return;
    const want = used + this.outgoingCount;
    if (send(encodeWant(want)) === 'queued') this.#wantTold = want;
  }

  #greeted({ session, isAnswerWanted }: Extract<EnvelopeMessage, { type: 'hello' }>): Heard {
    if (this.isGreeted && session !== this.#remoteSession) return 'ended';
    this.#remoteSession = session;
    if (isAnswerWanted) this.#helloDue = encodeHello(this.session, false);
    return 'ok';
  }

  #takeEnvelope(payload: Uint8Array): Heard {
    if (this.#receiving?.onReceived(1) !== 'ok') return 'violation';
    const copy = payload.slice();
    const isTaken = this.#waiting.length === 0 && this.#user?.onEnvelope(copy) === true;
    if (!isTaken) this.#waiting.push(copy);
    return 'ok';
  }

  #takeWant(total: number): void {
    this.#remoteWant = Math.max(this.#remoteWant, total);
    const receiving = this.#receiving;
    if (receiving !== undefined && total > receiving.granted) this.#grantDue = receiving.resize(receiving.window) ?? this.#grantDue;
    if (this.wanted > 0) this.#user?.onWanted();
  }
}
