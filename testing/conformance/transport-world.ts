/**
 * @module TransportWorld: the observer of the transport suite. It makes listeners, dials and links whose sinks note everything, and
 * everything that the contract forbids as a violation: a sink called during a call of this side, a second end, a word after the end.
 * It sleeps nowhere; every wait names what it waits for and has a deadline.
 */
import type { Address } from '../../core/address/address.js';
import type { Dial, DialSink, LinkSink, Listener, ListenerSink, Transport, TransportLink } from '../../core/api/transport.js';
import type { NetworkError } from '../../core/errors.js';
import { must } from './check-tools.js';
import { ContractWorld } from './contract-world.js';

/** What the suite is given anew for every check. */
export interface TransportFixture {
  readonly listening: Transport;
  /** May be the same object. */
  readonly dialling: Transport;
  /** Where to listen: a place of its own at every call, by port 0 or by a new name. */
  nextAddress(): Address;
  /** An address that can be dialled and without a listener; absent where such a dial cannot fail by itself. */
  readonly vacant?: Address;
  /** The address to dial, of those that a listener reported. Default: the first. */
  dialAddress?(bound: readonly Address[]): Address;
  /** How long the suite waits for what must happen. Default 10 s, which the runner's own deadline should exceed. */
  readonly deadlineMs?: number;
  /** Frees what the fixture holds. */
  close?(): void | Promise<void>;
}

export type TransportFactory = () => TransportFixture | Promise<TransportFixture>;

/** One end of a link, and what its sink got. */
export class LinkRecord implements LinkSink {
  readonly received: number[] = [];
  readonly closes: (NetworkError | undefined)[] = [];
  writtenBytes = 0;
  receivedBytes = 0;
  /** Keep the bytes themselves; off for large transfers, which `onEach` checks. */
  onEach: (bytes: Uint8Array) => void = (bytes) => void this.received.push(...bytes);

  constructor(
    readonly world: TransportWorld,
    readonly link: TransportLink,
    readonly name: string,
  ) {}

  get isClosed(): boolean {
    return this.closes.length > 0;
  }

  write(...chunks: Uint8Array[]): void {
    this.world.call(() => this.link.write(chunks));
  }

  end(): void {
    this.world.call(() => this.link.end());
  }

  destroy(): void {
    this.world.call(() => this.link.destroy());
  }

  onBytes(bytes: Uint8Array): void {
    this.#note('onBytes');
    if (bytes.length === 0) this.world.violations.push(`${this.name}: onBytes without bytes`);
    this.receivedBytes += bytes.length;
    this.onEach(bytes);
    this.world.changed();
  }

  onWritten(byteCount: number): void {
    this.#note('onWritten');
    this.writtenBytes += byteCount;
    this.world.changed();
  }

  onClosed(cause?: NetworkError): void {
    this.#note('onClosed');
    this.closes.push(cause);
    this.world.changed();
  }

  #note(event: string): void {
    if (this.isClosed) this.world.violations.push(`${this.name}: ${event} after onClosed`);
    this.world.note(`${this.name}: ${event}`);
  }
}

/** A listener and what its sink got. */
export class ListenerRecord implements ListenerSink {
  readonly listened: (readonly Address[])[] = [];
  readonly failures: NetworkError[] = [];
  readonly accepted: LinkRecord[] = [];
  handle: Listener | undefined;
  isClosed = false;
  /** Called within `onAccepted`; answering false refuses the link. */
  onEach: (record: LinkRecord) => boolean = () => true;

  constructor(readonly world: TransportWorld) {}

  close(): void {
    this.isClosed = true;
    this.world.call(() => this.handle?.close());
  }

  onListening(addresses: readonly Address[]): void {
    this.#note('onListening');
    this.listened.push(addresses);
    this.world.changed();
  }

  onAccepted(link: TransportLink): LinkSink | undefined {
    this.#note('onAccepted');
    const record = new LinkRecord(this.world, link, `accepted link ${this.accepted.length}`);
    const isWanted = this.onEach(record);
    if (isWanted) this.accepted.push(record);
    this.world.changed();
    return isWanted ? record : undefined;
  }

  onFailed(cause: NetworkError): void {
    this.#note('onFailed');
    this.failures.push(cause);
    this.world.changed();
  }

  #note(event: string): void {
    this.world.note(`listener: ${event}`);
    if (this.isClosed || this.failures.length > 0) this.world.violations.push(`listener: ${event} after its end`);
  }
}

/** A dial and what its sink got. */
export class DialRecord implements DialSink {
  readonly connected: LinkRecord[] = [];
  readonly failures: NetworkError[] = [];
  handle: Dial | undefined;
  isCancelled = false;
  /** Called within `onConnected`. */
  onEach: (record: LinkRecord) => void = () => {};

  constructor(readonly world: TransportWorld) {}

  get isSettled(): boolean {
    return this.connected.length + this.failures.length > 0;
  }

  cancel(): void {
    this.isCancelled ||= !this.isSettled;
    this.world.call(() => this.handle?.cancel());
  }

  onConnected(link: TransportLink): LinkSink {
    this.#note('onConnected');
    const record = new LinkRecord(this.world, link, 'dialled link');
    this.connected.push(record);
    this.onEach(record);
    this.world.changed();
    return record;
  }

  onFailed(cause: NetworkError): void {
    this.#note('onFailed');
    this.failures.push(cause);
    this.world.changed();
  }

  #note(event: string): void {
    this.world.note(`dial: ${event}`);
    if (this.isCancelled) this.world.violations.push(`dial: ${event} after cancel`);
    if (this.isSettled) this.world.violations.push(`dial: ${event} after it was settled`);
  }
}

export class TransportWorld extends ContractWorld<TransportFixture> {
  readonly #listeners: ListenerRecord[] = [];
  readonly #dials: DialRecord[] = [];
  readonly #waiters = new Set<() => void>();

  changed(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  /** Waits for events until `holds`. */
  until(holds: () => boolean, what: string): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const deadline = AbortSignal.timeout(this.deadlineMs);
      const waiter = () => {
        if (!holds() && !deadline.aborted) return;
        this.#waiters.delete(waiter);
        if (holds()) resolve();
        else reject(this.late(what));
      };
      this.#waiters.add(waiter);
      deadline.addEventListener('abort', waiter);
    });
  }

  startListening(address: Address = this.fixture.nextAddress()): ListenerRecord {
    const record = new ListenerRecord(this);
    this.#listeners.push(record);
    record.handle = this.call(() => this.fixture.listening.listen(address, record));
    return record;
  }

  async listen(): Promise<ListenerRecord> {
    const record = this.startListening();
    await this.until(() => record.listened.length + record.failures.length > 0, 'a listener opens');
    must(record.failures.length === 0, `the listener opens: ${record.failures[0]?.message}`);
    return record;
  }

  dialAddress(listener: ListenerRecord): Address {
    const bound = listener.listened[0] ?? [];
    return this.fixture.dialAddress?.(bound) ?? (bound[0] as Address);
  }

  dial(address: Address, onEach?: (record: LinkRecord) => void): DialRecord {
    const record = new DialRecord(this);
    if (onEach !== undefined) record.onEach = onEach;
    this.#dials.push(record);
    record.handle = this.call(() => this.fixture.dialling.dial(address, record));
    return record;
  }

  /** A new link: its dialling end and its accepting end. Call it for one link at a time. */
  async connect(listener: ListenerRecord, onEach?: (record: LinkRecord) => void): Promise<readonly [LinkRecord, LinkRecord]> {
    const acceptedCount = listener.accepted.length;
    const dial = this.dial(this.dialAddress(listener), onEach);
    await this.until(() => dial.isSettled && (dial.failures.length > 0 || listener.accepted.length > acceptedCount), 'a dial connects');
    must(dial.failures.length === 0, `the dial connects: ${dial.failures[0]?.message}`);
    return [dial.connected[0] as LinkRecord, listener.accepted[acceptedCount] as LinkRecord];
  }

  /** Has a whole link's life pass by, so that every call of a sink that was due has been made. */
  async settle(): Promise<void> {
    const listener = await this.listen();
    const [near, far] = await this.connect(listener);
    near.write(Uint8Array.of(1));
    await this.until(() => far.receivedBytes === 1, 'a byte passes');
    far.write(Uint8Array.of(2));
    await this.until(() => near.receivedBytes === 1, 'a byte passes back');
    near.destroy();
    await this.until(() => near.isClosed, 'a destroyed link closes');
    listener.close();
  }

  async close(): Promise<void> {
    for (const dial of this.#dials) dial.cancel();
    for (const listener of this.#listeners) listener.close();
    const links = [...this.#dials.flatMap((dial) => dial.connected), ...this.#listeners.flatMap((listener) => listener.accepted)];
    for (const record of links) record.destroy();
    await this.until(() => links.every((record) => record.isClosed), 'all links close');
    await this.fixture.close?.();
  }
}
