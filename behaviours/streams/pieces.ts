/**
 * @module Pieces: how what an application writes at once is cut for a neighbour. Streams take turns by the piece, and a piece costs much the same whatever
 * its size.
 */
import { RECORD_PAYLOAD_BYTES } from '../../core/index.js';

/** The largest piece: what files and sockets are read by, so that what was read at once is handed out at once. */
export const PIECE_BYTES_MAX = 65_536;

/**
 * With less credit than this, a larger rest of what is written waits for more. That comes when half of a window was read, and a window is four times as
 * wide at least.
 */
export const PIECE_BYTES_MIN = 4_096;

/** How much of what is left of a write goes next, `most` at most: halves rather than a whole piece and a few bytes. */
export function pieceBytes(left: number, most: number): number {
  if (left <= most) return left;
  const whole = Math.min(most, RECORD_PAYLOAD_BYTES);
  return left < 2 * whole ? Math.ceil(left / 2) : whole;
}
