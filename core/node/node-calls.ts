/**
 * @module NodeCalls: calls of the application, as promises and async iterables around the port `Caller` of the rpc behaviour. One that fails
 * rejects in a later turn, with what was called and the stack of its caller.
 */
import type { BehaviorAgent } from '../api/agent.js';
import type { Client, ClientCallOptions, ClientStreamOptions, ManyOptions } from '../api/client.js';
import { contractOf } from '../api/descriptor.js';
import type { Caller, CallRequest, CallResult, ManyItem, RunningStream, StreamItem } from '../api/ports.js';
import { type Route, requireRoute } from '../api/routes.js';
import { requireDuration, requireOptions, requireSignal, requireText, requireWhole } from '../engine/behaviors/arguments.js';
import { callError, failureOf } from '../engine/behaviors/call-failure.js';
import type { Network } from '../engine/network.js';
import { NetworkError } from '../errors.js';
import { clientOf, unknownMethod } from '../registration/client-proxy.js';
import type { BehaviorClass } from '../registration/registry.js';
import { cancelled, onAbort } from '../structures/abort.js';
import { promised, rejected, retraced, type Settle, timeoutOf } from './call-outcome.js';
import type { NodeWaits } from './node-waits.js';

/** How calls reach the running node. */
export interface CallPorts {
  /** Throws when the node does not run. */
  readonly requireRunning: () => void;
  readonly network: Pick<Network, 'calls'>;
  /** Runs work inside of a step; what it throws comes out. */
  readonly perform: <T>(work: () => T) => T;
  /** Resolves in a later turn of the event loop. */
  readonly nextTurn: () => Promise<void>;
}

const OPTIONS = ['timeoutMs', 'signal', 'waitForRoute'] as const satisfies (keyof ClientCallOptions)[];
const STREAM_OPTIONS = [...OPTIONS, 'firstItemMs', 'nextItemMs'] as const satisfies (keyof ClientStreamOptions)[];
const MANY_OPTIONS = ['timeoutMs', 'signal', 'enough'] as const satisfies (keyof ManyOptions)[];
/** What ends `requestMany` where it is not said. */
const ENOUGH_MAX = 4_096;
const NO_OPTIONS: ClientCallOptions = {};

export class NodeCalls {
  constructor(
    private readonly ports: CallPorts,
    private readonly waits: NodeWaits,
  ) {}

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
      const running = this.withCaller((caller, agent) => caller.call(agent, timed, take));
      return onAbort(signal, (error) => {
        this.ports.perform(() => running.cancel());
        settle(thrownError(request, error));
      });
    };
    return promised(this.ports.nextTurn, begin, (thrown) => thrownError(request, thrown));
  }

  private stream(request: CallRequest, options: ClientStreamOptions = NO_OPTIONS): AsyncGenerator<unknown> {
    return this.iterate(request, async (take) => {
      const routed: ClientStreamOptions = options?.waitForRoute === true ? await this.routed(request, options) : options;
      const { signal, timeoutMs, firstItemMs, nextItemMs } = this.checked(routed, STREAM_OPTIONS);
      for (const [name, ms] of Object.entries({ firstItemMs, nextItemMs })) requireTime(`call: ${name}`, ms);
      const times = {
        ...timeoutOf(timeoutMs),
        ...(firstItemMs !== undefined && { firstItemMs }),
        ...(nextItemMs !== undefined && { nextItemMs }),
      };
      const running = this.withCaller((caller, agent) => caller.callStream(agent, { ...request, ...times }, take));
      return { running, signal };
    });
  }

  /** Answers of all providers of a service, as they come. */
  many(type: BehaviorClass, route: Route, method: string, value: unknown, options: ManyOptions = NO_OPTIONS): AsyncGenerator<never> {
    const { serviceId, name: serviceName, methods } = contractOf(type);
    const request = { route, serviceId, serviceName, method, value };
    const answers = this.iterate(request, async (take) => {
      if (!methods.has(requireText('requestMany: method', method))) throw unknownMethod(method, [...methods]);
      requireOptions('requestMany', options, MANY_OPTIONS);
      const { enough, ...rest } = options ?? NO_OPTIONS;
      const { signal, timeoutMs } = this.checked(rest, OPTIONS);
      requireRoute('requestMany', request.route);
      if (request.route.type !== 'services')
        throw new NetworkError('ARGUMENT_INVALID', 'requestMany: route leads to one node; use toServices');
      const count = enough === undefined ? ENOUGH_MAX : requireWhole('requestMany: enough', enough, 1, ENOUGH_MAX);
      const timed = { ...request, ...timeoutOf(timeoutMs) };
      const began = this.withCaller((caller, agent) => caller.callMany?.(agent, timed, count, take));
      if (began === undefined) throw new NetworkError('RPC_ABSENT', 'the rpc behaviour of this node makes no requests to many nodes');
      return { running: { pull: () => {}, cancel: () => began.cancel() }, signal };
    });
    return answers as AsyncGenerator<never>;
  }

  /** What a call gives item by item. Whoever leaves the loop ends the call. */
  private async *iterate(
    request: CallRequest,
    begin: (take: (item: Item) => void) => Promise<{ readonly running: RunningStream; readonly signal: AbortSignal | undefined }>,
  ): AsyncGenerator<unknown> {
    const items: Item[] = [];
    let wake = () => {};
    const take = (item: Item) => {
      items.push(item);
      wake();
    };
    let release = () => {};
    let running: RunningStream | undefined;
    try {
      try {
        const begun = await begin(take);
        running = begun.running;
        release = onAbort(begun.signal, (error) => take(thrownError(request, error)));
      } catch (thrown) {
        take(thrownError(request, thrown));
      }
      for (;;) {
        if (items.length === 0) this.ports.perform(() => running?.pull());
        if (items.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const item = items.shift() as Item;
        const error = errorOf(request, item);
        if (error !== undefined) {
          await this.ports.nextTurn();
          throw retraced(error);
        }
        if ((item as StreamItem).type === 'end') return;
        yield 'nodeId' in item ? item : (item as { readonly value: unknown }).value;
      }
    } finally {
      release();
      this.ports.perform(() => running?.cancel());
    }
  }

  /** The options of a call whose route is there now. */
  private async routed(request: CallRequest, options: ClientCallOptions): Promise<ClientCallOptions> {
    try {
      return await this.waits.routed(request, options);
    } catch (thrown) {
      throw thrownError(request, thrown);
    }
  }

  /** Runs work in a step, as a callback of the behaviour that makes calls; what it throws comes out. Throws `RPC_ABSENT`. */
  private withCaller<T>(work: (caller: Caller, agent: BehaviorAgent) => T): T {
    return this.ports.perform(() => this.ports.network.calls.withCaller(work));
  }

  /** The options of a call that may be made now. */
  private checked<O extends ClientCallOptions>(options: O, names: readonly string[] = OPTIONS): O {
    if (options !== NO_OPTIONS) requireOptions('call', options, names);
    requireSignal('call: signal', options.signal);
    this.ports.requireRunning();
    if (options.signal?.aborted === true) throw cancelled(options.signal);
    return options;
  }
}

/** What a call gives: items of a stream, answers of nodes, or what has ended it. */
type Item = StreamItem | ManyItem | Error;

/** How the call has failed, if that is what the item says: an error of one of many nodes is an answer. */
function errorOf(request: CallRequest, item: Item): Error | undefined {
  if (item instanceof Error) return item;
  if (item.type === 'failed') return callError(request, { ...item, type: 'error' });
  return item.type === 'error' && !('nodeId' in item) ? callError(request, item) : undefined;
}

function requireTime(title: string, ms: number | undefined): void {
  if (ms !== undefined) requireDuration(title, ms);
}

/** The error of a call whose making has thrown. */
function thrownError(request: CallRequest, thrown: unknown): Error {
  return callError(request, failureOf(thrown), thrown instanceof NetworkError ? thrown.cause : thrown);
}
