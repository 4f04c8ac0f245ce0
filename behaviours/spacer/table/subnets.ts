/**
 * @module Subnets: how many contacts of one subnet there are, in each bucket and in all, so that who has many addresses of one subnet does not
 * fill the table. Only addresses of the internet count: private networks, this machine and the simulator have no owners to tell apart. Pure.
 */
import { classOf } from '../../../core/address/address-class.js';
import { type Address, ipBytes } from '../../../core/index.js';

/** Of the contacts in use: those of one subnet in one bucket, and in the whole table. */
export const SUBNET_LIMITS = { perBucketMax: 2, perTableMax: 10 } as const;

/** Of IPv4 three bytes (/24), of IPv6 six (/48). */
const IPV4_BYTES = 3;
const IPV6_BYTES = 6;

/** The subnet of an address; `undefined` where there is nothing to tell apart. */
export function subnetOf(address: Address): string | undefined {
  if (classOf(address) !== 'public') return undefined;
  const bytes = ipBytes(address.host) as Uint8Array;
  return bytes.subarray(0, bytes.length === 4 ? IPV4_BYTES : IPV6_BYTES).join('.');
}

/** Each subnet once. */
export function subnetsOf(addresses: readonly Address[]): readonly string[] {
  return [...new Set(addresses.flatMap((address) => subnetOf(address) ?? []))];
}

export class SubnetTally {
  private readonly counts = new Map<string, number>();

  /** Whether one more contact of these subnets may be used in that bucket. */
  hasRoom(bucket: number, subnets: readonly string[]): boolean {
    const { perBucketMax, perTableMax } = SUBNET_LIMITS;
    return subnets.every((subnet) => this.count(subnet) < perTableMax && this.count(`${bucket}/${subnet}`) < perBucketMax);
  }

  add(bucket: number, subnets: readonly string[]): void {
    for (const subnet of subnets) for (const key of [subnet, `${bucket}/${subnet}`]) this.counts.set(key, this.count(key) + 1);
  }

  remove(bucket: number, subnets: readonly string[]): void {
    for (const subnet of subnets)
      for (const key of [subnet, `${bucket}/${subnet}`])
        if (this.count(key) > 1) this.counts.set(key, this.count(key) - 1);
        else this.counts.delete(key);
  }

  /** Entries that are kept. */
  get size(): number {
    return this.counts.size;
  }

  private count(key: string): number {
    return this.counts.get(key) ?? 0;
  }
}
