/**
 * @module Options of a datagram channel: what it is made of, and what is called when something happens to it.
 */
import type { Address } from '../../../address/address.js';
import type { Repair, RepairCounters } from '../../../kits/flow/repaired/index.js';
import type { SecureDatagramsOptions } from '../../../security/datagrams/secure-datagrams.js';
import type { ChannelLink } from '../link-channel.js';

export interface DatagramChannelOptions {
  readonly socketId: number;
  /** The channel uses its socket no longer. */
  readonly onEnded: () => void;
  readonly remoteAddress: Address;
  readonly frameBytesMax: number;
  /** Who decides what is acknowledged and what goes again. */
  readonly repair: Repair;
  readonly counters: RepairCounters;
  readonly secure: SecureDatagramsOptions;
  /** To the responder: what the initiator has sent; not kept once it was read. */
  initiation: Uint8Array | undefined;
  /** The remote is at another address now. */
  readonly onMoved: (remoteAddress: Address) => void;
  /** It carries another link now. */
  readonly onCarried: (link: ChannelLink) => void;
  /** Nothing was acknowledged for a while, again and again. */
  readonly onSilent: () => void;
  /** Nothing comes through any more. */
  readonly onOver: () => void;
}
