/**
 * @module LinkSecurity: gives links their secure channels. It holds what all links of one start share: the Noise static key, this start's
 * random name, the numbers of sessions of datagrams, and the space, which is made with the first link of either kind.
 */
import type { Address } from '../../address/address.js';
import type { LinkKind } from '../../api/transport.js';
import { mayBeFirstMessage } from '../../security/datagrams/first-message.js';
import type { SecureHandshakeOptions } from '../../security/secure-handshake.js';
import { type Space, spaceOf } from '../../security/space.js';
import { HEADER_BYTES_MAX } from '../../wire/message.js';
import type { EngineContext } from '../context.js';
import { DatagramChannel } from './datagrams/datagram-channel.js';
import { SessionIndices } from './datagrams/session-indices.js';
import type { Link } from './link.js';
import type { ChannelLink } from './link-channel.js';
import { StreamChannel } from './stream-channel.js';

/** What a datagram is for. */
export interface Session {
  link: Link;
  channel: DatagramChannel | undefined;
}

export class LinkSecurity {
  /** Set right after construction: nothing was acknowledged for a while of what was sent on that channel of the link. */
  onSilent!: (link: Link, channel: DatagramChannel | undefined) => void;
  /** The random name of this start. */
  readonly instance: Uint8Array;
  /** Which link a datagram is for. */
  readonly sessions: SessionIndices<Session>;
  private readonly staticKey;
  private readonly spaces = new Map<LinkKind, Space>();

  constructor(private readonly context: EngineContext) {
    const { keys, random } = context.options;
    this.staticKey = keys.take();
    this.instance = random.bytes(8);
    this.sessions = new SessionIndices(random);
  }

  /** What two nodes share before they connect by that kind of link. */
  spaceFor(kind: LinkKind): Space {
    const { network, networkKey, crypto } = this.context.options;
    const known = this.spaces.get(kind);
    const space = known ?? spaceOf({ networkName: network, networkKey: networkKey?.reveal() }, kind, crypto);
    this.spaces.set(kind, space);
    return space;
  }

  /** Whether an initiation's message may be a member's; in an open space each may. */
  mayBegin(message: Uint8Array): boolean {
    return mayBeFirstMessage(message, this.spaceFor('datagram'), this.staticKey, this.context.options.crypto);
  }

  /** The channel is there: from here on the link is `securing`. */
  secure(link: Link): void {
    link.phase = 'securing';
    link.channel = link.socketId === undefined ? this.streamOf(link) : this.datagramsOf(link, link.socketId);
    link.channel.start();
  }

  private streamOf(link: Link): StreamChannel {
    const { options, limits } = this.context;
    const { secureHooks: hooks } = options;
    const secure = { ...this.handshakeOf(link, 'stream'), handshakeBytesMax: limits.handshakeBytesMax, ...(hooks && { hooks }) };
    return new StreamChannel(this.context, link, secure, this.frameBytesMax);
  }

  /** What was held of an incoming link is what began it. */
  private datagramsOf(link: Link, socketId: number): DatagramChannel {
    const { context, sessions } = this;
    const { random, secureHooks: hooks } = context.options;
    const session: Session = { link, channel: undefined };
    const numbers = { add: () => sessions.add(session), delete: (index: number) => sessions.delete(index) };
    const secure = { ...this.handshakeOf(link, 'datagram'), numbers, random, ...(hooks && { hooks }) };
    const { remoteAddress } = link;
    const onMoved = (address: Address) => {
      const carried = session.link;
      // Before, it says whose the slot is; after a hand-over it is another channel's.
      if (carried.hasOpened && carried.channel === session.channel)
        carried.remoteAddress = address.withNodeId(carried.remoteAddress.nodeId);
    };
    const onCarried = (carried: ChannelLink) => {
      session.link = carried as Link;
    };
    const initiation = link.heldChunks.pop();
    const counters = context.metrics.repair;
    session.channel = new DatagramChannel(context, link, {
      socketId,
      remoteAddress,
      frameBytesMax: this.frameBytesMax,
      counters,
      secure,
      initiation,
      onMoved,
      onCarried,
      onSilent: () => this.onSilent(session.link, session.channel),
    });
    return session.channel;
  }

  private get frameBytesMax(): number {
    return this.context.limits.payloadBytesMax + HEADER_BYTES_MAX;
  }

  private handshakeOf(link: Link, kind: LinkKind): SecureHandshakeOptions {
    const { crypto, keys, identity } = this.context.options;
    const { staticKey, instance } = this;
    const isInitiator = link.direction === 'outgoing';
    const { nodeId } = link.remoteAddress;
    const expected = nodeId === undefined ? {} : { expectedNodeId: nodeId };
    return { crypto, keys, identity, staticKey, instance, isInitiator, space: this.spaceFor(kind), ...expected };
  }
}
