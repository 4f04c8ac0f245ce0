/**
 * @module HandshakeBehavior (service 1): a gate. Before a connection opens, and inside its secured channel, both sides exchange how they
 * can be reached, how they see each other, and sections of other behaviours (`HandshakeSection`).
 *
 * The dialer begins; four messages in three flights (`exchange.ts`), whose form and bounds stand in `messages.ts`. Whatever is malformed, out of
 * order or contradictory closes the connection with the code `gate` and the reason. A message that is lost is lost with its link. A
 * remote that sends nothing is closed by the engine's deadline for opening; one without this behaviour closes at our first message, as
 * it takes no messages of an unopened connection.
 *
 * What it learns are claims of an authenticated node: addresses are hints, names are for display. They are kept while the connection
 * is; observations of this node's own address outlive it, of the last 16 observers. When the node listens elsewhere, open
 * connections get an UPDATE with the next tick.
 */
import { NO_PATH } from '../../core/address/peer-path.js';
import {
  type Address,
  assertNever,
  type BehaviorAgent,
  type BehaviorPorts,
  type Connection,
  NetworkBehavior,
  NetworkError,
  type NodeId,
  type PeerPath,
} from '../../core/index.js';
import { claimedAddress, claimedAddresses } from './claims.js';
import { Exchange } from './exchange.js';
import { HandshakeHandler, type HandshakeToBehavior, type HandshakeToHandler } from './handler.js';
import { HANDSHAKE_LIMITS, isName, type Me } from './messages.js';
import { type ObservedAddress, ObservedAddresses } from './observed.js';
import { Sections } from './sections.js';

export interface HandshakeOptions {
  /** A name of this node for display: 1-64 characters, sent to every neighbour. Absent: none is sent. */
  readonly name?: string;
}

/** What a remote claims of itself. */
interface RemoteSelf {
  readonly addresses: readonly Address[];
  readonly name: string | undefined;
  readonly peerPath: PeerPath | undefined;
}

const UNKNOWN: RemoteSelf = Object.freeze({ addresses: Object.freeze([]), name: undefined, peerPath: undefined });

type HandshakeAgent = BehaviorAgent<HandshakeToHandler>;

export class HandshakeBehavior extends NetworkBehavior<HandshakeToBehavior, HandshakeToHandler> {
  static readonly behavior = { serviceId: 1, name: 'handshake', gate: true } as const;

  private readonly selfName: string | undefined;
  private readonly observed = new ObservedAddresses();
  /** By connection, from its proof to its end. */
  private readonly remotes = new Map<number, { readonly connection: Connection; self: RemoteSelf }>();
  /** Connections that were open before this behaviour ran. */
  private openBefore: ReadonlySet<number> = new Set();
  private announced: readonly Address[] = [];
  /** Names of sections that are credentials. */
  private readonly demanded = new Set<string>();
  private ignored = 0;

  constructor({ name }: HandshakeOptions = {}) {
    super();
    if (name !== undefined && !isName(name))
      throw new NetworkError('OPTION_INVALID', `handshake name must be 1 to ${HANDSHAKE_LIMITS.nameCharactersMax} printable characters`);
    this.selfName = name;
  }

  /** Where the remote claims that it can be reached; empty while or if it is unknown. Hints, by its choice of order. */
  remoteAddresses(connectionId: number): readonly Address[] {
    return this.remotes.get(connectionId)?.self.addresses ?? [];
  }

  /** The remote's name for itself: printable, and a claim. */
  remoteName(connectionId: number): string | undefined {
    return this.remotes.get(connectionId)?.self.name;
  }

  /** What the remote says that it is about, with arguments: a claim. Nothing while or if it is unknown. */
  remotePath(connectionId: number): PeerPath | undefined {
    return this.remotes.get(connectionId)?.self.peerPath;
  }

  /** Where others claim that they see this node; the last 16 observers, the latest last. */
  observedAddresses(): readonly ObservedAddress[] {
    return this.observed.all;
  }

  /** Messages that made no progress, since the start. */
  get ignoredCount(): number {
    return this.ignored;
  }

  override get ports(): BehaviorPorts {
    return { peerPaths: { of: (_agent, connectionId) => this.remotePath(connectionId) } };
  }

  override onStarted(agent: HandshakeAgent): void {
    this.openBefore = new Set(agent.connections().map(({ id }) => id));
    agent.metrics.observe('ignored_total', () => this.ignored);
  }

  override onTick(agent: HandshakeAgent): void {
    if (this.announced === agent.announced) return;
    this.announced = agent.announced;
    agent.sendToHandlers('all', { type: 'addresses-changed' });
  }

  override onIncomingConnectionConnected(_agent: HandshakeAgent, connection: Connection): HandshakeHandler {
    return this.handlerFor(connection);
  }

  override onOutgoingConnectionConnected(_agent: HandshakeAgent, connection: Connection): HandshakeHandler {
    return this.handlerFor(connection);
  }

  override onHandlerEvent(agent: HandshakeAgent, _nodeId: NodeId, connectionId: number, event: HandshakeToBehavior): void {
    switch (event.type) {
      case 'answered':
        return agent.announceReady(connectionId);
      case 'done':
        this.rememberSelf(connectionId, event.remote.me);
        this.rememberObserved(agent, connectionId, event.remote.you);
        return agent.admit(connectionId);
      case 'updated':
        return this.rememberSelf(connectionId, event.me);
      case 'ignored':
        this.ignored++;
        return;
      default:
        assertNever(event);
    }
  }

  override onIncomingConnectionDisconnected(_agent: HandshakeAgent, { id }: Connection): void {
    this.remotes.delete(id);
  }

  override onOutgoingConnectionDisconnected(_agent: HandshakeAgent, { id }: Connection): void {
    this.remotes.delete(id);
  }

  private handlerFor(connection: Connection): HandshakeHandler {
    const role = connection.direction === 'outgoing' ? 'dialer' : 'acceptor';
    this.remotes.set(connection.id, { connection, self: UNKNOWN });
    return new HandshakeHandler({
      name: this.selfName,
      seenAs: this.observed.by(connection.nodeId),
      sections: new Sections(connection, this.demanded),
      exchange: this.openBefore.has(connection.id) ? Exchange.over(role) : Exchange.between(role),
    });
  }

  /** A connection that has ended meanwhile leaves no state. */
  private rememberSelf(connectionId: number, { addresses, name, path = '', args = NO_PATH.pathArguments }: Me): void {
    const remote = this.remotes.get(connectionId);
    if (remote === undefined) return;
    const peerPath = { path, pathArguments: args };
    remote.self = { addresses: claimedAddresses(addresses, remote.connection.nodeId), name, peerPath };
  }

  private rememberObserved(agent: HandshakeAgent, connectionId: number, you: string | undefined): void {
    const connection = this.remotes.get(connectionId)?.connection;
    const address = claimedAddress(you, agent.nodeId);
    if (connection === undefined || address === undefined) return;
    agent.seenAt(connectionId, address);
    this.observed.record({ address, byNodeId: connection.nodeId, direction: connection.direction });
  }
}
