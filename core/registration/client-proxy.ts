/**
 * @module ClientProxy: the object behind `node.client(BehaviorClass, route)`. It only knows the class's methods: a name that the class
 * does not offer is refused without sending.
 */
import type { Client, ClientCallOptions } from '../api/client.js';
import { descriptorOf, rpcMethodsOf } from '../api/descriptor.js';
import type { CallRequest } from '../api/ports.js';
import { type Route, requireRoute, toService } from '../api/routes.js';
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

/** The methods that the class offers are made once, as the client's own; every other name comes from its prototype, and is refused. */
export function clientOf<C extends BehaviorClass>(type: C, route: Route, calls: ClientCalls): Client<C> {
  const { serviceId, name } = descriptorOf(type);
  requireRoute('client', route);
  const target = (route.type === 'service' || route.type === 'services') && route.serviceId === undefined ? toService(serviceId) : route;
  const prototype = (type as unknown as { prototype: Record<string, unknown> }).prototype;
  const requestOf = (method: string, value?: unknown): CallRequest => ({ route: target, serviceId, serviceName: name, method, value });
  const refusal = (method: string) => () => {
    const refused = () => calls.refuse(requestOf(method), unknownMethod(method, [...rpcMethodsOf(type)]));
    return isStream(prototype[method]) ? { [Symbol.asyncIterator]: () => ({ next: refused }) } : refused();
  };
  const get = (_target: object, method: string | symbol) => (isHidden(method) ? undefined : refusal(method as string));
  const client: Record<string, unknown> = Object.create(new Proxy({}, { get }));
  for (const method of rpcMethodsOf(type)) {
    if (isHidden(method)) continue;
    client[method] = isStream(prototype[method])
      ? (value?: unknown, options?: ClientCallOptions) => calls.stream(requestOf(method, value), options)
      : (value?: unknown, options?: ClientCallOptions) => calls.request(requestOf(method, value), options);
  }
  return client as Client<C>;
}

function unknownMethod(method: string, offered: readonly string[]): NetworkError {
  return new NetworkError('RPC_METHOD_UNKNOWN', `the class offers no method ${method}; ${nearest(method, offered)}`);
}

/** A client is no promise, nor encodes itself: `await` must not call a method named then, nor `JSON.stringify` one named toJSON. */
function isHidden(method: string | symbol): boolean {
  return typeof method === 'symbol' || method === 'then' || method === 'toJSON';
}

/** Whether a method is a generator, and its answer therefore a stream of responses. */
function isStream(method: unknown): boolean {
  const tag = Object.prototype.toString.call(method);
  return tag === '[object AsyncGeneratorFunction]' || tag === '[object GeneratorFunction]';
}
