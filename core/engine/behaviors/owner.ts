/**
 * @module Owner: whoever has callbacks. A behaviour and each of its connection handlers is an owner; timers, calls and recorded
 * actions belong to one, and end with it.
 */

import type { BehaviorAgent, ConnectionAgent } from '../../api/agent.js';
import { ConnectionHandler } from '../../api/connection-handler.js';
import type { BehaviorDescriptor } from '../../api/descriptor.js';
import type { Connection, Lane } from '../../api/events.js';
import { type BehaviorLimits, NetworkBehavior } from '../../api/network-behavior.js';
import type { BehaviorPorts, Logger } from '../../api/ports.js';
import type { RpcMethodOptions } from '../../api/rpc-options.js';
import { NetworkError } from '../../errors.js';
import type { ScopedMetrics } from '../../metrics.js';
import { RateWindow } from '../../structures/rate-window.js';
import type { Action } from '../context.js';
import type { OwnQueue } from './own-queue.js';

/** The window of the budget for faults. */
const MINUTE_MS = 60_000;

/** Whoever sends: a behaviour, a handler of it, or the node itself for its application. */
export interface Sending {
  /** Absent for the node itself. */
  readonly behavior: BehaviorSlot | undefined;
  readonly serviceId: number;
  readonly isGate: boolean;
  /** The callback that runs now; 0 when none does: the agent has escaped. */
  transaction: number;
  /** What the running callback has recorded. */
  recorded: Action[] | undefined;
  /** For the node itself: what was full has room again. */
  roomAgain?(connectionId: number | undefined, lane: Lane | undefined): void;
}

export interface Owner extends Sending {
  readonly behavior: BehaviorSlot;
  /** Of a handler, its connection's. */
  readonly connectionId: number | undefined;
  /** The queues that it shows, once there is one. */
  queues: OwnQueue[] | undefined;
  /** No callback may run any more. */
  isEnded: boolean;
}

/** A behaviour of this node. */
export class BehaviorSlot implements Owner {
  readonly behavior = this;
  readonly serviceId: number;
  readonly name: string;
  readonly isGate: boolean;
  readonly isTicking: boolean;
  /** A handler that it gave wants to be ticked. */
  hasTickingHandlers = false;
  readonly seesRefusals: boolean;
  transaction = 0;
  recorded: Action[] | undefined = undefined;
  isEnded = false;
  isStarted = false;
  /** It will be stopped as soon as the present callback has returned. */
  isLeaving = false;
  /** Set right after construction. */
  agent!: BehaviorAgent;
  /** Read once. */
  readonly ports: BehaviorPorts;
  readonly limits: BehaviorLimits;
  readonly connectionId = undefined;
  queues: OwnQueue[] | undefined = undefined;
  /** Made when it is first asked for, as is `log`. */
  metrics: ScopedMetrics | undefined = undefined;
  /** Further services under its hands. */
  readonly extraServices = new Set<number>();
  readonly faults = new RateWindow(MINUTE_MS);
  /** The budget is spent: it is about to be stopped, and sees only the end of what it has seen begin. */
  isCondemned = false;
  timerCount = 0;
  log: Logger | undefined = undefined;
  lastTickMs = 0;

  constructor(
    readonly instance: NetworkBehavior,
    descriptor: BehaviorDescriptor,
    readonly rpcMethods: ReadonlySet<string>,
    readonly rpcOptions: ReadonlyMap<string, RpcMethodOptions>,
  ) {
    this.serviceId = descriptor.serviceId;
    this.name = descriptor.name;
    this.ports = readOnce(descriptor.name, 'ports', () => instance.ports);
    this.limits = readOnce(descriptor.name, 'limits', () => instance.limits);
    this.isGate = descriptor.gate === true;
    this.isTicking = instance.onTick !== NetworkBehavior.prototype.onTick;
    this.seesRefusals = instance.onConnectionRefused !== NetworkBehavior.prototype.onConnectionRefused;
  }
}

/** What a behaviour keeps for one connection. */
export class HandlerSlot implements Owner {
  readonly serviceId: number;
  readonly isGate: boolean;
  readonly isTicking: boolean;
  readonly connectionId: number;
  queues: OwnQueue[] | undefined = undefined;
  transaction = 0;
  recorded: Action[] | undefined = undefined;
  isEnded = false;
  isOpened = false;
  agent!: ConnectionAgent;
  lastTickMs = 0;

  constructor(
    readonly handler: ConnectionHandler,
    readonly behavior: BehaviorSlot,
    readonly connection: Connection,
  ) {
    this.connectionId = connection.id;
    this.serviceId = behavior.serviceId;
    this.isGate = behavior.isGate;
    this.isTicking = handler.onTick !== ConnectionHandler.prototype.onTick;
    if (this.isTicking) behavior.hasTickingHandlers = true;
  }
}

/** A copy of what a getter, which is an author's code, returns. */
function readOnce<T extends object>(name: string, what: string, read: () => T): T {
  try {
    return { ...read() };
  } catch (cause) {
    throw new NetworkError('BEHAVIOR_FAILED', `the ${what} of ${name} cannot be read; the cause has it`, { cause });
  }
}
