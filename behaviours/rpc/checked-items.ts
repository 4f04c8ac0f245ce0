/**
 * @module CheckedItems: what validators make of the items of streams, and how what does not pass is reported: of a request to its caller, of an
 * answer in the log, and so is what a validator throws.
 */
import { NetworkError, RpcError } from '../../core/index.js';
import { type Checked, check, type Validator } from '../../core/schema/index.js';

/** Of what is not valid. */
export type Refused = Extract<Checked<unknown>, { readonly isValid: false }>;

/** What the validator has made of a value. Throws `SCHEMA_MISMATCH`. */
export function passed(checked: Checked<unknown>): unknown {
  if (checked.isValid) return checked.value;
  throw mismatch('an item', checked);
}

export function mismatch(what: string, { issues, thrown }: Refused): NetworkError {
  return new NetworkError('SCHEMA_MISMATCH', `${what}: ${issues.join('; ')}`, { cause: thrown?.error });
}

/** The items of a request that is a stream, as the validator has them. One that does not pass is the caller's fault, and it gets to know it. */
export async function* checkedItems(items: AsyncIterable<unknown>, input: Validator): AsyncGenerator<unknown> {
  for await (const item of items) {
    const checked = await check(input, item);
    if (!checked.isValid) throw refusal('an item of the request', checked);
    yield checked.value;
  }
}

/** What the caller is answered; what the validator itself has thrown is this node's fault. */
export function refusal(what: string, { issues, thrown }: Refused): unknown {
  return thrown === undefined ? new RpcError('SCHEMA_MISMATCH', `${what}: ${issues.join('; ')}`) : thrown.error;
}
