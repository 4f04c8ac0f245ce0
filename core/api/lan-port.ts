/**
 * @module LanPort: how the nodes of one local network reach each other without knowing an address: short announcements under a topic, received
 * by everybody on the same links. Node's is multicast DNS (`platform/node/lan/`), the simulator has one of its own. An announcement proves
 * nothing: anybody on a link can make any. Injected as `LAN_PORT`, where the platform has one.
 */
import type { NetworkError } from '../errors.js';

/** What every implementation carries. */
export const LAN_PORT_LIMITS = {
  /** Characters of a topic, `a-z` and `0-9`. */
  topicMax: 60,
  /** Of one announcement. */
  announcementBytesMax: 253,
} as const;

/** What a channel is for. */
export interface LanOpening {
  /** Channels with another topic receive nothing of this one. */
  readonly topic: string;
  /** Names of network interfaces; absent: all that are up. */
  readonly interfaces?: readonly string[] | undefined;
}

/** Opens channels to everybody on the links of this machine. */
export interface LanPort {
  /**
   * Joins in, on every interface that can be used now or later. Calls the sink only after this call has returned. Throws
   * `ARGUMENT_INVALID` for a wrong topic.
   */
  open(opening: LanOpening, sink: LanSink): LanChannel;
}

/** The sending side of one participant. */
export interface LanChannel {
  /** Asks everybody on every link for announcements. This channel itself does not receive it. */
  query(): void;
  /**
   * Announces the bytes on the link of that host of this machine (one of `onHosts`), for so long; 0 withdraws the former announcement. What
   * cannot be sent is dropped: the next one counts. Throws `ARGUMENT_INVALID` for more bytes than an announcement has.
   */
  announce(host: string, bytes: Uint8Array, ttlSeconds: number): void;
  /** Ends when everything has been sent. The sink is not called any more. Idempotent. */
  close(): void;
}

/** The receiving side of one participant. */
export interface LanSink {
  /** The hosts of this machine from which packets go out now, as in `Address.host`: at first, and whenever they change. */
  onHosts(hosts: readonly string[]): void;
  /** A query was received on one of the links. */
  onQuery(): void;
  /** An announcement was received. `host` is where the packet came from; it is on the link itself. The bytes are the sink's. */
  onAnnouncement(bytes: Uint8Array, ttlSeconds: number, host: string): void;
  /** Nothing can be used, and why. The port goes on trying: `onHosts` may follow. Once each time that it stops working. */
  onFailed(cause: NetworkError): void;
}
