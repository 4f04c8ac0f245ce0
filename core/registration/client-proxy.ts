/**
 * @module ClientProxy: the object behind `node.client(BehaviorClass, route)`. It only knows the class's methods: a name that the class
 * does not offer is refused without sending.
 */
import type { Client, ClientCallOptions } from '../api/client.js';
import { descriptorOf, rpcMethodsOf } from '../api/descriptor.js';
import type { CallRequest } from '../api/ports.js';
import { type Route, toService } from '../api/routes.js';
import type { BehaviorClass } from './registry.js';

const NO_OPTIONS: ClientCallOptions = {};

/** How the node makes calls. */
export interface ClientCalls {
  request(request: CallRequest, options: ClientCallOptions): Promise<unknown>;
  stream(request: CallRequest, options: ClientCallOptions): AsyncIterable<unknown>;
  unknownMethod(type: string, method: string): Promise<never>;
  unknownStream(type: string, method: string): AsyncIterable<never>;
}

/** The methods that the class offers are made once, as the client's own; every other name comes from its prototype, and is refused. */
export function clientOf<C extends BehaviorClass>(type: C, route: Route, calls: ClientCalls): Client<C> {
  const { serviceId, name } = descriptorOf(type);
  const target = (route.type === 'service' || route.type === 'services') && route.serviceId === undefined ? toService(serviceId) : route;
  const prototype = (type as unknown as { prototype: Record<string, unknown> }).prototype;
  const refusal = (method: string) => () =>
    isStream(prototype[method]) ? calls.unknownStream(name, method) : calls.unknownMethod(name, method);
  const get = (_target: object, method: string | symbol) => (isHidden(method) ? undefined : refusal(method as string));
  const client: Record<string, unknown> = Object.create(new Proxy({}, { get }));
  for (const method of rpcMethodsOf(type)) {
    if (isHidden(method)) continue;
    client[method] = isStream(prototype[method])
      ? (value?: unknown, options: ClientCallOptions = NO_OPTIONS) => calls.stream({ route: target, serviceId, method, value }, options)
      : (value?: unknown, options: ClientCallOptions = NO_OPTIONS) => calls.request({ route: target, serviceId, method, value }, options);
  }
  return client as Client<C>;
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
