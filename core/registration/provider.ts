/**
 * @module Provider: what an application registers for injection beside behaviours (the `provide` option), and its check. Builds nothing.
 */

import type { AnyClass } from '../api/descriptor.js';
import type { NetworkError } from '../errors.js';
import { errorOf, faultOf, type GraphNode, isBehaviorClass } from './dependency-graph.js';
import { isToken, type Token, tokenName, tokensOf } from './injection.js';

/**
 * One element of the `provide` option. A factory gets the values of `inject`, in order; a class gets what its own `inject` says.
 * Both are made once per node, when first wanted, and are disposed of with it, if they have `[Symbol.dispose]` or `dispose`.
 */
export type Provider =
  | { readonly token: Token; readonly useValue: unknown }
  | { readonly token: Token; readonly useFactory: (...values: never[]) => unknown; readonly inject?: readonly [] | readonly Token[] }
  | { readonly token: Token; readonly useClass: AnyClass };

export interface PlannedProvider extends GraphNode {
  readonly provider: Provider;
}

const USES = ['useValue', 'useFactory', 'useClass'];

/** Throws `OPTION_INVALID` when the entry is not sound. */
export function planProvider(provider: Provider): PlannedProvider {
  const token: unknown = Object(provider).token;
  if (!isToken(token)) throw refused(`provide has an entry for the token ${tokenName(token)}`, 'a token is a class, a symbol or a string');
  const label = `provide for ${tokenName(token)}`;
  const uses = USES.filter((use) => use in provider);
  if (uses.length !== 1) throw refused(`${label} has ${uses.join(' and ') || 'no value'}`, `give exactly one of ${USES.join(', ')}`);
  return { label, token, needs: needsOf(provider, label), hasOptions: false, provider };
}

function needsOf(provider: Provider, label: string): readonly Token[] {
  if ('useValue' in provider) return [];
  if ('useClass' in provider) {
    if (isBehaviorClass(provider.useClass)) throw refused(`${label} makes a behaviour`, 'put its class into behaviors');
    if (typeof provider.useClass !== 'function') throw refused(`${label} has a useClass that is no class`, 'give a class');
    return tokensOf(provider.useClass);
  }
  const { useFactory, inject = [] } = provider;
  if (typeof useFactory !== 'function') throw refused(`${label} has a useFactory that is no function`, 'give a function');
  if (Array.isArray(inject) && inject.every(isToken)) return inject;
  throw refused(`${label} injects what is no token`, 'give a list of classes, symbols and strings');
}

function refused(what: string, cure: string): NetworkError {
  return errorOf([faultOf('OPTION_INVALID', what, cure)]);
}
