/**
 * @module AddressGroup: which addresses are likely to have one owner. Choosing from many groups makes it expensive to surround a node.
 * Only the internet is grouped: private networks and this machine are near anyway. Pure.
 */
import type { Address } from './address.js';
import { classOf } from './address-class.js';
import { ipBytes } from './ip.js';

/** The group of an address; `undefined` when it counts towards no group. */
export type GroupOf = (address: Address) => string | undefined;

/** One remote place: an address, of IPv6 its /64, which is what a single customer gets. */
export function placeOfHost(host: string): string {
  const bytes = ipBytes(host);
  return bytes?.length === 16 ? bytes.subarray(0, 8).join('.') : host;
}

/** IPv4 by /16, IPv6 by /32, names by their last two labels. */
export const groupOfAddress: GroupOf = (address) => {
  const name = classOf(address);
  if (name === 'name') return address.host.replace(/\.$/, '').split('.').slice(-2).join('.');
  if (name !== 'public') return undefined;
  const bytes = ipBytes(address.host) as Uint8Array;
  return bytes.subarray(0, bytes.length === 4 ? 2 : 4).join('.');
};
