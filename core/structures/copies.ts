/**
 * @module Copies: classes of this package are known also when they come from another copy of it in the same application, whose instances are none of
 * this copy's. Such a value is named plainly: what is said otherwise, that a behaviour is no behaviour, helps nobody.
 */

/** The name of one of the package's classes, the same in all copies. */
export const CLASS_MARK: unique symbol = Symbol.for('meshwright.class') as never;

/** What to do about a value of another copy; stands behind what is wrong. */
export const COPIES_CURE = 'install meshwright once: `npm ls meshwright` shows who brings the other one';
export const OF_ANOTHER_COPY = 'comes from another copy of meshwright in this application';

type Marked = object & { readonly [CLASS_MARK]?: string };

/** Whether a class, or the class of an instance, is that one or extends it, but the one of another copy. */
export function isOfAnotherCopy(value: unknown, own: Marked & { readonly prototype: object }): boolean {
  const type: unknown = typeof value === 'function' ? value : Object(value).constructor;
  if (typeof type !== 'function' || (type as Marked)[CLASS_MARK] !== own[CLASS_MARK]) return false;
  return (
    own[CLASS_MARK] !== undefined && type.prototype !== own.prototype && !Object.prototype.isPrototypeOf.call(own.prototype, type.prototype)
  );
}
