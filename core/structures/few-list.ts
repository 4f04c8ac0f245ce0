/**
 * @module FewList: lists that are empty most of the time, such as what waits for an idle link. An empty one is the same list for all, and costs
 * nothing; one that begins anew has room for one item, where an array that is pushed to has room for seventeen and keeps it. Pure.
 */

/** The empty list. Nobody writes to it. */
const NONE: never[] = [];

export function noneOf<T>(): T[] {
  return NONE;
}

/** The list with the item behind it: use it in place of the one that was given. */
export function withLast<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}

/** The list without its first item, if it has one: use it in place of the one that was given. */
export function withoutFirst<T>(list: T[]): T[] {
  if (list.length <= 1) return NONE;
  list.shift();
  return list;
}
