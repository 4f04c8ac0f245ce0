/**
 * @module EnvelopesBehavior (service 14): what a node needs for taking part in meshes of envelopes (`mesh.ts`). It keeps one channel for
 * each open connection; applications use the mesh, which reaches this through `node.behavior(EnvelopesBehavior)`.
 *
 * Both sides say hello when a connection opens; then whoever attached the connection to a mesh grants slots, and envelopes flow. Messages
 * stand in `messages.ts`, who says what when in `channel.ts`. A full receiver grants nothing, and its link is read as ever: other services
 * on it go on. Bounds: as many envelopes wait for a connection's next user as were granted to it, and as many wait to be sent as the
 * mesh's outgoing capacity. What was granted and not consumed when the connection closes is lost, and counted here or there.
 */
import { type BehaviorAgent, type Connection, NetworkBehavior, NetworkError, toConnection } from '../../core/index.js';
import { type ChannelUser, EnvelopeChannel } from './channel.js';
import { type Channels, EnvelopesHandler } from './handler.js';

/** What an `EnvelopesBehavior` has seen since its start. */
export class EnvelopesCounters {
  /** Messages from before the hello of a side that began anew. */
  messagesIgnored = 0;
  /** Connections that were closed because the remote sent nonsense, or more than it was granted. */
  violations = 0;
  /** Envelopes that had arrived, and whose connection closed while no mesh had it. */
  envelopesLost = 0;
}

/** Hears what happens on a node: a mesh, or whatever manages its connections. */
export interface EnvelopesWatcher {
  /** The remote's side carries envelopes. Also for connections that are older than the watcher. */
  onGreeted?(connection: Connection): void;
  /** The behaviour has ended: its node stops, or it was removed. */
  onStopped?(): void;
}

interface Place {
  readonly connection: Connection;
  channel: EnvelopeChannel;
}

export class EnvelopesBehavior extends NetworkBehavior {
  static readonly behavior = { serviceId: 14, name: 'envelopes' } as const;

  readonly counters: Readonly<EnvelopesCounters>;
  private readonly counting = new EnvelopesCounters();
  private readonly places = new Map<number, Place>();
  private readonly watchers = new Set<EnvelopesWatcher>();
  private isStarted = false;
  /** Connections whose remotes said hello before this behaviour began. */
  private openBefore: ReadonlySet<number> = new Set();

  constructor() {
    super();
    this.counters = this.counting;
  }

  /** Between start and stop. */
  get isRunning(): boolean {
    return this.isStarted;
  }

  /** Throws `NOT_STARTED`. */
  requireRunning(): void {
    this.act(() => {});
  }

  /** For the meshes and managers of this folder: runs `work` at once. Throws `NOT_STARTED`. */
  act<T>(work: (agent: BehaviorAgent) => T): T {
    return this.perform(work);
  }

  /** Hears of this node until the answered function is called. */
  watch(watcher: EnvelopesWatcher): () => void {
    this.watchers.add(watcher);
    for (const { channel, connection } of this.places.values()) if (channel.isGreeted) watcher.onGreeted?.(connection);
    return () => this.watchers.delete(watcher);
  }

  /** The channel of an open connection. */
  channelOf(connectionId: number): EnvelopeChannel | undefined {
    return this.places.get(connectionId)?.channel;
  }

  /** The connection is the user's, and is held. The caller has looked whether it is there and free. */
  attach(connectionId: number, user: ChannelUser, outgoingCapacity: number): void {
    this.act((agent) => {
      agent.hold(connectionId);
      this.channelOf(connectionId)?.attach(user, outgoingCapacity, `envelopes of connection ${connectionId}`);
    });
  }

  /** The connection is not held any more, unless somebody uses it. */
  release(connectionId: number): void {
    if (this.channelOf(connectionId)?.isUsed === true) return;
    this.whileRunning((agent) => agent.release(connectionId));
  }

  /** Sends what a channel has to say. */
  flush(connectionId: number): void {
    const channel = this.channelOf(connectionId);
    const route = toConnection(connectionId);
    if (channel?.hasNews === true) this.whileRunning((agent) => channel.flush((message) => agent.send(route, message)));
  }

  /** A listener of the application failed. */
  logFailure(err: unknown): void {
    this.whileRunning(({ log }) => log.error({ err }, 'listener failed'));
  }

  override onStarted(agent: BehaviorAgent): void {
    this.isStarted = true;
    this.openBefore = new Set(agent.connections().map(({ id }) => id));
  }

  override onIncomingConnectionConnected(agent: BehaviorAgent, connection: Connection): EnvelopesHandler {
    return this.opened(agent, connection);
  }

  override onOutgoingConnectionConnected(agent: BehaviorAgent, connection: Connection): EnvelopesHandler {
    return this.opened(agent, connection);
  }

  override onStopped(): void {
    this.isStarted = false;
    for (const watcher of [...this.watchers]) watcher.onStopped?.();
    this.watchers.clear();
  }

  private opened(agent: BehaviorAgent, connection: Connection): EnvelopesHandler {
    const first = this.openBefore.has(connection.id) ? 'self' : 'both';
    this.places.set(connection.id, { connection, channel: new EnvelopeChannel(sessionOf(agent), first) });
    return new EnvelopesHandler(this.channels);
  }

  private readonly channels: Channels = {
    get: (connectionId) => this.channelOf(connectionId),
    renew: (connectionId, reason, agent) => {
      const place = this.places.get(connectionId) as Place;
      const old = place.channel;
      place.channel = new EnvelopeChannel(sessionOf(agent), 'remote');
      this.counting.envelopesLost += old.end(reason);
      return place.channel;
    },
    greeted: (connectionId) => {
      const place = this.places.get(connectionId);
      if (place?.channel.isGreeted === true) for (const watcher of [...this.watchers]) watcher.onGreeted?.(place.connection);
    },
    ignored: () => {
      this.counting.messagesIgnored++;
    },
    violated: () => {
      this.counting.violations++;
    },
    close: (connectionId, reason) => {
      const place = this.places.get(connectionId);
      this.places.delete(connectionId);
      this.counting.envelopesLost += place?.channel.end(reason) ?? 0;
    },
  };

  /** What nobody misses when the node has ended meanwhile. */
  private whileRunning(work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (error) {
      if (!(error instanceof NetworkError && error.code === 'NOT_STARTED')) throw error;
    }
  }
}

function sessionOf({ random }: Pick<BehaviorAgent, 'random'>): number {
  return random.bytes(4).reduce((word, byte) => word * 256 + byte, 0);
}
