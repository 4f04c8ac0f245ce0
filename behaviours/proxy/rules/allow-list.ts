/**
 * @module AllowList: which targets this node connects to for others: none, unless a rule says so. What counts is the address that is really connected,
 * after the look-up of a name: a private or special address, such as one of this machine, is reached only by a rule that names it or its range,
 * whatever name led there. Pure.
 */
import { hasPrefix, rangeOfBytes } from '../../../core/address/address-class.js';
import { hasName, hasPort, isConnectable, parseRule, type Rule } from './rule.js';
import { isLoopback, type Target } from './target.js';

/** Rules of one node. */
export const RULES_MAX = 1_024;

export class AllowList {
  private readonly rules: readonly Rule[];

  /** `texts`: as `parseRule` reads them. */
  constructor(texts: readonly string[]) {
    this.rules = texts.flatMap((text) => parseRule(text) ?? []);
  }

  /** Whether any address that the target may turn out to have can be allowed: if not, no resolver is asked. */
  mayAdmit({ host, port, bytes }: Target): boolean {
    if (bytes !== undefined) return true;
    return this.rules.some((rule) => hasPort(rule, port) && (rule.type !== 'name' || hasName(rule, host)));
  }

  /** Whether the address may be connected, for the target whose look-up gave it. `isOwn`: it is one of this machine's. */
  admits({ host, port, bytes: numeric }: Target, address: Uint8Array, isOwn: boolean): boolean {
    if (!isConnectable(address)) return false;
    const isOrdinary = rangeOfBytes(address).name === 'public' && !isOwn;
    return this.rules.some((rule) => {
      if (!hasPort(rule, port)) return false;
      if (rule.type === 'public') return isOrdinary;
      if (rule.type === 'name') return isOrdinary && numeric === undefined && hasName(rule, host);
      const { prefix, bits } = rule;
      if (prefix.length !== address.length || !hasPrefix(address, prefix, bits)) return false;
      return isOrdinary || namesIt(rule, address, isOwn);
    });
  }
}

/** Of an own address on a network the address itself has to be named: what listens there may trust whoever is on this machine. */
function namesIt({ isNamed, bits }: Extract<Rule, { type: 'range' }>, address: Uint8Array, isOwn: boolean): boolean {
  const isSingle = bits === address.length * 8;
  return isSingle || (isNamed && (isLoopback(address) || !isOwn));
}
