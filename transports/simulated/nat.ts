/**
 * @module Nat: one network address translator of the simulated network, in the terms of RFC 4787: a mapping gives a socket behind it a port of
 * the NAT, and a filter decides which remotes may send to that port. Pure: it is told the time, and forgets what is due before it answers.
 * It knows neither hosts nor paths (`realms.ts`), and translates datagrams only.
 */
import { Address } from '../../core/index.js';
import { BoundedMap } from '../../core/structures/bounded-map.js';

/**
 * `open`: a router that neither translates nor filters. The others translate, and let in: `full-cone` whatever is sent to a mapping,
 * `restricted` what comes from a host that the socket has sent to, `port-restricted` what comes from an address that it has sent to.
 * `symmetric`: as `port-restricted`, with a mapping of its own for each remote address. `blocked`: datagrams pass in neither direction.
 */
export type NatKind = 'open' | 'full-cone' | 'restricted' | 'port-restricted' | 'symmetric' | 'blocked';

/** What `addNat` of a simulation takes. */
export interface NatOptions {
  readonly kind: NatKind;
  /** Whether hosts behind the NAT reach each other at its public addresses. `false` by default: such datagrams are refused. */
  readonly hairpin?: boolean;
  /**
   * How long a mapping, and the permission of a remote to send to it, last without a datagram from within: 1 to 3,600,000. Datagrams from outside
   * renew nothing. 120,000 by default, the shortest that RFC 4787 (REQ-5) allows; Linux keeps a mapping without answers for 30,000.
   */
  readonly mappingTimeoutMs?: number;
  /** The name of the NAT that this one is behind, as a home router is behind a carrier's. Absent: none. */
  readonly behind?: string;
}

/**
 * `no-mapping`: no socket has that port now. `filtered`: the remote may not send to it. `no-hairpin`: the datagram would turn back at its own
 * NAT. `blocked`: this one lets no datagram pass. `private`: the host's own address means nothing outside of its NAT.
 */
export type NatRefusal = 'no-mapping' | 'filtered' | 'no-hairpin' | 'blocked' | 'private';

export type NatAnswer =
  | { readonly type: 'passes'; readonly address: Address }
  | { readonly type: 'refused'; readonly by: string; readonly reason: NatRefusal };

/** On what of the remote's address something depends. */
type Dependence = 'nothing' | 'host' | 'host-and-port';

interface Rules {
  readonly mapping: Dependence;
  readonly filtering: Dependence;
}

interface Mapping {
  readonly key: string;
  readonly inner: Address;
  readonly port: number;
  readonly untilMs: number;
}

const RULES: Readonly<Record<Exclude<NatKind, 'open'>, Rules | undefined>> = {
  'full-cone': { mapping: 'nothing', filtering: 'nothing' },
  restricted: { mapping: 'nothing', filtering: 'host' },
  'port-restricted': { mapping: 'nothing', filtering: 'host-and-port' },
  symmetric: { mapping: 'host-and-port', filtering: 'host-and-port' },
  blocked: undefined,
};
export const NAT_KINDS: readonly NatKind[] = ['open', ...(Object.keys(RULES) as Exclude<NatKind, 'open'>[])];
export const MAPPING_TIMEOUT_MS = 120_000;

/** The one that was idle for longest gives way to a new one. */
export const MAPPINGS_MAX = 4_096;
const PERMITS_MAX = 4_096;
/** Ports are given one after another, and begin anew after the last: more of them than mappings, so that there is always a free one. */
const FIRST_PORT = 32_768;
const PORTS = 16_384;

export class Nat {
  readonly hairpins: boolean;
  readonly #rules: Rules | undefined;
  readonly #timeoutMs: number;
  /** By inner address and what of the remote the mapping depends on. */
  readonly #mappings = new BoundedMap<string, Mapping>(MAPPINGS_MAX);
  /** The same mappings. */
  readonly #byPort = new Map<number, Mapping>();
  /** Until when a remote may send to a mapping. */
  readonly #permits = new BoundedMap<string, number>(PERMITS_MAX);
  #portCount = 0;

  constructor(
    readonly name: string,
    kind: Exclude<NatKind, 'open'>,
    { hairpin = false, mappingTimeoutMs = MAPPING_TIMEOUT_MS }: Omit<NatOptions, 'kind' | 'behind'> = {},
    /** Absent: its own address is public. */
    readonly behind?: Nat,
  ) {
    this.#rules = RULES[kind];
    this.hairpins = hairpin;
    this.#timeoutMs = mappingTimeoutMs;
  }

  get mappingCount(): number {
    return this.#mappings.size;
  }

  /** A socket behind the NAT sends: returns the public address that the remote sees, which is mapped to the socket from now on. */
  outbound(from: Address, to: Address, nowMs: number): NatAnswer {
    if (this.#rules === undefined) return this.refused('blocked');
    this.#forget(nowMs);
    const key = `${from.text}>${partOf(to, this.#rules.mapping)}`;
    const port = this.#mappings.get(key)?.port ?? this.#freePort();
    const untilMs = nowMs + this.#timeoutMs;
    const mapping = { key, inner: from, port, untilMs };
    const displaced = this.#mappings.set(key, mapping);
    if (displaced !== undefined) this.#byPort.delete(displaced.value.port);
    this.#byPort.set(port, mapping);
    this.#permits.set(permitOf(mapping, to, this.#rules), untilMs);
    return passes(Address.of({ scheme: from.scheme, host: this.name, port }));
  }

  /** Somebody sends to an address of the NAT: returns the socket behind it. */
  inbound(to: Address, from: Address, nowMs: number): NatAnswer {
    if (this.#rules === undefined) return this.refused('blocked');
    const mapping = this.#mappingAt(to, nowMs);
    if (mapping === undefined) return this.refused('no-mapping');
    return this.#permits.has(permitOf(mapping, from, this.#rules)) ? passes(mapping.inner) : this.refused('filtered');
  }

  /** As `inbound`, whoever sends: where a datagram is going, before the filter is asked. */
  innerOf(to: Address, nowMs: number): NatAnswer {
    if (this.#rules === undefined) return this.refused('blocked');
    const mapping = this.#mappingAt(to, nowMs);
    return mapping === undefined ? this.refused('no-mapping') : passes(mapping.inner);
  }

  refused(reason: NatRefusal): NatAnswer & { readonly type: 'refused' } {
    return { type: 'refused', by: this.name, reason };
  }

  #mappingAt({ scheme, port }: Address, nowMs: number): Mapping | undefined {
    this.#forget(nowMs);
    const mapping = this.#byPort.get(port);
    return mapping?.inner.scheme === scheme ? mapping : undefined;
  }

  /** All live equally long after they were set, so that the oldest are due first. */
  #forget(nowMs: number): void {
    const isOver = (untilMs: number) => untilMs <= nowMs;
    for (;;) {
      const due = this.#mappings.takeOldest(({ untilMs }) => isOver(untilMs));
      if (due === undefined) break;
      this.#byPort.delete(due.value.port);
    }
    while (this.#permits.takeOldest(isOver) !== undefined);
  }

  #freePort(): number {
    for (;;) {
      const port = FIRST_PORT + (this.#portCount++ % PORTS);
      if (!this.#byPort.has(port)) return port;
    }
  }
}

function passes(address: Address): NatAnswer {
  return { type: 'passes', address };
}

function permitOf({ key }: Mapping, remote: Address, { filtering }: Rules): string {
  return `${key}>${partOf(remote, filtering)}`;
}

function partOf({ host, port }: Address, dependence: Dependence): string {
  if (dependence === 'nothing') return '';
  return dependence === 'host' ? host : `${host}:${port}`;
}
