/**
 * @module EnvelopesBehavior (service 14): what a node needs for taking part in meshes of envelopes (`mesh/`). It keeps one channel for each
 * open connection, and the targets that managers want connected; applications use the mesh, which reaches this through
 * `node.behavior(EnvelopesBehavior)`.
 *
 * Both sides send a hello when a connection opens; then a side whose connection is in a mesh grants slots, and envelopes flow. Messages
 * are in `messages.ts`, their order in `channel.ts`. A full receiver grants nothing, and its link is read as ever: other services on it go
 * on. Bounds: as many envelopes wait for a connection's next user as were granted to it, and as many wait to be sent as the mesh's outgoing
 * capacity. What was granted and not consumed when the connection closes is lost, and counted here or there.
 */
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type CloseReason,
  type ConnectedFacts,
  type Connection,
  NetworkBehavior,
  NetworkError,
  type QueueFill,
  toConnection,
} from '../../core/index.js';
import { DialSupervisor } from '../../core/kits/dial/dial-supervisor.js';
import { readU32 } from '../../core/structures/bytes.js';
import { type ChannelUser, EnvelopeChannel } from './channel.js';
import { type Channels, EnvelopesHandler } from './handler.js';
import { ENVELOPES_LIMITS } from './limits.js';

/** What an `EnvelopesBehavior` has seen since its start. */
export class EnvelopesCounters {
  /** Messages from before the hello of a side that began anew. */
  messagesIgnored = 0;
  /** Connections that were closed because the remote sent nonsense, or more than it was granted. */
  violations = 0;
  /** Envelopes that had arrived, and whose connection closed while no mesh had it. */
  envelopesLost = 0;
}

/** What is called for the events of a node: by a mesh, or whatever manages its connections. */
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
  /** Connections that managers keep up. */
  readonly dials = new DialSupervisor<BehaviorAgent>((work) => this.perform(work));
  private readonly places = new Map<number, Place>();
  private readonly watchers = new Set<EnvelopesWatcher>();
  private isStarted = false;

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

  /** The same for what applications await: it fails in a later turn of the event loop. */
  settling<T>(work: () => Promise<T>): Promise<T> {
    return this.awaited(work);
  }

  /** The watcher is called until the returned function is. */
  watch(watcher: EnvelopesWatcher): () => void {
    this.watchers.add(watcher);
    for (const { channel, connection } of this.places.values()) if (channel.isGreeted) watcher.onGreeted?.(connection);
    return () => this.watchers.delete(watcher);
  }

  /** The channel of an open connection. */
  channelOf(connectionId: number): EnvelopeChannel | undefined {
    return this.places.get(connectionId)?.channel;
  }

  /** An open connection. */
  connectionOf(connectionId: number): Connection | undefined {
    return this.places.get(connectionId)?.connection;
  }

  /** The connection is the user's, and is held. The caller has looked whether it is there and free. */
  attach(connectionId: number, user: ChannelUser, outgoingCapacity: number): void {
    this.channelOf(connectionId)?.attach(user, outgoingCapacity);
    this.settleHold(connectionId);
  }

  /** A connection is held as long as a mesh uses it, or a manager wants it. */
  settleHold(connectionId: number): void {
    const place = this.places.get(connectionId);
    if (place === undefined) return;
    const targets = this.dials.targetsOf(place.connection.nodeId);
    const isWanted = place.channel.isUsed || targets.some((target) => target.connectionId === connectionId);
    this.whileRunning((agent) => (isWanted ? agent.hold(connectionId) : agent.release(connectionId)));
  }

  /** Sends what a channel has to send. */
  flush(connectionId: number): void {
    const channel = this.channelOf(connectionId);
    const route = toConnection(connectionId);
    if (channel?.hasNews === true) this.whileRunning((agent) => channel.flush((message) => agent.send(route, message)));
  }

  /** Runs work with this behaviour's agent, unless the node has ended meanwhile. */
  whileRunning(work: (agent: BehaviorAgent) => void): void {
    try {
      this.perform(work);
    } catch (error) {
      if (!(error instanceof NetworkError && error.code === 'NOT_STARTED')) throw error;
    }
  }

  override get limits(): BehaviorLimits {
    return ENVELOPES_LIMITS;
  }

  override onStarted(agent: BehaviorAgent): void {
    this.isStarted = true;
    agent.metrics.counters(this.counters);
    agent.queue('outgoing', () => this.fillOf(({ outgoingCount, outgoingMax }) => [outgoingCount, outgoingMax]));
    agent.queue('unread', () => this.fillOf(({ unreadCount, held }) => [unreadCount, held]));
  }

  override onConnected(agent: BehaviorAgent, connection: Connection, { isOlder }: ConnectedFacts): EnvelopesHandler {
    const channel = new EnvelopeChannel(sessionOf(agent), isOlder ? 'self' : 'both');
    this.places.set(connection.id, { connection, channel });
    this.dials.opened(agent, connection);
    return new EnvelopesHandler(this.channels);
  }

  override onDisconnected(agent: BehaviorAgent, connection: Connection, { code }: CloseReason): void {
    this.dials.closed(agent, connection, new NetworkError('CONNECTION_CLOSED', `the connection has ended: ${code}`));
  }

  override onStopped(agent: BehaviorAgent): void {
    this.isStarted = false;
    for (const watcher of [...this.watchers]) watcher.onStopped?.();
    this.watchers.clear();
    this.dials.stop(agent);
  }

  /** Of all connections together. */
  private fillOf(fill: (channel: EnvelopeChannel) => readonly [messages: number, messagesMax: number]): QueueFill {
    const fills = [...this.places.values()].map(({ channel }) => fill(channel));
    const sum = (index: 0 | 1) => fills.reduce((total, one) => total + one[index], 0);
    return { messages: sum(0), messagesMax: sum(1) };
  }

  private readonly channels: Channels = {
    get: (connectionId) => this.channelOf(connectionId),
    renew: (connectionId, reason, agent) => {
      const place = this.places.get(connectionId) as Place;
      const old = place.channel;
      place.channel = new EnvelopeChannel(sessionOf(agent), 'remote');
      this.counting.envelopesLost += old.end(reason);
      this.whileRunning((behaviorAgent) => {
        // A target that wants it waits for the remote's next hello, as on a fresh connection.
        this.dials.closed(behaviorAgent, place.connection);
        this.dials.opened(behaviorAgent, place.connection);
      });
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
}

function sessionOf({ random }: Pick<BehaviorAgent, 'random'>): number {
  return readU32(random.bytes(4), 0);
}
