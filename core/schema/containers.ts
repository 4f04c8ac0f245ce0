/**
 * @module Containers: schemas of lists, tuples and objects. What chooses between schemas or changes one stands in `choices.ts`.
 */
import { nearest } from './nearest.js';
import { type Flaw, type Infer, pathTo, type Schema, schema, WRONG, type Wrong, wholly } from './schema.js';

type Fields = Readonly<Record<string, Schema<unknown>>>;
/** What a schema of fields reads. */
export type FieldsOf<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

export interface ListRules {
  readonly min?: number;
  /** Two of the same are refused. */
  readonly isDistinct?: boolean;
}

/** A list of at most `max` items. */
export function list<T>(item: Schema<T>, max: number, { min = 0, isDistinct = false }: ListRules = {}): Schema<readonly T[]> {
  const what = `a list of ${min} to ${max} items${isDistinct ? ', no two of them the same' : ''}`;
  const explain = wholly(what);
  const isForm = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length >= min && value.length <= max;
  return schema(
    what,
    (value) => {
      const items = isForm(value) ? readItems(value, item) : WRONG;
      return items === WRONG || (isDistinct && new Set(items).size < items.length) ? WRONG : items;
    },
    (value, path, flaws) => {
      const countBefore = flaws.length;
      if (isForm(value)) for (const [index, one] of value.entries()) explainPart(item, one, `${path}[${index}]`, flaws);
      if (flaws.length === countBefore) explain(value, path, flaws);
    },
  );
}

/** The list itself while no item is read as something else. */
function readItems<T>(list: readonly unknown[], item: Schema<T>): readonly T[] | Wrong {
  let changed: T[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const read = item.read(list[index]);
    if (read === WRONG) return WRONG;
    if (read !== list[index]) changed ??= list.slice() as T[];
    if (changed !== undefined) changed[index] = read as T;
  }
  return changed ?? (list as readonly T[]);
}

/** A list of exactly these items. */
export function tuple<const S extends readonly Schema<unknown>[]>(...items: S): Schema<{ readonly [I in keyof S]: Infer<S[I]> }> {
  const what = `a list of ${items.length} items`;
  const explain = wholly(what);
  const isForm = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length === items.length;
  return schema(
    what,
    (value) => (isForm(value) ? readTuple(value, items) : WRONG) as never,
    (value, path, flaws) => {
      if (!isForm(value)) explain(value, path, flaws);
      else for (const [index, item] of items.entries()) explainPart(item, value[index], `${path}[${index}]`, flaws);
    },
  );
}

function readTuple(list: readonly unknown[], items: readonly Schema<unknown>[]): readonly unknown[] | Wrong {
  let changed: unknown[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const read = (items[index] as Schema<unknown>).read(list[index]);
    if (read === WRONG) return WRONG;
    if (read !== list[index]) changed ??= list.slice();
    if (changed !== undefined) changed[index] = read;
  }
  return changed ?? list;
}

/** An object with these fields. Others are left out: a later version may send more. */
export function fields<const F extends Fields>(shape: F): Schema<FieldsOf<F>> {
  const names = Object.keys(shape);
  const schemas = Object.values(shape);
  const explain = wholly('an object');
  return schema(
    'an object',
    (value) => {
      if (!isRecord(value)) return WRONG;
      const read: Record<string, unknown> = {};
      for (let index = 0; index < names.length; index++) {
        const name = names[index] as string;
        const item = (schemas[index] as Schema<unknown>).read(value[name]);
        if (item === WRONG) return WRONG;
        read[name] = item;
      }
      return read as FieldsOf<F>;
    },
    (value, path, flaws) => {
      if (!isRecord(value)) explain(value, path, flaws);
      else for (const name of names) explainPart(shape[name] as Schema<unknown>, value[name], pathTo(path, name), flaws);
    },
  );
}

/** An object with these fields and no others: for what people write. */
export function options<const F extends Fields>(shape: F): Schema<FieldsOf<F>> {
  const inner = fields(shape);
  const names = Object.keys(shape);
  const isKnown = (name: string) => Object.hasOwn(shape, name);
  return schema(
    inner.what,
    (value) => (isRecord(value) && !Object.keys(value).every(isKnown) ? WRONG : inner.read(value)),
    (value, path, flaws) => {
      for (const name of isRecord(value) ? Object.keys(value) : [])
        if (!isKnown(name)) flaws.push({ path: pathTo(path, name), text: `is unknown; ${nearest(name, names)}` });
      inner.explain(value, path, flaws);
    },
  );
}

function explainPart(part: Schema<unknown>, value: unknown, path: string, flaws: Flaw[]): void {
  if (part.read(value) === WRONG) part.explain(value, path, flaws);
}

/** An object whose keys are data: each key and each value is read. Two keys that are read as the same are refused. */
export function mapOf<K, V>(key: Schema<K>, value: Schema<V>): Schema<ReadonlyMap<K, V>> {
  const explain = wholly('an object');
  return schema(
    'an object',
    (given) => (isRecord(given) ? readEntries(given, key, value) : WRONG),
    (given, path, flaws) => {
      if (!isRecord(given)) return explain(given, path, flaws);
      const seen = new Set<unknown>();
      for (const [name, item] of Object.entries(given)) {
        const at = `${path}[${JSON.stringify(name)}]`;
        const readKey = key.read(name);
        if (readKey === WRONG) flaws.push({ path: at, text: `is no key; it must be ${key.what}` });
        else if (seen.has(readKey)) flaws.push({ path: at, text: 'is there twice' });
        else explainPart(value, item, at, flaws);
        seen.add(readKey);
      }
    },
  );
}

function readEntries<K, V>(given: Readonly<Record<string, unknown>>, key: Schema<K>, value: Schema<V>): ReadonlyMap<K, V> | Wrong {
  const map = new Map<K, V>();
  for (const [name, item] of Object.entries(given)) {
    const readKey = key.read(name);
    const readItem = value.read(item);
    if (readKey === WRONG || readItem === WRONG || map.has(readKey as K)) return WRONG;
    map.set(readKey as K, readItem as V);
  }
  return map;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
