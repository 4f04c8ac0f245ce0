/**
 * @module Options of `EnvelopeMesh`, and the checks of what its methods are given.
 */
import { NetworkError } from '../../../core/index.js';
import { fallback, options, optionsReader, whole } from '../../../core/schema/index.js';
import { CAPACITY_MAX } from '../channel.js';
import type { EnvelopeAddress } from './outcomes.js';

export interface EnvelopeMeshOptions {
  /**
   * For so long at least, and twice as long at most, `remove` returns a connection that has ended by itself. 60,000 ms by default; 0:
   * `remove` returns `not-found` at once; an hour at most.
   */
  readonly keepDisconnectedMs?: number;
  /** So many ended connections at most; the oldest gives way. 1,024 by default, 1 to 65,536. Each keeps what was not sent. */
  readonly keepDisconnectedMax?: number;
}

const UNIQUE_ID_LENGTH_MAX = 256;
const CAPACITY = whole(1, CAPACITY_MAX);

/** Throws `ARGUMENT_INVALID`. */
export const readMeshOptions = optionsReader(
  'envelopes',
  options({
    incomingCapacity: CAPACITY,
    outgoingCapacity: CAPACITY,
    keepDisconnectedMs: fallback(whole(0, 3_600_000), 60_000),
    keepDisconnectedMax: fallback(whole(1, 65_536), 1_024),
  }),
  'ARGUMENT_INVALID',
);

export function checkPayload(payload: unknown): void {
  if (!(payload instanceof Uint8Array)) throw invalid('payload', 'must be a Uint8Array');
}

export function checkAddress(address: EnvelopeAddress): EnvelopeAddress {
  if (typeof address === 'number' || typeof address === 'string') return address;
  throw invalid('id', 'must be the number that add returned, or a unique id');
}

export function checkUniqueId(uniqueId: unknown): void {
  if (typeof uniqueId === 'string' && uniqueId.length >= 1 && uniqueId.length <= UNIQUE_ID_LENGTH_MAX) return;
  throw invalid('uniqueId', `must be a text of 1 to ${UNIQUE_ID_LENGTH_MAX} characters`);
}

export function invalid(name: string, text: string): NetworkError {
  return new NetworkError('ARGUMENT_INVALID', `envelopes: ${name} ${text}`);
}
