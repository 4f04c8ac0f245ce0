/**
 * @module OwnRecord: where this node says that it is. The host of an any-address is replaced by those under which the node is known to be
 * reached: the ends of its own connections, and what enough of its neighbours observe (DNDM-24, DNDM-41). Pure but for the signer.
 */

import { type AddressMode, classOf, refusalOf } from '../../../core/address/address-class.js';
import type { Address, Signer } from '../../../core/index.js';
import type { ObservedAddress } from '../../handshake/index.js';
import { type AddressRecord, isAhead, RECORD_LIMITS, signRecord } from '../book/record.js';

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
 * Where others may reach this node, the farthest-reaching addresses first. What is only good on this machine is told when nothing else is.
 */
export function ownAddresses(facts: OwnFacts, mode: AddressMode = 'loopback'): readonly Address[] {
  const heard = facts.observed.filter(({ address }) => isCommon(address, facts.observed));
  const hosts = [...facts.local, ...heard.map(({ address }) => address)];
  const forwarded = heard.filter(({ direction }) => direction === 'incoming').map(({ address }) => address);
  const reachable = facts.listening.flatMap((address) => (isAny(address) ? hostsFor(address, hosts) : [address]));
  const byText = new Map([...reachable, ...forwarded.filter((address) => isOffered(address, facts.listening))].map((it) => [it.text, it]));
  const told = [...byText.values()].filter((address) => refusalOf(address, mode) === undefined);
  const far = told.filter((address) => classOf(address) !== 'loopback');
  return (far.length > 0 ? far : told).sort(byReach).slice(0, RECORD_LIMITS.addressesMax);
}

export class OwnRecord {
  private record: AddressRecord | undefined;
  private lastSeq = 0;
  private signedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly signer: Signer) {}

  get current(): AddressRecord | undefined {
    return this.record;
  }

  /** The highest sequence number that was used. */
  get seq(): number {
    return this.lastSeq;
  }

  /** A number that was used before, in an earlier run or by another process of this identity: the next one is higher. */
  sawSeq(seq: number, wallMs: number): void {
    if (!isAhead(seq, wallMs)) this.lastSeq = Math.max(this.lastSeq, seq);
  }

  /** Whether the present record says something else. */
  isBehind(addresses: readonly Address[]): boolean {
    return textOf(addresses) !== textOf(this.record?.addresses ?? []);
  }

  /** A new record, if there is something new to say, or the present one grows old. */
  update(addresses: readonly Address[], wallMs: number, nowMs: number): AddressRecord | undefined {
    const { record } = this;
    const isSame = !this.isBehind(addresses);
    const isOld = record !== undefined && addresses.length > 0 && Math.abs(wallMs - record.seq) >= RECORD_LIMITS.refreshMs;
    if (isSame && !isOld) return undefined;
    if (record !== undefined && nowMs - this.signedMs < SIGNING_PERIOD_MS) return undefined;
    // A number from ahead of the clock was believed by nobody; after it one would be silent until the clock has come there.
    const stamp = Math.floor(wallMs);
    this.lastSeq = isAhead(this.lastSeq, wallMs) ? stamp : Math.max(this.lastSeq + 1, stamp);
    this.record = signRecord(addresses, this.lastSeq, this.signer);
    this.signedMs = nowMs;
    return this.record;
  }
}

/** The order says nothing. */
function textOf(addresses: readonly Address[]): string {
  return addresses
    .map(({ text }) => text)
    .sort()
    .join(' ');
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
