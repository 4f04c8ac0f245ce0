/**
 * @module Decorators: `@Behavior`, `@Rpc` and `@OnStream`, sugar over `static behavior`, and `@inject`. They work under the standard dialect of
 * decorators and under TypeScript's legacy one (`experimentalDecorators`), and use no emitted types. Misuse throws where the class is
 * defined. `@inject` needs the legacy dialect, which alone has decorators of parameters; `static inject` works everywhere.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  type AnyClass,
  type BehaviorDescriptor,
  className,
  isRemoteName,
  markOf,
  markOnStream,
  markRpc,
  recordDescriptor,
} from '../api/descriptor.js';
import type { NetworkBehavior } from '../api/network-behavior.js';
import type { RpcContext } from '../api/rpc.js';
import { type RpcMethodOptions, readRpcOptions } from '../api/rpc-options.js';
import type { ByteStream } from '../api/stream.js';
import { NetworkError } from '../errors.js';

export { inject } from './injection.js';

/** What an `@Rpc` method may look like. It may also be async, or an async generator. */
export type RpcMethod = (request: never, context: RpcContext) => unknown;

export type BehaviorDecorator = (type: AnyClass<NetworkBehavior>, context?: ClassDecoratorContext) => void;

/** The two dialects' calls of a method decorator. */
export interface RpcDecorator<Method = RpcMethod> {
  (method: Method, context: ClassMethodDecoratorContext): void;
  <M extends Method>(prototype: object, name: string | symbol, property: TypedPropertyDescriptor<M>): void;
}

/** What an `@Rpc` method may look like whose requests and answers are checked by validators. Of a request that is a stream the items are. */
export type CheckedRpcMethod<Options> =
  | ((request: CheckedRequest<Options>, context: RpcContext) => CheckedAnswer<Options>)
  | ((request: AsyncIterable<CheckedRequest<Options>>, context: RpcContext) => CheckedAnswer<Options>);

type CheckedRequest<Options> = Options extends { readonly input: infer Input extends StandardSchemaV1 }
  ? StandardSchemaV1.InferOutput<Input>
  : never;
type CheckedAnswer<Options> = Options extends { readonly output: infer Output extends StandardSchemaV1 }
  ? Answered<StandardSchemaV1.InferInput<Output>>
  : unknown;
type Answered<T> = T | PromiseLike<T> | AsyncIterable<T> | Generator<T>;

/** What an `@OnStream` method may look like. */
export type StreamMethod = (stream: ByteStream) => unknown;

export interface StreamDecorator {
  (method: StreamMethod, context: ClassMethodDecoratorContext): void;
  <M extends StreamMethod>(prototype: object, name: string | symbol, property: TypedPropertyDescriptor<M>): void;
}

/** Gives a behaviour's class its service id and name. */
export function Behavior(descriptor: Omit<BehaviorDescriptor, 'rpc'>): BehaviorDecorator {
  return (type, context) => {
    const isClass = typeof type === 'function' && (context === undefined || context.kind === 'class');
    if (!isClass) throw misuse('@Behavior', describe(type, context), 'put it above a class that extends NetworkBehavior');
    recordDescriptor(type, descriptor);
  };
}

/** Makes a method callable by other nodes, with what is true of it. With further decorators on the method, write it first. */
export function Rpc(): RpcDecorator;
export function Rpc<const Options extends RpcMethodOptions>(options: Options): RpcDecorator<CheckedRpcMethod<Options>>;
export function Rpc(given?: RpcMethodOptions): RpcDecorator<never> {
  const options = given && readRpcOptions('@Rpc', given);
  return methodDecorator('@Rpc', (method) => markRpc(method, options));
}

/** Makes a method take the streams that other nodes open to this behaviour. It may be async; what it throws resets its stream. */
export function OnStream(): StreamDecorator {
  return methodDecorator('@OnStream', markOnStream);
}

/** A decorator for methods, in both dialects. */
function methodDecorator(
  decorator: string,
  mark: (method: object) => void,
): (target: object, where: unknown, property?: PropertyDescriptor) => void {
  return (target, where, property) => {
    const isStandard = typeof where === 'object' && where !== null;
    const method = isStandard
      ? standardMethod(decorator, target, where as ClassMethodDecoratorContext)
      : legacyMethod(decorator, target, where, property);
    const other = markOf(method);
    const { name } = isStandard ? (where as ClassMethodDecoratorContext) : { name: where };
    if (other !== undefined) throw misuse(decorator, `${String(name)}, which has ${other}`, 'leave one of them out');
    mark(method);
  };
}

function standardMethod(decorator: string, method: object, context: ClassMethodDecoratorContext): object {
  const { kind, name, static: isStatic, private: isPrivate } = context;
  const isMethod = kind === 'method' && !isStatic && !isPrivate;
  check(decorator, isMethod, name, isStatic ? 'a static member' : isPrivate ? 'a private member' : `a ${kind}`);
  return method;
}

function legacyMethod(decorator: string, target: object, name: unknown, property: PropertyDescriptor | undefined): object {
  const method: unknown = property?.value;
  check(decorator, name !== undefined, className(target), 'a class');
  check(decorator, typeof target !== 'function', name, 'a static member');
  check(decorator, typeof method === 'function', name, property === undefined ? 'a field' : 'an accessor');
  return method as object;
}

function check(decorator: string, isMethod: boolean, name: unknown, what: string): void {
  if (!isMethod) throw misuse(decorator, `${what} (${String(name)})`, 'put it on a method');
  if (typeof name !== 'string') throw misuse(decorator, `${String(name)}, which is no text`, 'give the method a name that can be sent');
  if (!isRemoteName(name)) throw misuse(decorator, `${name}, which is a hook or a member of every object`, 'give the method another name');
}

function describe(target: unknown, context: { kind: string } | string | undefined): string {
  if (typeof context === 'object') return `a ${context.kind}`;
  return context === undefined ? className(target) : `the member ${String(context)}`;
}

function misuse(decorator: string, where: string, cure: string): NetworkError {
  return new NetworkError('BEHAVIOR_INVALID', `${decorator} stands on ${where}; ${cure}`, { details: { cure } });
}
