/**
 * @module EnvelopePeers: the peer manager of a mesh. Peers are requested by identity, with several addresses; a peer is kept connected
 * as long as there is a reference to it. Addresses whose node is not known yet are requested in the same manner. Nodes that connect by
 * themselves and carry envelopes are taken into the mesh as unreferenced peers, which a later reference promotes.
 *
 * Identities are proven, so that peers may share an address, and there is one link to each of them, also when both dial at once.
 * After five failures in a row every further attempt goes to the next address. Envelopes for peers that are not connected are parked.
 */
import {
  type Address,
  type Connection,
  isNodeId,
  limitReached,
  type MeshNode,
  NetworkError,
  type NodeId,
  parseAddress,
} from '../../../core/index.js';
import type { EnvelopeMesh } from '../mesh/mesh.js';
import { checkPayload, invalid } from '../mesh/options.js';
import type { Envelope, Removed } from '../mesh/outcomes.js';
import { ManagedNodes } from './managed-nodes.js';
import { MeshTarget, type MeshTargetEvents } from './mesh-target.js';
import { type EnvelopePeersOptions, type RetryOptions, readPeersOptions } from './options.js';
import { EndpointPeerRef, type EnvelopePeerSnapshot, Peer, PeerRef } from './peer.js';
import { PeerMail, type PeerSendOutcome } from './peer-mail.js';
import { type PeerNotification, PeerNotifications } from './peer-notifications.js';

/** Nodes that connected by themselves; more are left alone. */
export const UNREFERENCED_MAX = 1_024;
/** Peers and addresses that are asked for at once; `addPeer` and `addUnidentified` throw `LIMIT_EXCEEDED`. */
export const PEERS_MAX = 16_384;
const FAILURES_PER_ENDPOINT = 5;

const NODE_ID_LENGTH = 64;
const NONE: ReadonlySet<string> = new Set();
const SILENT: MeshTargetEvents = { onConnected() {}, onDisconnected() {}, onFailed() {}, onFatal() {} };

interface Unreferenced {
  readonly nodeId: NodeId;
  readonly localNode: NodeId;
  readonly meshId: number;
}

export class EnvelopePeers {
  readonly #peers = new Map<string, Peer>();
  readonly #unreferenced = new Map<string, Unreferenced>();
  readonly #unidentified = new Set<MeshTarget>();
  readonly #notifications = new PeerNotifications((cause, drop) => this.#nodes.listenerFailed(cause, drop));
  readonly #nodes: ManagedNodes;
  readonly #retry: RetryOptions;
  readonly #unidentifiedRetry: RetryOptions;
  readonly #accept: (nodeId: NodeId) => boolean;
  readonly #unwatch: () => void;
  readonly #mail: PeerMail;
  #isStopped = false;

  /** The nodes whose identities it may show; they run `EnvelopesBehavior`. Throws `BEHAVIOR_MISSING`, `ARGUMENT_INVALID`. */
  constructor(
    private readonly mesh: EnvelopeMesh,
    nodes: MeshNode | readonly MeshNode[],
    options: EnvelopePeersOptions = {},
  ) {
    const { retry, unidentifiedMs, accept } = readPeersOptions(options);
    this.#retry = retry;
    this.#unidentifiedRetry = { firstMs: unidentifiedMs, maxMs: unidentifiedMs };
    this.#accept = accept;
    this.#nodes = new ManagedNodes(nodes);
    this.#mail = new PeerMail({
      mesh,
      meshIdOf: (nodeId) => this.#meshIdOf(nodeId),
      onUndelivered: (envelope) => this.#notifications.notify({ type: 'undelivered', ...envelope }),
      payloadBytesMax: () => this.#nodes.payloadBytesMax,
      act: (work) => this.#nodes.act(work),
    });
    this.#unwatch = mesh.onDisconnected((removed) => this.#ended(removed));
    this.#nodes.watch({
      onGreeted: (node, connection) => this.#greeted(node, connection),
      onStopped: (node) => this.#stopped(node),
    });
  }

  /** The requested peers. */
  peers(): readonly EnvelopePeerSnapshot[] {
    return [...this.#peers.values()].map((peer) => peer.snapshot());
  }

  /** Nodes that connected by themselves. */
  unreferenced(): readonly NodeId[] {
    return [...this.#unreferenced.values()].map(({ nodeId }) => nodeId);
  }

  /** The node that has sent an envelope that the mesh received; `undefined` when it is not one of the peers. */
  peerOf({ uniqueId }: Envelope): NodeId | undefined {
    const nodeId = uniqueId?.slice(0, NODE_ID_LENGTH);
    return isNodeId(nodeId) ? nodeId : undefined;
  }

  /**
   * Keeps a peer connected until the reference is released; the last release removes it from the mesh. Without endpoints it is dialled as by
   * `node.connect(nodeId)`. `localNode`: the identity to show, that of the first node by default.
   */
  addPeer(nodeId: NodeId, endpoints: readonly (string | Address)[], { localNode }: { readonly localNode?: NodeId } = {}): PeerRef {
    if (!isNodeId(nodeId)) throw invalid('nodeId', 'must be a node id');
    const node = this.#nodeOf(localNode);
    if (nodeId === node.id) throw invalid('nodeId', 'is that of the node itself');
    this.#requireRoom();
    const addresses = endpoints.map((given) => (typeof given === 'string' ? parseAddress(given) : given));
    const key = keyOf(nodeId, node.id);
    const peer = this.#peers.get(key) ?? this.#create(key, nodeId, node, addresses);
    peer.addEndpoints(addresses);
    peer.referenceCount++;
    return new PeerRef(nodeId, () => this.#released(key, peer));
  }

  /** Keeps the node at that address connected until the reference is released. */
  addUnidentified(endpoint: string | Address, { localNode }: { readonly localNode?: NodeId } = {}): EndpointPeerRef {
    const address = typeof endpoint === 'string' ? parseAddress(endpoint) : endpoint;
    const node = this.#nodeOf(localNode);
    this.#requireRoom();
    const target = new MeshTarget({
      ...{ node, mesh: this.mesh, endpoints: [address], expected: address.nodeId, uniqueId: undefined },
      ...{ retry: this.#unidentifiedRetry, failuresPerEndpoint: Number.POSITIVE_INFINITY, fatalCodes: NONE, events: SILENT },
      onFound: ({ nodeId }) => {
        this.#unidentified.delete(target);
        ref.found(this.addPeer(nodeId, [address], { localNode: node.id }));
      },
    });
    const ref = new EndpointPeerRef(address.text, () => {
      this.#unidentified.delete(target);
      target.stop();
    });
    this.#unidentified.add(target);
    target.start();
    return ref;
  }

  /**
   * Sends to a peer by its identity. Never waits. Throws `NOT_STARTED` after `stop`, and when it would have to be parked and no node runs.
   */
  send(nodeId: NodeId, payload: Uint8Array): PeerSendOutcome {
    checkPayload(payload);
    this.#requireUsable();
    return this.#mail.send(nodeId, payload);
  }

  /** Is called with what happens until the returned function is called; the first subscriber also with what has happened before. */
  subscribe(listener: (notification: PeerNotification) => void): () => void {
    return this.#notifications.subscribe(listener);
  }

  /** Manages no peers any longer; their connections leave the mesh. */
  stop(): void {
    this.#isStopped = true;
    for (const target of this.#unidentified) target.stop();
    for (const { target } of this.#peers.values()) target.stop();
    for (const known of this.#unreferenced.values()) this.#removeUnreferenced(known);
    this.#mail.stop();
    for (const map of [this.#unidentified, this.#peers, this.#unreferenced]) map.clear();
    this.#nodes.forget();
    this.#unwatch();
  }

  #create(key: string, nodeId: NodeId, node: MeshNode, endpoints: readonly Address[]): Peer {
    const peer = new Peer(nodeId, node.id);
    peer.target = new MeshTarget({
      ...{ node, mesh: this.mesh, endpoints: [], expected: nodeId, uniqueId: key, retry: this.#retry },
      ...{ failuresPerEndpoint: FAILURES_PER_ENDPOINT, fatalCodes: NONE, events: this.#eventsOf(peer) },
    });
    peer.addEndpoints(endpoints);
    const known = this.#unreferenced.get(key);
    this.#unreferenced.delete(key);
    this.#peers.set(key, peer);
    peer.target.start(known?.meshId);
    return peer;
  }

  #eventsOf(peer: Peer): MeshTargetEvents {
    const { nodeId, localNode } = peer;
    return {
      ...SILENT,
      onConnected: () => {
        peer.wasConnected = true;
        this.#connected(nodeId, localNode);
      },
      onDisconnected: (unsent) => this.#notifications.notify({ type: 'disconnected', nodeId, localNode, unsent }),
    };
  }

  #released(key: string, peer: Peer): void {
    if (--peer.referenceCount > 0) return;
    peer.target.stop();
    if (this.#peers.get(key) === peer) this.#peers.delete(key);
  }

  #connected(nodeId: NodeId, localNode: NodeId): void {
    this.#notifications.notify({ type: 'connected', nodeId, localNode });
    this.#mail.connected(nodeId);
  }

  /** The remote of a target, or a node that connected by itself. */
  #greeted(node: MeshNode, connection: Connection): void {
    const targets = [...this.#unidentified, ...[...this.#peers.values()].map(({ target }) => target)];
    if (!targets.some((target) => target.offer(node, connection))) this.#welcome(node, connection);
  }

  #welcome(node: MeshNode, connection: Connection): void {
    const { nodeId, direction } = connection;
    const key = keyOf(nodeId, node.id);
    if (direction !== 'incoming' || this.#unreferenced.size >= UNREFERENCED_MAX || !this.#accepts(nodeId)) return;
    const outcome = this.mesh.add({ node, connection }, key);
    if (outcome.type !== 'added') return;
    this.#unreferenced.set(key, { nodeId, localNode: node.id, meshId: outcome.id });
    this.#connected(nodeId, node.id);
  }

  /** A function that throws accepts no node. */
  #accepts(nodeId: NodeId): boolean {
    try {
      return this.#accept(nodeId) === true;
    } catch (cause) {
      this.#nodes.logFailure(cause);
      return false;
    }
  }

  #ended(removed: Removed): void {
    const peer = [...this.#peers.values()].find(({ target }) => target.meshId === removed.id);
    if (peer !== undefined) return peer.target.ended(removed);
    const [key, known] = [...this.#unreferenced].find(([, { meshId }]) => meshId === removed.id) ?? [];
    if (key === undefined || known === undefined) return;
    this.#unreferenced.delete(key);
    this.mesh.remove(removed.id);
    this.#left(known, removed);
  }

  #removeUnreferenced(known: Unreferenced): void {
    const removed = this.mesh.remove(known.meshId);
    if (removed.type === 'removed') this.#left(known, removed);
  }

  #left({ nodeId, localNode }: Unreferenced, { unsent }: Removed): void {
    this.#notifications.notify({ type: 'disconnected', nodeId, localNode, unsent });
  }

  /** Nothing is dialled for a node that has stopped. */
  #stopped(node: MeshNode): void {
    for (const target of this.#unidentified) if (target.options.node === node) this.#unidentified.delete(target);
    for (const [key, { localNode, target }] of this.#peers) {
      if (localNode !== node.id) continue;
      this.#peers.delete(key);
      target.stop();
    }
    this.#mail.nodeStopped();
  }

  #nodeOf(localNode: NodeId | undefined): MeshNode {
    const node = this.#nodes.find(localNode);
    this.#requireUsable();
    if (node === undefined) throw invalid('localNode', 'must be the id of one of the nodes of the manager');
    return node;
  }

  #requireUsable(): void {
    if (this.#isStopped) throw new NetworkError('NOT_STARTED', 'the manager of peers was stopped');
  }

  #requireRoom(): void {
    const current = this.#peers.size + this.#unidentified.size;
    if (current >= PEERS_MAX) throw limitReached({ limit: 'PEERS_MAX', current, maximum: PEERS_MAX, scope: 'envelopes' });
  }

  #meshIdOf(nodeId: NodeId): number | undefined {
    for (const { id } of this.#nodes.all) {
      const key = keyOf(nodeId, id);
      const meshId = this.#peers.get(key)?.target.meshId ?? this.#unreferenced.get(key)?.meshId;
      if (meshId !== undefined) return meshId;
    }
    return undefined;
  }
}

/** The unique id of a peer's connection in the mesh. */
function keyOf(nodeId: NodeId, localNode: NodeId): string {
  return `${nodeId}@${localNode}`;
}
