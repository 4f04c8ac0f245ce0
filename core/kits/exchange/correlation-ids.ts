/**
 * @module CorrelationIds: random ids of 64 bits, so that a node that has not seen a request cannot answer it. Drawn in blocks, as drawing is
 * what costs.
 */
import type { Random } from '../../api/ports.js';
import { readU32 } from '../../structures/bytes.js';
import type { CorrelationId } from './messages.js';

const ID_BYTES = 8;
const BLOCK_BYTES = 64 * ID_BYTES;

export class CorrelationIds implements CorrelationId {
  /** The id that was drawn last. */
  idHigh = 0;
  idLow = 0;
  private block = new Uint8Array(0);
  private used = 0;

  draw(random: Random): void {
    if (this.used === this.block.length) {
      this.block = random.bytes(BLOCK_BYTES) as Uint8Array<ArrayBuffer>;
      this.used = 0;
    }
    this.idHigh = readU32(this.block, this.used);
    this.idLow = readU32(this.block, this.used + 4) | 0;
    this.used += ID_BYTES;
  }
}
