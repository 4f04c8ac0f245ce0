/**
 * @module RequestIds: random numbers of 53 bits, so that nobody who has not seen a request can answer it. Drawn in blocks, as drawing
 * is what costs.
 */
import type { Random } from '../../core/index.js';

const ID_BYTES = 7;
const BLOCK_BYTES = 64 * ID_BYTES;

export class RequestIds {
  private block = new Uint8Array(0);
  private used = 0;

  next(random: Random): number {
    if (this.used === this.block.length) {
      this.block = random.bytes(BLOCK_BYTES) as Uint8Array<ArrayBuffer>;
      this.used = 0;
    }
    const { block, used } = this;
    this.used += ID_BYTES;
    const byte = (index: number) => block[used + index] as number;
    const high = ((byte(0) & 0x1f) << 16) | (byte(1) << 8) | byte(2);
    const low = ((byte(3) << 24) | (byte(4) << 16) | (byte(5) << 8) | byte(6)) >>> 0;
    return high * 0x1_0000_0000 + low;
  }
}
