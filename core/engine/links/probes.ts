/**
 * @module Probes: datagrams without a session that behaviours send and await (`api/probe.ts`). A token is awaited by one behaviour, for a time; all that
 * is sent for it ends with that: what a remote may do that was probed, and fresh sockets that were opened for it. A probe with a token that
 * nobody awaits costs one look-up.
 */
import type { Address } from '../../address/address.js';
import type { Cancellable } from '../../api/agent.js';
import type { Probe } from '../../api/probe.js';
import { PROBE, writePlain } from '../../security/datagrams/header.js';
import { hexOf } from '../../structures/hex.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot } from '../behaviors/owner.js';
import type { Action, DatagramFacts, EngineContext } from '../context.js';
import type { LinkTable } from './link-table.js';

/** Tokens that are awaited at once, by all behaviours. */
export const PROBES_MAX = 4_096;
/** Remote hosts that one token makes welcome. */
const HOSTS_MAX = 16;
/** A socket of a volley outlives its link by as long as the goodbye may take. */
const SOCKET_LINGER_MS = 5_000;

export class Probes {
  private readonly awaited = new Map<string, AwaitedProbe>();
  /** By host: for how many tokens it was probed. */
  private readonly welcome = new Map<string, number>();
  /** Sockets of volleys that links use, or are about to; by id, the deadline at which each is closed, 0: none yet. */
  private readonly taken = new Map<number, number>();

  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly links: LinkTable,
  ) {}

  get size(): number {
    return this.awaited.size;
  }

  /** Recorded by an agent: awaited from when it is carried out. */
  expect(owner: BehaviorSlot, token: Uint8Array, lifetimeMs: number, callback: (probe: Probe) => void): AwaitedProbe {
    return new AwaitedProbe(this, owner, { token: hexOf(token), lifetimeMs, callback });
  }

  /** Whether it is awaited now: a token is awaited once. */
  begin(probe: AwaitedProbe): boolean {
    const { context, awaited } = this;
    const { owner, wish } = probe;
    if (owner.isEnded || awaited.has(wish.token) || awaited.size >= PROBES_MAX) return false;
    awaited.set(wish.token, probe);
    probe.deadlineId = context.deadlines.add(() => probe.cancel(), context.nowMs + wish.lifetimeMs, owner);
    return true;
  }

  ended(probe: AwaitedProbe): void {
    const { wish, hosts, hasVolley, deadlineId } = probe;
    if (this.awaited.get(wish.token) !== probe) return;
    this.awaited.delete(wish.token);
    this.context.deadlines.take(deadlineId);
    for (const host of hosts) {
      const count = (this.welcome.get(host) ?? 1) - 1;
      if (count === 0) this.welcome.delete(host);
      else this.welcome.set(host, count);
    }
    if (hasVolley) this.context.effect({ type: 'end-volley', name: wish.token, kept: [...this.taken.keys()] });
  }

  /** Nothing, where the token is not awaited. `socketCount`: from so many fresh sockets. */
  send(owner: BehaviorSlot, to: Address, token: Uint8Array, socketCount: number | undefined): void {
    const probe = this.awaited.get(hexOf(token));
    if (probe === undefined || owner.isEnded) return;
    if (!probe.hosts.has(to.host) && probe.hosts.size < HOSTS_MAX) {
      probe.hosts.add(to.host);
      this.welcome.set(to.host, 1 + (this.welcome.get(to.host) ?? 0));
    }
    const volley = socketCount === undefined ? undefined : { name: probe.wish.token, socketCount };
    if (volley !== undefined) probe.hasVolley = true;
    this.context.effect({ type: 'probe', to, datagram: writePlain(PROBE, 0, token), volley });
  }

  /** A probe came; whether it was awaited. */
  receive({ from, socketId, isOfVolley }: DatagramFacts, token: Uint8Array): boolean {
    const probe = this.awaited.size === 0 ? undefined : this.awaited.get(hexOf(token));
    if (probe === undefined) return false;
    if (isOfVolley === true) probe.volleyIds.add(socketId);
    this.callbacks.run(probe.owner, 'awaitProbe', () => probe.wish.callback({ from, socketId }));
    return true;
  }

  /** Whether who was probed may begin a link, on whichever socket. */
  isWelcome({ host }: Address): boolean {
    return this.welcome.has(host);
  }

  /** A link comes to a socket of a volley. */
  take(socketId: number): void {
    this.context.deadlines.take(this.taken.get(socketId) ?? 0);
    this.taken.set(socketId, 0);
  }

  /** A link is dialled from a socket to which a probe came. */
  dialledFrom(socketId: number): void {
    for (const { volleyIds } of this.awaited.values()) if (volleyIds.has(socketId)) return this.take(socketId);
  }

  /** A channel on that socket, or a dial from it, is over: it is closed a little later, unless another link uses it. */
  leave(socketId: number): void {
    const plannedId = this.taken.get(socketId);
    if (plannedId === undefined) return;
    const { deadlines, nowMs } = this.context;
    const close = () => {
      this.taken.set(socketId, 0);
      if (this.isUsed(socketId)) return;
      this.taken.delete(socketId);
      this.context.effect({ type: 'leave-socket', socketId });
    };
    deadlines.take(plannedId);
    this.taken.set(socketId, deadlines.add(close, nowMs + SOCKET_LINGER_MS));
  }

  private isUsed(socketId: number): boolean {
    for (const link of this.links.all) if (link.socketId === socketId || link.former?.socketId === socketId) return true;
    return false;
  }

  /** What a behaviour awaited that has ended. */
  left(owner: BehaviorSlot): void {
    for (const probe of [...this.awaited.values()]) if (probe.owner === owner) probe.cancel();
  }
}

interface Wish {
  /** In hex. */
  readonly token: string;
  readonly lifetimeMs: number;
  readonly callback: (probe: Probe) => void;
}

/** One `awaitProbe`, from its recording to its end. */
class AwaitedProbe implements Action, Cancellable {
  readonly hosts = new Set<string>();
  /** Fresh sockets to which it came. */
  readonly volleyIds = new Set<number>();
  hasVolley = false;
  deadlineId = 0;
  #isOver = false;

  constructor(
    private readonly probes: Probes,
    readonly owner: BehaviorSlot,
    readonly wish: Wish,
  ) {}

  get isDone(): boolean {
    return this.#isOver;
  }

  run(): void {
    if (!this.#isOver) this.#isOver = !this.probes.begin(this);
  }

  undo(): void {
    this.cancel();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.probes.ended(this);
  }
}
