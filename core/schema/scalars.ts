/**
 * @module Scalars: schemas of values that have no parts.
 */
import { type Schema, schema, WRONG, wholly } from './schema.js';

/** Whatever it is, `undefined` included: for what is checked elsewhere. */
export function unchecked<T>(): Schema<T> {
  return schema('anything', (value) => value as T);
}

/** The same, where no type is known. */
export const anything: Schema<unknown> = unchecked();

export const boolean: Schema<boolean> = schema('true or false', (value) => (typeof value === 'boolean' ? value : WRONG));

/** A whole number within both bounds. */
export function whole(min = 0, max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  const what = max === Number.MAX_SAFE_INTEGER ? `a whole number of ${min} or more` : `a whole number from ${min} to ${max}`;
  return schema(what, (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : WRONG,
  );
}

/** Any number within both bounds. */
export function number(min: number, max: number): Schema<number> {
  return schema(`a number from ${min} to ${max}`, (value) => (typeof value === 'number' && value >= min && value <= max ? value : WRONG));
}

export interface TextRules {
  /** Characters at least; 0 by default. */
  readonly min?: number;
  readonly pattern?: RegExp;
  /** In error messages, in place of the bounds. */
  readonly what?: string;
}

/** A text of at most `max` characters, in units of UTF-16. */
export function text(max: number, { min = 0, pattern, what = `a text of ${min} to ${max} characters` }: TextRules = {}): Schema<string> {
  return schema(what, (value) => {
    if (typeof value !== 'string' || value.length < min || value.length > max) return WRONG;
    return pattern === undefined || pattern.test(value) ? value : WRONG;
  });
}

/** So many bytes, or from `min` to `max`. They are not copied. */
export function bytes(min: number, max = min): Schema<Uint8Array> {
  const what = min === max ? `${min} bytes` : `${min} to ${max} bytes`;
  return schema(what, (value) => (value instanceof Uint8Array && value.length >= min && value.length <= max ? value : WRONG));
}

/** One of these very values. */
export function oneOf<const T extends readonly (string | number | boolean | undefined)[]>(...values: T): Schema<T[number]> {
  const what = values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`;
  const explain = wholly(what);
  return schema(
    what,
    (value) => (values.includes(value as T[number]) ? (value as T[number]) : WRONG),
    (value, path, flaws) => {
      if (typeof value === 'string' && value.length <= 32) flaws.push({ path, text: `is ${JSON.stringify(value)}; it must be ${what}` });
      else explain(value, path, flaws);
    },
  );
}

/** A function; how it is called is not checked. */
export function callable<T>(what = 'a function'): Schema<T> {
  return schema(what, (value) => (typeof value === 'function' ? (value as T) : WRONG));
}

/** An instance of a class. `what`: for error messages. */
export function instance<T>(type: { readonly prototype: T }, what: string): Schema<T> {
  return schema(what, (value) => (value instanceof (type as abstract new () => T) ? value : WRONG));
}

/** What a function makes of a value; `undefined` refuses it. The function does not throw. */
export function parsed<T extends {}>(what: string, parse: (value: unknown) => T | undefined): Schema<T> {
  return schema(what, (value) => parse(value) ?? WRONG);
}

/** What an application waits with; also of another copy of the platform's class. */
export function signal(): Schema<AbortSignal> {
  return parsed('an AbortSignal', (value) => {
    const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
    return typeof aborted === 'boolean' && typeof addEventListener === 'function' ? (value as AbortSignal) : undefined;
  });
}
