/**
 * @module Forwarded: the form in which a relay hands a message on. The body is copied as it is.
 */
import { NODE_ID_BYTES } from '../address/node-id.js';
import { FIXED_HEADER_BYTES, type HeaderView, SOURCE_BIT } from './message.js';

/** How long the message at `view` is when it is handed on: the first relay names its source. */
export function forwardedBytes({ start, end, sourceOffset }: HeaderView): number {
  return end - start + (sourceOffset < 0 ? NODE_ID_BYTES : 0);
}

/**
 * Writes the message at `view` as a relay hands it on: with one hop less, and with `source` (32 bytes) where it names none; what follows
 * goes as it came, in one copy. Returns the offset behind it.
 */
export function writeForwarded(view: HeaderView, source: Uint8Array, target: Uint8Array, offset: number): number {
  const { bytes, start, end } = view;
  for (let at = 0; at < FIXED_HEADER_BYTES; at++) target[offset + at] = bytes[start + at] as number;
  target[offset] = (bytes[start] as number) | SOURCE_BIT;
  target[offset + 1] = view.ttl - 1;
  let at = offset + FIXED_HEADER_BYTES;
  if (view.sourceOffset < 0) {
    target.set(source, at);
    at += NODE_ID_BYTES;
  }
  // Not `subarray`: of a Buffer it makes a Buffer, which is expensive.
  const restBytes = end - start - FIXED_HEADER_BYTES;
  target.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start + FIXED_HEADER_BYTES, restBytes), at);
  return at + restBytes;
}
