/**
 * @module What a mesh of envelopes takes and returns: closed unions with a `type`. What is busy or gone is a value that hands back what the
 * caller gave; only an argument of the wrong form throws.
 */
import type { CloseReason, Connection, MeshNode } from '../../../core/index.js';

/** A connection, with the node at whose side it is. What `add` takes and `remove` gives back. */
export interface MeshConnection {
  readonly node: MeshNode;
  readonly connection: Connection;
}

/** How an application names a connection of a mesh: by the number that `add` returned, or by its own unique text. */
export type EnvelopeAddress = number | string;

/** To send. The bytes are copied: they are free on return. */
export interface OutgoingEnvelope {
  readonly id: EnvelopeAddress;
  readonly payload: Uint8Array;
}

/** As received. The bytes are the receiver's. */
export interface Envelope {
  readonly id: number;
  /** The connection's own text, if it has one. */
  readonly uniqueId: string | undefined;
  readonly payload: Uint8Array;
}

/** As many envelopes as the outgoing capacity wait for this connection. Nothing is kept: the envelope is the caller's again. */
export interface Full {
  readonly type: 'full';
  readonly envelope: OutgoingEnvelope;
}

/** The connection has ended. */
export interface Disconnected {
  readonly type: 'disconnected';
  readonly envelope: OutgoingEnvelope;
}

/** `not-found`: no connection of this mesh has that id. `too-large`: no message of the node may be so long. `shutdown`: of the mesh. */
export type SendOutcome =
  | { readonly type: 'queued' }
  | Full
  | Disconnected
  | { readonly type: 'not-found' | 'too-large' | 'shutdown'; readonly envelope: OutgoingEnvelope };

/** `disconnected`: no node of the mesh runs any more, so that nothing can come. `shutdown`: of the mesh, and all envelopes are received. */
export type Received =
  | { readonly type: 'envelope'; readonly envelope: Envelope }
  | { readonly type: 'disconnected' }
  | { readonly type: 'shutdown' };

export type ReceivedInTime = Received | { readonly type: 'timeout' };

/**
 * `disconnected`: the connection is not open. `in-use`: it is in a mesh already. `duplicate-id`: another connection has the unique id.
 * `full`: the mesh has as many connections as it may. The connection is the caller's, as before.
 */
export type AddOutcome =
  | { readonly type: 'added'; readonly id: number }
  | { readonly type: 'disconnected' | 'in-use' | 'duplicate-id' | 'full' | 'shutdown'; readonly connection: MeshConnection };

/** A connection that has left the mesh. */
export interface Removed {
  readonly type: 'removed';
  readonly id: number;
  readonly uniqueId: string | undefined;
  /** `closed`: it had ended before, for that reason. */
  readonly state: 'open' | 'closed';
  readonly reason: CloseReason | undefined;
  readonly connection: MeshConnection;
  /** What waited to be sent, oldest first. */
  readonly unsent: readonly Uint8Array[];
}

export type RemoveOutcome = Removed | { readonly type: 'not-found' };

/** What a mesh does, for the handles that share it. */
export interface MeshOperations {
  add(connection: MeshConnection, uniqueId?: string): AddOutcome;
  remove(address: EnvelopeAddress): RemoveOutcome;
  send(envelope: OutgoingEnvelope): SendOutcome;
  recv(options?: { readonly signal?: AbortSignal }): Promise<Received>;
  recvTimeout(timeoutMs: number, options?: { readonly signal?: AbortSignal }): Promise<ReceivedInTime>;
  tryRecv(): Envelope | undefined;
  [Symbol.asyncIterator](): AsyncIterableIterator<Envelope, undefined>;
}

/** What a mesh has done since it was made. */
export class EnvelopeMeshCounters {
  /** Envelopes that `send` took. */
  sent = 0;
  /** Envelopes that `send` handed back, for whatever reason. */
  refused = 0;
  /** Envelopes that receivers got. */
  received = 0;
}

/** A connection in a mesh, as of now. */
export interface MeshConnectionState {
  readonly id: number;
  readonly uniqueId: string | undefined;
  readonly connection: MeshConnection;
  /** Envelopes that wait to be sent. */
  readonly outgoingCount: number;
  /** So many the other end takes at once; 0 also as long as it is in no mesh. */
  readonly grantedCount: number;
}
