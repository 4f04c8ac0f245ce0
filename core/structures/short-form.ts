/**
 * @module ShortForm: what `console.log` and `util.inspect` show of an object whose inside is large, or nobody's business: the facts that its
 * `toJSON` gives.
 */

interface Encoded {
  toJSON(): object;
}

type Inspect = (value: unknown, options: unknown) => string;

/** For a static block of the class. */
export function showsShortForm(type: { readonly prototype: Encoded }): void {
  const inspected = function (this: Encoded, _depth: number, options: unknown, inspect: Inspect): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  };
  Object.defineProperty(type.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: inspected });
}
