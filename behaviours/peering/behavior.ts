/**
 * @module PeeringBehavior (service 15): an endpoint that exchanges frames with configured peers, as Ratman's inet driver does. Applications
 * add peers (`addPeers`, `startPeering`), send to one (`send`) or all (`sendAll`), and take what comes from anyone (`next`).
 *
 * Whoever configured the other says hello first (`messages.ts`, `sessions.ts`). A peer is dialled again as often as its link is cut
 * (`dialling.ts`). Frames outlive links: each is taken once and in order by the endpoint on the other side, or comes back to whoever sent
 * it (`outgoing-frames.ts`, `incoming-frames.ts`). A peer that says what cannot be is disconnected.
 *
 * Bounds (`options.ts`): peers, frames that wait for each, frames that wait for the application, their length and their time. When this
 * behaviour stops, every frame that is not confirmed comes back, and `next` says that it was the last.
 */
import { type BehaviorAgent, type CloseReason, type Connection, NetworkBehavior, NetworkError, type NodeId } from '../../core/index.js';
import type { PeerMetrics } from './conversation.js';
import { Endpoint } from './endpoint.js';
import { PeeringHandler, type PeeringToBehavior } from './handler.js';
import type { ReceivedFrame } from './inbox.js';
import { type PeeringCounters, type PeeringOptions, setupOf } from './options.js';
import type { FrameOutcome } from './outgoing-frames.js';
import type { Peer, PeerInfo } from './peer.js';
import type { PeerSpec } from './peer-line.js';
import type { AddedPeer } from './roster.js';
import type { FrameOptions, TargetOutcome } from './sender.js';

/** The endpoint in short. */
export interface PeeringStatus {
  readonly identifier: string;
  /** Where this node listens; nothing when it does not. */
  readonly port: number | undefined;
  readonly peerCount: number;
  readonly upCount: number;
  /** Frames that wait for the word of peers, and frames that wait for the application. */
  readonly queuedFrames: number;
  readonly unreadFrames: number;
  readonly counters: Readonly<PeeringCounters>;
}

export class PeeringBehavior extends NetworkBehavior<PeeringToBehavior> {
  static readonly behavior = { serviceId: 15, name: 'peering' } as const;

  private readonly endpoint: Endpoint;

  constructor(options: PeeringOptions = {}) {
    super();
    this.endpoint = new Endpoint(setupOf(options), (work) => this.perform(work));
  }

  /** How this endpoint is called: option `identifier`. */
  get identifier(): string {
    return this.endpoint.setup.identifier;
  }

  /** The longest frame in bytes that `send` takes; a peer may take less. */
  get sizeHint(): number {
    return this.endpoint.setup.frameBytesMax;
  }

  /** Adds each peer by itself: what is wrong with one is logged, and answered, and keeps no other one from being added. */
  addPeers(specs: readonly PeerSpec[]): readonly AddedPeer[] {
    return this.perform((agent) => specs.map((spec) => this.addPeer(agent, spec)));
  }

  /**
   * Adds a peer and answers its target at once; it is dialled in the background. For one that is there already, now if it waits or was
   * given up. Throws `PEER_INVALID` for what is no peer, `LIMIT_EXCEEDED` when there are too many.
   */
  startPeering(spec: PeerSpec): number {
    return this.perform((agent) => this.start(agent, spec).target);
  }

  /**
   * The peer is told, its frames come back, its link is closed when nobody else uses it. Answers what it was; nothing when there is none.
   */
  removePeer(target: number): PeerInfo | undefined {
    return this.perform((agent) => {
      const peer = this.endpoint.table.get(target);
      if (peer === undefined) return undefined;
      const info = peer.info();
      this.endpoint.sessions.leave(agent, peer);
      this.endpoint.dialling.forget(peer);
      return info;
    });
  }

  /** Nothing when there is none. */
  peer(target: number): PeerInfo | undefined {
    return this.endpoint.table.get(target)?.info();
  }

  /** All peers, by target: a snapshot. */
  peers(): readonly PeerInfo[] {
    return this.endpoint.table.all().map((peer) => peer.info());
  }

  /**
   * Resolves when the peer is up, perhaps at once. Rejects with `PEER_GONE` when it will not be: no such peer, removed, given up, stopped;
   * with `LIMIT_EXCEEDED` when 1,024 calls wait already.
   */
  async whenUp(target: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<PeerInfo> {
    const peer = this.endpoint.table.get(target);
    if (peer === undefined) throw new NetworkError('PEER_GONE', `there is no peer ${target}`, { details: { target } });
    return this.endpoint.upWaiters.wait(peer, signal);
  }

  /**
   * Sends a frame to a peer, or lets it wait until the peer is there. Resolves when the peer's endpoint has it, or with the frame when it
   * has not. The bytes are free on return. Rejects only with `ARGUMENT_INVALID`.
   */
  async send(target: number, frame: Uint8Array, options: FrameOptions = {}): Promise<FrameOutcome> {
    return this.endpoint.sender.send(target, frame, options);
  }

  /** Sends a frame to every peer that is up and may be sent to. One that fails keeps it from nobody else. */
  async sendAll(frame: Uint8Array, options: FrameOptions = {}): Promise<readonly TargetOutcome[]> {
    return this.endpoint.sender.sendAll(frame, options);
  }

  /**
   * The next frame of any peer, in the order of their arrival; nothing after the end. A frame goes to exactly one call. One that is given
   * up by its signal takes none; of several that wait the newest is served.
   */
  async next({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ReceivedFrame | undefined> {
    return this.endpoint.inbox.next(signal);
  }

  /** `for await (const { target, frame } of peering)`: until the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedFrame> {
    for (let received = await this.next(); received !== undefined; received = await this.next()) yield received;
  }

  /** Nothing when there is no such peer. */
  metrics(target: number): PeerMetrics | undefined {
    return this.perform(({ nowMs }) => this.endpoint.table.get(target)?.conversation.metrics(nowMs));
  }

  status(): PeeringStatus {
    const peers = this.endpoint.table.all();
    return {
      identifier: this.identifier,
      port: this.port,
      peerCount: peers.length,
      upCount: peers.filter(({ state }) => state === 'up').length,
      queuedFrames: peers.reduce((sum, { conversation }) => sum + conversation.outgoing.length, 0),
      unreadFrames: this.endpoint.inbox.length,
      counters: { ...this.endpoint.counters },
    };
  }

  /** Where this node listens, as bound. */
  get port(): number | undefined {
    return this.endpoint.isRunning ? this.perform((agent) => agent.addresses[0]?.port) : undefined;
  }

  override onStarted(agent: BehaviorAgent): void {
    this.endpoint.isRunning = true;
    for (const spec of this.endpoint.setup.peers) this.addPeer(agent, spec);
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    return this.connected(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    return this.connected(agent, connection);
  }

  override onHandlerEvent(agent: BehaviorAgent, _nodeId: NodeId, connectionId: number, event: PeeringToBehavior): void {
    const connection = this.endpoint.connections.get(connectionId);
    if (connection === undefined) return;
    if (event.type === 'writable') this.endpoint.sessions.writable(agent, connection);
    else this.endpoint.sessions.receive(agent, connection, event.message);
  }

  override onIncomingConnectionDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    this.disconnected(agent, connection, reason);
  }

  override onOutgoingConnectionDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    this.disconnected(agent, connection, reason);
  }

  override onStopped(): void {
    this.endpoint.isRunning = false;
    for (const peer of this.endpoint.table.all()) peer.conversation.outgoing.close('stopped');
    this.endpoint.inbox.close();
    this.endpoint.upWaiters.close();
  }

  private connected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    this.endpoint.connections.set(connection.id, connection);
    const peer = this.endpoint.table.of(connection.nodeId);
    if (peer?.state === 'dialling' || peer?.state === 'waiting') this.endpoint.sessions.greet(agent, peer, connection.id);
    return new PeeringHandler(this.endpoint.setup.frameBytesMax);
  }

  private disconnected(agent: BehaviorAgent, connection: Connection, { code }: CloseReason): void {
    this.endpoint.connections.delete(connection.id);
    this.endpoint.sessions.disconnected(agent, connection, code);
  }

  private addPeer(agent: BehaviorAgent, spec: PeerSpec): AddedPeer {
    if (typeof spec === 'string' && spec.trim() === '') return { type: 'empty' };
    try {
      return { type: 'added', target: this.start(agent, spec).target };
    } catch (error) {
      const flaw = (error as Error).message;
      agent.log.warn({ flaw }, 'a peer was left out');
      return { type: 'invalid', flaw };
    }
  }

  private start(agent: BehaviorAgent, spec: PeerSpec): Peer {
    const peer = this.endpoint.roster.configure(agent, spec);
    if (peer.state === 'waiting' || peer.state === 'gave-up') this.endpoint.dialling.dial(agent, peer);
    this.endpoint.agenda.watch(agent, peer);
    return peer;
  }
}
