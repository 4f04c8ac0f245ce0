/**
 * @module The wire form of acknowledgements, big-endian: u16 whole ms that the newest packet waited, rounded down, u8 count of ranges, 1 at least; then, newest
 * first, u48 last packet and u32 further packets before it, each. Ranges are in order, with a gap between any two.
 */
import type { ByteReader } from '../../../structures/byte-reader.js';
import type { ByteWriter } from '../../../structures/byte-writer.js';
import type { Acknowledgement } from './receipts.js';
import { type PacketRange, RANGES_MAX } from './seen-numbers.js';

const DELAY_MAX_MS = 0xffff;
const LENGTH_MAX = 0xffff_ffff;

/** Writes the wire form of an acknowledgement. */
export function writeAcknowledgement(writer: ByteWriter, { ranges, delayMs }: Acknowledgement): void {
  writer.u16(Math.min(Math.floor(delayMs), DELAY_MAX_MS)).u8(ranges.length);
  for (const { first, last } of ranges) writer.u48(last).u32(Math.min(last - first, LENGTH_MAX));
}

/** Reads an acknowledgement that fills the rest of the message; `undefined` if it is malformed. */
export function readAcknowledgement(reader: ByteReader): Acknowledgement | undefined {
  const acknowledgement = readAcknowledgementItem(reader);
  return reader.isComplete ? acknowledgement : undefined;
}

/** Reads an acknowledgement that something else may follow. A malformed one makes the reader fail. */
export function readAcknowledgementItem(reader: ByteReader): Acknowledgement {
  const delayMs = reader.u16();
  const count = reader.u8();
  const ranges: PacketRange[] = [];
  for (let index = 0; index < Math.min(count, RANGES_MAX) && !reader.hasFailed; index++) {
    const last = reader.u48();
    const first = last - reader.u32();
    const above = ranges.at(-1);
    if (first < 0 || (above !== undefined && last + 1 >= above.first)) reader.fail();
    ranges.push({ first, last });
  }
  if (count === 0 || count > RANGES_MAX) reader.fail();
  return { ranges, delayMs };
}
