/**
 * @module Entry: what this node knows of one other node: its addresses, each with what came of dialling it, its signed record, and whether
 * a connection is open or under way. Keyed by identity, with the addresses as a set. Pure: time and randomness are arguments.
 */

import type { AddressMode } from '../../../core/address/address-class.js';
import { type Address, type NodeId, parseAddress, type Random } from '../../../core/index.js';
import { type BackoffOptions, nextBackoffMs, waitMs } from '../../../core/structures/back-off.js';
import { type AddressOrigin, byPromise, hasFailed, type KnownAddress, knownAddress, renew, STRENGTH } from './known-address.js';
import type { PeerRules } from './peer-rules.js';

/** The present. An agent is one. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly random: Random;
}

export interface SignedBytes {
  /** To be used at once: what is kept is a copy. */
  readonly bytes: Uint8Array;
  readonly mark: number;
  readonly seq: number;
  /** When it was signed, on this node's monotonic clock, as far as neighbours say. */
  readonly bornMs: number;
  /** How many addresses stand in it. */
  readonly addressCount: number;
  /** Who may be sent it: remotes that are seen in this mode or nearer. */
  readonly reach: AddressMode;
  /** Its place in the sets of what neighbours have been sent. */
  readonly slot: number;
  /**
   * Checks the signature before it is passed on first; absent when it was checked. A node's record of itself over its own connection is
   * believed.
   */
  check?: (() => boolean) | undefined;
}

export const ENTRY_LIMITS = {
  addressesMax: 16,
  /** Of those, the ones from third nodes. */
  hintedAddressesMax: 4,
  /** Dials without success before an address loses its standing, by default, unless the node is persistent. */
  attemptsMax: 10,
  /** An address without standing is dialled again after so long, then after twice as long, at most after `regainMaxMs`. */
  regainMinMs: 3_600_000,
  regainMaxMs: 86_400_000,
} as const;

/** The waits of an address without standing. */
const REGAIN: BackoffOptions = { minMs: ENTRY_LIMITS.regainMinMs, maxMs: ENTRY_LIMITS.regainMaxMs, multiplier: 1 };

export class Entry {
  /** Replaced as a whole when it changes: a list that was pushed to has room for 17. */
  addresses: readonly KnownAddress[] = [];
  record: SignedBytes | undefined;
  /** Its source, for as long as it is unproven; counts towards the quota of the source. */
  source: string | undefined;
  /** The group whose quota it counts towards. */
  quotaGroup: string | undefined;
  /** When an unsigned hint is forgotten. */
  hintExpiresMs = 0;
  /** When it was connected last, in either direction, on this node's monotonic clock; undefined before the first time. */
  metMs: number | undefined;
  /** The highest number of its records that was believed. */
  seqMax = -1;
  isPersistent = false;
  /** How it is dialled where its user has said so. */
  rules: PeerRules | undefined;
  /** Its user has said that it is known, and is not dialled: it comes by itself. */
  isPassive = false;
  /** When it became known first, in this run. */
  learntMs = 0;
  /** The application has closed the connection: in this run the node is not dialled again by itself. */
  isDeclined = false;
  connectionId: number | undefined;
  isDialling = false;
  /** Failed dials in a row, over all addresses. */
  doubt = 0;

  /** `attemptsMax`: dials without success before an address loses its standing. */
  constructor(
    readonly nodeId: NodeId,
    private readonly attemptsMax: number = ENTRY_LIMITS.attemptsMax,
  ) {}

  get isProven(): boolean {
    return this.metMs !== undefined;
  }

  get isConnected(): boolean {
    return this.connectionId !== undefined;
  }

  /** Everything that is known of it stands in its record. */
  get isPlain(): boolean {
    if (this.record === undefined || this.isProven || this.isPersistent || this.doubt > 0) return false;
    const { addresses, record } = this;
    return addresses.length === record.addressCount && addresses.every(({ origin, attempts }) => origin === 'own' && attempts === 0);
  }

  /** Nobody is waiting for it, and it may be forgotten. */
  get isIdle(): boolean {
    return !this.isConnected && !this.isDialling && !this.isPersistent;
  }

  /** Whether it counts as part of the space: connected, or with an address that has not failed. */
  get isLikelyThere(): boolean {
    if (this.isConnected || this.doubt > 0) return this.isConnected;
    for (const known of this.addresses) if (this.hasStanding(known)) return true;
    return false;
  }

  find(text: string): KnownAddress | undefined {
    return this.addresses.find((known) => known.text === text);
  }

  /** Takes an address in, whatever the bounds. */
  add(known: KnownAddress): void {
    this.addresses = this.addresses.concat(known);
  }

  /** Takes an address in; a stronger origin replaces a weaker one. False when there is no room for it. */
  learn(address: Address, origin: AddressOrigin, group: string | undefined): boolean {
    const known = this.find(address.text);
    if (known !== undefined) {
      if (STRENGTH[origin] > STRENGTH[known.origin]) known.origin = origin;
      return true;
    }
    if (!this.hasRoom(origin)) return false;
    this.add(knownAddress(address, origin, group));
    return true;
  }

  /** The node has signed a new record: its former addresses that never worked are forgotten, and failures are reset. */
  restate(addresses: readonly Address[], groupOf: (address: Address) => string | undefined): void {
    const texts = new Set(addresses.map(({ text }) => text));
    const stays = ({ origin, text, succeededMs, failures }: KnownAddress) =>
      origin !== 'own' || texts.has(text) || (succeededMs !== undefined && failures === 0);
    this.keepOnly(stays);
    for (const known of this.addresses) if (texts.has(known.text)) renew(known);
    for (const address of addresses) this.learn(address, 'own', groupOf(address));
    this.doubt = 0;
  }

  /** Its addresses are as if they had not been dialled yet. */
  renew(): void {
    for (const known of this.addresses) renew(known);
  }

  /** The address to dial now, the best first: what has worked lately, then what has failed least. */
  candidates(nowMs: number): KnownAddress[] {
    return this.addresses.filter(({ dueMs }) => dueMs <= nowMs).sort(byPromise);
  }

  /** Every address worth a dial, whenever it is due: of those that are due the best first, then those that are due next. */
  inTurn(nowMs: number): KnownAddress[] {
    const dueMs = (known: KnownAddress) => Math.max(nowMs, known.dueMs);
    return this.worthADial(nowMs).sort((a, b) => dueMs(a) - dueMs(b) || byPromise(a, b));
  }

  /** Every address worth a dial, whenever it is due, the best first. */
  usableAddresses(nowMs: number): Address[] {
    return this.worthADial(nowMs)
      .sort(byPromise)
      .map(({ text }) => parseAddress(text));
  }

  get usableCount(): number {
    return this.addresses.filter((known) => this.hasStanding(known)).length;
  }

  /** No address has standing; each is dialled again when it is due. */
  get isGivenUp(): boolean {
    return this.usableCount === 0;
  }

  /** When the first of its addresses is due. */
  get dueMs(): number {
    return Math.min(...this.addresses.map(({ dueMs }) => dueMs));
  }

  succeeded(text: string, wallMs: number): void {
    const known = this.find(text);
    this.doubt = 0;
    if (known === undefined) return;
    known.attempts++;
    known.failures = 0;
    known.succeededMs = wallMs;
    known.isWrong = false;
  }

  failed(text: string, moment: Moment, options: BackoffOptions): void {
    const known = this.find(text);
    this.doubt++;
    if (known === undefined) return;
    known.attempts++;
    known.failures++;
    this.waitLonger(known, moment, options);
  }

  /** Another node answers there. A configured address is dialled again all the same, with the same back-off as after any failure. */
  wrong(text: string, moment: Moment, options: BackoffOptions): void {
    const known = this.find(text);
    if (known === undefined) return;
    known.attempts++;
    known.isWrong = true;
    known.succeededMs = undefined;
    this.waitLonger(known, moment, options);
  }

  /** It is there, and has no room or no wish: not to be asked again for up to `boundMs`. */
  postponed(text: string, { nowMs, random }: Moment, boundMs: number): void {
    const known = this.find(text);
    this.doubt = 0;
    if (known === undefined) return;
    known.attempts++;
    known.dueMs = nowMs + waitMs(boundMs, random.float());
  }

  /** The connection has ended. After a long life the waits begin anew, after a short one they go on growing. */
  ended(isStable: boolean, { nowMs, random }: Moment, options: BackoffOptions): void {
    const backoff = this.rules?.backoff ?? options;
    for (const known of this.addresses.filter((each) => this.hasStanding(each))) {
      known.backoffMs = nextBackoffMs(isStable ? 0 : known.backoffMs, backoff);
      known.dueMs = nowMs + waitMs(known.backoffMs, random.float());
    }
  }

  /** With standing, or due to show whether it deserves it again. */
  private worthADial(nowMs: number): KnownAddress[] {
    return this.addresses.filter((known) => this.hasStanding(known) || known.dueMs <= nowMs);
  }

  /** What was configured has it, whatever once answered there. */
  private hasStanding({ isWrong, failures, origin }: KnownAddress): boolean {
    if (isWrong) return this.isPersistent && origin === 'configured';
    const isForEver = this.isPersistent && this.rules?.attemptsMax === undefined;
    return isForEver || failures <= (this.rules?.attemptsMax ?? this.attemptsMax);
  }

  private waitLonger(known: KnownAddress, { nowMs, random }: Moment, options: BackoffOptions): void {
    const hasStanding = this.hasStanding(known);
    known.backoffMs = nextBackoffMs(known.backoffMs, hasStanding ? (this.rules?.backoff ?? options) : REGAIN);
    known.dueMs = nowMs + (hasStanding ? waitMs(known.backoffMs, random.float()) : known.backoffMs * (1 - random.float() / 2));
  }

  /**
   * At the bound a hint gives way to what is no hint, and one that has failed to another one: nothing that has worked ever does,
   * nor what is wrong, which would be back at once.
   */
  private hasRoom(origin: AddressOrigin): boolean {
    const { addressesMax, hintedAddressesMax } = ENTRY_LIMITS;
    const hinted = this.addresses.filter((known) => known.origin === 'hint');
    const isHint = origin === 'hint';
    if (this.addresses.length < addressesMax && (!isHint || hinted.length < hintedAddressesMax)) return true;
    const unproven = hinted.filter(({ succeededMs }) => succeededMs === undefined);
    const [weakest] = isHint ? unproven.filter(hasFailed).sort((a, b) => b.failures - a.failures) : unproven;
    this.keepOnly((known) => known !== weakest);
    return weakest !== undefined;
  }

  private keepOnly(stays: (known: KnownAddress) => boolean): void {
    this.addresses = this.addresses.filter(stays);
  }
}

/**
 * Checking a signature costs more than everything else about a record; for a neighbour whose record is not passed on it is never needed.
 */
export function checkLater(entry: Entry, isGenuine: () => boolean, onForged: () => void): void {
  const { record } = entry;
  if (record === undefined) return;
  record.check = () => {
    record.check = undefined;
    const isSound = isGenuine();
    if (!isSound && entry.record === record) onForged();
    return isSound;
  };
}
