/**
 * @module MemoryNetwork: what memory transports share: who listens under which name, and the one queue of everything in transit.
 * Nothing is delivered during the call that caused it, and everything in the order in which it was caused. Runs everywhere, without
 * time, loss and latency (the simulated network has them).
 */
import type { Address } from '../../core/address/address.js';
import type { Timers } from '../../core/api/ports.js';
import type { ListenerSink } from '../../core/api/transport.js';

export interface MemoryNetworkOptions {
  /** Deliveries happen at the end of its turn. Default: in a microtask, which lets two chatty sinks hold up the event loop. */
  readonly timers?: Pick<Timers, 'endOfTurn'>;
  /** Links that may be open at once; further dials fail with `LIMIT_EXCEEDED`. Default 65,536. */
  readonly linksMax?: number;
  /** Bytes that one side of a link may have written and not yet delivered; more ends the link with `LIMIT_EXCEEDED`. Default 16 MiB. */
  readonly queuedBytesMax?: number;
}

const LINKS_MAX = 65_536;
const QUEUED_BYTES_MAX = 16 * 1024 * 1024;
const READ_BYTES = 65_536;

export class MemoryNetwork {
  readonly linksMax: number;
  readonly queuedBytesMax: number;
  /** What links deliver in: delivered bytes are valid during the call only, which this makes true. */
  readonly readBuffer = new Uint8Array(READ_BYTES);
  /** Links that are open now; a link counts once for its two ends. */
  linkCount = 0;
  readonly #endOfTurn: (callback: () => void) => void;
  readonly #listeners = new Map<string, ListenerSink>();
  #tasks: (() => void)[] = [];
  /** What this turn has left to do, the next task last. */
  #running: (() => void)[] | undefined;
  #machineCount = 0;

  constructor(options: MemoryNetworkOptions = {}) {
    this.linksMax = options.linksMax ?? LINKS_MAX;
    this.queuedBytesMax = options.queuedBytesMax ?? QUEUED_BYTES_MAX;
    const { timers } = options;
    this.#endOfTurn = timers === undefined ? queueMicrotask : (callback) => timers.endOfTurn(callback);
  }

  /** A host name for the dials of one more transport, so that accepted links have different machines. */
  nextMachine(): string {
    return `machine-${++this.#machineCount}`;
  }

  listenerAt(address: Address): ListenerSink | undefined {
    return this.#listeners.get(keyOf(address));
  }

  /** Whether the address was free. */
  addListener(address: Address, sink: ListenerSink): boolean {
    if (this.#listeners.has(keyOf(address))) return false;
    this.#listeners.set(keyOf(address), sink);
    return true;
  }

  removeListener(address: Address): void {
    this.#listeners.delete(keyOf(address));
  }

  /** Runs `task` after this call and after all tasks before it. */
  later(task: () => void): void {
    if (this.#tasks.push(task) === 1) this.#endOfTurn(() => this.#run());
  }

  /** Runs tasks that have waited elsewhere after this call, before all others. */
  first(tasks: readonly (() => void)[]): void {
    if (tasks.length === 0) return;
    if (this.#running !== undefined) {
      this.#running = [...this.#running, ...[...tasks].reverse()];
      return;
    }
    const isScheduled = this.#tasks.length > 0;
    this.#tasks = [...tasks, ...this.#tasks];
    if (!isScheduled) this.#endOfTurn(() => this.#run());
  }

  /** What the tasks cause waits for the next turn. A task that throws takes nothing else with it. */
  #run(): void {
    this.#running = this.#tasks.reverse();
    this.#tasks = [];
    try {
      for (let task = this.#running.pop(); task !== undefined; task = this.#running.pop()) task();
    } finally {
      const rest = this.#running.reverse();
      this.#running = undefined;
      this.first(rest);
    }
  }
}

/** The names of this process, for transports that were given no network of their own. */
export const PROCESS_NETWORK = new MemoryNetwork();

function keyOf(address: Address): string {
  return `${address.host}:${address.port}`;
}
