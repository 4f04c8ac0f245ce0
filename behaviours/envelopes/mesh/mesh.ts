/**
 * @module EnvelopeMesh: connections of one node or of several in one place: envelopes are sent to a connection by its id, and received from
 * all of them. It is a queue and a directory; what is sent over a connection is the matter of the `EnvelopesBehavior` of its node.
 *
 * `add`, `remove`, `send` and `tryRecv` return at once; `recv` and `recvTimeout` when there is something. References share the mesh: several
 * receivers get each envelope once among them. The handles of `handles.ts` give a component no more than it needs.
 *
 * Bounds: `incomingCapacity` envelopes for the whole mesh (one for each connection, where there are more of those), `outgoingCapacity`
 * envelopes for each connection. An envelope is a message of the node: at most `limits.payloadBytesMax` less one byte.
 */
import { type BehaviorAgent, NetworkError } from '../../../core/index.js';
import { itemsOf, resultOf, type SettleItem } from '../../../core/node/items.js';
import { Callbacks } from '../../../core/structures/callbacks.js';
import { WakeTimer } from '../../../core/structures/wake-timer.js';
import { EnvelopesBehavior } from '../behavior.js';
import { Directory } from './directory.js';
import { type EntryOwner, MeshEntry } from './entry.js';
import { MeshLifeCycle, MeshOutgoing, MeshReceiver, MeshSender } from './handles.js';
import { Incoming, MESH_CONNECTIONS_MAX } from './incoming.js';
import { MeshNodes } from './mesh-nodes.js';
import { checkAddress, checkPayload, checkUniqueId, type EnvelopeMeshOptions, invalid, readMeshOptions } from './options.js';
import {
  type AddOutcome,
  type Envelope,
  type EnvelopeAddress,
  EnvelopeMeshCounters,
  type MeshConnection,
  type MeshConnectionState,
  type MeshOperations,
  type OutgoingEnvelope,
  type Received,
  type ReceivedInTime,
  type Removed,
  type RemoveOutcome,
  type SendOutcome,
} from './outcomes.js';
import { Receivers } from './receivers.js';

export class EnvelopeMesh implements MeshOperations {
  readonly counters: Readonly<EnvelopeMeshCounters>;
  readonly #counters = new EnvelopeMeshCounters();
  readonly #incoming: Incoming;
  readonly #receivers = new Receivers();
  readonly #directory: Directory;
  readonly #nodes: MeshNodes;
  readonly #listeners = new Callbacks<Removed>();
  readonly #outgoingCapacity: number;
  readonly #keepDisconnectedMs: number;
  #lastId = 0;
  #isShutDown = false;
  readonly #aging = new WakeTimer<BehaviorAgent>((agent) => this.#age(agent));

  /** Both capacities count envelopes, from 1 to 1,048,576. Throws `ARGUMENT_INVALID`. */
  constructor(incomingCapacity: number, outgoingCapacity: number, options: EnvelopeMeshOptions = {}) {
    const { keepDisconnectedMs, keepDisconnectedMax } = readMeshOptions({ ...options, incomingCapacity, outgoingCapacity });
    this.counters = this.#counters;
    this.#incoming = new Incoming(incomingCapacity);
    this.#directory = new Directory(keepDisconnectedMax);
    this.#nodes = new MeshNodes(() => this.#nodeStopped());
    this.#outgoingCapacity = outgoingCapacity;
    this.#keepDisconnectedMs = keepDisconnectedMs;
  }

  /** Connections in the mesh. */
  get connectionCount(): number {
    return this.#directory.size;
  }

  /** Envelopes that wait to be received. */
  get incomingCount(): number {
    return this.#incoming.length;
  }

  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  /** The connections in the mesh, oldest first. */
  connections(): readonly MeshConnectionState[] {
    return [...this.#directory.open].map((entry) => entry.state);
  }

  /**
   * Attaches an open connection, which is held until it is removed. Envelopes flow when the other end is in a mesh, too. The id is never
   * used again. Throws `BEHAVIOR_MISSING` when the node does not run `EnvelopesBehavior`.
   */
  add(connection: MeshConnection, uniqueId?: string): AddOutcome {
    if (uniqueId !== undefined) checkUniqueId(uniqueId);
    const {
      node,
      connection: { id: connectionId },
    } = connection;
    const behavior = node.behavior(EnvelopesBehavior);
    const channel = behavior.channelOf(connectionId);
    if (this.#isShutDown) return { type: 'shutdown', connection };
    if (channel === undefined) return { type: 'disconnected', connection };
    if (channel.isUsed) return { type: 'in-use', connection };
    if (uniqueId !== undefined && this.#directory.isTaken(uniqueId)) return { type: 'duplicate-id', connection };
    if (this.#directory.size >= MESH_CONNECTIONS_MAX) return { type: 'full', connection };
    const entry = new MeshEntry(++this.#lastId, uniqueId, connection, behavior, channel, this.#owner);
    entry.join(this.#outgoingCapacity);
    this.#nodes.use(behavior);
    this.#directory.add(entry);
    this.#incoming.join(entry);
    this.#serve();
    return { type: 'added', id: entry.id };
  }

  /**
   * Detaches a connection and gives it back as it is: open, unless it has ended by itself. Envelopes that came from it stay in the mesh.
   */
  remove(address: EnvelopeAddress): RemoveOutcome {
    const entry = this.#directory.find(checkAddress(address));
    if (entry === undefined) return { type: 'not-found' };
    this.#directory.delete(entry);
    if (!entry.hasLeft) this.#leave(entry);
    return entry.removed();
  }

  /** Takes an envelope for one connection, or hands it back. Never waits. */
  send(envelope: OutgoingEnvelope): SendOutcome {
    checkPayload(envelope.payload);
    checkAddress(envelope.id);
    const outcome = this.#send(envelope);
    this.#counters[outcome.type === 'queued' ? 'sent' : 'refused']++;
    return outcome;
  }

  /** The next envelope, when there is one. Rejects only with `CALL_CANCELLED`, by the signal. */
  recv(options: { readonly signal?: AbortSignal } = {}): Promise<Received> {
    return this.#nodes.awaited(() => this.#recv(options.signal) as Promise<Received>);
  }

  /**
   * As `recv`, for so long at most, by the clock of the mesh's nodes. Rejects with `NOT_STARTED` as long as no connection was ever added.
   */
  recvTimeout(timeoutMs: number, options: { readonly signal?: AbortSignal } = {}): Promise<ReceivedInTime> {
    return this.#nodes.awaited(() => this.#recv(options.signal, timeoutMs));
  }

  /** The next envelope, if there is one now. */
  tryRecv(): Envelope | undefined {
    const envelope = this.#incoming.take();
    if (envelope !== undefined) this.#counters.received++;
    return envelope;
  }

  /** Every envelope, until the mesh is shut down or none of its nodes runs any more. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Envelope, undefined> {
    return itemsOf({ take: (settle) => this.#take(settle) });
  }

  /** Calls back for each connection that has ended, with what `remove` would return, until the returned function is called. A listener that throws is removed. */
  onDisconnected(listener: (event: Removed) => void): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Ends the mesh: gives all connections back, open. Receivers still get what has come; then every one of them, now and later, sees the
   * shutdown. Idempotent.
   */
  shutdown(): readonly Removed[] {
    this.#isShutDown = true;
    this.#incoming.close();
    const entries = [...this.#directory.open];
    for (const entry of entries) {
      this.#directory.delete(entry);
      this.#leave(entry);
    }
    this.#nodes.forget();
    this.#receivers.endAll({ type: 'shutdown' });
    return entries.map((entry) => entry.removed());
  }

  /** Receives and drops until the shutdown. Returns how many envelopes that were. */
  async waitForShutdown(): Promise<number> {
    let droppedCount = 0;
    for (let received = await this.recv(); received.type === 'envelope'; received = await this.recv()) droppedCount++;
    return droppedCount;
  }

  /** A handle that adds and removes, and nothing else. */
  lifeCycle(): MeshLifeCycle {
    return new MeshLifeCycle(this);
  }

  /** A handle that sends, and nothing else. */
  sender(): MeshSender {
    return new MeshSender(this);
  }

  /** A handle that receives, and nothing else. */
  receiver(): MeshReceiver {
    return new MeshReceiver(this);
  }

  /** A handle that sends to one connection, and nothing else. */
  outgoing(id: EnvelopeAddress): MeshOutgoing {
    return new MeshOutgoing(this, checkAddress(id));
  }

  #send(envelope: OutgoingEnvelope): SendOutcome {
    if (this.#isShutDown) return { type: 'shutdown', envelope };
    return this.#directory.find(envelope.id)?.send(envelope) ?? { type: 'not-found', envelope };
  }

  async #recv(signal: AbortSignal | undefined, timeoutMs?: number): Promise<ReceivedInTime> {
    const envelope = signal?.aborted === true ? undefined : this.tryRecv();
    if (envelope !== undefined) return { type: 'envelope', envelope };
    if (this.#isShutDown) return { type: 'shutdown' };
    if (this.#nodes.areGone) return { type: 'disconnected' };
    if (timeoutMs === undefined) return this.#receivers.wait(signal);
    if (!(typeof timeoutMs === 'number' && timeoutMs >= 0)) throw invalid('timeoutMs', `is ${timeoutMs}; it must be 0 or more`);
    const received = this.#nodes.act((agent) => this.#receivers.wait(signal, { agent, timeoutMs }));
    if (received === undefined) throw new NetworkError('NOT_STARTED', 'recvTimeout: no connection was ever added');
    return received;
  }

  #take(settle: SettleItem<Envelope>): (() => void) | undefined {
    const envelope = this.tryRecv();
    if (envelope === undefined && !this.#isShutDown && !this.#nodes.areGone)
      return this.#receivers.add((received) => settle(resultOf('envelope' in received ? received.envelope : undefined)));
    settle(resultOf(envelope));
    return undefined;
  }

  readonly #owner: EntryOwner = {
    onArrived: (entry) => this.#arrived(entry),
    onWanted: (entry) => this.#incoming.want(entry),
    onEnded: (entry) => this.#ended(entry),
  };

  #arrived(entry: MeshEntry): void {
    this.#incoming.fill(entry);
    this.#serve();
  }

  /** Calls that wait get what is in the queue. */
  #serve(): void {
    while (this.#receivers.count > 0 && this.incomingCount > 0)
      this.#receivers.offer({ type: 'envelope', envelope: this.tryRecv() as Envelope });
  }

  #ended(entry: MeshEntry): void {
    if (this.#keepDisconnectedMs > 0) this.#directory.ended(entry);
    else this.#directory.delete(entry);
    this.#leave(entry);
    this.#ageLater();
    this.#listeners.call(entry.removed(), this.#nodes.listenerFailed);
  }

  #leave(entry: MeshEntry): void {
    entry.leave();
    this.#incoming.leave(entry);
  }

  /** Ended connections are forgotten when they have been there for one whole period. */
  #ageLater(): void {
    if (this.#directory.endedCount > 0) this.#nodes.act((agent) => this.#aging.within(agent, this.#keepDisconnectedMs));
  }

  #age(agent: BehaviorAgent): void {
    this.#directory.age();
    if (this.#directory.endedCount > 0) this.#aging.within(agent, this.#keepDisconnectedMs);
  }

  #nodeStopped(): void {
    if (this.#nodes.areGone) return this.#receivers.endAll({ type: 'disconnected' });
    this.#aging.cancel();
    this.#ageLater();
    this.#nodes.act((agent) => this.#receivers.rearm(agent));
  }
}
