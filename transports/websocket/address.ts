/** @module WebSocket addresses: `ws://host[:port][/path]` and `wss://…`, whose path is the name of an address. */
import type { Address } from '../../core/address/address.js';
import { NetworkError } from '../../core/errors.js';

export const WEBSOCKET_SCHEMES = ['ws', 'wss'] as const;

/** Bytes of one message, at most; what is longer is sent as several, and received as an error. */
export const MESSAGE_BYTES_MAX = 131_072;

/** What is dialled: the address without the identity that must answer. */
export function urlOf(address: Address): string {
  return address.withNodeId(undefined).text;
}

export function checkScheme({ scheme, text }: Address): void {
  if (!(WEBSOCKET_SCHEMES as readonly string[]).includes(scheme))
    throw new NetworkError('SCHEME_UNKNOWN', `the WebSocket transport does not serve ${text}`);
}

/** A chunk in pieces that each fit into a message. */
export function piecesOf(chunk: Uint8Array): readonly Uint8Array[] {
  if (chunk.length <= MESSAGE_BYTES_MAX) return [chunk];
  const count = Math.ceil(chunk.length / MESSAGE_BYTES_MAX);
  return Array.from({ length: count }, (_, index) => chunk.subarray(index * MESSAGE_BYTES_MAX, (index + 1) * MESSAGE_BYTES_MAX));
}
