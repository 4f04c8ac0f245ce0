/**
 * @module NetworkBehavior: what authors write. One instance per node serves one service id. Every hook is a no-op by default, is
 * synchronous, and is all-or-nothing: what it records through its agent counts only if it returns; a throw becomes a fault that names
 * this behaviour and the hook, and touches nobody else. Of a thenable that a hook returns, only the rejection is looked at, as a fault.
 *
 * Order that holds: `onStarted` before all; for a connection the votes, `onConnected` (by ascending service id), the handlers'
 * `onOpened`, events and ticks, the handlers' `onClosed`, `onDisconnected`; `onStopped` last.
 */

import type { NodeId } from '../address/node-id.js';
import { type CloseReason, NetworkError } from '../errors.js';
import type { LimitUnit } from '../limits.js';
import { CLASS_MARK } from '../structures/copies.js';
import type { Message } from '../wire/message.js';
import type { BehaviorAgent } from './agent.js';
import type { ConnectionHandler } from './connection-handler.js';
import { descriptorOf } from './descriptor.js';
import type { Attempt, Connection, Lost, WritableLane } from './events.js';
import type { BehaviorPorts } from './ports.js';
import type { RpcAnswer, RpcRequest } from './rpc.js';
import type { ByteStream } from './stream.js';
import type { Vote } from './votes.js';

/** A handler, or nothing when this behaviour does not care for the connection. */
export type HandlerOrNothing<ToBehavior, ToHandler> = ConnectionHandler<ToBehavior, ToHandler> | undefined | void;

/** What else there is to know of a connection when it is shown to a behaviour. */
export interface ConnectedFacts {
  /** It was open before this behaviour was added to the running node. */
  readonly isOlder: boolean;
}

/** Bounds by name, such as `{ offersMax: { value: 1_024, unit: 'count', atTheBound: 'the oldest offer gives way' } }`. */
export type BehaviorLimits = Readonly<Record<string, BehaviorLimit>>;

/** One bound: the value that holds, and what happens there. */
export interface BehaviorLimit {
  readonly value: number;
  readonly unit: LimitUnit;
  readonly atTheBound: string;
}

/** What the core lends a running behaviour for calls from outside of its callbacks. */
export interface Host {
  perform<T>(behavior: NetworkBehavior, work: (agent: BehaviorAgent) => T): T;
  performInTurn<A, T>(work: (agent: BehaviorAgent, argument: A) => T, argument: A): T;
}

/** Runs what an application waits for: see `NetworkBehavior.awaited`. */
export type AwaitedWork = <T>(work: () => T | PromiseLike<T>, hasFailed?: (value: T) => boolean) => Promise<T>;

const hosts = new WeakMap<NetworkBehavior, Host>();
/** Lent when a node takes a behaviour in, for good: applications wait before the start and after the end, too. */
const awaiting = new WeakMap<NetworkBehavior, AwaitedWork>();

/** For the core alone. */
export function lendAwaited(behavior: NetworkBehavior, awaited: AwaitedWork): void {
  awaiting.set(behavior, awaited);
}

/** For the core alone: lends or takes back (`undefined`) the host. */
export function lendHost(behavior: NetworkBehavior, host: Host | undefined): void {
  if (host === undefined) hosts.delete(behavior);
  else hosts.set(behavior, host);
}

// biome-ignore lint/suspicious/noExplicitAny: the erasure point of the authors' event types
export abstract class NetworkBehavior<ToBehavior = any, ToHandler = any> {
  /** Known in every copy of this package. */
  static readonly [CLASS_MARK]: string = 'NetworkBehavior';

  get serviceId(): number {
    return descriptorOf(this).serviceId;
  }

  get name(): string {
    return descriptorOf(this).name;
  }

  /** What `JSON.stringify` shows: who it is, not what it keeps. */
  toJSON(): object {
    return { behavior: this.constructor.name };
  }

  /** The ports that this behaviour fills for the core and for others; read once, before start. */
  get ports(): BehaviorPorts {
    return {};
  }

  /** The bounds of what this behaviour keeps, as `node.limits().behaviors` shows them; read once, before start. */
  get limits(): BehaviorLimits {
    return {};
  }

  /** The node starts, or this behaviour was added to a running one. */
  onStarted(_agent: BehaviorAgent<ToHandler>): void {}
  /** Every `tickMs` of the node (1000 by default), if overridden. `intervalMs`: what really passed since the last tick. */
  onTick(_agent: BehaviorAgent<ToHandler>, _nowMs: number, _intervalMs: number): void {}

  /** A vote: a text or a reason refuses the connection, and is sent to the remote. Pure: others may still refuse. */
  checkIncomingConnection(_nodeId: NodeId, _connectionId: number): Vote | void {}
  checkOutgoingConnection(_nodeId: NodeId, _connectionId: number): Vote | void {}
  /**
   * A connection that the vote of this behaviour let pass has ended before it was open, for whatever reason: a later vote, a gate, the remote,
   * or another link to the node. It was not seen connected. What the vote has set aside for it is free again.
   */
  onConnectionRefused(_agent: BehaviorAgent<ToHandler>, _connection: Connection, _reason: CloseReason): void {}

  /**
   * The connection is open (for a gate: proven), in either direction. A returned handler gets this connection's events. Override one of the
   * two below instead where the directions differ: they are what the core calls, and return what this returns.
   */
  onConnected(_agent: BehaviorAgent<ToHandler>, _connection: Connection, _facts: ConnectedFacts): HandlerOrNothing<ToBehavior, ToHandler> {}
  onIncomingConnectionConnected(
    agent: BehaviorAgent<ToHandler>,
    connection: Connection,
    facts: ConnectedFacts,
  ): HandlerOrNothing<ToBehavior, ToHandler> {
    return this.onConnected(agent, connection, facts);
  }

  onOutgoingConnectionConnected(
    agent: BehaviorAgent<ToHandler>,
    connection: Connection,
    facts: ConnectedFacts,
  ): HandlerOrNothing<ToBehavior, ToHandler> {
    return this.onConnected(agent, connection, facts);
  }

  /** A connection that this behaviour saw connected has ended. As above for the two directions. */
  onDisconnected(_agent: BehaviorAgent<ToHandler>, _connection: Connection, _reason: CloseReason): void {}
  onIncomingConnectionDisconnected(agent: BehaviorAgent<ToHandler>, connection: Connection, reason: CloseReason): void {
    return this.onDisconnected(agent, connection, reason);
  }

  onOutgoingConnectionDisconnected(agent: BehaviorAgent<ToHandler>, connection: Connection, reason: CloseReason): void {
    return this.onDisconnected(agent, connection, reason);
  }

  /** Called on every behaviour for every `connect` that failed. */
  onOutgoingConnectionError(_agent: BehaviorAgent<ToHandler>, _attempt: Attempt, _error: NetworkError): void {}

  /** A handler of this behaviour sent it. */
  onHandlerEvent(_agent: BehaviorAgent<ToHandler>, _nodeId: NodeId, _connectionId: number, _event: ToBehavior): void {}
  /** A message for this service that no handler takes: routed ones, and direct ones on connections without a handler. */
  onMessage(_agent: BehaviorAgent<ToHandler>, _message: Message): void {}
  /**
   * A relay signals that it could not forward a message that this behaviour, or a handler of it, has sent. A claim: nothing proves it but the
   * relay's word, and what is lost otherwise is lost in silence. Put what names a message into the first 16 bytes of its payload.
   */
  onMessageLost(_agent: BehaviorAgent<ToHandler>, _lost: Lost): void {}
  /** A lane has room again in which a `send` of this behaviour returned `full`. Handlers of this service get it as an event. */
  onWritable(_agent: BehaviorAgent<ToHandler>, _lane: WritableLane): void {}
  /** Another behaviour of this node sent it. */
  onBehaviorEvent(_agent: BehaviorAgent<ToHandler>, _fromServiceId: number, _event: unknown): void {}
  /** A call that no `@Rpc` method takes. Whether it is handled; `answer` may be used later, until the deadline. */
  onRpc(_agent: BehaviorAgent<ToHandler>, _request: RpcRequest, _answer: RpcAnswer): boolean {
    return false;
  }

  /**
   * A remote has opened a stream to this service. Streams are refused unless this, or a method with `@OnStream`, is there. What it throws, or a
   * promise that it returns rejects with, is a fault, and resets the stream with `STREAM_FAILED`; but for what the stream itself has failed with.
   */
  onStream(_agent: BehaviorAgent<ToHandler>, _stream: ByteStream): unknown {
    return undefined;
  }

  /** The node stops, or this behaviour was removed or has spent its fault budget. The last callback. */
  onStopped(_agent: BehaviorAgent<ToHandler>): void {}

  /**
   * For calls from outside of a callback, such as an application's method of this class: runs `work` at once, also inside another
   * behaviour's callback, with an action list of its own that joins the core's when `work` returns. Throws `NOT_STARTED` before start
   * and after stop; what `work` throws is the caller's, and nothing that it recorded counts.
   */
  protected perform<T>(work: (agent: BehaviorAgent<ToHandler>) => T): T {
    const host = hosts.get(this);
    if (host === undefined) throw new NetworkError('NOT_STARTED', `behaviour ${this.name} does not run`);
    return host.perform(this, work as (agent: BehaviorAgent) => T);
  }

  /**
   * As `perform`, for work that is done very often and does little, such as sending one message: `agent.nowMs` is the time at which this turn of the
   * event loop began its work. What is to fall due soon, such as a call with its deadline, belongs into `perform`.
   */
  protected performInTurn<A, T>(work: (agent: BehaviorAgent<ToHandler>, argument: A) => T, argument: A): T {
    const host = hosts.get(this);
    if (host === undefined) throw new NetworkError('NOT_STARTED', `behaviour ${this.name} does not run`);
    return host.performInTurn(work as (agent: BehaviorAgent, argument: A) => T, argument);
  }

  /**
   * For methods that applications await: a promise of what `work` returns. What it throws or rejects with, the promise rejects with in a later turn
   * of the event loop, so that `while (true) await behaviour.method().catch(…)` leaves sockets and timers their turns; so does a value come that
   * `hasFailed` finds to be a failure. For async methods: where no node has the behaviour, it is as `work` has it.
   */
  protected awaited<T>(work: () => T | PromiseLike<T>, hasFailed?: (value: T) => boolean): Promise<T> {
    const awaited = awaiting.get(this);
    return awaited === undefined ? (work() as Promise<T>) : awaited(work, hasFailed);
  }
}
