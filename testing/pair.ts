/**
 * @module Pair: two nodes and a wire between them, in virtual time, for protocol tests. Nothing passes the wire by itself: `step` delivers
 * one chunk over, `drive` all, `driveBounded` all within a bound, and `advance` lets time pass. Meanwhile the test may look at the bytes
 * in transit, drop, change, cut or inject some.
 */
import type { Address, BehaviorEntry, Connection, LinkSink, NodeOptions, TransportLink } from '../core/index.js';
import { addressOf, BareNode } from './bare-node.js';
import { VirtualTime } from './virtual-time.js';
import { type SideName, Wire } from './wire.js';

export interface PairOptions extends NodeOptions {
  /** For each of the two, anew; beside those of `alice` and `bob`. */
  readonly both?: () => readonly BehaviorEntry[];
  /** What holds for one of them. */
  readonly alice?: NodeOptions;
  readonly bob?: NodeOptions;
}

const STEPS_MAX = 100_000;
const SIDES = ['alice', 'bob'] as const;

export class Pair {
  readonly time = new VirtualTime();
  readonly alice: BareNode;
  readonly bob: BareNode;
  /** Every channel that was made, oldest first. */
  readonly wires: Wire[] = [];
  /** Whose turn it is to receive. */
  #next: SideName = 'bob';

  /** Both nodes are started. */
  constructor({ both = () => [], alice = {}, bob = {}, ...options }: PairOptions = {}) {
    const node = (name: SideName, own: NodeOptions) =>
      new BareNode(name, { ...options, ...own, behaviors: [...both(), ...(options.behaviors ?? []), ...(own.behaviors ?? [])] }, this.time);
    this.alice = node('alice', alice);
    this.bob = node('bob', bob);
    this.alice.onDial = (link) => this.#connect('alice', link);
    this.bob.onDial = (link) => this.#connect('bob', link);
    for (const side of SIDES) this[side].start();
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  /** The channel that was made last. */
  get wire(): Wire {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new Error('no channel was made: call dial or connect first');
    return wire;
  }

  get isQuiet(): boolean {
    return this.wires.every((wire) => wire.isQuiet);
  }

  /** One dials the other; the wire is empty yet. */
  dial(from: SideName = 'alice', address: Address = addressOf(from === 'alice' ? 'bob' : 'alice')): this {
    this[from].dial(address);
    return this;
  }

  /** Alice dials Bob, and all that follows passes the wire. */
  connect(): this {
    this.dial();
    this.drive();
    return this;
  }

  /** The one open connection of a side. Throws when there is none, or more. */
  connection(side: SideName): Connection {
    const [connection, ...others] = this[side].network.links.openConnections();
    if (connection === undefined || others.length > 0) throw new Error(`${side} has ${connection ? 'several' : 'no'} open connections`);
    return connection;
  }

  /** Delivers one chunk, each side in turn; when none is in transit, jumps to the next deadline. False when there is neither. */
  step(): boolean {
    return this.#deliverOne() || this.#jump();
  }

  /** Delivers what is in transit and what follows from it, until the wire is empty. Time does not pass. */
  drive(): this {
    return this.driveBounded(STEPS_MAX);
  }

  /** As `drive`, and throws when it takes more than `stepsMax` chunks: a livelock. */
  driveBounded(stepsMax: number): this {
    for (let steps = 0; this.#deliverOne(); steps++)
      if (steps >= stepsMax) throw new Error(`the wire is not quiet after ${stepsMax} chunks`);
    return this;
  }

  /** Lets time pass, from deadline to deadline, and drives at each. */
  advance(durationMs: number): this {
    const untilMs = this.nowMs + durationMs;
    this.drive();
    while (this.#dueMs <= untilMs) {
      this.#jump();
      this.drive();
    }
    this.time.advance(untilMs - this.nowMs);
    return this;
  }

  get #dueMs(): number {
    return Math.min(this.alice.network.nextDueMs, this.bob.network.nextDueMs);
  }

  #jump(): boolean {
    const dueMs = this.#dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return false;
    this.time.advance(Math.max(0, dueMs - this.nowMs));
    for (const side of SIDES) if (this[side].network.nextDueMs <= this.nowMs) this[side].step({ type: 'time' });
    return true;
  }

  #deliverOne(): boolean {
    const turns = [this.#next, this.#next === 'bob' ? 'alice' : 'bob'] as const;
    for (const side of turns) {
      if (!this.wires.some((wire) => wire.deliver(side))) continue;
      this.#next = side === 'bob' ? 'alice' : 'bob';
      return true;
    }
    return false;
  }

  /** A dial of one side: the other accepts. */
  #connect(from: SideName, link: TransportLink): LinkSink {
    const to = from === 'alice' ? 'bob' : 'alice';
    const wire = new Wire();
    this.wires.push(wire);
    const sink = wire.attach(from, link);
    this[to].accept((remoteLink) => wire.attach(to, remoteLink), addressOf(from));
    return sink;
  }
}
