/**
 * @module AddressGroup: which addresses are likely to be in one hand. Choosing from many groups is what makes it dear to surround a node
 * (SECURITY.md rows 45, 49). Only the internet is grouped: who is in a private network or on this machine is near anyway. Pure.
 */
import type { Address } from './address.js';
import { classOf } from './address-class.js';
import { ipBytes } from './ip.js';

/** The group of an address, or nothing when it counts towards no group. */
export type GroupOf = (address: Address) => string | undefined;

/** IPv4 by /16, IPv6 by /32, names by their last two labels. */
export const groupOfAddress: GroupOf = (address) => {
  const name = classOf(address);
  if (name === 'name') return address.host.split('.').slice(-2).join('.');
  if (name !== 'public') return undefined;
  const bytes = ipBytes(address.host) as Uint8Array;
  return bytes.subarray(0, bytes.length === 4 ? 2 : 4).join('.');
};
