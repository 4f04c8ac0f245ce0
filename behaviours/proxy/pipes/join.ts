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

const FREE: Passing = () => undefined;
/** Of what an application gives at once. */
const PIECE_BYTES_MAX = 65_536;

/** Resolves when both directions have ended. Rejects with the first failure; both pipes are reset with what `reasonOf` makes of it. */
export async function join(
  one: BytePipe,
  other: BytePipe,
  reasonOf: (error: unknown) => string,
  { there, back }: Partial<Passings> = {},
): Promise<void> {
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
export async function carry(from: Pick<BytePipe, 'read'>, to: Pick<BytePipe, 'write' | 'end'>, passing = FREE): Promise<void> {
  for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) {
    const held = passing(bytes.length);
    if (held !== undefined) await held;
    await to.write(bytes);
  }
  await to.end();
}

/** The same from the body of a request or a response, of which a chunk may have any length. */
export async function carryBody(
  body: ReadableStream<Uint8Array> | null,
  to: Pick<BytePipe, 'write' | 'end'>,
  passing = FREE,
): Promise<void> {
  for await (const chunk of body ?? [])
    for (let at = 0; at < chunk.length; at += PIECE_BYTES_MAX) {
      const piece = chunk.subarray(at, at + PIECE_BYTES_MAX);
      const held = passing(piece.length);
      if (held !== undefined) await held;
      await to.write(piece);
    }
  await to.end();
}
