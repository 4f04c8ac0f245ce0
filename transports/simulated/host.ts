/**
 * @module Host: a machine of the simulated network, known by its name, and the instances of nodes that run on it one after another. An
 * instance is what crashes: it receives nothing any more. A host that is down swallows what is sent to it; one that is up and has no
 * instance, or another one than the sender knew, refuses.
 */
import { type Clock, type DatagramSink, type ListenerSink, MemoryStorage, type Random, type Timers } from '../../core/index.js';
import { SeededRandom } from './chance/random.js';
import type { SimulatedLink } from './link.js';
import type { Nat } from './nat.js';
import type { Path } from './path.js';
import type { Scheduler } from './scheduler.js';
import { turn } from './turn.js';

/** Virtual time begins with 2025 for clocks on the wall. */
const WALL_START_MS = 1_735_689_600_000;
const FIRST_EPHEMERAL_PORT = 49_152;
const EPHEMERAL_PORTS = 16_384;

export class Host {
  /** The machine's disk: what nodes keep here outlives them. */
  readonly storage = new MemoryStorage();
  /** The paths to other hosts, from here; those that were used or set. */
  readonly paths = new Map<Host, Path>();
  instance: Instance | undefined;
  instanceCount = 0;
  /** Whether the host responds: false after a crash in silence. */
  isUp = true;
  /** The NAT that it is behind; absent: its own address is public. */
  nat: Nat | undefined;
  /** Its side of the partition, if there is one. */
  group: number | undefined;

  constructor(readonly name: string) {}
}

/** One run of a node, or of a bare transport, on a host. */
export class Instance {
  isAlive = true;
  readonly listeners = new Map<number, ListenerSink>();
  /** Bound sockets for datagrams, by port. */
  readonly sockets = new Map<number, DatagramSink>();
  /** Every end of a channel that is not closed. */
  readonly links = new Set<SimulatedLink>();
  readonly random: Random;
  readonly clock: Clock;
  readonly timers: Timers;
  #stalledUntilMs = 0;
  #portCount = 0;

  constructor(
    readonly host: Host,
    readonly scheduler: Scheduler,
    seed: number | string,
  ) {
    this.random = new SeededRandom(seed, host.name, ++host.instanceCount);
    this.clock = { nowMs: () => scheduler.nowMs, wallMs: () => WALL_START_MS + scheduler.nowMs };
    this.timers = {
      after: (delayMs, callback) => this.after(delayMs, callback),
      endOfTurn: (callback) => scheduler.endOfTurn(() => this.input(callback)),
      nextTurn: (callback) => this.afterTurn(callback),
    };
  }

  /** Something happens to the instance: not when it is dead, later while it stands still. */
  input(work: () => void): void {
    if (!this.isAlive) return;
    const stalledMs = this.#stalledUntilMs - this.scheduler.nowMs;
    if (stalledMs > 0) this.scheduler.after(stalledMs, () => this.input(work));
    else work();
  }

  /** No virtual time passes until then. */
  afterTurn(callback: () => void): void {
    const { scheduler } = this;
    scheduler.turnsAwaited++;
    void turn().then(() => {
      scheduler.turnsAwaited--;
      callback();
    });
  }

  /** Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void {
    let isCancelled = false;
    const event = this.scheduler.after(delayMs, () =>
      this.input(() => {
        if (!isCancelled) callback();
      }),
    );
    return () => {
      isCancelled = true;
      this.scheduler.cancel(event);
    };
  }

  /** Everything that happens to it in the next `durationMs` happens after them. */
  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.scheduler.nowMs + durationMs);
  }

  nextPort(): number {
    return FIRST_EPHEMERAL_PORT + (this.#portCount++ % EPHEMERAL_PORTS);
  }
}
