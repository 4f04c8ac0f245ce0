/**
 * @module OutboundFlow: the sending side of an ordered flow of items: a bounded queue, whose items are numbered as they are sent, within the
 * credit that the other side grants. A position counts units since the flow began: an item has one, or as many as `unitsOf` says (bytes).
 * What was sent is forgotten, or, with `keepsSent`, kept until it is confirmed, so that it is sent again over the next link
 * (`flow-session.ts`). A flow ends after its last item, with a reason of the owner's choice (`finish`).
 *
 * Pure. Its owner sends `next` and calls `sent`, until there is no next item or no room in the lane, so that an owner of many flows may serve
 * them in turn.
 */
import { NetworkError } from '../../errors.js';
import { CreditSender, type GrantResult } from '../../structures/credit.js';

export interface OutboundFlowOptions<T> {
  /** Units that may wait, and with `keepsSent` be unconfirmed; 1 or more. */
  readonly capacity: number;
  /** A whole number from 1 to the smallest window of the receiver, which takes an item as a whole. Absent: every item is one unit. */
  readonly unitsOf?: (item: T) => number;
  /** Units that may be sent before the first grant, as both sides know; 0 by default. */
  readonly granted?: number;
  /** Keeps what was sent until `confirm`. */
  readonly keepsSent?: boolean;
}

interface Entry<T> {
  readonly item: T;
  readonly units: number;
  /** Where it began when it was sent last. Numbers only fall, as gaps close and epochs begin anew: an old one is not below the new one. */
  position: number | undefined;
}

/** The item that is sent next. */
export interface NextItem<T> {
  readonly item: T;
  readonly units: number;
}

/** Slots of entries that have left are given back when they are so many, and more than those in use. */
const SLOTS_LEFT_MIN = 64;

export class OutboundFlow<T, Ending extends object = never> {
  /** From `#head` on: first those that were sent over this link and are not confirmed, then those that wait. */
  #entries: (Entry<T> | undefined)[] = [];
  #head = 0;
  #sentCount = 0;
  /** Units of all entries. */
  #units = 0;
  /** Where the first entry begins, or will. */
  #base = 0;
  /** Where the furthest item ended that was ever sent in this epoch. */
  #furthest = 0;
  /** What was used of it is the position of the next item. */
  #credit: CreditSender;
  #wantSent = 0;
  #ending: { readonly value: Ending; isSent: boolean } | undefined;
  readonly #capacity: number;
  readonly #unitsOf: (item: T) => number;
  readonly #keepsSent: boolean;

  constructor({ capacity, unitsOf = () => 1, granted = 0, keepsSent = false }: OutboundFlowOptions<T>) {
    if (!Number.isSafeInteger(capacity) || capacity < 1)
      throw new NetworkError('ARGUMENT_INVALID', `capacity is ${capacity}; it must be a whole number of 1 or more`);
    this.#capacity = capacity;
    this.#unitsOf = unitsOf;
    this.#keepsSent = keepsSent;
    this.#credit = new CreditSender(granted);
  }

  /** Items that wait, and that are not confirmed. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Where the next item begins. */
  get position(): number {
    return this.#credit.used;
  }

  /** Units that may be sent now. */
  get available(): number {
    return this.#credit.available;
  }

  /** Items that were not sent over this link, oldest first: a copy. */
  get waiting(): readonly T[] {
    return this.#slice(this.#sentCount, this.length).map(({ item }) => item);
  }

  /** Whether the item is taken: there is room for it, and the flow has not ended. */
  push(item: T): boolean {
    const units = this.#unitsOf(item);
    if (this.#ending !== undefined || this.#units + units > this.#capacity) return false;
    this.#entries.push({ item, units, position: undefined });
    this.#units += units;
    return true;
  }

  /** The item that may be sent now; `undefined` when none waits, or for lack of credit. */
  get next(): NextItem<T> | undefined {
    const entry = this.#at(this.#sentCount);
    return entry !== undefined && entry.units <= this.#credit.available ? entry : undefined;
  }

  /** `next` was sent. */
  sent(): void {
    const entry = this.#at(this.#sentCount) as Entry<T>;
    entry.position = this.position;
    this.#credit.spend(entry.units);
    this.#furthest = Math.max(this.#furthest, this.position);
    this.#sentCount++;
    if (!this.#keepsSent) this.#shift(entry);
  }

  /** Nothing is pushed any more: the flow ends after what waits; after what was sent, if `remove` has taken back the rest. */
  finish(ending: Ending): void {
    this.#ending ??= { value: ending, isSent: false };
  }

  /** How the flow ends, once everything before the end was sent; `undefined` before that, and when it was sent itself. */
  get endingDue(): Ending | undefined {
    const isDue = this.#ending?.isSent === false && this.#sentCount === this.length;
    return isDue ? this.#ending?.value : undefined;
  }

  endingSent(): void {
    if (this.#ending !== undefined) this.#ending.isSent = true;
  }

  /** The receiver has granted a total. */
  onGrant(total: unknown): GrantResult {
    return this.#credit.onGrant(total);
  }

  /** The total that would let everything be sent that waits, once for each time that the credit has run out. */
  get wantDue(): number | undefined {
    const isBlocked = this.#sentCount < this.length && this.next === undefined;
    return isBlocked && this.#wantSent <= this.position ? this.#base + this.#units : undefined;
  }

  /** The receiver was sent that total. */
  wantSent(total: number): void {
    this.#wantSent = total;
  }

  /** The receiver has everything up to the position. Returns the items that are confirmed; `undefined` when that cannot be. */
  confirm(position: number): T[] | undefined {
    if (position < this.#base || position > this.position) return undefined;
    const confirmed = this.#dropBefore(position);
    return this.#base === position ? confirmed : undefined;
  }

  /** The link has ended: what is not confirmed waits again. Returns what was on the link, of which the receiver may have some. */
  linkEnded(): T[] {
    const onLink = this.#slice(0, this.#sentCount).map(({ item }) => item);
    this.#begin(this.#base, 0);
    return onLink;
  }

  /** On the next link the receiver has everything up to the position, and grants a total. Returns as `confirm`. */
  resume(position: number, granted: number): T[] | undefined {
    if (position < this.#base || position > this.#furthest) return undefined;
    const confirmed = this.#dropBefore(position);
    this.#startAt(position, granted);
    return confirmed;
  }

  /** On the next link the receiver begins a new epoch: it knows nothing of what was sent, and grants a total. */
  restart(granted: number): void {
    this.#startAt(0, granted);
  }

  /** Takes items back that are not on the link. */
  remove(isMeant: (item: T) => boolean): T[] {
    const kept = this.#slice(0, this.#sentCount);
    const removed: T[] = [];
    for (const entry of this.#slice(this.#sentCount, this.length)) {
      if (!isMeant(entry.item)) kept.push(entry);
      else {
        this.#units -= entry.units;
        removed.push(entry.item);
      }
    }
    this.#entries = kept;
    this.#head = 0;
    return removed;
  }

  /** Positions begin anew, at this one. */
  #startAt(position: number, granted: number): void {
    this.#furthest = position;
    this.#begin(position, granted);
  }

  #begin(position: number, granted: number): void {
    this.#base = position;
    this.#sentCount = 0;
    this.#wantSent = 0;
    this.#credit = new CreditSender(Math.max(position, granted), position);
    if (this.#ending !== undefined) this.#ending.isSent = false;
  }

  #dropBefore(position: number): T[] {
    const dropped: T[] = [];
    for (let first = this.#at(0); first?.position !== undefined && first.position + first.units <= position; first = this.#at(0)) {
      dropped.push(first.item);
      this.#shift(first);
    }
    return dropped;
  }

  /** The first entry leaves. */
  #shift({ units }: Entry<T>): void {
    this.#entries[this.#head++] = undefined;
    this.#units -= units;
    this.#base += units;
    this.#sentCount = Math.max(0, this.#sentCount - 1);
    if (this.#head < SLOTS_LEFT_MIN || this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#slice(0, this.length);
    this.#head = 0;
  }

  #at(index: number): Entry<T> | undefined {
    return this.#entries[this.#head + index];
  }

  #slice(first: number, end: number): Entry<T>[] {
    return this.#entries.slice(this.#head + first, this.#head + end) as Entry<T>[];
  }
}
