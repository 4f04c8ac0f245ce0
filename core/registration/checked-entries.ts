/**
 * @module CheckedEntries: what the compiler holds the lists `behaviors` and `provide` to: `inject` against the constructor, and what is provided
 * against the type of its token. Types only; a mistake reads as the sentence that an entry is not assignable to. What has no type, a plain symbol or
 * a text, stands for anything.
 */
import type { NamedToken } from './injection.js';

type List = readonly unknown[];
type AnyConstructor = abstract new (...args: never[]) => unknown;

/** What a token stands for. */
// biome-ignore lint/suspicious/noExplicitAny: what has no type stands for anything
type ValueOf<K> = K extends abstract new (...args: never[]) => infer T ? T : K extends NamedToken<infer T> ? Known<T> : any;
/** A symbol without a type stands for anything. */
// biome-ignore lint/suspicious/noExplicitAny: as above
type Known<T> = unknown extends T ? any : T;

/** `unknown` where each token stands for what its parameter takes; else the sentence. */
type Injection<Tokens extends List, Parameters extends List> = Tokens extends readonly [infer K, ...infer Rest]
  ? Parameters extends readonly [(infer Wanted)?, ...infer Others]
    ? [ValueOf<K>] extends [Wanted]
      ? Injection<Rest, Others>
      : 'inject names a token that stands for something else than its constructor parameter takes'
    : unknown
  : unknown;

type CheckedClass<C> = C extends { readonly inject: infer Tokens extends List }
  ? C extends abstract new (
      ...args: infer Parameters
    ) => unknown
    ? Injection<Tokens, Parameters>
    : unknown
  : unknown;

type CheckedEntry<E> = E extends readonly [infer C, unknown] ? CheckedClass<C> : CheckedClass<E>;

type Fits<V, K> = [V] extends [ValueOf<K>] ? unknown : 'the provider gives something else than its token stands for';

type CheckedProvider<E> = E extends { readonly token: infer K; readonly useValue: infer V }
  ? Fits<V, K>
  : E extends { readonly token: infer K; readonly useClass: infer C extends AnyConstructor }
    ? Fits<ValueOf<C>, K> & CheckedClass<C>
    : E extends { readonly token: infer K; readonly useFactory: (...values: infer Parameters) => infer V }
      ? Fits<V, K> & (E extends { readonly inject: infer Tokens extends List } ? Injection<Tokens, Parameters> : unknown)
      : unknown;

/** A list of behaviours, each with what it injects. */
export type CheckedEntries<B extends List> = { readonly [I in keyof B]: CheckedEntry<B[I]> };
/** A list of providers, each with what its token stands for. */
export type CheckedProviders<P extends List> = { readonly [I in keyof P]: CheckedProvider<P[I]> };
