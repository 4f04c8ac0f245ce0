/**
 * @module InboundFlow: the receiving side of an ordered flow of items (`outbound-flow.ts`). It hands out each item once and in order, keeps
 * those that came early, and grants credit: at most `window` units are here, or in transit, and not consumed. An item is read when the
 * owner takes it over, and consumed when its room is free again, which may be later. The end, and whatever reason the sender gives, is read
 * after the items before it.
 *
 * Pure: what the remote does wrong is a value. When `hasNews`, the owner sends the remote what `announce` returns, then calls `announced`.
 */
import { BoundedQueue } from '../../structures/bounded-queue.js';
import { CreditReceiver } from '../../structures/credit.js';

export interface InboundFlowOptions<T> {
  /** Units that may be here or in transit and not consumed; 0 for none as yet. */
  readonly window: number;
  /** As the sender counts them. Absent: every item is one unit. */
  readonly unitsOf?: (item: T) => number;
  /** Whether the sender keeps items until they are confirmed: every item is news. */
  readonly confirms?: boolean;
}

/** `repeated`: it was here before. `violation`: the remote sent more than it may; nothing of it is kept. */
export type ReceiveResult = 'ok' | 'repeated' | 'violation';

export type ReadResult<T, Ending> =
  | { readonly type: 'item'; readonly item: T }
  /** Everything was read. */
  | { readonly type: 'ending'; readonly ending: Ending };

/** What the remote is to be sent: it may forget what is before `received`, and send up to `granted`. */
export interface Announcement {
  readonly received: number;
  readonly granted: number;
}

export class InboundFlow<T, Ending extends object = never> {
  readonly #credit: CreditReceiver;
  readonly #unitsOf: (item: T) => number;
  readonly #confirms: boolean;
  /** In order and not read. The credit bounds it. */
  readonly #ready = new BoundedQueue<T>({ name: 'inbound flow', policy: 'reject', lengthMax: Number.MAX_SAFE_INTEGER });
  /** Came early, by position. Positions in here go on when those of the remote begin anew at `#origin`. */
  readonly #early = new Map<number, T>();
  #origin = 0;
  /** The next item to read, the first that has not come, and the end of the furthest that has. */
  #readPosition = 0;
  #received = 0;
  #furthest = 0;
  #endPosition = Number.POSITIVE_INFINITY;
  #ending: Ending | undefined;
  #announcedReceived = 0;
  /** The remote does not know yet how much it is granted. */
  #isGrantDue = false;
  #wanted = 0;

  constructor({ window, unitsOf = () => 1, confirms = false }: InboundFlowOptions<T>) {
    this.#credit = new CreditReceiver(window);
    this.#unitsOf = unitsOf;
    this.#confirms = confirms;
  }

  /** Everything before it is here. Where the remote does not number its items, the next one begins there. */
  get received(): number {
    return this.#received - this.#origin;
  }

  get granted(): number {
    return this.#credit.granted - this.#origin;
  }

  get window(): number {
    return this.#credit.window;
  }

  /** Units that may be read now. */
  get unread(): number {
    return this.#received - this.#readPosition;
  }

  /** All items and the ending have arrived. */
  get isComplete(): boolean {
    return this.#received >= this.#endPosition;
  }

  /** All items were read, and the ending is what is read next. */
  get isReadOut(): boolean {
    return this.#readPosition >= this.#endPosition;
  }

  /** Units that may come behind what has come in order. */
  get room(): number {
    return Math.min(this.#credit.granted, this.#endPosition) - this.#received;
  }

  /** An item that begins at the position. */
  receive(item: T, position = this.received): ReceiveResult {
    const at = position + this.#origin;
    const units = this.#unitsOf(item);
    if (at < this.#received || this.#early.has(at)) return 'repeated';
    if (at + units > Math.min(this.#credit.granted, this.#endPosition)) return 'violation';
    if (this.#credit.onReceived(units) === 'violation') return 'violation';
    this.#furthest = Math.max(this.#furthest, at + units);
    if (at > this.#received) this.#early.set(at, item);
    else this.#append(item, units);
    return 'ok';
  }

  /** The remote has ended the flow at the position. Whether that can be; only the first ending counts. */
  end(position: number, ending: Ending): boolean {
    if (this.#ending !== undefined) return true;
    const at = position + this.#origin;
    if (at < this.#furthest || at > this.#credit.granted) return false;
    this.#endPosition = at;
    this.#ending = ending;
    return true;
  }

  /** The flow ends on this side: what has come in order is still read. */
  breakOff(ending: Ending): void {
    this.#endPosition = this.#received;
    this.#ending = ending;
  }

  /** The next item, or the ending after the last; `undefined` as long as it has not come. */
  read(): ReadResult<T, Ending> | undefined {
    if (this.isReadOut) return { type: 'ending', ending: this.#ending as Ending };
    if (this.#ready.length === 0) return undefined;
    const item = this.#ready.shift() as T;
    this.#readPosition += this.#unitsOf(item);
    return { type: 'item', item };
  }

  /** So many units that were read have made room. */
  consumed(units: number): void {
    if (this.#credit.onConsumed(units) !== undefined) this.#isGrantDue = true;
  }

  /** Another window from now on. What was granted stays granted. */
  resize(window: number): void {
    if (this.#credit.resize(window) !== undefined) this.#isGrantDue = true;
  }

  /** The remote would like to have been granted that total: what room there is, it gets at once. */
  onWanted(total: number): void {
    this.#wanted = Math.max(this.#wanted, total + this.#origin);
    if (this.#wanted > this.#credit.granted) this.resize(this.window);
  }

  /** By how many units the window is too narrow for what the remote wants. */
  get wanted(): number {
    return Math.max(0, this.#wanted - this.#credit.total);
  }

  /** Whether the remote is to be sent something. */
  get hasNews(): boolean {
    return this.#isGrantDue || (this.#confirms && this.#received !== this.#announcedReceived);
  }

  /** Whether it waits for that, or will soon: half of what it may send has come. */
  get isUrgent(): boolean {
    return this.hasNews && (this.#received - this.#announcedReceived) * 2 >= this.window;
  }

  /** What the remote is to be sent. Whatever room there is, is granted with it. */
  announce(): Announcement {
    this.resize(this.window);
    return { received: this.received, granted: this.granted };
  }

  /** A link begins, on which the remote learns how much it may send: what was granted on earlier ones is void. */
  announceAnew(): void {
    this.#credit.regrant();
    this.announced();
  }

  /** That was sent. */
  announced(): void {
    this.#isGrantDue = false;
    this.#announcedReceived = this.#received;
  }

  /** The remote begins anew: its next item is at position 0. What was not read before is still read; what came early is lost. */
  restart(): void {
    for (const item of this.#early.values()) this.#credit.onDropped(this.#unitsOf(item));
    this.#early.clear();
    this.#origin = this.#received;
    this.#furthest = this.#received;
    this.#announcedReceived = this.#received;
    this.#endPosition = Number.POSITIVE_INFINITY;
    this.#ending = undefined;
    this.#wanted = 0;
  }

  /** The item is in order, and perhaps some that came early are, too. */
  #append(item: T, units: number): void {
    this.#ready.push(item);
    this.#received += units;
    while (this.#early.has(this.#received)) {
      const next = this.#early.get(this.#received) as T;
      this.#early.delete(this.#received);
      this.#ready.push(next);
      this.#received += this.#unitsOf(next);
    }
  }
}
