/**
 * @module NodeCalls: calls of the application, as promises and async iterables around the port `Caller` of the rpc behaviour. One that fails
 * rejects in a later turn, with what was called and the stack of its caller.
 */
import type { BehaviorAgent } from '../api/agent.js';
import type { Client, ClientCallOptions, ClientStreamOptions, ManyOptions } from '../api/client.js';
import { contractOf } from '../api/descriptor.js';
import type { Caller, CallRequest, CallResult } from '../api/ports.js';
import { type Route, requireRoute } from '../api/routes.js';
import { requireDuration, requireOptions, requireSignal, requireText, requireWhole } from '../engine/behaviors/arguments.js';
import { callError } from '../engine/behaviors/call-failure.js';
import type { Network } from '../engine/network.js';
import { NetworkError } from '../errors.js';
import { type CalledBefore, clientOf, unknownMethod } from '../registration/client-proxy.js';
import type { BehaviorClass } from '../registration/registry.js';
import { cancelled, onAbort } from '../structures/abort.js';
import { callItems, thrownError } from './call-items.js';
import { promised, rejected, type Settle, timeoutOf } from './call-outcome.js';
import type { Items } from './items.js';
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
const ITEM_TIMES = ['firstItemMs', 'nextItemMs'] as const;
const STREAM_OPTIONS = [...OPTIONS, ...ITEM_TIMES] as const satisfies (keyof ClientStreamOptions)[];
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
      stream: (request, options, before) => this.stream(request, options, before),
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

  private stream(request: CallRequest, options: ClientStreamOptions = NO_OPTIONS, before?: CalledBefore): Items<unknown> {
    return callItems(request, this.ports, async (take, isOver) => {
      const failure = before && (await failureBefore(request, before));
      if (failure !== undefined) take(failure);
      if (isOver()) return [undefined, undefined];
      const routed: ClientStreamOptions = options?.waitForRoute === true ? await this.routed(request, options) : options;
      if (isOver()) return [undefined, undefined];
      const { signal, waitForRoute: _, ...times } = this.checked(routed, STREAM_OPTIONS);
      for (const name of ITEM_TIMES) if (times[name] !== undefined) requireDuration(`call: ${name}`, times[name]);
      const running = this.withCaller((caller, agent) => caller.callStream(agent, { ...request, ...times }, take));
      return [running, signal];
    });
  }

  /** Answers of all providers of a service, as they come. */
  many(type: BehaviorClass, route: Route, method: string, value: unknown, options: ManyOptions = NO_OPTIONS): Items<never> {
    const { serviceId, name: serviceName, methods } = contractOf(type);
    const request = { route, serviceId, serviceName, method, value };
    const answers = callItems(request, this.ports, async (take) => {
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
      return [{ pull: () => {}, cancel: () => began.cancel() }, signal];
    });
    return answers as unknown as Items<never>;
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

/** How the call for one answer has failed, unless that says that its method streams. Throws when there is one answer. */
async function failureBefore({ method }: CallRequest, { answer, streams }: CalledBefore): Promise<Error | undefined> {
  const failure = await answer.then(
    () => undefined,
    (error: Error) => error,
  );
  if (failure === undefined) throw new NetworkError('RPC_SEQUENCE', `${method} gives one answer and no stream: await it`);
  if ((failure as Partial<NetworkError>).code !== 'RPC_SEQUENCE') return failure;
  streams();
  return undefined;
}
