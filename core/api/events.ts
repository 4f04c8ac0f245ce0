/**
 * @module Events: what authors and applications are notified of. Closed unions with a `type` field; a new member breaks nobody, because
 * every hook may ignore what it does not know.
 */
import type { Address } from '../address/address.js';
import type { NodeId } from '../address/node-id.js';
import type { CloseReason, NetworkError } from '../errors.js';
import type { Message } from '../wire/message.js';
import type { Reachability } from './reachability.js';
import type { LinkMetric } from './router-table.js';

/** A connection as authors and applications see it. Its facts do not change while it is open, but for `path`. */
export interface Connection {
  /** Unique on this node while it runs; one id from the dial to the close. */
  readonly id: number;
  readonly nodeId: NodeId;
  readonly direction: 'incoming' | 'outgoing';
  readonly remoteAddress: Address;
  readonly localAddress: Address | undefined;
  /** The `connect` call that this connection comes from; absent for incoming ones. */
  readonly attemptId: number | undefined;
  /** Monotonic time at which the remote's identity was proven. */
  readonly provenMs: number;
  /** Names this session on both sides: SHA-256 of the handshake (RFC-style channel binding), 32 bytes. For application signatures. */
  readonly channelBinding: Uint8Array;
  /** Another text after the node at the other end was started again. */
  readonly instance: string;
  /** Whether its channel goes straight to the node, or over others (`mesh://`). The only fact that may change while it is open. */
  readonly path: PathKind;
}

/** `direct`: a channel of the network. `relayed`: a circuit over other nodes, encrypted from end to end all the same. */
export type PathKind = 'direct' | 'relayed';

/** One `connect` call that failed, as `onOutgoingConnectionError` gets it. */
export interface Attempt {
  readonly id: number;
  /** What was asked for. */
  readonly target: Address | NodeId;
}

/** What waits for a link waits in one of three: control goes before normal, normal before bulk. Each has bounds of its own. */
export type Lane = 'control' | 'normal' | 'bulk';

/** A lane of the connection has room again, after a `send` of this service returned `full`. */
export interface WritableEvent {
  readonly type: 'writable';
  readonly lane: Lane;
}

/** The same for a behaviour: which lane of which connection. */
export interface WritableLane {
  readonly connectionId: number;
  readonly nodeId: NodeId;
  readonly lane: Lane;
}

/** A measurement of the link, after every pong. */
export interface StatsEvent extends LinkMetric {
  readonly type: 'stats';
}

/** The connection goes over another channel now: `connection.path` has changed, and the round trip is measured anew. */
export interface PathEvent {
  readonly type: 'path';
  readonly path: PathKind;
}

/** What a connection handler's `onEvent` gets. A `Message` is its own event (`event.message === event`), which saves an allocation. */
export type ConnectionEvent = Message | StatsEvent | WritableEvent | PathEvent;

/** A callback that threw, or whose promise was rejected. */
export interface Fault {
  readonly behavior: string;
  readonly serviceId: number;
  readonly callback: string;
  readonly cause: unknown;
  /** The budget is spent: the behaviour was stopped by this fault. */
  readonly isFatal: boolean;
}

/** Why a message did not go on. */
export type DropCause = 'link-closed' | 'lane-full' | 'unreachable' | 'hop-limit' | 'no-service' | 'duplicate' | 'too-large';

export interface Dropped {
  readonly cause: DropCause;
  readonly count: number;
  readonly connectionId: number | undefined;
  /** The service that handles (or would have handled) the messages, where it is one. */
  readonly serviceId: number | undefined;
}

/** A relay signals that it could not forward a message of this node's. A claim: nothing proves it but the relay's word. */
export interface Lost {
  readonly cause: 'unreachable' | 'hop-limit' | 'lane-full';
  /** The relay, by its own word unless it is a neighbour. */
  readonly by: NodeId;
  readonly fromServiceId: number;
  readonly serviceId: number;
  readonly streamId: number;
  /** The first 16 bytes of the message's payload, or all of a shorter one: a protocol puts there what names the message. */
  readonly payloadStart: Uint8Array;
}

/** The events of `node.on`. */
export interface NodeEvents {
  connected: Connection;
  /** The connection goes over another channel now: its `path` has changed. */
  path: Connection;
  disconnected: { readonly connection: Connection; readonly reason: CloseReason };
  /** An outgoing attempt failed. */
  'dial-failed': { readonly attempt: Attempt; readonly error: NetworkError };
  /** A connection that was proven or accepted ended before it opened. */
  refused: {
    readonly connectionId: number;
    readonly nodeId: NodeId | undefined;
    readonly remoteAddress: Address;
    readonly reason: CloseReason;
  };
  fault: Fault;
  dropped: Dropped;
  lost: Lost;
  listening: { readonly addresses: readonly Address[] };
  /** Kind or mapping of `node.reachability()` has changed. */
  reachability: Reachability;
  'listen-failed': { readonly address: Address; readonly error: NetworkError };
  'behavior-stopped': { readonly name: string; readonly serviceId: number };
}

export type NodeEventName = keyof NodeEvents;
