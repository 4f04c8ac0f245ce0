/**
 * @module Client: the type of `node.client(BehaviorClass, route)`, taken from the class itself. Types only; the calls are made by
 * `node.ts`. A class with `rpc: [...] as const` in its `static behavior` narrows its client to these methods; otherwise every public
 * method of its own is there, and one that the remote does not offer rejects with `RPC_METHOD_UNKNOWN`, without sending.
 */

import type { AnyClass } from './descriptor.js';
import type { NetworkBehavior } from './network-behavior.js';

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

/** A typed client of a behaviour's class: `Client<typeof Greeter>`. */
export type Client<C extends AnyClass<NetworkBehavior>> = {
  readonly [Name in ClientMethodName<C>]: ClientMethod<InstanceType<C>[Name]>;
};

/** The methods that a client of the class has. */
export type ClientMethodName<C extends AnyClass<NetworkBehavior>> = Narrowed<C, OwnMethodName<InstanceType<C>>>;

/** What a method of a behaviour is on the client: the request, if the method has one, then the options of the call. */
export type ClientMethod<M> = M extends (...args: infer Args) => infer Result
  ? (...args: ClientArguments<Args>) => ClientResult<Awaited<Result>>
  : never;

type ClientArguments<Args extends readonly unknown[]> = Args extends readonly []
  ? [request?: undefined, options?: ClientCallOptions]
  : Args extends readonly [infer Request, ...unknown[]]
    ? [request: Request, options?: ClientCallOptions]
    : [request?: Args[0], options?: ClientCallOptions];

/** A stream of responses stays one; anything else comes as a promise. */
type ClientResult<Result> = [Result] extends [AsyncIterable<infer Item> | Generator<infer Item, unknown, never>]
  ? AsyncIterable<Item>
  : Promise<Result>;

type OwnMethodName<B> = {
  [Name in Exclude<keyof B, keyof NetworkBehavior>]: B[Name] extends (...args: never[]) => unknown ? Name : never;
}[Exclude<keyof B, keyof NetworkBehavior>] &
  string;

type Narrowed<C, Name> = C extends { readonly behavior: { readonly rpc: readonly (infer Listed)[] } } ? Extract<Name, Listed> : Name;
