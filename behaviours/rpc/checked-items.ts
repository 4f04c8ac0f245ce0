/**
 * @module CheckedItems: what validators make of the items of streams, and how what does not pass is reported: of a request to its caller, of an
 * answer in the log.
 */
import { NetworkError, RpcError } from '../../core/index.js';
import { type Checked, check, type Validator } from '../../core/schema/index.js';

/** What the validator has made of a value. Throws `SCHEMA_MISMATCH`. */
export function passed(checked: Checked<unknown>): unknown {
  if (checked.isValid) return checked.value;
  throw mismatch('an item', checked.issues);
}

export function mismatch(what: string, issues: readonly string[]): NetworkError {
  return new NetworkError('SCHEMA_MISMATCH', `${what}: ${issues.join('; ')}`);
}

/** The items of a request that is a stream, as the validator has them. One that does not pass is the caller's fault, and it gets to know it. */
export async function* checkedItems(items: AsyncIterable<unknown>, input: Validator): AsyncGenerator<unknown> {
  for await (const item of items) {
    const checked = await check(input, item);
    if (!checked.isValid) throw new RpcError('SCHEMA_MISMATCH', `an item of the request: ${checked.issues.join('; ')}`);
    yield checked.value;
  }
}
