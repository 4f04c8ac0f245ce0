/**
 * @module NodeCalls: calls of the application, as promises and async iterables around the port `Caller` of the rpc behaviour. One that fails
 * rejects in a later turn, with what was called and the stack of its caller.
 */
import type { BehaviorAgent } from '../api/agent.js';
import type { Client, ClientCallOptions } from '../api/client.js';
import type { Caller, CallRequest, CallResult, RunningStream, StreamItem } from '../api/ports.js';
import type { Route } from '../api/routes.js';
import { requireOptions, requireSignal } from '../engine/behaviors/arguments.js';
import { callError, failureOf } from '../engine/behaviors/call-failure.js';
import { NetworkError } from '../errors.js';
import { clientOf } from '../registration/client-proxy.js';
import type { BehaviorClass } from '../registration/registry.js';
import { cancelled, onAbort, promised, rejected, retraced, type Settle, timeoutOf } from './call-outcome.js';
import type { NodeWaits } from './node-waits.js';

/** How calls reach the running node. */
export interface CallPorts {
  /** Throws when the node does not run. */
  readonly requireRunning: () => void;
  readonly waits: NodeWaits;
  /** Runs work inside of a step; what it throws comes out. */
  readonly perform: <T>(work: () => T) => T;
  /** Within a step: runs work as a callback of the behaviour that makes calls; what it throws comes out. Throws `RPC_ABSENT`. */
  readonly withCaller: <T>(work: (caller: Caller, agent: BehaviorAgent) => T) => T;
  /** Resolves in a later turn of the event loop. */
  readonly nextTurn: () => Promise<void>;
}

const OPTIONS = ['timeoutMs', 'signal', 'waitForRoute'] as const satisfies (keyof ClientCallOptions)[];
const NO_OPTIONS: ClientCallOptions = {};

export class NodeCalls {
  constructor(private readonly ports: CallPorts) {}

  client<C extends BehaviorClass>(type: C, route: Route): Client<C> {
    return clientOf(type, route, {
      request: (request, options) => this.request(request, options),
      stream: (request, options) => this.stream(request, options),
      refuse: (request, error) => rejected(this.ports.nextTurn, thrownError(request, error)),
    });
  }

  request(request: CallRequest, options: ClientCallOptions = NO_OPTIONS): Promise<unknown> {
    if (options?.waitForRoute === true) return this.routed(request, options).then((rest) => this.request(request, rest));
    const begin = (settle: Settle<unknown>) => {
      const { signal, timeoutMs } = this.checked(options);
      const timed = timeoutMs === undefined ? request : { ...request, timeoutMs };
      const take = (result: CallResult) => settle(result.type === 'ok' ? result.value : callError(request, result));
      const running = this.ports.perform(() => this.ports.withCaller((caller, agent) => caller.call(agent, timed, take)));
      return onAbort(signal, (error) => {
        this.ports.perform(() => running.cancel());
        settle(thrownError(request, error));
      });
    };
    return promised(this.ports.nextTurn, begin, (thrown) => thrownError(request, thrown));
  }

  private async *stream(request: CallRequest, options: ClientCallOptions = NO_OPTIONS): AsyncGenerator<unknown> {
    const items: (StreamItem | Error)[] = [];
    let wake = () => {};
    const take = (item: StreamItem | Error) => {
      items.push(item);
      wake();
    };
    let release = () => {};
    let running: RunningStream | undefined;
    try {
      try {
        const { signal, timeoutMs } = this.checked(options?.waitForRoute === true ? await this.routed(request, options) : options);
        release = onAbort(signal, (error) => take(thrownError(request, error)));
        const wanted = { ...request, ...timeoutOf(timeoutMs) };
        running = this.ports.perform(() => this.ports.withCaller((caller, agent) => caller.callStream(agent, wanted, take)));
      } catch (thrown) {
        take(thrownError(request, thrown));
      }
      for (;;) {
        if (items.length === 0) this.ports.perform(() => running?.pull());
        if (items.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const item = items.shift() as StreamItem | Error;
        if (item instanceof Error || item.type === 'error') {
          await this.ports.nextTurn();
          throw retraced(item instanceof Error ? item : callError(request, item));
        }
        if (item.type === 'end') return;
        yield item.value;
      }
    } finally {
      release();
      this.ports.perform(() => running?.cancel());
    }
  }

  /** The options of a call whose route is there now. */
  private async routed(request: CallRequest, options: ClientCallOptions): Promise<ClientCallOptions> {
    try {
      return await this.ports.waits.routed(request, options);
    } catch (thrown) {
      throw thrownError(request, thrown);
    }
  }

  /** The options of a call that may be made now. */
  private checked(options: ClientCallOptions): ClientCallOptions {
    if (options !== NO_OPTIONS) requireOptions('call', options, OPTIONS);
    requireSignal('call: signal', options.signal);
    this.ports.requireRunning();
    if (options.signal?.aborted === true) throw cancelled(options.signal);
    return options;
  }
}

/** The error of a call whose making has thrown. */
function thrownError(request: CallRequest, thrown: unknown): Error {
  return callError(request, failureOf(thrown), thrown instanceof NetworkError ? thrown.cause : thrown);
}
