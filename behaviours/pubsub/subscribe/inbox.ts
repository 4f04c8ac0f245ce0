/**
 * @module Inbox: the messages of one subscription that its consumer has not taken yet. Bounded in number and bytes; what has no room is lost by
 * the rule that the subscription chose, and whoever it belonged to is called. Pure.
 */
import { BoundedQueue } from '../../../core/index.js';
import type { TopicMessage } from './topic-message.js';

/**
 * What happens at the bound. `wait`: the publisher is held back on that topic, with all its other subscribers there. `drop-oldest`,
 * `drop-newest`: one message is missed. `latest`: of each publisher and topic only the newest message waits.
 */
export type WhenFull = 'wait' | 'drop-oldest' | 'drop-newest' | 'latest';

/** A message that waits, and whose it is. */
export interface InboxItem<Owner> {
  readonly owner: Owner;
  readonly message: TopicMessage;
  readonly byteCount: number;
}

/** All waiting messages of a subscription together. */
export const INBOX_BYTES_MAX = 16 * 1024 * 1024;
/** What an item costs beside its content. */
const ITEM_BYTES = 128;

/** An item in its place; an empty place is passed over. */
interface Place<Owner> {
  item: InboxItem<Owner> | undefined;
  readonly byteCount: number;
}

export class Inbox<Owner extends object> {
  private readonly places: BoundedQueue<Place<Owner>>;
  /** Of each owner, for `latest`. */
  private readonly newest = new Map<Owner, Place<Owner>>();
  private count = 0;

  constructor(
    readonly lengthMax: number,
    readonly whenFull: WhenFull,
    /** The message will not be taken. */
    private readonly lost: (item: InboxItem<Owner>) => void,
  ) {
    const sizeOf = ({ byteCount }: Place<Owner>) => byteCount + ITEM_BYTES;
    // A publisher may have sent messages before it learnt that it is held back.
    const length = whenFull === 'wait' ? 2 * lengthMax : lengthMax;
    this.places = new BoundedQueue({ name: 'inbox', policy: 'reject', lengthMax: length, bytesMax: INBOX_BYTES_MAX, sizeOf });
  }

  get length(): number {
    return this.count;
  }

  get bytes(): number {
    return this.places.bytes;
  }

  push(item: InboxItem<Owner>): void {
    const place = { item, byteCount: item.byteCount };
    if (this.whenFull === 'latest') this.empty(this.newest.get(item.owner));
    while (this.places.push(place) !== 'queued') {
      const oldest = this.whenFull === 'drop-oldest' || this.whenFull === 'latest' ? this.places.shift() : undefined;
      if (oldest === undefined) return this.lost(item);
      this.empty(oldest);
    }
    this.count++;
    if (this.whenFull === 'latest') this.newest.set(item.owner, place);
  }

  shift(): InboxItem<Owner> | undefined {
    for (let place = this.places.shift(); place !== undefined; place = this.places.shift()) {
      const { item } = place;
      if (item === undefined) continue;
      this.count--;
      if (this.newest.get(item.owner) === place) this.newest.delete(item.owner);
      return item;
    }
    return undefined;
  }

  clear(): void {
    this.places.clear();
    this.newest.clear();
    this.count = 0;
  }

  /** What was there will not be taken. */
  private empty(place: Place<Owner> | undefined): void {
    if (place?.item === undefined) return;
    const { item } = place;
    place.item = undefined;
    this.count--;
    if (this.newest.get(item.owner) === place) this.newest.delete(item.owner);
    this.lost(item);
  }
}
