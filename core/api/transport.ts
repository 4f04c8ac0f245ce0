/**
 * @module Transport: the contracts of everything that carries bytes between nodes: streams (`Transport`), one channel for each remote, and
 * datagrams (`DatagramTransport`), one socket for all remotes. Implementations live in `transports/`; they know neither security nor
 * frames. A transport reports through the sinks it is given and never throws into them; it may call a sink only after the call that
 * handed the sink over has returned (`listen`, `dial`, `bind`, `onConnected`, `onAccepted`).
 */
import type { Address } from '../address/address.js';
import type { NetworkError } from '../errors.js';
import type { Repair } from '../kits/flow/repaired/repair.js';

/** What carries a link. `stream`: ordered bytes whose boundaries mean nothing. `datagram`: whole packets that may be lost, doubled or reordered. */
export type LinkKind = 'stream' | 'datagram';

/** One channel to a remote address: an ordered byte pipe. */
export interface TransportLink {
  readonly remoteAddress: Address;
  readonly localAddress: Address | undefined;
  /**
   * Queues the chunks in order; they belong to the link from here on, which may free their memory. `onWritten` reports when they were handed
   * to the system.
   */
  write(chunks: readonly Uint8Array[]): void;
  /**
   * Stops reading until `resume`: meanwhile neither bytes nor the remote's end are reported, and what the remote writes waits on its side once
   * the system's buffers are full. Idempotent. A transport without the two is read all the time, and what comes is kept within a bound.
   */
  pause?(): void;
  resume?(): void;
  /** Writes what is queued, then ends the channel; destroys it by itself when that takes longer than 1 s. */
  end(): void;
  /** Ends the channel at once; queued bytes are lost. */
  destroy(): void;
}

/** What a link reports to its owner. After `onClosed` nothing more is called. */
export interface LinkSink {
  /** `bytes` are valid during the call only: copy what is kept. */
  onBytes(bytes: Uint8Array): void;
  /** So many bytes of earlier `write` calls left for the system's buffer. */
  onWritten(byteCount: number): void;
  /** `cause` is absent when the remote ended the channel in good order (or this side did). Called exactly once. */
  onClosed(cause?: NetworkError): void;
}

/** What a dial reports to its owner: exactly one of the two, unless it was cancelled. */
export interface DialSink {
  onConnected(link: TransportLink): LinkSink;
  onFailed(cause: NetworkError): void;
}

/** What a listener reports to its owner. */
export interface ListenerSink {
  /** Exactly once on success, with the addresses that are really bound (a port 0 is resolved). */
  onListening(addresses: readonly Address[]): void;
  /** Returns the sink of the new link, or `undefined` to refuse it: the transport then closes it unread. */
  onAccepted(link: TransportLink): LinkSink | undefined;
  /** An incoming channel was closed unread: `full`, the transport has as many as it may, or `system`, which could not accept it. */
  onRefused?(reason: 'full' | 'system'): void;
  /** The listener could not be opened, or died. After this nothing more is called. */
  onFailed(cause: NetworkError): void;
}

export interface Listener {
  /** Stops accepting; open links stay. Calls nothing afterwards. Idempotent. */
  close(): void;
}

export interface Dial {
  /** Gives up; neither sink method is called afterwards. Idempotent. */
  cancel(): void;
}

/** What a look-up reports to its owner: exactly one of the two, later, unless it was cancelled. */
export interface ResolveSink {
  /** At least one address, in the order in which they are tried. */
  onResolved(addresses: readonly Address[]): void;
  onFailed(cause: NetworkError): void;
}

export interface Transport {
  /** The URL schemes it serves, without colon: `['tcp']`. */
  readonly schemes: readonly string[];
  /** Links that may be open at once, where it has such a bound: no more than half of them wait for a handshake, so that dials keep the rest. */
  readonly socketsMax?: number;
  /** Where it listens without being asked to, from the start of the node or of the behaviour that it belongs to; absent: nowhere. */
  readonly listensAt?: Address;
  listen(address: Address, sink: ListenerSink): Listener;
  /**
   * Finds the addresses of a name. Before each dial of it they are asked for anew, and each of them is dialled, through the whole handshake,
   * before the name has failed. `undefined`: it is no name to this transport, and is dialled as it is; so is every address of a transport
   * without this.
   */
  resolve?(name: Address, sink: ResolveSink): Dial | undefined;
  dial(address: Address, sink: DialSink): Dial;
}

/** What a transport knows of who sent a datagram, where that is more than an address. */
export interface DatagramSource {
  /** Of whose share of unfinished handshakes a link that it begins is. Default: its host's, which is good for hosts that nobody can make up. */
  readonly place?: string | undefined;
  /** It is the remote's indeed: it belongs to the session of an open link, or goes on with a handshake. Called at most once for each datagram, during `onDatagram` or later. */
  onAuthentic?(): void;
}

/** What a socket reports to its owner. */
export interface DatagramSink {
  /** Exactly once on success, with the addresses that are really bound (a port 0 is resolved). */
  onListening(addresses: readonly Address[]): void;
  /** A datagram came, from whomever. `bytes` are valid during the call only; `from` is where an answer is sent. */
  onDatagram(bytes: Uint8Array, from: Address, source?: DatagramSource): void;
  /** Nothing that is sent there arrives for now, where the transport knows that: a dial that waits for an answer has failed with it. */
  onUnreachable?(to: Address, cause: NetworkError): void;
  /** The socket could not be opened, or died. After this nothing more is called. */
  onFailed(cause: NetworkError): void;
}

/** A bound socket: datagrams to and from any address. */
export interface DatagramSocket extends Listener {
  /**
   * Sends each as one datagram, in order, or loses it in silence: whatever the system refuses is lost as on the way. They belong to the socket
   * from here on. Before `onListening` everything is lost.
   */
  send(datagrams: readonly Uint8Array[], to: Address): void;
  /** Ends it at once; calls nothing afterwards. Idempotent. */
  close(): void;
}

/**
 * Carries datagrams of 0 to 65,507 bytes between addresses. Each may be lost, doubled or overtaken; none is changed by accident without being
 * lost. It keeps nothing for a remote: who sent a datagram, and whether a remote has moved to another address, is found out by the core, from
 * what the datagram holds.
 */
export interface DatagramTransport {
  /** The URL schemes it serves, without colon: `['udp']`. */
  readonly schemes: readonly string[];
  /** How this node repairs what was lost on links over it. Default: by measured round trips. The remote may have another way. */
  readonly repair?: Repair | undefined;
  /** Opens a socket on a local address: to be reached there, and to send from there. */
  bind(address: Address, sink: DatagramSink): DatagramSocket;
  /** Where a node binds that sends to `remote` and has no socket yet. */
  anyAddress(remote: Address): Address;
  /** As of `Transport`. */
  readonly listensAt?: Address;
  resolve?(name: Address, sink: ResolveSink): Dial | undefined;
}

/** What a node may be given as a transport. */
export type AnyTransport = Transport | DatagramTransport;

/** The one of them that carries datagrams to addresses of that scheme. */
export function datagramTransportOf(transports: readonly AnyTransport[], scheme: string): DatagramTransport | undefined {
  for (const transport of transports) if (isDatagramTransport(transport) && transport.schemes.includes(scheme)) return transport;
  return undefined;
}

/** Which of the two contracts it keeps. */
export function isDatagramTransport(transport: AnyTransport): transport is DatagramTransport {
  return 'bind' in transport;
}
