/**
 * @module NodeCalls: calls of the application, as promises and async iterables around the port `Caller` of the rpc behaviour.
 */
import type { Client, ClientCallOptions } from '../api/client.js';
import type { Caller, CallRequest, CallResult, RunningStream, StreamItem } from '../api/ports.js';
import type { Route } from '../api/routes.js';
import { NetworkError } from '../errors.js';
import { clientOf } from '../registration/client-proxy.js';
import type { BehaviorClass } from '../registration/registry.js';
import { cancelled, errorOf, onAbort, timeoutOf, unknownMethod } from './call-outcome.js';

/** How calls reach the running node. */
export interface CallPorts {
  /** The one that makes calls now; throws when the node does not run. */
  readonly caller: () => Caller | undefined;
  /** Runs work inside of a step. */
  readonly enter: (work: () => void) => void;
  /** The same, for work that returns something or throws. */
  readonly enterAndThrow: <T>(work: () => T) => T;
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

  request(request: CallRequest, { signal, timeoutMs }: ClientCallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const caller = this.callerFor(signal);
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
          running = caller.call(timed, settle);
        } catch (error) {
          release?.();
          reject(error as Error);
        }
      });
    });
  }

  private async *stream(request: CallRequest, { signal, timeoutMs }: ClientCallOptions): AsyncGenerator<unknown> {
    const caller = this.callerFor(signal);
    const items: StreamItem[] = [];
    let wake = () => {};
    const take = (item: StreamItem) => {
      items.push(item);
      wake();
    };
    const release = onAbort(signal, (error) => take({ type: 'error', code: error.code, text: error.message }));
    let running: RunningStream | undefined;
    try {
      running = this.ports.enterAndThrow(() => caller.callStream({ ...request, ...timeoutOf(timeoutMs) }, take));
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

  private callerFor(signal: AbortSignal | undefined): Caller {
    const caller = this.ports.caller();
    if (signal?.aborted === true) throw cancelled(signal);
    if (caller === undefined) throw new NetworkError('RPC_ABSENT', 'no rpc behaviour runs on this node');
    return caller;
  }
}
