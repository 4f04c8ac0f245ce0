/**
 * @module ClientProxy: the object behind `node.client(BehaviorClass, route)`. It only knows the class's methods: a name that the class
 * does not offer is refused without sending.
 */
import type { Client, ClientCallOptions, ClientStreamOptions } from '../api/client.js';
import { contractOf } from '../api/descriptor.js';
import type { CallRequest } from '../api/ports.js';
import { type Route, requireRoute, toService } from '../api/routes.js';
import { NO_RPC_OPTIONS } from '../api/rpc-options.js';
import { NetworkError } from '../errors.js';
import { nearest } from '../schema/nearest.js';
import { shown } from '../schema/schema.js';
import type { BehaviorClass } from './registry.js';

/** How the node makes calls. */
export interface ClientCalls {
  request(request: CallRequest, options: ClientCallOptions | undefined): Promise<unknown>;
  stream(request: CallRequest, options: ClientCallOptions | undefined, before?: CalledBefore): AsyncIterable<unknown>;
  /** Rejects in a later turn. */
  refuse(request: CallRequest, error: NetworkError): Promise<never>;
}

/** A stream takes the place of this call for one answer, when that has failed because the method streams. */
export interface CalledBefore {
  readonly answer: Promise<unknown>;
  /** Said when it does. */
  readonly streams: () => void;
}

/** By class: methods that have answered with a stream, whatever they look like. */
const streaming = new WeakMap<object, Set<string>>();

/** The methods that the class offers are made once, as the client's own; every other name comes from its prototype, and is refused. */
export function clientOf<C extends BehaviorClass>(type: C, route: Route, calls: ClientCalls): Client<C> {
  if (typeof type !== 'function') throw new NetworkError('ARGUMENT_INVALID', `client: behavior is ${shown(type)}; it must be a class`);
  const { serviceId, name, methods, options: declared } = contractOf(type);
  requireRoute('client', route);
  const target = (route.type === 'service' || route.type === 'services') && route.serviceId === undefined ? toService(serviceId) : route;
  const { prototype } = type as unknown as { prototype: Record<string, unknown> };
  const streams = streaming.get(type) ?? new Set();
  streaming.set(type, streams);
  const requestOf = (method: string, value?: unknown): CallRequest => {
    const request = { route: target, serviceId, serviceName: name, method, value };
    const { idempotent = false, resumeMs = 0 } = declared.get(method) ?? NO_RPC_OPTIONS;
    return idempotent || resumeMs > 0 ? { ...request, idempotent, resumeMs } : request;
  };
  const refusal = (method: string) => () => {
    const refused = () => calls.refuse(requestOf(method), unknownMethod(method, [...methods]));
    return isGenerator(prototype[method]) ? { [Symbol.asyncIterator]: () => ({ next: refused }) } : refused();
  };
  const base = { toString: () => `[Client of ${name}]` };
  const get = (_base: object, method: string | symbol) => (isOfObjects(base, method) ? Reflect.get(base, method) : refusal(method));
  const client: Record<string, unknown> = Object.create(new Proxy(base, { get }));
  for (const method of methods) {
    const stream = (value?: unknown, options?: ClientCallOptions) => calls.stream(requestOf(method, value), options);
    const request = (value?: unknown, options?: ClientCallOptions) => {
      if (streams.has(method)) return stream(value, options);
      const answer = calls.request(requestOf(method, value), options);
      if (!mayStream(prototype[method])) return answer;
      return iterable(answer, () => {
        const before = isOfStreams(options) ? undefined : { answer, streams: () => streams.add(method) };
        return calls.stream(requestOf(method, value), options, before);
      });
    };
    client[method] = isGenerator(prototype[method]) ? stream : request;
  }
  return client as Client<C>;
}

/** A promise that can be iterated instead, as the stream that takes its place. */
function iterable(answer: Promise<unknown>, stream: () => AsyncIterable<unknown>): Promise<unknown> {
  const iterate = () => {
    answer.catch(() => {});
    return stream()[Symbol.asyncIterator]();
  };
  return Object.assign(answer, { [Symbol.asyncIterator]: iterate });
}

export function unknownMethod(method: string, offered: readonly string[]): NetworkError {
  return new NetworkError('RPC_METHOD_UNKNOWN', `the class offers no method ${method}; ${nearest(method, offered)}`);
}

/**
 * What is asked of any object, by JavaScript or a tool, calls no method of a remote: a client is no promise (`then`), and does not encode itself (`toJSON`).
 */
function isOfObjects(base: object, name: string | symbol): name is symbol {
  return typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in base;
}

/** Only streams take these: a call for one answer is refused, and never made. */
function isOfStreams(options: ClientStreamOptions | undefined): boolean {
  return options?.firstItemMs !== undefined || options?.nextItemMs !== undefined;
}

/** Whether a method is a generator, and its answer therefore a stream of responses. */
function isGenerator(method: unknown): boolean {
  const tag = tagOf(method);
  return tag === '[object AsyncGeneratorFunction]' || tag === '[object GeneratorFunction]';
}

/** A generator that was compiled to an older target is a plain function, and one of an abstract class is not there. */
function mayStream(method: unknown): boolean {
  return tagOf(method) !== '[object AsyncFunction]';
}

function tagOf(method: unknown): string {
  return Object.prototype.toString.call(method);
}
