/**
 * @module ClientProxy: the object behind `node.client(BehaviorClass, route)`. It only knows the class's methods: a name that the class
 * does not offer is refused without sending.
 */
import type { Client, ClientCallOptions } from '../api/client.js';
import { descriptorOf, rpcMethodsOf } from '../api/descriptor.js';
import type { CallRequest } from '../api/ports.js';
import { type Route, toService } from '../api/routes.js';
import type { BehaviorClass } from './registry.js';

/** How the node makes calls. */
export interface ClientCalls {
  request(request: CallRequest, options: ClientCallOptions): Promise<unknown>;
  stream(request: CallRequest, options: ClientCallOptions): AsyncIterable<unknown>;
  unknownMethod(type: string, method: string): Promise<never>;
  unknownSequence(type: string, method: string): AsyncIterable<never>;
}

export function clientOf<C extends BehaviorClass>(type: C, route: Route, calls: ClientCalls): Client<C> {
  const { serviceId, name } = descriptorOf(type);
  const methods = rpcMethodsOf(type);
  const target = (route.type === 'service' || route.type === 'services') && route.serviceId === undefined ? toService(serviceId) : route;
  const prototype = (type as unknown as { prototype: Record<string, unknown> }).prototype;
  const methodOf =
    (method: string) =>
    (value?: unknown, options: ClientCallOptions = {}) => {
      const isStream = isSequence(prototype[method]);
      if (!methods.has(method)) return isStream ? calls.unknownSequence(name, method) : calls.unknownMethod(name, method);
      const request = { route: target, serviceId, method, value };
      return isStream ? calls.stream(request, options) : calls.request(request, options);
    };
  // A client is no promise: `await node.client(…)` must not call a method named then.
  const get = (_target: object, method: string | symbol) =>
    typeof method === 'symbol' || method === 'then' ? undefined : methodOf(method);
  return new Proxy({}, { get }) as Client<C>;
}

/** Whether a method is a generator, and its answer therefore a sequence. */
function isSequence(method: unknown): boolean {
  const tag = Object.prototype.toString.call(method);
  return tag === '[object AsyncGeneratorFunction]' || tag === '[object GeneratorFunction]';
}
