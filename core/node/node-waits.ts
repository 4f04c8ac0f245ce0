/**
 * @module NodeWaits: what an application waits for, as promises: a connection that it dials, room in a lane, connections or a route that come
 * to be. Each ends with its signal, its deadline or the node, also when the engine fails in the midst of it, and rejects in a later turn.
 */
import type { Address } from '../address/address.js';
import { isNodeId, type NodeId } from '../address/node-id.js';
import type { ClientCallOptions } from '../api/client.js';
import type { Connection, Lane } from '../api/events.js';
import type { CallRequest } from '../api/ports.js';
import { type Route, requireRoute } from '../api/routes.js';
import { requireDuration, requireName, requireOptions, requireSignal } from '../engine/behaviors/arguments.js';
import { targetOf } from '../engine/dial/dialling.js';
import { explainRoute } from '../engine/messages/explain.js';
import { LANES } from '../engine/messages/sender.js';
import type { Network } from '../engine/network.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';
import { cancelled, onAbort } from '../structures/abort.js';
import { failedBy, promised, type Settle, timeoutOf } from './call-outcome.js';

/** How a wait ends early. */
export interface WaitOptions {
  /** Gives the wait up: it rejects with `CALL_CANCELLED`. */
  readonly signal?: AbortSignal;
  /** Absent: 30,000 ms. Then it rejects with `WAIT_TIMEOUT`, whose text has how far it got. */
  readonly timeoutMs?: number;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal;
  /** Absent: `limits.openTimeoutMs`. */
  readonly timeoutMs?: number;
}

export interface WritableOptions {
  readonly signal?: AbortSignal;
  /** `normal` by default. */
  readonly lane?: Lane;
}

const TIMED = ['signal', 'timeoutMs'] as const;
const WAIT_MS = 30_000;
const CALL_WAIT_MS = 10_000;
/** No service has this id, so a route that names no service is refused. */
const NO_SERVICE = 0;
const WHEN_REACHABLE = { title: 'whenReachable', serviceId: NO_SERVICE };

/** How waits reach the running node. */
export interface WaitPorts {
  readonly network: Network;
  /** Throws when the node does not run. */
  readonly requireRunning: () => void;
  /** Runs work inside of a step. */
  readonly perform: (work: () => void) => void;
  /** Resolves in a later turn of the event loop. */
  readonly nextTurn: () => Promise<void>;
}

export class NodeWaits {
  constructor(private readonly ports: WaitPorts) {}

  connect(target: string | Address | NodeId, holder: object, options: ConnectOptions): Promise<Connection> {
    return this.promise('connect', options, TIMED, ({ timeoutMs }, settle) => {
      const { dialer } = this.ports.network;
      const attemptId = dialer.nextAttemptId();
      if (timeoutMs !== undefined) requireDuration('connect: timeoutMs', timeoutMs);
      const attempt = { attemptId, target: targetOf(target), isPatient: true, holder, ...timeoutOf(timeoutMs), onSettled: settle };
      this.order(() => dialer.dial(attempt), settle);
      return (error) => this.order(() => dialer.cancel(attemptId, error), settle);
    });
  }

  writable(route: Route, options: WritableOptions): Promise<void> {
    return this.promise('writable', options, ['signal', 'lane'], ({ lane = 'normal' }, settle: Settle<void>) => {
      requireRoute('writable', route);
      requireName('writable: lane', lane, LANES);
      const giveUp = this.ports.network.parts.application.whenWritable(route, lane, settle);
      return (error) => {
        giveUp();
        settle(error);
      };
    });
  }

  connected(wanted: number | NodeId, options: WaitOptions): Promise<readonly Connection[]> {
    const { links, limits } = this.ports.network;
    const open = () => links.openConnections().filter(({ nodeId }) => typeof wanted === 'number' || nodeId === wanted);
    const count = typeof wanted === 'number' ? wanted : 1;
    const failure = (ms: number) =>
      typeof wanted === 'number' ? `${open().length} of ${count} connections after ${ms} ms` : `no connection to ${wanted} after ${ms} ms`;
    return this.wait('whenConnected', options, failure, () => {
      requireWanted(wanted, limits.connectionsMax);
      return [() => open().length >= count, open];
    });
  }

  reachable(route: Route, options: WaitOptions, { title, serviceId } = WHEN_REACHABLE): Promise<void> {
    const { links, router, parts } = this.ports.network;
    const failure = (ms: number) => `no route after ${ms} ms: ${explainRoute(links, router, route).reason}`;
    return this.wait(title, options, failure, () => {
      requireRoute(title, route);
      requireService(title, route, serviceId);
      return [() => parts.waits.isReachable(route, serviceId), () => undefined];
    });
  }

  /** Waits for the route of a call that wishes it. Returns the options of the call itself, with what is left of its time. */
  async routed({ route, serviceId }: CallRequest, { waitForRoute: _, ...options }: ClientCallOptions): Promise<ClientCallOptions> {
    const { network, perform } = this.ports;
    const { signal, timeoutMs = CALL_WAIT_MS } = options;
    const wait = { timeoutMs, ...(signal && { signal }) };
    let beganMs = 0;
    perform(() => {
      beganMs = network.nowMs;
    });
    await this.reachable(route, wait, { title: 'call', serviceId }).catch((error: NetworkError) => {
      throw error.code === 'WAIT_TIMEOUT' ? new NetworkError('RPC_UNREACHABLE', error.message, { cause: error }) : error;
    });
    if (options.timeoutMs === undefined) return options;
    return { ...options, timeoutMs: Math.max(1, Math.floor(timeoutMs - (network.nowMs - beganMs))) };
  }

  /** `begin` checks the arguments, and returns what is waited for and what comes of it. */
  private wait<T>(
    title: string,
    options: WaitOptions,
    failure: (timeoutMs: number) => string,
    begin: () => readonly [isMet: () => boolean, result: () => T],
  ): Promise<T> {
    return this.promise(title, options, TIMED, ({ timeoutMs = WAIT_MS }, settle: Settle<T>) => {
      requireDuration(`${title}: timeoutMs`, timeoutMs);
      const [isMet, result] = begin();
      const failed = () => new NetworkError('WAIT_TIMEOUT', `${title}: ${failure(timeoutMs)}`);
      let giveUp = () => {};
      const add = () => {
        giveUp = this.ports.network.parts.waits.add(isMet, timeoutMs, failed, (error) => settle(error ?? result()));
      };
      this.order(add, settle);
      return (error) => {
        this.order(() => giveUp(), settle);
        settle(error);
      };
    });
  }

  /** `begin` starts it and returns what ends it by its signal; what it throws rejects. */
  private promise<T, O extends { readonly signal?: AbortSignal }>(
    title: string,
    options: O,
    names: readonly string[],
    begin: (options: O, settle: Settle<T>) => (error: NetworkError) => void,
  ): Promise<T> {
    const start = (settle: Settle<T>) => {
      requireOptions(title, options, names);
      const { signal } = options;
      requireSignal(`${title}: signal`, signal);
      this.ports.requireRunning();
      if (signal?.aborted === true) throw cancelled(signal);
      return onAbort(signal, begin(options, settle));
    };
    return promised(this.ports.nextTurn, start, (thrown) => failedBy(thrown, title));
  }

  /** Between two callbacks: at once, or when the present one has returned. What the engine throws in it ends the wait. */
  private order(work: () => void, settle: Settle<never>): void {
    const run = () => {
      try {
        work();
      } catch (thrown) {
        settle(failedBy(thrown, 'the engine'));
        throw thrown;
      }
    };
    this.ports.perform(() => this.ports.network.enqueue({ run }));
  }
}

function requireWanted(wanted: number | NodeId, connectionsMax: number): void {
  if (typeof wanted === 'number' ? Number.isInteger(wanted) && wanted >= 1 && wanted <= connectionsMax : isNodeId(wanted)) return;
  throw new NetworkError(
    'ARGUMENT_INVALID',
    `whenConnected: wanted is ${shown(wanted)}; it must be a node id, or a whole number from 1 to ${connectionsMax} (connections.max)`,
  );
}

/** Only a call says which service is meant when its route names none; here the route has to name it. */
function requireService(title: string, route: Route, serviceId: number): void {
  const isNameless = (route.type === 'service' || route.type === 'services') && (route.serviceId ?? serviceId) === NO_SERVICE;
  if (isNameless) throw new NetworkError('ARGUMENT_INVALID', `${title}: the route names no service`);
}
