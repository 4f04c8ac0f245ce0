/**
 * @module Options of a put.
 */
import { optional, options, optionsReader, whole } from '../../../core/schema/index.js';
import { STORE_LIMITS } from './record-store.js';

/** Options of a put. */
export interface PutOptions {
  /** How many nodes have to keep it before `put` resolves; 5 by default, or all where there are fewer. 1 to 32. */
  readonly copies?: number;
  /** How long it is kept, if it is not put again: this node does so while it runs. 3,600,000 ms, an hour, by default; 1,000 to 86,400,000, a day. */
  readonly ttlMs?: number;
}

const PUT = { copies: optional(whole(1, 32)), ttlMs: optional(whole(1_000, STORE_LIMITS.ttlMsMax)) };
const EXPECTED_MAX = 2 ** 48 - 1;

/** Throws `OPTION_INVALID`, naming the options. */
export const readPutOptions: (given: PutOptions) => unknown = optionsReader('put', options(PUT));
/** As `readPutOptions`, for a signed value. */
export const readSignedOptions: (given: PutOptions & { readonly expected?: number }) => unknown = optionsReader(
  'putSigned',
  options({ ...PUT, expected: optional(whole(0, EXPECTED_MAX)) }),
);
