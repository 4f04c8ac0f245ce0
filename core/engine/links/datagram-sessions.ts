/**
 * @module DatagramSessions: the sessions of a node's links of datagrams: which link a datagram is for, and the channels of these links.
 */
import type { Address } from '../../address/address.js';
import { roundTripRepair } from '../../kits/flow/repaired/index.js';
import { mayBeFirstMessage } from '../../security/datagrams/first-message.js';
import type { Space } from '../../security/space.js';
import type { EngineContext } from '../context.js';
import { DatagramChannel } from './datagrams/datagram-channel.js';
import { SessionIndices } from './datagrams/session-indices.js';
import type { Handovers } from './handovers.js';
import type { Link } from './link.js';
import type { ChannelLink } from './link-channel.js';
import type { LinkTable } from './link-table.js';
import type { Probes } from './probes.js';

const UNANSWERED = 'what was sent again and again has not arrived, and nothing was received for too long';

/** What a datagram is for. */
export interface Session {
  link: Link;
  channel: DatagramChannel | undefined;
}

export class DatagramSessions {
  private readonly indices: SessionIndices<Session>;

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
    private readonly handovers: Handovers,
    private readonly probes: Probes,
  ) {
    this.indices = new SessionIndices(context.options.random);
  }

  get(index: number): Session | undefined {
    return this.indices.get(index);
  }

  /** What two nodes share before they connect. */
  get space(): Space {
    return this.links.security.spaceFor('datagram');
  }

  /** Whether an initiation's message may be a member's; in an open space each may. */
  mayBegin(message: Uint8Array): boolean {
    return mayBeFirstMessage(message, this.space, this.links.security.staticKey, this.context.options.crypto);
  }

  /** What was held of an incoming link is what began it. */
  channelOf(link: Link, socketId: number): DatagramChannel {
    const { context, indices } = this;
    const { security } = this.links;
    const { random, secureHooks, datagramsOf } = context.options;
    const session: Session = { link, channel: undefined };
    const numbers = { add: () => indices.add(session), delete: (index: number) => indices.delete(index) };
    const secure = { ...security.handshakeOf(link, 'datagram'), numbers, random, hooks: secureHooks };
    const { remoteAddress } = link;
    const { frameBytesMax } = security;
    const onMoved = (address: Address) => {
      const carried = session.link;
      // Before, it says whose the slot is; after a hand-over it is another channel's.
      if (carried.hasOpened && carried.channel === session.channel)
        carried.remoteAddress = address.withNodeId(carried.remoteAddress.nodeId);
    };
    const onCarried = (carried: ChannelLink) => {
      session.link = carried as Link;
    };
    const onSilent = () => this.handovers.silent(session.link, session.channel);
    const onOver = () => this.over(session);
    const onEnded = () => this.probes.leave(socketId);
    const initiation = link.heldChunks.pop();
    const counters = context.metrics.repair;
    const repair = datagramsOf(remoteAddress.scheme)?.repair ?? roundTripRepair;
    const made = { socketId, remoteAddress, frameBytesMax, repair, counters, secure, initiation };
    session.channel = new DatagramChannel(context, link, { ...made, onMoved, onCarried, onSilent, onOver, onEnded });
    return session.channel;
  }

  /** What is left of a link that has another channel already goes over that one. */
  private over({ link, channel }: Session): void {
    if (channel === link.channel) this.links.close(link, 'timeout', UNANSWERED);
  }
}
