/**
 * @module Items: an async iterator of what comes one by one. Whoever leaves it, by `return` or `throw`, ends it at once: each `next` that waits is done. A
 * generator would end only when it has what it waits for. Calls of `next` are served in their order.
 */
import { NetworkError } from '../errors.js';
import { limitReached } from '../limits.js';

export type ItemResult<T> = IteratorResult<T, undefined>;

/** Gives the result of one `next`; an error rejects it, a promise that is rejected ends the iteration, too. */
export type SettleItem<T> = (outcome: ItemResult<T> | Promise<never> | Error) => void;

export interface ItemSource<T> {
  /**
   * Gives the next item, or `DONE`, once, perhaps during this call. Not called again before. Returns what gives it up, if it waits: what is given later is
   * nobody's.
   */
  take(settle: SettleItem<T>): (() => void) | undefined;
  /** Whoever iterates has left before the end. */
  leave?(): void;
}

/** The end. */
export const DONE: ItemResult<never> = { done: true, value: undefined };

/** Of what `undefined` ends. */
export function resultOf<T>(given: T | NetworkError | undefined): ItemResult<T> | NetworkError {
  if (given === undefined) return DONE;
  return given instanceof NetworkError ? given : { done: false, value: given };
}

/** Calls of `next` that may wait. */
const PENDING_MAX = 1_024;

type Resolve<T> = (result: ItemResult<T> | Promise<never>) => void;

export type Items<T> = AsyncIterableIterator<T, undefined>;

export function itemsOf<T>(source: ItemSource<T>): Items<T> {
  const { wait, end } = serving(source);
  const items: Items<T> = {
    next: () => new Promise(wait),
    return: async () => {
      end();
      return DONE;
    },
    throw: async (cause) => {
      end();
      throw cause;
    },
    [Symbol.asyncIterator]: () => items,
  };
  return items;
}

/** Serves those who wait, one after the other: `current` is of the item that is asked for now. */
function serving<T>(source: ItemSource<T>): { wait(resolve: Resolve<T>): void; end(): void } {
  const pending: Resolve<T>[] = [];
  let isOver = false;
  let isServing = false;
  let current: SettleItem<T> | undefined;
  let giveUp: (() => void) | undefined;
  const end = (leave?: () => void) => {
    if (isOver) return;
    isOver = true;
    if (current !== undefined) giveUp?.();
    current = undefined;
    for (const resolve of pending.splice(0)) resolve(DONE);
    leave?.();
  };
  const take = () => {
    const settle: SettleItem<T> = (outcome) => {
      if (current !== settle) return;
      current = undefined;
      pending.shift()?.(outcome instanceof Error ? Promise.reject(outcome) : outcome);
      if (outcome === DONE || outcome instanceof Promise) end();
      else serve();
    };
    current = settle;
    giveUp = taken(source, settle);
  };
  const serve = () => {
    if (isServing) return;
    isServing = true;
    while (current === undefined && pending.length > 0) take();
    isServing = false;
  };
  const wait = (resolve: Resolve<T>) => {
    const { length } = pending;
    if (isOver) return resolve(DONE);
    if (length >= PENDING_MAX) throw limitReached({ limit: 'next', current: length, maximum: PENDING_MAX, scope: 'iteration' });
    pending.push(resolve);
    serve();
  };
  return { wait, end: () => end(() => source.leave?.()) };
}

/** What it throws is the outcome. */
function taken<T>(source: ItemSource<T>, settle: SettleItem<T>): (() => void) | undefined {
  try {
    return source.take(settle);
  } catch (error) {
    settle(error as Error);
    return undefined;
  }
}
