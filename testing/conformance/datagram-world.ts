/**
 * @module DatagramWorld: the observer of the datagram part of the transport suite. Its sinks note everything, and what the contract forbids as a
 * violation: a sink called during a call of this side, a word after the end. Datagrams may be lost: what must come is sent again and again.
 */
import type { Address } from '../../core/address/address.js';
import type { DatagramSink, DatagramSocket, DatagramTransport } from '../../core/api/transport.js';
import type { NetworkError } from '../../core/errors.js';
import { must } from './check-tools.js';
import { ContractWorld } from './contract-world.js';

/** What the datagram part of the suite is given anew for every check. */
export interface DatagramFixture {
  readonly transport: DatagramTransport;
  /** Another machine's, or the same. */
  readonly other: DatagramTransport;
  /** Where `transport` binds: a place of its own at every call, by port 0 or by a new name. */
  nextAddress(): Address;
  /** The same for `other`. */
  nextOtherAddress(): Address;
  /** Lets time pass where it does not by itself. */
  pass?(): Promise<void>;
  /** How long the suite waits for what must happen. Default 10 s, which the runner's own deadline should exceed. */
  readonly deadlineMs?: number;
  /** Frees what the fixture holds. */
  close?(): void | Promise<void>;
}

/** Gives the datagram part of the suite fresh transports at every call. */
export type DatagramFactory = () => DatagramFixture | Promise<DatagramFixture>;

const PAUSE_MS = 20;

/** A socket and what its sink got. */
export class SocketRecord implements DatagramSink {
  readonly listened: (readonly Address[])[] = [];
  readonly failures: NetworkError[] = [];
  readonly received: { readonly text: string; readonly byteCount: number; readonly from: Address }[] = [];
  handle: DatagramSocket | undefined;
  isClosed = false;
  /** Called with each datagram. */
  onEach: (bytes: Uint8Array, from: Address) => void = () => {};

  constructor(readonly world: DatagramWorld) {}

  get address(): Address {
    return this.listened[0]?.[0] as Address;
  }

  send(to: Address, ...datagrams: Uint8Array[]): void {
    this.world.call(() => this.handle?.send(datagrams, to));
  }

  close(): void {
    this.isClosed = true;
    this.world.call(() => this.handle?.close());
  }

  onListening(addresses: readonly Address[]): void {
    this.#note('onListening');
    this.listened.push(addresses);
  }

  onDatagram(bytes: Uint8Array, from: Address): void {
    this.#note('onDatagram');
    this.received.push({ text: bytes.subarray(0, 64).join(), byteCount: bytes.length, from });
    this.onEach(bytes, from);
  }

  onFailed(cause: NetworkError): void {
    this.#note('onFailed');
    this.failures.push(cause);
  }

  #note(event: string): void {
    this.world.note(event);
    if (this.isClosed || this.failures.length > 0) this.world.violations.push(`${event} after the end`);
  }
}

export class DatagramWorld extends ContractWorld<DatagramFixture> {
  readonly #sockets: SocketRecord[] = [];

  /** Binds, and returns before it is known what comes of it. */
  start(transport: DatagramTransport, address: Address): SocketRecord {
    const record = new SocketRecord(this);
    this.#sockets.push(record);
    record.handle = this.call(() => transport.bind(address, record));
    return record;
  }

  async bind(transport = this.fixture.transport, address = this.fixture.nextAddress()): Promise<SocketRecord> {
    const record = this.start(transport, address);
    await this.until(() => record.listened.length + record.failures.length > 0, 'a socket is bound');
    must(record.failures.length === 0, `the socket is bound: ${record.failures[0]?.message}`);
    return record;
  }

  bindOther(): Promise<SocketRecord> {
    return this.bind(this.fixture.other, this.fixture.nextOtherAddress());
  }

  /** Calls `work`, and again after a pause, until `holds`. */
  async until(holds: () => boolean, what: string, work: () => void = () => {}): Promise<void> {
    const { pass = pause } = this.fixture;
    const deadline = AbortSignal.timeout(this.deadlineMs);
    while (!holds()) {
      if (deadline.aborted) throw this.late(what);
      work();
      await pass();
    }
  }

  /** Has datagrams pass, so that everything that was due before has been reported. */
  async settle(): Promise<void> {
    const [near, far] = [await this.bind(), await this.bindOther()];
    await this.until(
      () => far.received.length > 0,
      'a datagram passes',
      () => near.send(far.address, Uint8Array.of(1)),
    );
    near.close();
    far.close();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.fixture.close?.();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => AbortSignal.timeout(PAUSE_MS).addEventListener('abort', () => resolve()));
}
