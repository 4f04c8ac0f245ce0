/**
 * @module LinkSecurity: gives links their secure channels. It holds what all links of one start share: the Noise static key, this start's
 * random name, and the space, which is made with the first link of either kind.
 */
import type { LinkKind } from '../../api/transport.js';
import type { SecureHandshakeOptions } from '../../security/secure-handshake.js';
import { type Space, spaceOf } from '../../security/space.js';
import { HEADER_BYTES_MAX } from '../../wire/message.js';
import type { EngineContext } from '../context.js';
import type { DatagramChannel } from './datagrams/datagram-channel.js';
import type { Link } from './link.js';
import { StreamChannel } from './stream-channel.js';

export class LinkSecurity {
  /** Set right after construction where there are links of datagrams: the channel of one. */
  overDatagrams!: (link: Link, socketId: number) => DatagramChannel;
  /** The random name of this start. */
  readonly instance: Uint8Array;
  readonly staticKey;
  private readonly spaces = new Map<LinkKind, Space>();

  constructor(private readonly context: EngineContext) {
    const { keys, random } = context.options;
    this.staticKey = keys.take();
    this.instance = random.bytes(8);
  }

  /** What two nodes share before they connect by that kind of link. */
  spaceFor(kind: LinkKind): Space {
    const { network, networkKey, crypto } = this.context.options;
    const known = this.spaces.get(kind);
    const space = known ?? spaceOf({ networkName: network, networkKey: networkKey?.reveal() }, kind, crypto);
    this.spaces.set(kind, space);
    return space;
  }

  /** The channel is there: from here on the link is `securing`. */
  secure(link: Link): void {
    link.phase = 'securing';
    link.channel = link.socketId === undefined ? this.streamOf(link) : this.overDatagrams(link, link.socketId);
    link.channel.start();
  }

  private streamOf(link: Link): StreamChannel {
    const { options, limits } = this.context;
    const secure = { ...this.handshakeOf(link, 'stream'), handshakeBytesMax: limits.handshakeBytesMax, hooks: options.secureHooks };
    return new StreamChannel(this.context, link, secure, this.frameBytesMax);
  }

  get frameBytesMax(): number {
    return this.context.limits.payloadBytesMax + HEADER_BYTES_MAX;
  }

  handshakeOf(link: Link, kind: LinkKind): SecureHandshakeOptions {
    const { crypto, keys, identity } = this.context.options;
    const { staticKey, instance } = this;
    const isInitiator = link.direction === 'outgoing';
    const { nodeId: expectedNodeId } = link.remoteAddress;
    return { crypto, keys, identity, staticKey, instance, isInitiator, space: this.spaceFor(kind), expectedNodeId };
  }
}
