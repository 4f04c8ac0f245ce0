/** @module Forwarded addresses: who is behind the reverse proxies in front of this node. Pure. */
import { type BlockList, isIP } from 'node:net';
import { Address } from '../../../core/address/address.js';
import { familyOf } from './options.js';

/** Entries of the header that are looked at, from its end. */
const HOPS_MAX = 16;
/** What proxies write: an address, with or without a port. */
const ENTRY = /^\s*(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?|([0-9a-f:.]+))\s*$/i;

/**
 * The remote address of a connection. Each proxy adds the address that it sees to the end of the header, so that what stands before the first entry
 * that no trusted proxy wrote is the client's own invention. Such an address has no port.
 */
export function forwardedAddress(direct: Address, header: string | readonly string[] | undefined, proxies: BlockList): Address {
  const text = typeof header === 'string' ? header : (header?.join(',') ?? '');
  let host = direct.host;
  for (const entry of text.split(',').slice(-HOPS_MAX).reverse()) {
    if (!proxies.check(host, familyOf(host))) break;
    const [, bracketed, ipv4, plain] = ENTRY.exec(entry) ?? [];
    const before = bracketed ?? ipv4 ?? plain ?? '';
    if (isIP(before) === 0) break;
    host = before;
  }
  return host === direct.host ? direct : Address.of({ scheme: direct.scheme, host, port: 0 });
}
