/**
 * @module LanPort: how the nodes of one local network call out to each other without knowing an address: short bytes under a topic, heard
 * by everybody on the same links. Node's is multicast DNS (`platform/node/lan/`), the simulator has one of its own. What is heard proves
 * nothing: anybody on a link can say anything. Injected as `LAN_PORT`, where the platform has one.
 */
import type { NetworkError } from '../errors.js';

/** What every implementation carries. */
export const LAN_PORT_LIMITS = {
  /** Characters of a topic, `a-z` and `0-9`. */
  topicMax: 60,
  /** What can be told at once. */
  tellBytesMax: 253,
} as const;

/** What a channel is about. */
export interface LanOpening {
  /** Who has another one hears nothing of this. */
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

/** What one participant says. */
export interface LanChannel {
  /** Asks everybody on every link to tell. Not heard by this channel itself. */
  ask(): void;
  /**
   * Tells everybody on the link of that host of this machine (one of `onHosts`), for so long; 0 takes back what was told. Whatever cannot
   * go out is dropped: the next time counts. Throws `ARGUMENT_INVALID` for more bytes than can be told.
   */
  tell(host: string, bytes: Uint8Array, ttlSeconds: number): void;
  /** Ends when what was told before has gone out. The sink hears nothing from now on. Idempotent. */
  close(): void;
}

/** What one participant hears. */
export interface LanSink {
  /** This machine's own hosts from which packets go out now, as in `Address.host`: at first, and whenever they change. */
  onHosts(hosts: readonly string[]): void;
  /** Somebody has asked on one of the links. */
  onAsked(): void;
  /** Somebody has told. `host` is where the packet came from; it is on the link itself. The bytes are the sink's. */
  onTold(bytes: Uint8Array, ttlSeconds: number, host: string): void;
  /** Nothing can be used, and why. The port goes on trying: `onHosts` may follow. Once each time that it stops working. */
  onFailed(cause: NetworkError): void;
}
