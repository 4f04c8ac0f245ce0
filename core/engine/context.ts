/**
 * @module EngineContext: what all parts of the state machine share. Each part gets it, and by constructor the few other parts that it really
 * needs; nothing leads from one part to every other. Inputs, effects and events are the engine's only contact with the world.
 *
 * The rooms build on each other: `behaviors` (callbacks, slots) <- `links` <- `dial` and `messages` <- `agents`; `network.ts` puts them together.
 */

import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { PeerPath } from '../address/peer-path.js';
import type { DropCause, NodeEventName, NodeEvents } from '../api/events.js';
import type { MessageTracer } from '../api/message-tracer.js';
import type { AwaitedWork } from '../api/network-behavior.js';
import type { Logger, Random } from '../api/ports.js';
import type { DatagramSource, DatagramTransport } from '../api/transport.js';
import type { NetworkError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { AgreementKeys } from '../security/agreement-keys.js';
import type { Crypto } from '../security/crypto.js';
import type { Identity } from '../security/identity.js';
import type { Secret } from '../security/secret.js';
import type { SecureStreamOptions } from '../security/secure-stream.js';
import type { PendingTable } from '../structures/pending-table.js';
import type { CoreMetrics } from './core-metrics.js';

/** Everything that can happen to a network. Connection ids of accepted channels come from `Network.reserveConnectionId`. */
export type Input =
  | { readonly type: 'start' }
  /** A deadline has come. */
  | { readonly type: 'time' }
  | { readonly type: 'listening'; readonly addresses: readonly Address[] }
  | ({ readonly type: 'accepted' } & ChannelFacts)
  /** The transport's answer to a `dial` effect. */
  | ({ readonly type: 'connected' } & ChannelFacts)
  /** The address of a `dial` effect was a name for these. */
  | { readonly type: 'resolved'; readonly connectionId: number; readonly addresses: readonly Address[] }
  | { readonly type: 'dial-failed'; readonly connectionId: number; readonly error: NetworkError }
  | { readonly type: 'bytes'; readonly connectionId: number; readonly bytes: Uint8Array }
  /** A datagram came to a socket. `mayOpen`: it may be the first of somebody who is accepted. */
  | ({ readonly type: 'datagram'; readonly bytes: Uint8Array } & DatagramFacts)
  /** The socket is gone, and with it every link over it. */
  | { readonly type: 'socket-closed'; readonly socketId: number; readonly cause: NetworkError }
  /** Dials of that address fail. */
  | { readonly type: 'unreachable'; readonly socketId: number; readonly to: Address; readonly cause: NetworkError }
  | { readonly type: 'written'; readonly connectionId: number; readonly byteCount: number }
  /** A turn of the event loop is over: what the links were not read of in it comes first in the next. */
  | { readonly type: 'turn' }
  /** The channel is gone; `cause` is absent when the remote ended it in good order. */
  | { readonly type: 'closed'; readonly connectionId: number; readonly cause: NetworkError | undefined }
  /** Work of the application, carried out between two callbacks. */
  | { readonly type: 'work'; readonly work: () => void }
  | { readonly type: 'stop' };

export interface ChannelFacts {
  readonly connectionId: number;
  readonly remoteAddress: Address;
  readonly localAddress: Address | undefined;
  /** The socket of a link of datagrams; absent: the link has a channel of its own, which is a stream. */
  readonly socketId?: number;
  /** Whose share of unfinished handshakes it takes, if not its host's. */
  readonly place?: string | undefined;
  /** Sockets that the transport may have open at once, where it has such a bound. */
  readonly socketsMax?: number | undefined;
}

export interface DatagramFacts {
  readonly socketId: number;
  readonly from: Address;
  readonly source?: DatagramSource | undefined;
  readonly localAddress: Address | undefined;
  readonly mayOpen: boolean;
  /** The socket was opened for a volley of probes. */
  readonly isOfVolley?: boolean;
}

/** What the world has to do for a network, in this order. Links of datagrams have no channel: what is to be done to one is nothing. */
export type Effect =
  | ChannelEffect
  | DatagramEffect
  | ProbeEffect
  /** The transport of a behaviour that has started accepts by itself. */
  | { readonly type: 'listen'; readonly address: Address };

export interface DatagramEffect {
  readonly type: 'send';
  readonly socketId: number;
  readonly to: Address;
  readonly datagrams: readonly Uint8Array[];
}

/** What probes need of sockets. */
export type ProbeEffect =
  /** From the socket from which `to` would be dialled, or from so many fresh ones. */
  | {
      readonly type: 'probe';
      readonly to: Address;
      readonly datagram: Uint8Array;
      readonly volley: { readonly name: string; readonly socketCount: number } | undefined;
    }
  /** The fresh sockets of that name are needed no longer, but for those that links use. */
  | { readonly type: 'end-volley'; readonly name: string; readonly kept: readonly number[] }
  /** The same of one that a link used. */
  | { readonly type: 'leave-socket'; readonly socketId: number };

export type ChannelEffect =
  | { readonly type: 'write'; readonly connectionId: number; readonly chunks: readonly Uint8Array[] }
  /** `socketId`: from that socket, while it is there. */
  | { readonly type: 'dial'; readonly connectionId: number; readonly address: Address; readonly socketId: number | undefined }
  | { readonly type: 'cancel-dial'; readonly connectionId: number }
  /** Read nothing more until `resume`, where the transport can. */
  | { readonly type: 'pause'; readonly connectionId: number }
  | { readonly type: 'resume'; readonly connectionId: number }
  /** Write what is queued, then end the channel. */
  | { readonly type: 'end'; readonly connectionId: number }
  | { readonly type: 'destroy'; readonly connectionId: number };

/** What a network is made of. */
export interface NetworkOptions {
  readonly identity: Identity;
  readonly network: string;
  readonly networkKey: Secret | undefined;
  readonly peerPath: PeerPath;
  readonly limits: Limits;
  readonly tickMs: number;
  /** Where others reach this node, if its user knows that. */
  readonly announce: readonly Address[];
  readonly crypto: Crypto;
  readonly random: Random;
  readonly keys: AgreementKeys;
  readonly log: Logger;
  /** The transport of that scheme, where it carries datagrams. */
  readonly datagramsOf: (scheme: string) => Pick<DatagramTransport, 'repair'> | undefined;
  /** For stamps and expiry only. */
  readonly wallMs: () => number;
  /** The monotonic time of this moment, for what the work of a turn takes and nothing else: in virtual time it takes none. */
  readonly elapsedMs: () => number;
  /** Runs work inside of a step: at once. What it throws is the engine's fault. */
  readonly enter: (work: () => void) => void;
  /** The same for an application's work, whose result and error are its own. */
  readonly perform: <T>(work: () => T) => T;
  /** The same at the time of this turn, for work of which nothing comes that falls due soon. */
  readonly performInTurn: <A, B, T>(work: (first: A, second: B) => T, first: A, second: B) => T;
  /** What an application waits for fails in a later turn of the event loop, as `NetworkBehavior.awaited` has it. */
  readonly awaited: AwaitedWork;
  readonly emit: <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]) => void;
  /** Asked about messages; absent: nothing is traced. */
  readonly tracing: MessageTracer | undefined;
  /** For tests: fixed ephemeral keys, early rekeys, nonces near their end. */
  readonly secureHooks: NonNullable<SecureStreamOptions['hooks']> | undefined;
}

/** A deadline's work. */
export type Expiry = () => void;

/**
 * What a callback has recorded, or the engine put off: carried out in the order of recording, between callbacks, never inside of one. One
 * whose target has gone meanwhile does nothing.
 */
export interface Action {
  run(): void;
  /** The callback that recorded it has thrown: it will not run. */
  undo?(): void;
}

/** Of a link, what it takes to be written in the next flush. */
export interface Writable {
  isTouched: boolean;
}

export interface EngineContext {
  readonly options: NetworkOptions;
  readonly self: NodeId;
  readonly limits: Limits;
  readonly metrics: CoreMetrics;
  /** Monotonic time of the current step. */
  readonly nowMs: number;
  readonly isStopping: boolean;
  readonly addresses: readonly Address[];
  readonly deadlines: PendingTable<Expiry>;
  /** What waits in lanes leaves when this step is over, not with all else of the turn. */
  isFlushUrgent: boolean;

  /** Adds to the one FIFO. */
  enqueue(action: Action): void;
  /** Carries out what is in the FIFO, up to the step's limit. */
  drain(): void;
  /** The link has something to write or to end. */
  touch(link: Writable): void;
  effect(effect: Effect): void;
  /** Messages ended here: moves the counter of the cause, and emits the event. */
  dropped(cause: DropCause, count: number, connectionId: number | undefined, serviceId?: number): void;
}
