/**
 * @module Endpoint: what peers send each other over a connection, and the frames of all peers for the application. It translates between the
 * agent and the structures: peers that are kept connected (`peers/`), and the frames between this node and each (`protocol/`).
 *
 * A link begins with a hello and its answer. The side that configured the other sends the hello; of two that cross each other the one of
 * the side that dialled the link counts. A hello on a link that is up begins anew, from where both sides are, so that nothing is lost or doubled.
 * Everything is sent over one lane, whose order all of this relies on.
 */
import { assertNever, type BehaviorAgent, type Connection, limitReached, type NodeId, toConnection } from '../../core/index.js';
import { Inbox } from './inbox.js';
import { PeeringCounters, type PeeringSetup } from './options.js';
import type { Peer } from './peers/peer.js';
import { invalidPeer, PeerKeeper, type Perform } from './peers/peer-keeper.js';
import type { PeerRegistry } from './peers/peer-registry.js';
import { type Ack, FRAME_HEAD_BYTES, type Hello, type Introduction, type PeeringMessage, toWire } from './protocol/messages.js';
import { type PeerSpec, parsePeer } from './protocol/peer-line.js';
import type { SessionLink } from './protocol/peer-session.js';

/** A peer that is being dialled. */
interface StartedPeer {
  readonly peer: Peer;
  readonly isNew: boolean;
  /** Its target; rejects with `PEER_INVALID`. */
  readonly resolved: Promise<number>;
}

const OTHER_FRAMES = 'the peer has other frames than it was sent';
const GOODBYE = 'the peer has removed this node';

export class Endpoint {
  readonly counters = new PeeringCounters();
  readonly inbox: Inbox;
  readonly peers: PeerKeeper;
  /** Between start and stop: `perform` works. */
  isRunning = false;
  /** Open connections, and whether either side has sent a hello on them. */
  private readonly greeted = new Map<number, boolean>();

  constructor(
    readonly setup: PeeringSetup,
    private readonly perform: Perform,
  ) {
    this.inbox = new Inbox(setup);
    this.peers = new PeerKeeper(setup, (agent, peer, connectionId) => this.greet(agent, peer, connectionId), perform);
  }

  get registry(): PeerRegistry {
    return this.peers.registry;
  }

  /** Keeps the peer of that line connected. Throws `PEER_INVALID` and `LIMIT_EXCEEDED`. */
  start(agent: BehaviorAgent, spec: PeerSpec): Peer {
    const { peer } = this.configure(agent, spec);
    this.peers.keep(agent, peer);
    return peer;
  }

  /** As `start`; `resolved` follows when it is known whether its host has an address. */
  startResolved(agent: BehaviorAgent, spec: PeerSpec, signal: AbortSignal | undefined): StartedPeer {
    const { peer, isNew } = this.configure(agent, spec);
    const resolved = this.peers.whenResolved(peer, signal);
    this.peers.keep(agent, peer);
    return { peer, isNew, resolved };
  }

  /** The peer of that line: a new one, or the one that it is already. */
  private configure(agent: BehaviorAgent, spec: PeerSpec): { readonly peer: Peer; readonly isNew: boolean } {
    const { registry, setup } = this;
    const parsed = parsePeer(spec, setup.scheme);
    if (parsed.type !== 'peer') throw invalidPeer(parsed.type === 'invalid' ? parsed.flaw : 'it is empty');
    const { address, peerType: type } = parsed;
    const known = registry.all().find((peer) => peer.isConfigured && peer.address?.text === address.text);
    if (known !== undefined && known.type !== type)
      throw invalidPeer(`target ${known.target} has that address and is ${known.type}; remove it first`);
    const peer = known ?? this.peers.create(agent, { type, isConfigured: true, address });
    if (peer !== undefined) return { peer, isNew: known === undefined };
    throw limitReached({ limit: 'peersMax', current: registry.size, maximum: setup.peersMax, scope: 'peering', configKey: 'peersMax' });
  }

  /** The peer is sent a goodbye; its frames come back. */
  remove(agent: BehaviorAgent, peer: Peer): void {
    const { link } = peer.session;
    if (link !== undefined) agent.send(toConnection(link.connectionId), toWire({ type: 'bye' }));
    this.peers.forget(agent, peer);
  }

  stop(agent: BehaviorAgent): void {
    this.isRunning = false;
    this.peers.stop(agent);
    this.inbox.close();
  }

  opened(agent: BehaviorAgent, connection: Connection): void {
    this.greeted.set(connection.id, false);
    this.peers.opened(agent, connection);
  }

  closed(agent: BehaviorAgent, connection: Connection, reason: string): void {
    this.greeted.delete(connection.id);
    const peer = this.registry.of(connection.nodeId);
    if (peer?.session.link?.connectionId === connection.id) {
      if (peer.session.isUp) this.peers.down(agent, peer, reason);
      else this.peers.refused(agent, peer, 'REMOTE_REJECTED', reason);
    }
    this.peers.closed(agent, connection);
  }

  /** The lane of the connection has room again. */
  writable(agent: BehaviorAgent, { nodeId }: Connection): void {
    this.registry.of(nodeId)?.session.pump(agent);
  }

  receive(agent: BehaviorAgent, connection: Connection, message: PeeringMessage): void {
    const peer = this.registry.of(connection.nodeId);
    if (!this.greeted.has(connection.id)) return;
    if (message.type === 'hello') return this.hello(agent, connection, peer, message);
    if (this.greeted.get(connection.id) === false) return this.violated(agent, connection.id, 'a peering message before the hello');
    const link = peer?.session.link;
    if (peer === undefined || link?.connectionId !== connection.id) return this.ignored();
    const isAnswer = message.type === 'ack' || message.type === 'refuse';
    if (isAnswer ? peer.session.isUp || message.attempt !== link.attempt : !peer.session.isUp) return this.ignored();
    switch (message.type) {
      case 'frame':
        return this.frame(agent, peer, message.number, message.bytes);
      case 'progress':
        if (!peer.session.confirmed(agent, message)) this.violated(agent, connection.id, OTHER_FRAMES);
        return;
      case 'ack':
        if (message.peerType === peer.type) return this.resume(agent, peer, message);
        return this.violated(agent, connection.id, 'the answer names another peer type');
      case 'refuse':
        return this.peers.refused(agent, peer, 'REMOTE_REJECTED', message.reason);
      case 'bye':
        this.peers.down(agent, peer, GOODBYE);
        return this.peers.refused(agent, peer, 'CONNECTION_CLOSED', GOODBYE);
      default:
        assertNever(message);
    }
  }

  /** Sends the hello, unless a link is there: then the remote has sent its own. */
  private greet(agent: BehaviorAgent, peer: Peer, connectionId: number): void {
    const { session, address, maySend: canSend, mayReceive: canReceive } = peer;
    if (address === undefined || (session.link?.connectionId === connectionId && !session.isUp)) return;
    session.begin(agent, { connectionId, attempt: ++peer.attempts, canSend, canReceive }, this.setup.inboxFrames);
    this.greeted.set(connectionId, true);
    agent.send(toConnection(connectionId), toWire({ type: 'hello', ...this.introduction(agent, peer, peer.attempts) }));
  }

  private hello(agent: BehaviorAgent, connection: Connection, known: Peer | undefined, hello: Hello): void {
    const { id: connectionId, direction } = connection;
    this.greeted.set(connectionId, true);
    const isCrossed = known?.session.link?.connectionId === connectionId && !known.session.isUp;
    if (isCrossed && direction === 'outgoing') return;
    const peer = known ?? this.peers.admit(agent, connection, hello);
    if (typeof peer === 'string') return this.refuse(agent, connectionId, hello.attempt, peer);
    if (!peer.isConfigured) peer.introduced(connection, hello);
    const canSend = peer.maySend && hello.peerType !== 'limited-sending';
    const canReceive = peer.mayReceive && hello.peerType !== 'limited-receiving';
    peer.session.begin(agent, { connectionId, attempt: 0, canSend, canReceive }, this.setup.inboxFrames);
    this.peers.keep(agent, peer);
    this.resume(agent, peer, hello);
  }

  private refuse(agent: BehaviorAgent, connectionId: number, attempt: number, reason: string): void {
    this.counters.hellosRefused++;
    agent.send(toConnection(connectionId), toWire({ type: 'refuse', attempt, reason }));
  }

  private introduction(agent: BehaviorAgent, { type: peerType, session }: Peer, attempt: number): Introduction {
    const port = this.setup.advertisedPort ?? agent.announced[0]?.port ?? 0;
    return { peerType, port, attempt, ...session.resumePoint, frameBytesMax: this.frameBytesMax(agent) };
  }

  /** Both sides know each other's resume point. Frames flow, after the answer to a hello. */
  private resume(agent: BehaviorAgent, peer: Peer, remote: Hello | Ack): void {
    const { session } = peer;
    const { connectionId } = session.link as SessionLink;
    if (!session.resume(remote, Math.min(remote.frameBytesMax, this.frameBytesMax(agent))))
      return this.violated(agent, connectionId, OTHER_FRAMES);
    if (remote.type === 'hello') {
      const ack: Ack = { type: 'ack', ...this.introduction(agent, peer, remote.attempt), peerType: remote.peerType };
      agent.send(toConnection(connectionId), toWire(ack));
    }
    this.peers.up(agent, peer);
    session.pump(agent);
    session.acknowledge(agent);
  }

  private frame(agent: BehaviorAgent, peer: Peer, number: number, frame: Uint8Array): void {
    const { session, target, nodeId } = peer;
    const result = session.receive(agent, number, frame);
    if (result === 'repeated') return this.ignored();
    if (result === 'violation')
      return this.violated(agent, (session.link as SessionLink).connectionId, 'frames are missing, or more than was allowed');
    const isHeldBack = this.setup.inboxPolicy === 'hold-back';
    if (!isHeldBack) session.consumed();
    const onTaken = () => {
      if (!isHeldBack) return;
      session.consumed();
      if (this.isRunning) this.perform((later) => session.acknowledge(later));
    };
    this.counters.framesReceived++;
    this.counters.framesDropped += this.inbox.push({ received: { target, nodeId: nodeId as NodeId, frame }, onTaken });
    session.acknowledge(agent);
  }

  /** A longer frame would not pass as a message of this node. */
  private frameBytesMax({ limits }: BehaviorAgent): number {
    return Math.max(1, Math.min(this.setup.frameBytesMax, limits.payloadBytesMax - FRAME_HEAD_BYTES));
  }

  private ignored(): void {
    this.counters.messagesIgnored++;
  }

  private violated(agent: BehaviorAgent, connectionId: number, reason: string): void {
    this.counters.violations++;
    agent.closeConnection(connectionId, reason);
  }
}
