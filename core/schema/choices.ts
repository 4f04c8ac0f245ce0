/**
 * @module Choices: schemas that choose between others, let a value be absent, narrow it or make something else of it.
 */
import { type Flaw, type Infer, pathTo, type Schema, schema, WRONG, wholly } from './schema.js';

/** The value, or `undefined` where it is absent. */
export function optional<T>({ what, read, explain }: Schema<T>): Schema<T | undefined> {
  return schema(what, (value) => (value === undefined ? undefined : read(value)), explain);
}

/** The value, or another one where it is absent. */
export function fallback<T>({ what, read, explain }: Schema<T>, absent: NoInfer<T>): Schema<T> {
  return schema(what, (value) => (value === undefined ? absent : read(value)), explain);
}

/** What `change` makes of the value that was read. It does not throw. */
export function mapped<T, R>({ what, read, explain }: Schema<T>, change: (value: T) => R): Schema<R> {
  return schema(
    what,
    (value) => {
      const inner = read(value);
      return inner === WRONG ? WRONG : change(inner as T);
    },
    explain,
  );
}

/**
 * A value for which something else holds, too: `must` goes on where the path ends, as in `must not be less than minMs`. `at`: the field that
 * is to blame.
 */
export function refined<T>({ what, read, explain }: Schema<T>, must: string, isRight: (value: T) => boolean, at?: string): Schema<T> {
  return schema(
    what,
    (value) => {
      const inner = read(value);
      return inner === WRONG || isRight(inner as T) ? inner : WRONG;
    },
    (value, path, flaws) => {
      if (read(value) === WRONG) explain(value, path, flaws);
      else flaws.push({ path: at === undefined ? path : pathTo(path, at), text: must });
    },
  );
}

/** The first of these that reads the value. */
export function either<const S extends readonly Schema<unknown>[]>(...choices: S): Schema<Infer<S[number]>> {
  const what = [...new Set(choices.map((choice) => choice.what))].join(', or ');
  const explain = wholly(what);
  return schema(
    what,
    (value) => {
      for (const { read } of choices) {
        const inner = read(value);
        if (inner !== WRONG) return inner as Infer<S[number]>;
      }
      return WRONG;
    },
    (value, path, flaws) => {
      const nearest = nearestChoice(choices, value, path);
      if (nearest === undefined) explain(value, path, flaws);
      else flaws.push(...nearest);
    },
  );
}

/** The flaws of the choice that fits best, of those that find flaws within the value; a value of another kind than all of them is wrong as a whole. */
function nearestChoice(choices: readonly Schema<unknown>[], value: unknown, path: string): readonly Flaw[] | undefined {
  const all = choices.map(({ explain }) => {
    const flaws: Flaw[] = [];
    explain(value, path, flaws);
    return flaws;
  });
  const within = all.filter((flaws) => flaws.length > 0 && flaws.every((flaw) => flaw.path !== path));
  return within.sort((left, right) => left.length - right.length)[0];
}

type Cases = Readonly<Record<number, Schema<unknown>>>;
type Chosen<C extends Cases> = Infer<C[keyof C]>;

/** A list whose first item, a whole number, selects the schema that reads all of it. */
export function byFirst<const C extends Cases>(cases: C): Schema<Chosen<C>> {
  return chosen(cases, 'a list that begins with a known number', (value) => (Array.isArray(value) ? (value[0] as unknown) : undefined));
}

/**
 * An object in which one field, a whole number, selects the schema that reads all of it. `otherwise`: what is read for other whole numbers, where a
 * later version may have more.
 */
export function byField<const C extends Cases, T = never>(name: string, cases: C, otherwise?: T): Schema<Chosen<C> | T> {
  const tagOf = (value: unknown) =>
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  const { what, read, explain } = chosen(cases, `an object with a known ${name}`, tagOf);
  if (otherwise === undefined) return schema<Chosen<C> | T>(what, read, explain);
  const isLater = (tag: unknown) => Number.isSafeInteger(tag) && !Object.hasOwn(cases, tag as number);
  return schema<Chosen<C> | T>(what, (value) => (isLater(tagOf(value)) ? otherwise : read(value)), explain);
}

function chosen<C extends Cases>(cases: C, what: string, tagOf: (value: unknown) => unknown): Schema<Chosen<C>> {
  const explain = wholly(what);
  const caseOf = (value: unknown): Schema<unknown> | undefined => {
    const tag = tagOf(value);
    return typeof tag === 'number' && Object.hasOwn(cases, tag) ? cases[tag] : undefined;
  };
  return schema(
    what,
    (value) => (caseOf(value)?.read(value) ?? WRONG) as Chosen<C>,
    (value, path, flaws) => (caseOf(value)?.explain ?? explain)(value, path, flaws),
  );
}
