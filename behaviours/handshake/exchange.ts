/**
 * @module Exchange: the Me/You exchange of one connection as a pure state machine: no agent, no bytes, no sections.
 *
 *   dialer                                          acceptor
 *   init  -- INITIAL me, you, sections -------->    wait
 *   wait  <--------- INITIAL me, you, sections --
 *   peers <----------- FINAL me, you, accepted --   peers
 *   done  -- FINAL me, you, accepted ---------->    done
 *
 * Where a side has credentials, a message CREDENTIALS of the dialer and one of the acceptor go before; either side sends nothing else before it has
 * accepted the other's. An acceptor that has none answers with an empty message.
 *
 * The acceptor sends both of its messages at once, so that the dialer is done after one round trip. In `peers` each side has what the
 * other one claims of both; the FINAL must repeat it. Each side accepts the other's sections before its FINAL; what an acceptor accepted
 * takes effect when the connection opens, and is undone if the dialer's FINAL is missing or differs.
 *
 * A dialer also understands an acceptor that sends its FINAL only after the dialer's, and one that answers the INITIAL by a FINAL alone, with
 * its sections in it, which this dialer confirms. Out of order, malformed or another `me` than before: refused. Once done nothing is refused
 * but too much.
 */
import { assertNever } from '../../core/index.js';
import {
  type BadMessage,
  type CredentialsMessage,
  type FinalMessage,
  HANDSHAKE_LIMITS,
  type HandshakeMessage,
  type InitialMessage,
  type Introduction,
  type Me,
  type SectionValue,
} from './messages.js';

export type ExchangeRole = 'dialer' | 'acceptor';
export type ExchangeState = 'init' | 'asked' | 'wait' | 'peers' | 'done';

/** The connection has to end, and why; the reason is sent to the remote. */
export interface Refusal {
  readonly type: 'refused';
  readonly reason: string;
}

/** The contents of this side's INITIAL. */
export interface Offer {
  readonly type: 'offer';
  readonly introduction: Introduction;
}

/** The names of the remote's sections that this side has and accepts. */
export interface Acceptance {
  readonly type: 'accepted';
  readonly names: readonly string[];
}

/** What this side presents before all else. */
export interface Credentials {
  readonly type: 'credentials';
  readonly sections: readonly SectionValue[];
}

/** What the exchange asks of its side; each is asked at most once. */
export interface ExchangeSide {
  /** Nothing where this side has no credentials. */
  present(): Credentials | Refusal | undefined;
  /** What the remote presents, or nothing of it. */
  admit(sections: readonly SectionValue[]): Refusal | undefined;
  /** `seenAs`: the address at which the remote claims to see this side; an acceptor's only. */
  introduce(seenAs: string | undefined): Offer | Refusal;
  accept(sections: readonly SectionValue[]): Acceptance | Refusal;
}

/** What has to be done now. */
export type Step =
  | { readonly type: 'send'; readonly message: HandshakeMessage }
  /** The acceptor's two messages: it has nothing more to send, and waits for the dialer's FINAL. */
  | { readonly type: 'answer'; readonly messages: readonly [InitialMessage, FinalMessage] }
  /** The remote is known: this side sends `message`, if there is one, and lets the connection pass. */
  | { readonly type: 'done'; readonly message: FinalMessage | undefined; readonly remote: Introduction }
  /** The remote presents itself anew. */
  | { readonly type: 'updated'; readonly me: Me }
  /** No progress; counted. */
  | { readonly type: 'ignored' }
  | Refusal;

export class Exchange {
  private current: ExchangeState;
  /** What this side sent; present from its INITIAL on, until it is done. */
  private own: Introduction | undefined;
  /** What the remote sent; present from `peers` on. Once done, only how it presents itself. */
  private remote: Introduction | undefined;
  /** Messages without progress since the last progress. */
  private uselessCount = 0;
  /** The remote has presented its credentials, or needs none. */
  private isAdmitted = false;

  private constructor(
    private readonly role: ExchangeRole,
    state: ExchangeState,
  ) {
    this.current = state;
  }

  static between(role: ExchangeRole): Exchange {
    return new Exchange(role, role === 'dialer' ? 'init' : 'wait');
  }

  /** For a connection that was open already: there is nothing to wait for. */
  static over(role: ExchangeRole): Exchange {
    return new Exchange(role, 'done');
  }

  get state(): ExchangeState {
    return this.current;
  }

  /** The dialer's first message. */
  start(side: ExchangeSide): Step {
    const credentials = side.present();
    if (credentials?.type === 'refused') return credentials;
    if (credentials === undefined) {
      this.isAdmitted = true;
      return this.introduce(undefined, 'wait', side);
    }
    this.current = 'asked';
    return { type: 'send', message: { stage: 'credentials', sections: credentials.sections } };
  }

  /** What the remote sent. */
  receive(message: HandshakeMessage | BadMessage, side: ExchangeSide): Step {
    if (this.current === 'done') return message.stage === 'update' ? this.update(message.me) : this.useless();
    switch (message.stage) {
      case 'credentials':
        return this.isAdmitted ? this.useless() : this.presented(message, side);
      case 'initial':
        return this.remote === undefined ? this.introduced(message, side) : this.useless();
      case 'final':
        return this.confirmed(message, side);
      case 'update':
        return refused('handshake UPDATE before FINAL');
      case 'bad':
        return refused(message.reason);
      default:
        return assertNever(message);
    }
  }

  private presented({ sections }: CredentialsMessage, side: ExchangeSide): Step {
    if (this.current !== 'asked' && this.current !== 'wait') return refused('handshake CREDENTIALS after INITIAL');
    const refusal = this.admit(sections, side);
    if (refusal !== undefined) return refusal;
    if (this.role === 'dialer') return this.introduce(undefined, 'wait', side);
    const own = side.present();
    if (own?.type === 'refused') return own;
    return { type: 'send', message: { stage: 'credentials', sections: own?.sections ?? [] } };
  }

  private admit(sections: readonly SectionValue[], side: ExchangeSide): Refusal | undefined {
    this.isAdmitted = true;
    return side.admit(sections);
  }

  private introduced(message: InitialMessage, side: ExchangeSide): Step {
    const missing = this.isAdmitted ? undefined : this.admit([], side);
    if (missing !== undefined) return missing;
    if (this.current === 'asked') return refused('handshake INITIAL before CREDENTIALS');
    this.remote = message;
    const initial = this.role === 'acceptor' ? this.introduce(message.you, 'wait', side) : undefined;
    if (initial?.type === 'refused') return initial;
    const confirmation = this.confirm(message, side);
    if (confirmation.type === 'refused') return confirmation;
    this.current = 'peers';
    return initial === undefined
      ? { type: 'send', message: confirmation.message }
      : { type: 'answer', messages: [initial.message, confirmation.message] };
  }

  private confirmed(message: FinalMessage, side: ExchangeSide): Step {
    const { own, remote = message } = this;
    if (own === undefined) return refused('handshake FINAL before INITIAL');
    if (message.you !== remote.you || !isSameMe(message.me, remote.me)) return refused('handshake FINAL does not match INITIAL');
    if (!message.accepted.every((name) => own.sections.some(([offered]) => offered === name)))
      return refused('handshake FINAL accepts what was not offered');
    if (this.current === 'peers') return this.done(undefined, remote);
    const confirmation = this.confirm(remote, side);
    return confirmation.type === 'refused' ? confirmation : this.done(confirmation.message, remote);
  }

  private introduce(
    seenAs: string | undefined,
    next: ExchangeState,
    side: ExchangeSide,
  ): { readonly type: 'send'; readonly message: InitialMessage } | Refusal {
    const offer = side.introduce(seenAs);
    if (offer.type === 'refused') return offer;
    this.own = offer.introduction;
    this.current = next;
    return { type: 'send', message: { stage: 'initial', ...this.own } };
  }

  /** This side's FINAL, once it has accepted the remote's sections. */
  private confirm(remote: Introduction, side: ExchangeSide): { readonly type: 'final'; readonly message: FinalMessage } | Refusal {
    const verdict = side.accept(remote.sections);
    if (verdict.type === 'refused') return verdict;
    const { me, you } = this.own as Introduction;
    return { type: 'final', message: { stage: 'final', me, you, sections: [], accepted: verdict.names } };
  }

  private done(message: FinalMessage | undefined, remote: Introduction): Step {
    this.own = undefined;
    this.remote = { me: remote.me, you: undefined, sections: [] };
    this.current = 'done';
    this.uselessCount = 0;
    return { type: 'done', message, remote };
  }

  private update(me: Me): Step {
    if (this.remote !== undefined && isSameMe(me, this.remote.me)) return this.useless();
    this.remote = { me, you: undefined, sections: [] };
    this.uselessCount = 0;
    return { type: 'updated', me };
  }

  private useless(): Step {
    if (++this.uselessCount <= HANDSHAKE_LIMITS.uselessMessagesMax) return { type: 'ignored' };
    return refused(`more than ${HANDSHAKE_LIMITS.uselessMessagesMax} handshake messages without progress`);
  }
}

export function refused(reason: string): Refusal {
  return { type: 'refused', reason };
}

function isSameMe(one: Me, other: Me): boolean {
  const { length } = one.addresses;
  if (one.name !== other.name || length !== other.addresses.length) return false;
  return one.addresses.every((address, index) => address === other.addresses[index]);
}
