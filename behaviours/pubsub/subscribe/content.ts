/**
 * @module Content of a message, read: the value in memory of its own, as its topic's validator has it.
 */
import { type BehaviorAgent, decodeValueAt } from '../../../core/index.js';
import { check, type Validator } from '../../../core/schema/index.js';
import { copyOf } from '../../../core/structures/bytes.js';
import { FORM_BYTES, FORM_CBOR } from '../messages.js';

/** Why there is no value. */
export type Unread = 'malformed' | 'invalid';

/** `malformed`: it cannot be decoded. `invalid`: it is not as the validator demands, or that is asynchronous. */
export function contentOf(
  agent: BehaviorAgent,
  schema: Validator | undefined,
  form: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly value: unknown } | Unread {
  const decoded =
    form === FORM_BYTES
      ? { value: copyOf(bytes, start, end) }
      : form === FORM_CBOR
        ? decodeValueAt(bytes, start, end, agent.limits)
        : undefined;
  if (decoded === undefined || schema === undefined) return decoded ?? 'malformed';
  const checked = check(schema, decoded.value);
  return 'isValid' in checked && checked.isValid ? { value: checked.value } : 'invalid';
}
