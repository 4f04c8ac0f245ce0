/**
 * @module Schema: what a value must be, as a value that reads it. One set of combinators serves options, whose flaws are explained to the
 * person who wrote them, and bodies of messages, whose flaws are never explained to a remote. Here is what they have in common; `scalars.ts` and
 * `containers.ts` have the combinators, `readers.ts` turns a schema into the function that a module needs. Pure.
 */

/** What `read` gives for a value that is not as it must be; `undefined` is a value. */
export const WRONG: unique symbol = Symbol('wrong');
export type Wrong = typeof WRONG;

/** One thing that is wrong with a value. */
export interface Flaw {
  /** Where, in what the user passed: `peers[2].port`; empty for the value itself. */
  readonly path: string;
  /** Goes on where the path ends: `is 0; it must be a whole number from 1 to 65535`. */
  readonly text: string;
}

export interface Schema<out T> {
  /** What it must be, behind "must be". */
  readonly what: string;
  /**
   * The value as the schema has it, or `WRONG`. Where nothing changes it is the same object; what a schema of fields does not name is left
   * out. Never throws, whatever a remote sent.
   */
  readonly read: (value: unknown) => T | Wrong;
  /** Adds every flaw of a value that `read` refuses. */
  readonly explain: (value: unknown, path: string, flaws: Flaw[]) => void;
}

/** What a schema reads. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/** The one constructor: all schemas have one shape, so that reading one of many costs little. Without `explain`, the value is wrong as a whole. */
export function schema<T>(what: string, read: Schema<T>['read'], explain: Schema<T>['explain'] = wholly(what)): Schema<T> {
  return { what, read, explain };
}

/** Explains that a value is not what it must be. */
export function wholly(what: string): Schema<unknown>['explain'] {
  return (value, path, flaws) => void flaws.push({ path, text: `is ${shown(value)}; it must be ${what}` });
}

/** A value for people. Texts and bytes may be secrets, and are not shown. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : `a text of ${value.length} characters`;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `a list of ${value.length}`;
      return value instanceof Uint8Array ? `${value.length} bytes` : 'an object';
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}

export function pathTo(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
