/**
 * @module Client: the type of `node.client(BehaviorClass, route)`, taken from the class itself. Types only; the calls are made by
 * `node.ts`. A class with `rpc: [...] as const` in its `static behavior` narrows its client to these methods; otherwise every public
 * method of its own is there, and one that the remote does not offer rejects with `RPC_METHOD_UNKNOWN`, without sending.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { NodeId } from '../address/node-id.js';
import type { AnyClass } from './descriptor.js';
import type { NetworkBehavior } from './network-behavior.js';
import type { RouteOf } from './routes.js';

/** The last argument of every method of a client. */
export interface ClientCallOptions {
  /** Absent: 10 s. */
  readonly timeoutMs?: number;
  /** Cancels the call, also on the remote node. */
  readonly signal?: AbortSignal;
  /**
   * True: a call without a route waits for one instead of failing with `RPC_UNREACHABLE`; `timeoutMs` covers the wait and the call. Without a
   * `timeoutMs` the wait takes 10 s at most, and the call has its own default after it. False by default.
   */
  readonly waitForRoute?: boolean;
}

/** The same of methods that return a stream of responses. */
export interface ClientStreamOptions extends ClientCallOptions {
  /** Until the first item. Absent: `timeoutMs`. */
  readonly firstItemMs?: number;
  /** From one item to the next. Absent: `timeoutMs`. */
  readonly nextItemMs?: number;
}

/** A typed client of a behaviour's class: `Client<typeof Greeter>`. */
export type Client<C extends AnyClass<NetworkBehavior>> = {
  readonly [Name in ClientMethodName<C>]: ClientMethod<InstanceType<C>[Name], MethodOptions<C, Name>>;
};

/** The methods that a client of the class has. */
export type ClientMethodName<C extends AnyClass<NetworkBehavior>> = Narrowed<C, OwnMethodName<InstanceType<C>>>;

/** What a method of a behaviour is on the client: the request, if the method has one, then the options of the call. */
export type ClientMethod<M, Declared = unknown> = M extends (...args: infer Args) => infer Result
  ? (...args: ClientArguments<Args, Declared, OptionsFor<Awaited<Result>>>) => ClientResult<Awaited<Result>, Declared>
  : never;

/** What `requestMany` takes. */
export interface ManyOptions {
  /** So many good answers end it. Absent: it ends with its time, or after 4,096 answers. */
  readonly enough?: number;
  /** 10 s by default; 1 to 86,400,000. */
  readonly timeoutMs?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** The answer of one of many nodes. */
export type ManyAnswer<T> = {
  readonly nodeId: NodeId;
  /** True only when it is an authenticated neighbour, or this node. Over relays its id is a claim. */
  readonly nodeVerified: boolean;
} & ({ readonly type: 'ok'; readonly value: T } | { readonly type: 'error'; readonly code: string; readonly text: string });

/** The methods that many nodes can be asked for at once: they answer once, and neither request nor answer is a stream. */
export type ManyMethodName<C extends AnyClass<NetworkBehavior>> = {
  [Name in ClientMethodName<C>]: Client<C>[Name] extends (request: infer Request, ...rest: never[]) => Promise<infer Answer>
    ? true extends HasStream<Request> | IsStream<Request> | HasStream<Answer> | IsStream<Answer>
      ? never
      : Name
    : never;
}[ClientMethodName<C>];

/** The request and the answer of such a method. */
export type ManyRequest<C extends AnyClass<NetworkBehavior>, Name extends ClientMethodName<C>> = Parameters<Client<C>[Name]>[0];
export type ManyResult<C extends AnyClass<NetworkBehavior>, Name extends ClientMethodName<C>> = Awaited<ReturnType<Client<C>[Name]>>;

/** What `requestMany` takes of a class and one of its methods. */
export type ManyArguments<C extends AnyClass<NetworkBehavior>, Name extends ClientMethodName<C>> = [
  type: C,
  route: RouteOf<'services'>,
  method: Name,
  request: ManyRequest<C, Name>,
  options?: ManyOptions,
];

/** What it gives. */
export type ManyAnswers<C extends AnyClass<NetworkBehavior>, Name extends ClientMethodName<C>> = AsyncIterable<
  ManyAnswer<ManyResult<C, Name>>
>;

type ClientArguments<Args extends readonly unknown[], Declared, Options> = Args extends readonly []
  ? [request?: undefined, options?: Options]
  : Args extends readonly [infer Request, ...unknown[]]
    ? [request: RequestOf<Request, Declared>, options?: Options]
    : [request?: RequestOf<Args[0], Declared>, options?: Options];

/** What a validator takes goes before what the method takes; of a stream it takes the items. */
type RequestOf<Request, Declared> = Declared extends { readonly input: infer Input extends StandardSchemaV1 }
  ? [Request] extends [AsyncIterable<unknown>]
    ? Items<StandardSchemaV1.InferInput<Input>>
    : WithItems<StandardSchemaV1.InferInput<Input>>
  : [IsStream<Request>] extends [true]
    ? Given<Request>
    : WithItems<Request>;

/** What may be given where a method takes items. */
type Items<Item> = AsyncIterable<Item> | Generator<Item, unknown, unknown>;
type Given<T> = T extends Readable ? T : T extends AsyncIterable<infer Item> ? Items<Item> : T;
type WithItems<T> = [HasStream<T>] extends [true] ? { [Name in keyof T]: Given<T[Name]> } : T;
type Readable = ReadableStream<Uint8Array>;

type IsAny<T> = 0 extends 1 & T ? true : false;
/** Of several types it may be one of: `boolean`. */
type IsStream<T> = IsAny<T> extends true ? false : T extends AsyncIterable<unknown> ? true : false;
/** Whether a field is a stream. */
type HasStream<T> =
  IsAny<T> extends true
    ? false
    : [T] extends [object]
      ? true extends { [Name in keyof T]: IsStream<T[Name]> }[keyof T]
        ? true
        : false
      : false;

/** A stream of responses stays one; anything else comes as a promise. */
type ClientResult<Result, Declared> = [Result] extends [Readable]
  ? Promise<Result>
  : [Result] extends [AsyncIterable<infer Item> | Generator<infer Item, unknown, never>]
    ? AsyncIterable<Validated<Item, Declared>>
    : Promise<Validated<Result, Declared>>;

type Validated<Result, Declared> = Declared extends { readonly output: infer Output extends StandardSchemaV1 }
  ? StandardSchemaV1.InferOutput<Output>
  : Result;

type OptionsFor<Result> = [Result] extends [Readable]
  ? ClientCallOptions
  : [Result] extends [AsyncIterable<unknown> | Generator<unknown, unknown, never>]
    ? ClientStreamOptions
    : ClientCallOptions;

type OwnMethodName<B> = {
  [Name in Exclude<keyof B, keyof NetworkBehavior>]: B[Name] extends (...args: never[]) => unknown ? Name : never;
}[Exclude<keyof B, keyof NetworkBehavior>] &
  string;

type Narrowed<C, Name> = C extends { readonly behavior: { readonly rpc: infer Offered extends object } }
  ? Extract<Name, Offered extends readonly (infer Listed)[] ? Listed : keyof Offered>
  : Name;

/** What `static behavior` declares of a method; what `@Rpc` does is not known to types. */
type MethodOptions<C, Name> = C extends { readonly behavior: { readonly rpc: infer Offered extends object } }
  ? Name extends keyof Offered
    ? Offered[Name]
    : unknown
  : unknown;
