/**
 * @module Refusals: the errors with which operations on maps end, by what their owner answered.
 */
import { type ByteReader, limitReached, NetworkError } from '../../../core/index.js';
import { LIMIT_NAMES, STATUS } from '../messages.js';

export function uncertain(text: string, details: Readonly<Record<string, unknown>> = {}): NetworkError {
  return new NetworkError('WRITE_UNCERTAIN', text, { details });
}

export function unheld(text: string, isApplied: boolean): NetworkError {
  return new NetworkError('NO_REPLICA', text, { details: { isApplied } });
}

export function refusalOf(status: number, reader: ByteReader): NetworkError {
  switch (status) {
    case STATUS.limit: {
      const limit = LIMIT_NAMES[reader.u8()] ?? 'keysMax';
      // Epochs are counted in 32 bits.
      const configured = limit === 'epochsMax' ? {} : { configKey: limit };
      return limitReached({ limit, current: reader.u48(), maximum: reader.u48(), scope: 'the owner of the map', ...configured });
    }
    case STATUS.denied:
      return new NetworkError('WRITE_DENIED', "the owner's authorize refuses writes of this node to that key");
    case STATUS.storageFailed:
      return new NetworkError('STORAGE_FAILED', 'the owner could not keep the write; it may last all the same');
    default:
      return new NetworkError('PROTOCOL_ERROR', 'the owner does not understand the request');
  }
}
