/**
 * @module Values: values of an application in bytes and back, checked by the map's validator both ways: other members of the space write to it, too. What
 * was given is written; readers get what the validator returns for it.
 */
import { decodeValue, encodeValue, limitReached, NetworkError, type NodeId } from '../../../core/index.js';
import { check, type Validator } from '../../../core/schema/index.js';
import { VALUE_BYTES_MAX } from '../entries/entry.js';
import type { Revision } from '../entries/revision.js';
import type { FoundValue } from '../messages.js';

/** A value and where it stands. */
export interface MapEntry<V> {
  readonly key: string;
  readonly value: V;
  readonly revision: Revision;
  /** The node that wrote it; behind a relay, as that claims. */
  readonly source: NodeId;
}

export class Values<V, In = V> {
  constructor(private readonly validator: Validator<V> | undefined) {}

  /** Rejects with `SCHEMA_MISMATCH`, `CODEC_UNENCODABLE`, and `LIMIT_EXCEEDED` for what is too large. */
  async encode(value: In): Promise<Uint8Array> {
    if (value === undefined)
      throw new NetworkError(
        'ARGUMENT_INVALID',
        'the value is undefined, which readers could not tell from none: delete the key, or write null',
      );
    await this.checked(value, 'the value');
    const bytes = encodeValue(value);
    const limit = { limit: 'valueBytesMax', current: bytes.length, maximum: VALUE_BYTES_MAX, scope: 'a value' };
    if (bytes.length > VALUE_BYTES_MAX) throw limitReached(limit);
    return bytes;
  }

  /**
   * The value, or a promise of it where a validator looks at it; nothing of the bytes is kept. `SCHEMA_MISMATCH` for what somebody else wrote and is no
   * value of this map.
   */
  valueOf(bytes: Uint8Array, key: string): V | Promise<V> {
    const decoded = decodeValue(bytes);
    if (decoded === undefined)
      throw new NetworkError('SCHEMA_MISMATCH', `the value of ${key} is not encoded as values are`, { details: { key } });
    return this.validator === undefined ? (decoded.value as V) : this.checked(decoded.value, `the value of ${key}`, key);
  }

  async entryOf({ revision, source, value }: FoundValue, key: string): Promise<MapEntry<V>> {
    return { key, value: await this.valueOf(value, key), revision, source };
  }

  private async checked(value: unknown, what: string, key?: string): Promise<V> {
    if (this.validator === undefined) return value as V;
    const checked = await check(this.validator, value);
    if (checked.isValid) return checked.value;
    throw new NetworkError('SCHEMA_MISMATCH', `${what} is not what the map's validator demands: ${checked.issues.join('; ')}`, {
      details: { key },
      cause: checked.thrown?.error,
    });
  }
}
