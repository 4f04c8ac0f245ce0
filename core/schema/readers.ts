/**
 * @module Readers: a schema as the one function that a module needs. Options are for people: every flaw is named with its path. Messages
 * are for remotes: a value, or `undefined`.
 */
import { type ErrorCode, NetworkError } from '../errors.js';
import { type Flaw, type Schema, WRONG } from './schema.js';

/** Reads a decoded body, whatever it is; `undefined` when it is malformed. Never throws. */
export function messageReader<T>(schema: Schema<T>): (value: unknown) => T | undefined {
  return (value) => {
    const read = schema.read(value);
    return read === WRONG ? undefined : read;
  };
}

/**
 * Reads what a person wrote, as `rpc: option callsMax is 0; it must be …`. Throws `code`, with all flaws in one text; the details have the
 * `option` that the first is about. `who`: whose options they are.
 */
export function optionsReader<T>(who: string, schema: Schema<T>, code: ErrorCode = 'OPTION_INVALID'): (given: unknown) => T {
  return (given) => {
    const read = schema.read(given);
    if (read !== WRONG) return read;
    const flaws: Flaw[] = [];
    schema.explain(given, '', flaws);
    const texts = flaws.map(({ path, text }) => (path === '' ? `what was given ${text}` : `option ${path} ${text}`));
    throw new NetworkError(code, `${who}: ${texts.join(', and ')}`, { details: { option: flaws[0]?.path } });
  };
}
