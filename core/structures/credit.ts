/**
 * @module Credit: flow control in units (bytes or items; both sides mean the same). The receiver grants a total: "sent may reach X". Totals
 * only rise, so that a grant which is lost, doubled or late does no harm. Pure counting: it sends nothing and has no clock; what a remote did wrong is a return
 * value. Totals are whole numbers up to 2^53 - 1, which no stream reaches.
 */
import { NetworkError } from '../errors.js';

/** `raised`: more may be sent. `stale`: not above the current total, ignored. `invalid`: no total at all, the remote broke the protocol. */
export type GrantResult = 'raised' | 'stale' | 'invalid';

/** The side that sends within what it was granted. */
export class CreditSender {
  #granted: number;
  #used: number;

  /** `granted`: the total that both sides assume at first; 0 waits for a grant. `used`: units of it that were sent earlier. */
  constructor(granted = 0, used = 0) {
    this.#granted = whole('granted', granted, 0);
    this.#used = whole('used', used, 0);
  }

  /** Units that may be sent now. */
  get available(): number {
    return this.#granted - this.#used;
  }

  get used(): number {
    return this.#used;
  }

  /** Takes all units or none. Whether they may be sent. */
  spend(units: number): boolean {
    if (whole('units', units, 0) > this.available) return false;
    this.#used += units;
    return true;
  }

  /** A total that the remote has granted. */
  onGrant(total: unknown): GrantResult {
    if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0) return 'invalid';
    if (total <= this.#granted) return 'stale';
    this.#granted = total;
    return 'raised';
  }
}

/** The side that grants: at most `window` units are received and not yet consumed. */
export class CreditReceiver {
  #window: number;
  #granted: number;
  #received = 0;
  #consumed = 0;

  /** The first total is `window`; the owner announces it, unless both sides assume it. A window of 0 grants nothing for now. */
  constructor(window: number) {
    this.#window = whole('window', window, 0);
    this.#granted = window;
  }

  get window(): number {
    return this.#window;
  }

  /** The current total. */
  get granted(): number {
    return this.#granted;
  }

  /** The total of the next announcement. */
  get total(): number {
    return this.#consumed + this.#window;
  }

  /** Units that were received and wait for being consumed. */
  get waiting(): number {
    return this.#received - this.#consumed;
  }

  /** `violation`: the remote sent beyond its grant, and nothing is counted; its stream or link has to end. */
  onReceived(units: number): 'ok' | 'violation' {
    if (this.#received + whole('units', units, 0) > this.#granted) return 'violation';
    this.#received += units;
    return 'ok';
  }

  /** Units that were received will be sent once more, and count then. */
  onDropped(units: number): void {
    this.#received -= units;
  }

  /** Frees received units. The new total to announce, once half of the window is free again; `undefined` while that is not worth a message. */
  onConsumed(units: number): number | undefined {
    if (whole('units', units, 0) > this.waiting)
      throw new NetworkError('ARGUMENT_INVALID', `units is ${units}, but only ${this.waiting} wait`);
    this.#consumed += units;
    const { total } = this;
    if (total <= this.#granted || (total - this.#granted) * 2 < this.#window) return undefined;
    this.#granted = total;
    return total;
  }

  /** The remote begins on a new link: what it was granted earlier is void. The total that it is granted instead, which may be lower. */
  regrant(): number {
    this.#granted = Math.max(this.total, this.#received);
    return this.#granted;
  }

  /**
   * Another window from now on, for receivers that share their room out. The new total to announce, when it is higher than the current one.
   * What was granted stays granted: a narrower window holds when as much as it is narrower by has been consumed.
   */
  resize(window: number): number | undefined {
    this.#window = whole('window', window, 0);
    const { total } = this;
    if (total <= this.#granted) return undefined;
    this.#granted = total;
    return total;
  }
}

function whole(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new NetworkError('ARGUMENT_INVALID', `${name} is ${value}; it must be a whole number of ${min} or more`);
}
