/**
 * @module Options of `EnvelopeMesh`, and the checks of what its methods are given.
 */
import { NetworkError } from '../../core/index.js';
import type { EnvelopeAddress } from './outcomes.js';

export interface EnvelopeMeshOptions {
  /**
   * For so long at least, and twice as long at most, `remove` answers a connection that has ended by itself. 60,000 ms by default; 0:
   * `remove` answers `not-found` at once; an hour at most.
   */
  readonly keepDisconnectedMs?: number;
  /** So many ended connections at most; the oldest gives way. 1,024 by default, 1 to 65,536. Each keeps what was not sent. */
  readonly keepDisconnectedMax?: number;
}

const CAPACITY_MAX = 1_048_576;
const UNIQUE_ID_LENGTH_MAX = 256;

export function resolveMeshOptions(options: EnvelopeMeshOptions): Required<EnvelopeMeshOptions> {
  checkNames(options, ['keepDisconnectedMs', 'keepDisconnectedMax']);
  const { keepDisconnectedMs = 60_000, keepDisconnectedMax = 1_024 } = options;
  requireWhole('keepDisconnectedMs', keepDisconnectedMs, 0, 3_600_000);
  requireWhole('keepDisconnectedMax', keepDisconnectedMax, 1, 65_536);
  return { keepDisconnectedMs, keepDisconnectedMax };
}

export function checkCapacity(name: string, capacity: number): void {
  requireWhole(name, capacity, 1, CAPACITY_MAX);
}

/** A name that is none of them does nothing, which nobody would notice. */
export function checkNames(options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(unknown, 'is none of the options');
}

export function checkPayload(payload: unknown): void {
  if (!(payload instanceof Uint8Array)) throw invalid('payload', 'must be a Uint8Array');
}

export function checkAddress(address: EnvelopeAddress): EnvelopeAddress {
  if (typeof address === 'number' || typeof address === 'string') return address;
  throw invalid('id', 'must be the number that add answered, or a unique id');
}

export function checkUniqueId(uniqueId: unknown): void {
  if (typeof uniqueId === 'string' && uniqueId.length >= 1 && uniqueId.length <= UNIQUE_ID_LENGTH_MAX) return;
  throw invalid('uniqueId', `must be a text of 1 to ${UNIQUE_ID_LENGTH_MAX} characters`);
}

export function requireWhole(name: string, value: unknown, min: number, max: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw invalid(name, `is ${String(value)}; it must be a whole number from ${min} to ${max}`);
}

export function invalid(name: string, text: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `envelopes: ${name} ${text}`);
}
