/**
 * @module NodeCalls: calls of the application, as promises and async iterables around the port `Caller` of the rpc behaviour.
 */
import type { BehaviorAgent } from '../api/agent.js';
import type { Client, ClientCallOptions } from '../api/client.js';
import type { Caller, CallRequest, CallResult, RunningStream, StreamItem } from '../api/ports.js';
import type { Route } from '../api/routes.js';
import { clientOf } from '../registration/client-proxy.js';
import type { BehaviorClass } from '../registration/registry.js';
import { cancelled, errorOf, onAbort, timeoutOf, unknownMethod } from './call-outcome.js';
import type { NodeWaits } from './node-waits.js';

/** How calls reach the running node. */
export interface CallPorts {
  /** Throws when the node does not run. */
  readonly requireRunning: () => void;
  readonly waits: NodeWaits;
  /** Runs work inside of a step. */
  readonly enter: (work: () => void) => void;
  /** The same, for work that returns something or throws. */
  readonly enterAndThrow: <T>(work: () => T) => T;
  /** Within a step: runs work as a callback of the behaviour that makes calls; what it throws comes out. Throws `RPC_ABSENT`. */
  readonly withCaller: <T>(work: (caller: Caller, agent: BehaviorAgent) => T) => T;
}

export class NodeCalls {
  constructor(private readonly ports: CallPorts) {}

  client<C extends BehaviorClass>(type: C, route: Route): Client<C> {
    return clientOf(type, route, {
      request: (request, options) => this.request(request, options),
      stream: (request, options) => this.stream(request, options),
      unknownMethod: (name, method) => Promise.reject(unknownMethod(name, method)),
      unknownStream: (name, method) => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(unknownMethod(name, method)) }),
      }),
    });
  }

  request(request: CallRequest, options: ClientCallOptions): Promise<unknown> {
    if (options.waitForRoute === true) return this.ports.waits.routed(request, options).then((rest) => this.request(request, rest));
    const { signal, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      this.requireWanted(signal);
      const timed = timeoutMs === undefined ? request : { ...request, timeoutMs };
      let running: { cancel(): void } | undefined;
      const release =
        signal &&
        onAbort(signal, (error) => {
          this.ports.enter(() => running?.cancel());
          reject(error);
        });
      const settle = (result: CallResult) => {
        release?.();
        if (result.type === 'ok') resolve(result.value);
        else reject(errorOf(result));
      };
      this.ports.enter(() => {
        try {
          running = this.ports.withCaller((caller, agent) => caller.call(agent, timed, settle));
        } catch (error) {
          release?.();
          reject(error as Error);
        }
      });
    });
  }

  private async *stream(request: CallRequest, options: ClientCallOptions): AsyncGenerator<unknown> {
    const { signal, timeoutMs } = options.waitForRoute === true ? await this.ports.waits.routed(request, options) : options;
    this.requireWanted(signal);
    const items: StreamItem[] = [];
    let wake = () => {};
    const take = (item: StreamItem) => {
      items.push(item);
      wake();
    };
    const release = onAbort(signal, (error) => take({ type: 'error', code: error.code, text: error.message }));
    let running: RunningStream | undefined;
    try {
      const wanted = { ...request, ...timeoutOf(timeoutMs) };
      running = this.ports.enterAndThrow(() => this.ports.withCaller((caller, agent) => caller.callStream(agent, wanted, take)));
      for (;;) {
        if (items.length === 0) this.ports.enter(() => running?.pull());
        if (items.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const item = items.shift();
        if (item?.type === 'end') return;
        if (item?.type === 'error') throw errorOf(item);
        if (item?.type === 'ok') yield item.value;
      }
    } finally {
      release();
      this.ports.enter(() => running?.cancel());
    }
  }

  private requireWanted(signal: AbortSignal | undefined): void {
    this.ports.requireRunning();
    if (signal?.aborted === true) throw cancelled(signal);
  }
}
