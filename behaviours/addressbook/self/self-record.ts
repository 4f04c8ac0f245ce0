/**
 * @module SelfRecord: this node's own record, and the addresses in it. The host of an any-address is replaced by those under which the node
 * is known to be reached: the ends of its own connections, and what enough of its neighbours observe. Pure but for the signer.
 */
import { type AddressMode, classOf, refusalOf } from '../../../core/address/address-class.js';
import type { Address, Connection, Signer } from '../../../core/index.js';
import type { ObservedAddress } from '../../handshake/index.js';
import type { Moment } from '../book/entry.js';
import { type AddressRecord, RECORD_LIMITS, signRecord } from '../book/record.js';

/** Of all observers, the share that has to name a host. One liar among two neighbours is believed, among three or more it is not. */
const OBSERVERS_SHARE = 0.34;
/** A node whose place changes signs no more often than this. */
export const SIGNING_PERIOD_MS = 5_000;

export interface OwnFacts {
  /** As bound. */
  readonly listening: readonly Address[];
  /** This node's ends of its open connections. */
  readonly local: readonly Address[];
  readonly observed: readonly ObservedAddress[];
}

/**
 * Where others may reach this node, the farthest-reaching addresses first. Loopback addresses are in it only when there are no others.
 */
export function ownAddresses(facts: OwnFacts, mode: AddressMode = 'loopback'): readonly Address[] {
  const received = facts.observed.filter(({ address }) => isCommon(address, facts.observed));
  const hosts = [...facts.local, ...received.map(({ address }) => address)];
  const forwarded = received.filter(({ direction }) => direction === 'incoming').map(({ address }) => address);
  const reachable = facts.listening.flatMap((address) => (isAny(address) ? hostsFor(address, hosts) : [address]));
  const byText = new Map([...reachable, ...forwarded.filter((address) => isOffered(address, facts.listening))].map((it) => [it.text, it]));
  const accepted = [...byText.values()].filter((address) => refusalOf(address, mode) === undefined);
  const far = accepted.filter((address) => classOf(address) !== 'loopback');
  return (far.length > 0 ? far : accepted).sort(byReach).slice(0, RECORD_LIMITS.addressesMax);
}

/**
 * Keeps this node's signed record in step with where it listens, with its ends of its connections, and with what others observe. It works
 * only when one of them has changed, and signs only when that changes what the record says.
 */
export class SelfRecord {
  private listening: readonly Address[] | undefined;
  private observed: readonly ObservedAddress[] | undefined;
  /** This node's ends of its open connections, by host, with their number. */
  private readonly ends = new Map<string, { readonly address: Address; count: number }>();
  private areEndsNew = false;
  private reachable: readonly Address[] = [];
  private record: AddressRecord | undefined;
  private lastSeq = 0;
  /** A record with a higher number is known to others: what this node says now has to go above it. */
  private isOutrun = false;
  private signedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly signer: Signer,
    private readonly mode: AddressMode | undefined,
  ) {}

  /** Where others may reach this node. */
  get addresses(): readonly Address[] {
    return this.reachable;
  }

  /** The highest sequence number that was used. */
  get seq(): number {
    return this.lastSeq;
  }

  /** A change may be signed only later. */
  get isBehind(): boolean {
    return this.isOutrun || !isSame(this.reachable, this.record?.addresses ?? []);
  }

  /** A number that an earlier run has used: the next one is higher. */
  sawSeq(seq: number): void {
    this.lastSeq = Math.max(this.lastSeq, seq);
  }

  /** Another record of this identity with that number is around, of an earlier run, or of another process: the next one goes above it. */
  outrun(seq: number): void {
    if (seq < this.lastSeq || seq >= Number.MAX_SAFE_INTEGER) return;
    this.lastSeq = seq;
    this.isOutrun = true;
  }

  opened({ localAddress }: Connection): void {
    if (localAddress === undefined) return;
    const end = this.ends.get(localAddress.host);
    if (end !== undefined) {
      end.count++;
      return;
    }
    this.ends.set(localAddress.host, { address: localAddress, count: 1 });
    this.areEndsNew = true;
  }

  closed({ localAddress }: Connection): void {
    const end = this.ends.get(localAddress?.host ?? '');
    if (end === undefined || --end.count > 0) return;
    this.ends.delete(end.address.host);
    this.areEndsNew = true;
  }

  /** A new record, when the addresses have changed or the current one grows old. */
  update(
    listening: readonly Address[],
    observed: readonly ObservedAddress[],
    { wallMs, nowMs }: Pick<Moment, 'wallMs' | 'nowMs'>,
  ): AddressRecord | undefined {
    if (this.isChanged(listening, observed)) {
      const local = [...this.ends.values()].map(({ address }) => address);
      this.reachable = ownAddresses({ listening, local, observed }, this.mode);
    }
    const { record, reachable } = this;
    const isOld = record !== undefined && reachable.length > 0 && nowMs - this.signedMs >= RECORD_LIMITS.refreshMs;
    const isEarly = record !== undefined && nowMs - this.signedMs < SIGNING_PERIOD_MS;
    return isEarly || !(this.isBehind || isOld) ? undefined : this.sign(wallMs, nowMs);
  }

  private sign(wallMs: number, nowMs: number): AddressRecord {
    this.lastSeq = Math.max(this.lastSeq + 1, Math.floor(wallMs));
    this.isOutrun = false;
    this.record = signRecord(this.reachable, this.lastSeq, this.signer);
    this.signedMs = nowMs;
    return this.record;
  }

  /** Ends and observations mean something only to a node that listens on an any-address. */
  private isChanged(listening: readonly Address[], observed: readonly ObservedAddress[]): boolean {
    const isElsewhere = this.listening !== listening;
    const isSeenElsewhere = this.areEndsNew || this.observed !== observed;
    this.listening = listening;
    this.observed = observed;
    this.areEndsNew = false;
    return isElsewhere || (isSeenElsewhere && listening.some(isAny));
  }
}

/** In whatever order. */
function isSame(some: readonly Address[], others: readonly Address[]): boolean {
  return some.length === others.length && some.every(({ text }) => others.some((other) => other.text === text));
}

function isAny(address: Address): boolean {
  return classOf(address) === 'unspecified';
}

/** Sockets of `[::]` take both families, those of `0.0.0.0` one. */
function hostsFor(any: Address, known: readonly Address[]): readonly Address[] {
  const fitting = known.filter(({ hostKind }) => hostKind === 'ipv4' || (hostKind === 'ipv6' && any.hostKind === 'ipv6'));
  return fitting.filter((address) => !isAny(address) && !address.host.includes('%')).map(({ host }) => any.withHost(host));
}

/** Somebody dialled it and found this node there: perhaps by a port that is forwarded. */
function isOffered({ scheme }: Address, listening: readonly Address[]): boolean {
  return listening.some((address) => address.scheme === scheme && isAny(address));
}

function isCommon({ host }: Address, observed: readonly ObservedAddress[]): boolean {
  const count = observed.filter(({ address }) => address.host === host).length;
  return count >= observed.length * OBSERVERS_SHARE;
}

function byReach(a: Address, b: Address): number {
  return rankOf(a) - rankOf(b);
}

function rankOf(address: Address): number {
  if (refusalOf(address, 'public') === undefined) return 0;
  return refusalOf(address, 'private') === undefined ? 1 : 2;
}
