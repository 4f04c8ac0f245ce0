/**
 * @module PeeringBehavior (service 15): an endpoint that exchanges frames with configured peers, as Ratman's inet driver does. Applications add
 * peers (`addPeers`, `startPeering`), send to one (`send`) or all (`sendAll`), and take what comes from anyone (`next`).
 *
 * Whoever configured the other says hello first (`messages.ts`, `sessions.ts`). A peer is dialled again as often as its link is cut
 * (`dialling.ts`). Frames outlive links: each is taken once and in order by the endpoint on the other side, or comes back to whoever sent it
 * (`outgoing-frames.ts`, `incoming-frames.ts`). A peer that says what cannot be is disconnected.
 *
 * Bounds (`options.ts`): peers, frames that wait for each, frames that wait for the application, their length and their time. When this
 * behaviour stops, every frame that is not confirmed comes back, and `next` says that it was the last.
 */
import { type BehaviorAgent, type CloseReason, type Connection, NetworkBehavior, NetworkError, type NodeId } from '../../core/index.js';
import { Agenda } from './agenda.js';
import type { PeerMetrics } from './conversation.js';
import { Dialling } from './dialling.js';
import { PeeringHandler, type PeeringToBehavior } from './handler.js';
import { Inbox, type ReceivedFrame } from './inbox.js';
import { PeeringCounters, type PeeringOptions, type PeeringSetup, setupOf } from './options.js';
import type { FrameOutcome, OutgoingFrame } from './outgoing-frames.js';
import type { Peer, PeerInfo } from './peer.js';
import type { PeerSpec } from './peer-line.js';
import { PeerTable } from './peer-table.js';
import { type AddedPeer, Roster } from './roster.js';
import { type FrameOptions, Sender, type SenderHost, type TargetOutcome } from './sender.js';
import { Sessions, type SessionsHost } from './sessions.js';
import { Traffic } from './traffic.js';
import { UpWaiters } from './up-waiters.js';

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

  private readonly setup: PeeringSetup;
  private readonly counters = new PeeringCounters();
  private readonly table = new PeerTable();
  private readonly roster: Roster;
  private readonly inbox: Inbox;
  private readonly dialling: Dialling;
  private readonly sessions: Sessions;
  private readonly traffic: Traffic;
  private readonly sender: Sender;
  private readonly agenda: Agenda;
  private readonly upWaiters = new UpWaiters(this.table);
  /** Open connections, by id. */
  private readonly connections = new Map<number, Connection>();
  private isRunning = false;

  constructor(options: PeeringOptions = {}) {
    super();
    this.setup = setupOf(options);
    const { setup, table, counters } = this;
    const wakeAt = (agent: BehaviorAgent, dueMs: number) => this.agenda.wakeAt(agent, dueMs);
    this.inbox = new Inbox(setup);
    this.traffic = new Traffic({ setup, counters, inbox: this.inbox, taken: (target) => this.taken(target) });
    const linked = (agent: BehaviorAgent, peer: Peer, connectionId: number) => this.linked(agent, peer, connectionId);
    this.dialling = new Dialling(table, setup, { wakeAt, linked, changed: (peer) => this.upWaiters.changed(peer) });
    this.roster = new Roster(table, setup, (peer) => this.dialling.forget(peer));
    const { dialling, traffic, roster } = this;
    const admit: SessionsHost['admit'] = (agent, connection, hello) => roster.admit(agent, connection, hello);
    this.sessions = new Sessions({ setup, table, counters, wakeAt, dialling, traffic, admit });
    this.agenda = new Agenda(table, { dialling, sessions: this.sessions });
    const act: SenderHost['act'] = (work) => (this.isRunning ? this.perform(work) : 'stopped');
    const queued: SenderHost['queued'] = (agent, peer, frame) => this.queued(agent, peer, frame);
    this.sender = new Sender({ setup, table, counters, act, queued });
  }

  /** Unlike that of other endpoints of the application, if it was set so. */
  get identifier(): string {
    return this.setup.identifier;
  }

  /** The longest frame in bytes that `send` takes; a peer may take less. */
  get sizeHint(): number {
    return this.setup.frameBytesMax;
  }

  /** Adds each peer by itself: what is wrong with one is logged, and answered, and keeps no other one from being added. */
  addPeers(specs: readonly PeerSpec[]): readonly AddedPeer[] {
    return this.perform((agent) => specs.map((spec) => this.addPeer(agent, spec)));
  }

  /**
   * Adds a peer and answers its target at once; it is dialled in the background. For one that is there already, now if it waits or was given
   * up. Throws `PEER_INVALID` for what is no peer, `LIMIT_EXCEEDED` when there are too many.
   */
  startPeering(spec: PeerSpec): number {
    return this.perform((agent) => this.start(agent, spec).target);
  }

  /** The peer is told, its frames come back, its link is closed when nobody else uses it. Answers what it was; nothing when there is none. */
  removePeer(target: number): PeerInfo | undefined {
    return this.perform((agent) => {
      const peer = this.table.get(target);
      if (peer === undefined) return undefined;
      const info = peer.info();
      this.sessions.leave(agent, peer);
      this.dialling.forget(peer);
      return info;
    });
  }

  /** Nothing when there is none. */
  peer(target: number): PeerInfo | undefined {
    return this.table.get(target)?.info();
  }

  /** All peers, by target: a snapshot. */
  peers(): readonly PeerInfo[] {
    return this.table.all().map((peer) => peer.info());
  }

  /** Resolves when the peer is up, perhaps at once. Rejects with `PEER_GONE` when it will not be: no such peer, removed, given up, stopped. */
  async whenUp(target: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<PeerInfo> {
    const peer = this.table.get(target);
    if (peer === undefined) throw new NetworkError('PEER_GONE', `there is no peer ${target}`, { details: { target } });
    return this.upWaiters.wait(peer, signal);
  }

  /**
   * Sends a frame to a peer, or lets it wait until the peer is there. Resolves when the peer's endpoint has it, or with the frame when it has
   * not. The bytes are free on return. Rejects only with `ARGUMENT_INVALID`.
   */
  async send(target: number, frame: Uint8Array, options: FrameOptions = {}): Promise<FrameOutcome> {
    return this.sender.send(target, frame, options);
  }

  /** Sends a frame to every peer that is up and may be sent to. One that fails keeps it from nobody else. */
  async sendAll(frame: Uint8Array, options: FrameOptions = {}): Promise<readonly TargetOutcome[]> {
    return this.sender.sendAll(frame, options);
  }

  /**
   * The next frame of any peer, in the order of their arrival; nothing after the end. A frame goes to exactly one call. One that is given up by
   * its signal takes none; of several that wait the newest is served.
   */
  async next({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ReceivedFrame | undefined> {
    return this.inbox.next(signal);
  }

  /** `for await (const { target, frame } of peering)`: until the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedFrame> {
    for (let received = await this.next(); received !== undefined; received = await this.next()) yield received;
  }

  /** Nothing when there is no such peer. */
  metrics(target: number): PeerMetrics | undefined {
    return this.perform(({ nowMs }) => this.table.get(target)?.conversation.metrics(nowMs));
  }

  status(): PeeringStatus {
    const peers = this.table.all();
    return {
      identifier: this.identifier,
      port: this.port,
      peerCount: peers.length,
      upCount: peers.filter(({ state }) => state === 'up').length,
      queuedFrames: peers.reduce((sum, { conversation }) => sum + conversation.outgoing.length, 0),
      unreadFrames: this.inbox.length,
      counters: { ...this.counters },
    };
  }

  /** Where this node listens, as bound. */
  get port(): number | undefined {
    return this.isRunning ? this.perform((agent) => agent.addresses[0]?.port) : undefined;
  }

  override onStarted(agent: BehaviorAgent): void {
    this.isRunning = true;
    for (const spec of this.setup.peers) this.addPeer(agent, spec);
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    return this.connected(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    return this.connected(agent, connection);
  }

  override onHandlerEvent(agent: BehaviorAgent, _nodeId: NodeId, connectionId: number, event: PeeringToBehavior): void {
    const connection = this.connections.get(connectionId);
    if (connection === undefined) return;
    if (event.type === 'writable') this.sessions.writable(agent, connection);
    else this.sessions.receive(agent, connection, event.message);
  }

  override onIncomingConnectionDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    this.disconnected(agent, connection, reason);
  }

  override onOutgoingConnectionDisconnected(agent: BehaviorAgent, connection: Connection, reason: CloseReason): void {
    this.disconnected(agent, connection, reason);
  }

  override onStopped(): void {
    this.isRunning = false;
    for (const peer of this.table.all()) peer.conversation.outgoing.close('stopped');
    this.inbox.close();
    this.upWaiters.close();
  }

  private connected(agent: BehaviorAgent, connection: Connection): PeeringHandler {
    this.connections.set(connection.id, connection);
    const peer = this.table.of(connection.nodeId);
    if (peer?.state === 'dialling' || peer?.state === 'waiting') this.sessions.greet(agent, peer, connection.id);
    return new PeeringHandler(this.setup.frameBytesMax);
  }

  private linked(agent: BehaviorAgent, peer: Peer, connectionId: number): void {
    if (this.connections.has(connectionId)) this.sessions.greet(agent, peer, connectionId);
  }

  private disconnected(agent: BehaviorAgent, connection: Connection, { code }: CloseReason): void {
    this.connections.delete(connection.id);
    this.sessions.disconnected(agent, connection, code);
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
    const peer = this.roster.configure(agent, spec);
    if (peer.state === 'waiting' || peer.state === 'gave-up') this.dialling.dial(agent, peer);
    this.agenda.watch(agent, peer);
    return peer;
  }

  /** The application has taken a frame of the peer that has this target now. */
  private taken(target: number): void {
    const peer = this.table.get(target);
    if (this.isRunning && peer !== undefined) this.perform((agent) => this.traffic.tellSoon(agent, peer));
  }

  private queued(agent: BehaviorAgent, peer: Peer, { dueMs }: OutgoingFrame): void {
    this.traffic.pump(agent, peer);
    this.agenda.wakeAt(agent, dueMs);
  }
}
