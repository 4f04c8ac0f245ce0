/**
 * @module ClientProxy: the object behind `node.client(BehaviorClass, route)`. It only knows the class's methods: a name that the class
 * does not offer is refused without sending.
 */
import type { Client, ClientCallOptions } from '../api/client.js';
import { contractOf } from '../api/descriptor.js';
import type { CallRequest } from '../api/ports.js';
import { type Route, requireRoute, toService } from '../api/routes.js';
import { NO_RPC_OPTIONS } from '../api/rpc-options.js';
import { NetworkError } from '../errors.js';
import { nearest } from '../schema/nearest.js';
import type { BehaviorClass } from './registry.js';

/** How the node makes calls. */
export interface ClientCalls {
  request(request: CallRequest, options: ClientCallOptions | undefined): Promise<unknown>;
  stream(request: CallRequest, options: ClientCallOptions | undefined): AsyncIterable<unknown>;
  /** Rejects in a later turn. */
  refuse(request: CallRequest, error: NetworkError): Promise<never>;
}

/** By class: methods that were iterated, whatever they look like. */
const iterated = new WeakMap<object, Set<string>>();

/** The methods that the class offers are made once, as the client's own; every other name comes from its prototype, and is refused. */
export function clientOf<C extends BehaviorClass>(type: C, route: Route, calls: ClientCalls): Client<C> {
  const { serviceId, name, methods, options: declared } = contractOf(type);
  requireRoute('client', route);
  const target = (route.type === 'service' || route.type === 'services') && route.serviceId === undefined ? toService(serviceId) : route;
  const { prototype } = type as unknown as { prototype: Record<string, unknown> };
  const streams = iterated.get(type) ?? new Set();
  iterated.set(type, streams);
  const requestOf = (method: string, value?: unknown): CallRequest => {
    const request = { route: target, serviceId, serviceName: name, method, value };
    const { idempotent = false, resumeMs = 0 } = declared.get(method) ?? NO_RPC_OPTIONS;
    return idempotent || resumeMs > 0 ? { ...request, idempotent, resumeMs } : request;
  };
  const refusal = (method: string) => () => {
    const refused = () => calls.refuse(requestOf(method), unknownMethod(method, [...methods]));
    return isGenerator(prototype[method]) ? { [Symbol.asyncIterator]: () => ({ next: refused }) } : refused();
  };
  const get = (_target: object, method: string | symbol) => (isHidden(method) ? undefined : refusal(method as string));
  const client: Record<string, unknown> = Object.create(new Proxy({}, { get }));
  for (const method of methods) {
    const stream = (value?: unknown, options?: ClientCallOptions) => calls.stream(requestOf(method, value), options);
    const request = (value?: unknown, options?: ClientCallOptions) => {
      if (streams.has(method)) return stream(value, options);
      const answer = calls.request(requestOf(method, value), options);
      if (!mayStream(prototype[method])) return answer;
      return iterable(answer, () => {
        streams.add(method);
        return stream(value, options);
      });
    };
    client[method] = isGenerator(prototype[method]) ? stream : request;
  }
  return client as Client<C>;
}

/** A promise that can be iterated instead, as the stream that takes its place. What the promise comes to is of no interest then. */
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

/** A client is no promise, nor encodes itself: `await` must not call a method named then, nor `JSON.stringify` one named toJSON. */
function isHidden(method: string | symbol): boolean {
  return typeof method === 'symbol' || method === 'then' || method === 'toJSON';
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
