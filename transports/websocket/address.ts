/** @module WebSocket addresses: `ws://host[:port][/path]` and `wss://…`, whose path is the name of an address. */
import type { Address } from '../../core/address/address.js';
import { NetworkError } from '../../core/errors.js';

export const WEBSOCKET_SCHEMES = ['ws', 'wss'] as const;

/** What is dialled: the address without the identity that must answer. */
export function urlOf(address: Address): string {
  return address.withNodeId(undefined).text;
}

export function checkScheme({ scheme, text }: Address): void {
  if (!(WEBSOCKET_SCHEMES as readonly string[]).includes(scheme))
    throw new NetworkError('SCHEME_UNKNOWN', `the WebSocket transport does not serve ${text}`);
}
