/**
 * @module Resolve: host to numeric addresses. A numeric host is its own answer; a name is asked of the system, and its answers are
 * ordered as RFC 8305 wants it: IPv6 first, the families taking turns.
 */
import { type LookupAddress, lookup } from 'node:dns';
import type { Address } from '../../core/address/address.js';
import type { Dial, ResolveSink } from '../../core/api/transport.js';
import { apart } from '../../core/platform/node/apart.js';
import type { HostResolver } from '../../core/platform/node/dns-resolver.js';
import { unresolved } from './system-error.js';

export type { HostAnswer, HostResolver } from '../../core/platform/node/dns-resolver.js';

/** Answers of one name that are looked at; further ones are not tried. */
const ANSWERS_MAX = 16;

/** Asks the system as every program does (hosts file, then DNS), in its pool of threads. It cannot be cancelled. */
export const systemResolver: HostResolver = (name, settle) => {
  apart(() => lookup(name, { all: true, verbatim: true }, (error, answers) => (error ? settle([], error) : settle(answers))));
};

/** Calls back later, never during the call: with numeric hosts, or with an error. Returns what the resolver does. */
export function resolveHost(
  address: Address,
  resolver: HostResolver,
  settle: (hosts: readonly string[], error?: Error) => void,
): (() => void) | undefined {
  if (address.hostKind === 'name') {
    const cancel: unknown = resolver(address.host, (answers, error) => {
      const hosts = inTurns(answers).slice(0, ANSWERS_MAX);
      if (hosts.length > 0) settle(hosts);
      else settle([], error ?? NO_ANSWER);
    });
    return typeof cancel === 'function' ? () => cancel() : undefined;
  }
  queueMicrotask(() => settle([address.host]));
  return undefined;
}

/** The addresses that a name stands for, for the engine. Once cancelled, what the resolver still finds is ignored. */
export function resolveName(name: Address, resolver: HostResolver, sink: ResolveSink): Dial {
  let isDone = false;
  const cancelLookup = resolveHost(name, resolver, (hosts, error) => {
    if (isDone) return;
    if (error === undefined) sink.onResolved(hosts.map((host) => name.withHost(host)));
    else sink.onFailed(unresolved('dial', name, error));
  });
  const cancel = () => {
    isDone = true;
    cancelLookup?.();
  };
  return { cancel };
}

const NO_ANSWER = Object.assign(new Error('the name has no address'), { code: 'ENODATA' });

/** IPv6, IPv4, IPv6, … each once, in the system's order. */
export function inTurns(answers: readonly LookupAddress[]): readonly string[] {
  const hostsOf = (family: number) => answers.filter((answer) => answer.family === family).map((answer) => answer.address);
  const [ipv6, ipv4] = [hostsOf(6), hostsOf(4)];
  const turns = Array.from({ length: Math.max(ipv6.length, ipv4.length) }, (_, index) => [ipv6[index], ipv4[index]]);
  return [...new Set(turns.flat().filter((host) => host !== undefined))];
}
