/**
 * @module Injection: tokens, which of them a constructor wants, and the empty container. The only file that knows tsyringe. Tokens are
 * explicit: no emitted types are read, nothing is registered globally.
 * Read next: `dependency-graph.ts` (the check), `container.ts` (the building).
 */
import './metadata.js';
import 'reflect-metadata/lite';
import { type DependencyContainer, container as root, inject as tsyringeInject } from 'tsyringe';
import type { NodeId } from '../address/node-id.js';
import { type AnyClass, className } from '../api/descriptor.js';
import type { HttpPort } from '../api/http-port.js';
import type { LanPort } from '../api/lan-port.js';
import type { NodeView } from '../api/node-view.js';
import type { Clock, Logger, Random, Sealer, Signer, Storage } from '../api/ports.js';
import type { SocketPort } from '../api/socket-port.js';
import { NetworkError } from '../errors.js';
import { shown } from '../schema/schema.js';

export type { DependencyContainer };

declare const provides: unique symbol;

/** A symbol that says which type it stands for. */
export type NamedToken<T> = symbol & { readonly [provides]?: T };
/** What can be injected: a class stands for its instance; symbols and strings stand for what `provide` says. */
export type Token<T = unknown> = AnyClass<T> | NamedToken<T> | symbol | string;

/** Makes a token of an own: `const GREETING = token<string>('greeting')`. The name is for error texts. */
export function token<T>(name: string): NamedToken<T> {
  return Symbol(name) as NamedToken<T>;
}

/** The options that stand beside the behaviour's own class in `[class, options]`; `undefined` without. */
export const OPTIONS = token<unknown>('OPTIONS');
export const NODE_ID = token<NodeId>('NODE_ID');
export const CLOCK = token<Clock>('CLOCK');
export const RANDOM = token<Random>('RANDOM');
export const LOGGER = token<Logger>('LOGGER');
/** Token of what the node shows of itself. */
export const NODE_VIEW = token<NodeView>('NODE_VIEW');
/** Token of what signs with the node's identity. */
export const SIGNER = token<Signer>('SIGNER');
/** Token of what keeps bytes between runs. */
export const STORAGE = token<Storage>('STORAGE');
/** Token of what seals for the members of the space. */
export const SEALER = token<Sealer>('SEALER');
/** Token of the local network's multicast; provided where the platform has it. */
export const LAN_PORT = token<LanPort>('LAN_PORT');
/** Token of TCP to other programs; provided where the platform has it. */
export const SOCKET_PORT = token<SocketPort>('SOCKET_PORT');
/** Token of HTTP with other programs; provided where the platform has it. */
export const HTTP_PORT = token<HttpPort>('HTTP_PORT');

/** Where tsyringe keeps the tokens of decorated parameters; a test holds it to that. */
const PARAMETER_TOKENS = 'injectionTokens';

export type ParameterInjector = (target: object, method: string | symbol | undefined, index: number) => void;

/** `constructor(@inject(TOKEN) readonly value: Type)`. For the legacy dialect of decorators; `static inject = [TOKEN]` is for all. */
export function inject<T>(wanted: Token<T>): ParameterInjector {
  return (target, method, index) => {
    const isConstructor = typeof target === 'function' && method === undefined && typeof index === 'number';
    if (!isConstructor)
      throw misuse(
        target,
        'uses @inject on something else than a constructor parameter',
        'put it on one, or write static inject = [TOKEN]',
      );
    if (!isToken(wanted)) throw notAToken(target as unknown as AnyClass, index, wanted);
    tsyringeInject(wanted as string)(target, method, index);
  };
}

/**
 * What the constructor of a class wants, in order: its `static inject`, its decorated parameters, or those of the class above. A
 * subclass with another constructor says so itself (`static inject = []`).
 */
export function tokensOf(type: AnyClass): readonly Token[] {
  for (let level: unknown = type; typeof level === 'function'; level = Object.getPrototypeOf(level)) {
    const tokens = ownTokens(level as unknown as AnyClass);
    if (tokens === undefined) continue;
    tokens.forEach((wanted, index) => {
      if (!isToken(wanted)) throw notAToken(type, index, wanted);
    });
    return tokens as readonly Token[];
  }
  return [];
}

export function isToken(value: unknown): value is Token {
  return (
    typeof value === 'symbol' ||
    (typeof value === 'string' && value !== '') ||
    (typeof value === 'function' && typeof value.prototype === 'object')
  );
}

/** How texts name a token. */
export function tokenName(given: unknown): string {
  if (typeof given === 'function') return className(given);
  if (typeof given === 'symbol') return given.description ?? 'an unnamed symbol';
  return typeof given === 'string' ? JSON.stringify(given) : shown(given);
}

/** A child container: what is registered in it is not seen elsewhere. */
export function createContainer(parent: DependencyContainer = root): DependencyContainer {
  return parent.createChildContainer();
}

function ownTokens(type: AnyClass): readonly unknown[] | undefined {
  const listed = Object.getOwnPropertyDescriptor(type, 'inject')?.value as unknown;
  const decorated = Reflect.getOwnMetadata(PARAMETER_TOKENS, type) as Record<number, unknown> | undefined;
  if (listed === undefined) return decorated === undefined ? undefined : parameterTokens(decorated);
  if (decorated !== undefined) throw misuse(type, 'has both @inject and static inject', 'leave one of them out');
  if (!Array.isArray(listed)) throw misuse(type, 'has a static inject that is no list', 'write static inject = [TOKEN, …]');
  return listed;
}

/** tsyringe keeps `{ token }` by index; an index between that has none comes out as `undefined`. */
function parameterTokens(decorated: Record<number, unknown>): unknown[] {
  const count = Math.max(...Object.keys(decorated).map(Number)) + 1;
  return Array.from({ length: count }, (_, index) => (decorated[index] as { token?: unknown } | undefined)?.token);
}

function notAToken(type: AnyClass, index: number, given: unknown): NetworkError {
  const fault = `has no token for constructor parameter ${index}${given === undefined ? '' : ` but ${tokenName(given)}`}`;
  return misuse(type, fault, 'give a class, symbol or string; a class that is undefined here comes from a circle of imports');
}

function misuse(type: object | undefined, fault: string, cure: string): NetworkError {
  const name = className(typeof type === 'function' ? type : type?.constructor);
  return new NetworkError('BEHAVIOR_INVALID', `${name} ${fault}; ${cure}`, { details: { behavior: name, cure } });
}
