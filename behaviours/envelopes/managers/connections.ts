/**
 * @module EnvelopeConnections: the connection manager of a mesh. Connections are requested by endpoint, under ids of the application; each
 * is dialled, is added to the mesh when its remote is authenticated and carries envelopes, and is dialled again as often as it is cut. What
 * was accepted is added by `addInbound`, and not dialled again when it ends.
 *
 * The node that answers must be the expected one, or the one that answered first: links are authenticated on both sides, so that no other enters
 * the mesh. There are no heartbeats of its own: the node pings every link on its control lane, which no full queue delays, and closes it
 * after `limits.silenceMs` of silence. A full queue is no failure.
 */
import { type Address, type Connection, type MeshNode, type NetworkError, type NodeId, parseAddress } from '../../../core/index.js';
import { Callbacks } from '../../../core/structures/callbacks.js';
import type { EnvelopeMesh } from '../mesh/mesh.js';
import { checkUniqueId } from '../mesh/options.js';
import type { AddOutcome, MeshConnection, Removed } from '../mesh/outcomes.js';
import { ManagedNodes } from './managed-nodes.js';
import { MeshTarget, type MeshTargetEvents } from './mesh-target.js';
import { type RetryOptions, readRetryOptions } from './options.js';

/** Most connections of one manager. */
export const MANAGED_MAX = 16_384;

/** `unsent`: what waited to be sent. `attempts`: failures in a row. */
type Change =
  | { readonly type: 'connected' | 'inbound'; readonly nodeId: NodeId; readonly meshId: number }
  | { readonly type: 'disconnected'; readonly unsent: readonly Uint8Array[] }
  | { readonly type: 'non-fatal-error'; readonly attempts: number; readonly error: NetworkError }
  /** Unauthorised, or it could not enter the mesh: the connection is not managed any more. */
  | { readonly type: 'fatal-error'; readonly error: NetworkError };

/** What happened to a connection. */
export type ConnectionNotification = { readonly connectionId: string; readonly endpoint: string } & Change;

export interface ConnectionRequest {
  /** The application's name for it; the unique id in the mesh. */
  readonly connectionId: string;
  readonly endpoint: string | Address;
  /** Absent: the node that answers first, from then on. */
  readonly expectedNode?: NodeId;
  /** The identity to show: that of one of the manager's nodes; the first by default. */
  readonly localNode?: NodeId;
}

/** `started`: notifications follow. `duplicate-id`: another connection has that id. */
export type RequestOutcome = 'started' | 'duplicate-id' | 'unknown-local-node' | 'full';

const FATAL: ReadonlySet<string> = new Set(['IDENTITY_MISMATCH', 'LOCAL_REJECTED', 'REMOTE_REJECTED']);

/** A managed connection. */
interface Managed {
  readonly connectionId: string;
  readonly endpoint: Address;
  /** Absent for an inbound one, which is not dialled again. */
  target: MeshTarget | undefined;
  /** In the mesh, while it is there. */
  meshId: number | undefined;
}

export class EnvelopeConnections {
  readonly #managed = new Map<string, Managed>();
  readonly #listeners = new Callbacks<ConnectionNotification>();
  readonly #nodes: ManagedNodes;
  readonly #retry: RetryOptions;
  readonly #unwatch: () => void;

  /** The nodes whose identities it may show; they run `EnvelopesBehavior`. Throws `BEHAVIOR_MISSING`, `ARGUMENT_INVALID`. */
  constructor(
    private readonly mesh: EnvelopeMesh,
    nodes: MeshNode | readonly MeshNode[],
    retry: Partial<RetryOptions> = {},
  ) {
    this.#retry = readRetryOptions(retry);
    this.#nodes = new ManagedNodes(nodes);
    this.#unwatch = mesh.onDisconnected((removed) => this.#ended(removed));
    this.#nodes.watch({
      onGreeted: (node, connection) => this.#greeted(node, connection),
      onStopped: (node) => this.#stopped(node),
    });
  }

  /** Endpoints of all connections, connected or not. */
  listConnections(): readonly string[] {
    return [...this.#managed.values()].map(({ endpoint }) => endpoint.text);
  }

  /** Is called with what happens until the returned function is called. A listener that throws is not called again. */
  subscribe(listener: (notification: ConnectionNotification) => void): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Requests a connection. Requested again, its notification is repeated if it is connected. Throws `ADDRESS_INVALID`, `ARGUMENT_INVALID`,
   * `NOT_STARTED`.
   */
  requestConnection(request: ConnectionRequest): RequestOutcome {
    const { connectionId, expectedNode, localNode } = request;
    checkUniqueId(connectionId);
    const endpoint = typeof request.endpoint === 'string' ? parseAddress(request.endpoint) : request.endpoint;
    const expected = expectedNode ?? endpoint.nodeId;
    const node = this.#nodes.find(localNode);
    const known = this.#managed.get(connectionId);
    if (node === undefined) return 'unknown-local-node';
    if (known !== undefined) return this.#requestedAgain(known, endpoint, expected);
    if (this.#managed.size >= MANAGED_MAX) return 'full';
    const managed: Managed = { connectionId, endpoint, target: undefined, meshId: undefined };
    managed.target = new MeshTarget({
      ...{ node, mesh: this.mesh, endpoints: [endpoint], expected, uniqueId: connectionId, retry: this.#retry },
      ...{ failuresPerEndpoint: Number.POSITIVE_INFINITY, fatalCodes: FATAL, events: this.#eventsOf(managed) },
    });
    this.#managed.set(connectionId, managed);
    managed.target.start();
    return 'started';
  }

  /** Adds an accepted connection to the mesh, and manages it. */
  addInbound(connection: MeshConnection, connectionId: string): AddOutcome {
    checkUniqueId(connectionId);
    if (this.#managed.has(connectionId)) return { type: 'duplicate-id', connection };
    if (this.#managed.size >= MANAGED_MAX) return { type: 'full', connection };
    const outcome = this.mesh.add(connection, connectionId);
    if (outcome.type !== 'added') return outcome;
    const { nodeId, remoteAddress: endpoint } = connection.connection;
    const managed: Managed = { connectionId, endpoint, target: undefined, meshId: outcome.id };
    this.#managed.set(connectionId, managed);
    this.#notify(managed, { type: 'inbound', nodeId, meshId: outcome.id });
    return outcome;
  }

  /**
   * Manages the connection no longer. Returns its endpoint, if there was one. The connection leaves the mesh; as other services may use it,
   * it is not closed, but a dialled one is when it is idle.
   */
  removeConnection(connectionId: string): string | undefined {
    const managed = this.#managed.get(connectionId);
    if (managed === undefined) return undefined;
    this.#managed.delete(connectionId);
    managed.target?.stop();
    if (managed.target === undefined) this.#removeInbound(managed);
    return managed.endpoint.text;
  }

  /** Manages no connection any longer. */
  stop(): void {
    for (const connectionId of [...this.#managed.keys()]) this.removeConnection(connectionId);
    this.#nodes.forget();
    this.#unwatch();
  }

  #removeInbound(managed: Managed): void {
    const removed = this.mesh.remove(managed.meshId as number);
    if (removed.type === 'removed') this.#notify(managed, { type: 'disconnected', unsent: removed.unsent });
  }

  #eventsOf(managed: Managed): MeshTargetEvents {
    return {
      onConnected: (nodeId, meshId) => {
        managed.meshId = meshId;
        this.#notify(managed, { type: 'connected', nodeId, meshId });
      },
      onDisconnected: (unsent) => {
        managed.meshId = undefined;
        this.#notify(managed, { type: 'disconnected', unsent });
      },
      onFailed: (attempts, error) => this.#notify(managed, { type: 'non-fatal-error', attempts, error }),
      onFatal: (error) => {
        this.#managed.delete(managed.connectionId);
        this.#notify(managed, { type: 'fatal-error', error });
      },
    };
  }

  #requestedAgain(managed: Managed, endpoint: Address, expected: NodeId | undefined): RequestOutcome {
    const { target, meshId } = managed;
    const isSame = managed.endpoint.text === endpoint.text && (expected === undefined || target?.nodeId === expected);
    if (target === undefined || !isSame) return 'duplicate-id';
    if (meshId !== undefined) this.#notify(managed, { type: 'connected', nodeId: target.nodeId as NodeId, meshId });
    return 'started';
  }

  #greeted(node: MeshNode, connection: Connection): void {
    for (const { target } of this.#managed.values()) if (target?.offer(node, connection) === true) return;
  }

  #ended(removed: Removed): void {
    const managed = [...this.#managed.values()].find(({ meshId }) => meshId === removed.id);
    if (managed === undefined) return;
    if (managed.target !== undefined) return managed.target.ended(removed);
    this.#managed.delete(managed.connectionId);
    this.mesh.remove(removed.id);
    this.#notify(managed, { type: 'disconnected', unsent: removed.unsent });
  }

  /** Nothing is dialled for a node that has stopped. */
  #stopped(node: MeshNode): void {
    for (const { connectionId, target } of [...this.#managed.values()])
      if (target?.options.node === node) this.removeConnection(connectionId);
  }

  #notify({ connectionId, endpoint }: Managed, change: Change): void {
    this.#listeners.call({ connectionId, endpoint: endpoint.text, ...change }, this.#nodes.listenerFailed);
  }
}
