/**
 * @module Socket addresses: the ends of sockets as addresses. An IPv4 peer of a dual-stack socket is shown as IPv4.
 */
import { Address } from '../../core/address/address.js';

const MAPPED_PREFIX = '::ffff:';

/** `undefined` when the socket is gone. */
export function socketAddress(host: string | undefined, port: number | undefined, scheme = 'tcp'): Address | undefined {
  if (host === undefined || port === undefined) return undefined;
  const isMapped = host.startsWith(MAPPED_PREFIX) && host.includes('.');
  return Address.of({ scheme, host: isMapped ? host.slice(MAPPED_PREFIX.length) : host, port });
}
