/**
 * @module Sessions: what two peers say over one connection: hello and its answer, then frames, progress and bye. Whoever configured the
 * other says hello; of two that cross each other the one of the side that dialled the link counts. A hello on a link that is up begins
 * anew, from where both sides say that they are, so that nothing is lost or doubled.
 *
 * Everything goes over one lane: that its order is kept is what makes it right.
 */
import { assertNever, type BehaviorAgent, type Connection, toConnection } from '../../core/index.js';
import type { Endpoint } from './endpoint.js';
import { type Ack, FRAME_HEAD_BYTES, type Hello, type Introduction, type PeeringMessage, type Refusal, toWire } from './messages.js';
import type { Peer, PeerLink } from './peer.js';

type LinkName = Pick<PeerLink, 'connectionId' | 'attempt'>;

export class Sessions {
  /** Connections on which a hello was said, by either side. */
  private readonly greeted = new Set<number>();

  constructor(private readonly endpoint: Endpoint) {}

  /** Says hello to a configured peer. */
  greet(agent: BehaviorAgent, peer: Peer, connectionId: number): void {
    const { setup } = this.endpoint;
    peer.conversation.outgoing.cut();
    const { attempt } = this.link(agent, peer, { connectionId, attempt: ++peer.attempts }, { canSend: true, canReceive: true });
    peer.state = 'greeting';
    peer.dueMs = agent.nowMs + setup.greetingMs;
    this.greeted.add(connectionId);
    this.endpoint.agenda.wakeAt(agent, peer.dueMs);
    agent.send(toConnection(connectionId), toWire({ type: 'hello', ...this.introduction(agent, peer, attempt) }));
  }

  receive(agent: BehaviorAgent, connection: Connection, message: PeeringMessage): void {
    const peer = this.endpoint.table.of(connection.nodeId);
    if (message.type === 'hello') return this.hello(agent, connection, peer, message);
    if (!this.greeted.has(connection.id)) return this.violated(agent, connection.id, 'a peering message before the hello');
    const link = peer?.link;
    if (peer === undefined || link?.connectionId !== connection.id) return this.ignored();
    const isAnswer = message.type === 'ack' || message.type === 'refuse';
    if (isAnswer ? link.isUp || message.attempt !== link.attempt : !link.isUp) return this.ignored();
    const { traffic, dialling } = this.endpoint;
    switch (message.type) {
      case 'frame':
        return this.check(agent, link, traffic.receive(agent, peer, message.number, message.bytes));
      case 'progress':
        return this.check(agent, link, traffic.confirmed(agent, peer, message));
      case 'ack':
        return this.ack(agent, peer, link, message);
      case 'refuse':
        this.end(agent, peer);
        return dialling.failed(agent, peer, { type: 'handshake', reason: message.reason });
      case 'bye':
        this.end(agent, peer);
        return dialling.lost(agent, peer, 'the peer said bye');
      default:
        assertNever(message);
    }
  }

  /** The peer's link has room again. */
  writable(agent: BehaviorAgent, connection: Connection): void {
    const peer = this.endpoint.table.of(connection.nodeId);
    if (peer === undefined) return;
    this.endpoint.traffic.tell(agent, peer);
    this.endpoint.traffic.pump(agent, peer);
  }

  /** The node did not answer as a peer in time. */
  unanswered(agent: BehaviorAgent, peer: Peer): void {
    if (peer.link !== undefined) this.end(agent, peer);
    this.endpoint.dialling.failed(agent, peer, { type: 'handshake', reason: 'no answer' });
  }

  disconnected(agent: BehaviorAgent, { id, nodeId }: Connection, reason: string): void {
    this.greeted.delete(id);
    const peer = this.endpoint.table.of(nodeId);
    if (peer?.link?.connectionId !== id) return;
    const { isUp } = peer.link;
    this.end(agent, peer);
    if (isUp) this.endpoint.dialling.lost(agent, peer, reason);
    else this.endpoint.dialling.failed(agent, peer, { type: 'handshake', reason });
  }

  /** This side wants the peer no more. */
  leave(agent: BehaviorAgent, peer: Peer): void {
    if (peer.link === undefined) return;
    agent.send(toConnection(peer.link.connectionId), toWire({ type: 'bye' }));
    this.end(agent, peer);
  }

  private hello(agent: BehaviorAgent, connection: Connection, known: Peer | undefined, hello: Hello): void {
    this.greeted.add(connection.id);
    const isCrossed = known?.link?.isUp === false && known.link.connectionId === connection.id;
    if (isCrossed && connection.direction === 'outgoing') return;
    const peer = known ?? this.endpoint.roster.admit(agent, connection, hello);
    if (typeof peer === 'string') return this.refuse(agent, connection.id, { type: 'refuse', attempt: hello.attempt, reason: peer });
    if (!peer.isConfigured) this.endpoint.roster.introduced(peer, connection, hello);
    if (peer.link !== undefined) this.end(agent, peer);
    const remote = { canSend: hello.peerType !== 'limited-sending', canReceive: hello.peerType !== 'limited-receiving' };
    const link = this.link(agent, peer, { connectionId: connection.id, attempt: 0 }, remote);
    if (!this.open(agent, peer, link, hello)) return;
    const ack: Ack = { type: 'ack', ...this.introduction(agent, peer, hello.attempt), peerType: hello.peerType };
    agent.send(toConnection(connection.id), toWire(ack));
    this.begin(agent, peer);
  }

  private refuse(agent: BehaviorAgent, connectionId: number, refusal: Refusal): void {
    this.endpoint.counters.hellosRefused++;
    agent.send(toConnection(connectionId), toWire(refusal));
  }

  /** A link on which no frames go yet. `remote`: what the other side allows. */
  private link(agent: BehaviorAgent, peer: Peer, which: LinkName, remote: Pick<PeerLink, 'canSend' | 'canReceive'>): PeerLink {
    const { incoming } = peer.conversation;
    const canSend = peer.maySend && remote.canSend;
    const canReceive = peer.mayReceive && remote.canReceive;
    incoming.roomMax = canReceive ? this.endpoint.setup.inboxFrames : 0;
    peer.link = { ...which, canSend, canReceive, toldRoom: incoming.room, isUp: false, frameBytesMax: 0 };
    agent.hold(which.connectionId);
    return peer.link;
  }

  private ack(agent: BehaviorAgent, peer: Peer, link: PeerLink, ack: Ack): void {
    if (ack.peerType !== peer.type) return this.violated(agent, link.connectionId, 'the answer names another peer type');
    if (this.open(agent, peer, link, ack)) this.begin(agent, peer);
  }

  /** Both sides know where the other is. False, and the connection closed, when what the remote says cannot be. */
  private open(agent: BehaviorAgent, peer: Peer, link: PeerLink, remote: Introduction): boolean {
    const { life, remoteLife, received, room, frameBytesMax } = remote;
    const { conversation } = peer;
    const { outgoing, incoming } = conversation;
    if (!conversation.isKnownTo(life, remoteLife)) outgoing.restart(room);
    else if (!outgoing.resume(received, room)) {
      this.violated(agent, link.connectionId, 'the peer has other frames than were sent');
      return false;
    }
    incoming.meet(life);
    incoming.told(link.toldRoom);
    link.isUp = true;
    link.frameBytesMax = Math.min(frameBytesMax, this.frameBytesMax(agent));
    return true;
  }

  private begin(agent: BehaviorAgent, peer: Peer): void {
    this.endpoint.dialling.up(agent, peer);
    this.endpoint.traffic.pump(agent, peer);
    this.endpoint.traffic.tellSoon(agent, peer);
  }

  private end(agent: BehaviorAgent, peer: Peer): void {
    if (peer.link !== undefined) agent.release(peer.link.connectionId);
    peer.link = undefined;
    peer.conversation.outgoing.cut();
  }

  private introduction(agent: BehaviorAgent, peer: Peer, attempt: number): Introduction {
    const { life, incoming } = peer.conversation;
    const { remoteLife, received, room } = incoming;
    const port = this.endpoint.setup.advertisedPort ?? agent.addresses[0]?.port ?? 0;
    const frameBytesMax = this.frameBytesMax(agent);
    return { peerType: peer.type, port, attempt, life, remoteLife, received, room, frameBytesMax };
  }

  /** A longer frame would not pass as a message of this node. */
  private frameBytesMax({ limits }: BehaviorAgent): number {
    return Math.max(1, Math.min(this.endpoint.setup.frameBytesMax, limits.payloadBytesMax - FRAME_HEAD_BYTES));
  }

  private check(agent: BehaviorAgent, { connectionId }: PeerLink, flaw: string | undefined): void {
    if (flaw !== undefined) this.violated(agent, connectionId, flaw);
  }

  private ignored(): void {
    this.endpoint.counters.messagesIgnored++;
  }

  private violated(agent: BehaviorAgent, connectionId: number, reason: string): void {
    this.endpoint.counters.violations++;
    agent.closeConnection(connectionId, reason);
  }
}
