/**
 * @module Accounts: what each node has of this one: streams, requests in a second, bytes in a second. Nodes behind relays, whose ids are claims, share
 * one account, or each claim would bring its own. Pure: time is an argument.
 */
import { BoundedMap, TokenBucket } from '../../../core/index.js';

export interface Quotas {
  readonly streamsPerNode: number;
  readonly streamsMax: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Accounts that are kept; the one that was used least recently gives way. */
const ACCOUNTS_MAX = 4_096;
/** What may pass at once after a quiet time, as a part of a second. */
const BURST = 0.25;
const BURST_BYTES_MIN = 65_536;

export class Account {
  streams = 0;
  readonly requests: TokenBucket;
  private readonly bytes: TokenBucket;

  constructor({ requestsPerSecond, bytesPerSecond }: Quotas, nowMs: number) {
    this.requests = new TokenBucket(requestsPerSecond, requestsPerSecond, nowMs);
    this.bytes = new TokenBucket(Math.max(BURST_BYTES_MIN, bytesPerSecond * BURST), bytesPerSecond, nowMs);
  }

  /** So many bytes pass. In how many ms the next ones may. */
  pass(byteCount: number, nowMs: number): number {
    this.bytes.charge(byteCount, nowMs);
    return this.bytes.waitMs(0, nowMs);
  }
}

export class Accounts {
  private readonly accounts = new BoundedMap<string, Account>(ACCOUNTS_MAX);
  private total = 0;

  constructor(private readonly quotas: Quotas) {}

  get streamCount(): number {
    return this.total;
  }

  /** A further stream: the account that has it, until `leave`; or which bound refuses it. */
  enter(nodeId: string, isVerified: boolean, nowMs: number): Account | Exclude<keyof Quotas, 'bytesPerSecond'> {
    if (this.total >= this.quotas.streamsMax) return 'streamsMax';
    const key = isVerified ? nodeId : '';
    const account = this.accounts.renew(key) ?? new Account(this.quotas, nowMs);
    this.accounts.set(key, account);
    if (account.streams >= this.quotas.streamsPerNode) return 'streamsPerNode';
    if (!account.requests.takeAll(1, nowMs)) return 'requestsPerSecond';
    account.streams++;
    this.total++;
    return account;
  }

  leave(account: Account): void {
    account.streams--;
    this.total--;
  }
}
