/**
 * @module Arguments: the checks of what an author or an application passes. What is wrong is named before anything happens: `title` is whose argument it is.
 */
import { Address } from '../../address/address.js';
import type { RpcAnswer, RpcRequest } from '../../api/rpc.js';
import { NetworkError } from '../../errors.js';
import { nearest } from '../../schema/nearest.js';
import { shown } from '../../schema/schema.js';

/** A text, such as the reason of a close. */
export function requireText(title: string, given: unknown): string {
  if (typeof given === 'string') return given;
  throw invalid(title, given, 'a text');
}

/** A number of milliseconds that can be waited for. */
export function requireDuration(title: string, given: unknown): number {
  if (typeof given === 'number' && given > 0) return given;
  throw invalid(title, given, 'a number of milliseconds above 0');
}

/** The same, or none. */
export function requireDelay(title: string, given: unknown): number {
  if (typeof given === 'number' && given >= 0) return given;
  throw invalid(title, given, 'a number of milliseconds of 0 or more');
}

/** A whole number within both bounds, such as a service id. */
export function requireWhole(title: string, given: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(given) && (given as number) >= min && (given as number) <= max) return given as number;
  throw invalid(
    title,
    given,
    max === Number.MAX_SAFE_INTEGER ? `a whole number of ${min} or more` : `a whole number from ${min} to ${max}`,
  );
}

export function requireFunction(title: string, given: unknown): void {
  if (typeof given !== 'function') throw invalid(title, given, 'a function');
}

export function requireFlag(title: string, given: unknown): void {
  if (typeof given !== 'boolean') throw invalid(title, given, 'true or false');
}

/** One of a few names; a near miss is suggested. */
export function requireName(title: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== 'string') throw invalid(title, given, `one of ${names.join(', ')}`);
  if (!names.includes(given))
    throw new NetworkError('ARGUMENT_INVALID', `${title} ${JSON.stringify(given)} is unknown; ${nearest(given, names)}`);
}

/** An object without other keys than these; `undefined` is one without any. */
export function requireOptions(title: string, given: unknown, names: readonly string[]): void {
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid(`${title}: options`, given, 'an object');
  for (const name in given)
    if (!names.includes(name)) throw new NetworkError('ARGUMENT_INVALID', `${title}: option ${name} is unknown; ${nearest(name, names)}`);
}

/** What an application may wait with. */
export function requireSignal(title: string, given: unknown): void {
  if (given === undefined) return;
  const { aborted, addEventListener } = Object(given) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') throw invalid(title, given, 'an AbortSignal');
}

/** What an rpc behaviour delivers. */
export function requireDelivery(request: RpcRequest, answer: RpcAnswer): void {
  const { serviceId, method } = Object(request) as RpcRequest;
  requireWhole('deliverRpc: request.serviceId', serviceId, 0, 255);
  requireText('deliverRpc: request.method', method);
  requireFunction('deliverRpc: answer.error', (Object(answer) as RpcAnswer).error);
  requireFunction('deliverRpc: answer.run', (Object(answer) as RpcAnswer).run);
}

export function requireAddress(title: string, given: unknown): void {
  if (!(given instanceof Address)) throw invalid(title, given, 'an address');
}

/** A copy of a list of addresses. */
export function requireAddresses(title: string, given: unknown, countMax: number): readonly Address[] {
  const isList = Array.isArray(given) && given.length <= countMax && given.every((address) => address instanceof Address);
  if (isList) return [...given];
  throw invalid(title, given, `a list of ${countMax} addresses at most`);
}

/** So many bytes. */
export function requireBytes(title: string, given: unknown, count: number): void {
  if (!(given instanceof Uint8Array) || given.length !== count) throw invalid(title, given, `${count} bytes`);
}

function invalid(title: string, given: unknown, what: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `${title} is ${shown(given)}; it must be ${what}`);
}
