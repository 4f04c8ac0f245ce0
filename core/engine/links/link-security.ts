/**
 * @module LinkSecurity: gives links their secure channels. It holds what all links of one start share: the Noise static key, this start's
 * random name, and the space, which is made with the first link.
 */
import { SecureStream } from '../../security/secure-stream.js';
import { type Space, spaceOf } from '../../security/space.js';
import type { EngineContext } from '../context.js';
import type { Link } from './link.js';

export class LinkSecurity {
  /** The random name of this start. */
  readonly instance: Uint8Array;
  private readonly staticKey;
  private space: Space | undefined;

  constructor(private readonly context: EngineContext) {
    const { keys, random } = context.options;
    this.staticKey = keys.take();
    this.instance = random.bytes(8);
  }

  /** The channel is there: from here on the link is `securing`. */
  secure(link: Link): void {
    const { options, limits } = this.context;
    const isInitiator = link.direction === 'outgoing';
    link.phase = 'securing';
    this.space ??= spaceOf({ networkName: options.network, networkKey: options.networkKey?.reveal() }, 'stream', options.crypto);
    link.secure = new SecureStream({
      crypto: options.crypto,
      keys: options.keys,
      identity: options.identity,
      staticKey: this.staticKey,
      instance: this.instance,
      isInitiator,
      space: this.space,
      handshakeBytesMax: limits.handshakeBytesMax,
      ...(link.remoteAddress.nodeId && { expectedNodeId: link.remoteAddress.nodeId }),
      ...(options.secureHooks && { hooks: options.secureHooks }),
    });
    if (isInitiator) link.secure.start();
  }
}
