/**
 * @module Join: leads two pipes into each other. Each direction holds one piece at most, and ends by itself; when one fails both pipes are reset.
 */
import type { BytePipe } from '../../../core/index.js';

/** Counts what passes, and may hold it up. */
export type Passing = (byteCount: number) => Promise<void> | undefined;

export interface Passings {
  /** From the first pipe to the second, and back. */
  readonly there: Passing;
  readonly back: Passing;
}

const FREE: Passings = { there: () => undefined, back: () => undefined };

/** Resolves when both directions have ended. Rejects with the first failure; both pipes are reset with what `reasonOf` makes of it. */
export async function join(one: BytePipe, other: BytePipe, reasonOf: (error: unknown) => string, { there, back } = FREE): Promise<void> {
  try {
    await Promise.all([carry(one, other, there), carry(other, one, back)]);
  } catch (error) {
    const reason = reasonOf(error);
    one.reset(reason);
    other.reset(reason);
    throw error;
  }
}

/** Until the end of the one, which is that of the other. */
export async function carry(from: Pick<BytePipe, 'read'>, to: Pick<BytePipe, 'write' | 'end'>, passing: Passing): Promise<void> {
  for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) {
    const held = passing(bytes.length);
    if (held !== undefined) await held;
    await to.write(bytes);
  }
  await to.end();
}
