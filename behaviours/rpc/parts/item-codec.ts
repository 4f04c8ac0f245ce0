/**
 * @module ItemCodec: values in a stream of bytes: each as CBOR, behind its length (u32, big-endian).
 */
import { decodeValueAt, encodeValue, type Limits, NetworkError } from '../../../core/index.js';
import { readU32, writeU32 } from '../../../core/structures/bytes.js';

const LENGTH_BYTES = 4;
const NOTHING = new Uint8Array(0);

/** Throws `CODEC_UNENCODABLE`, and `RPC_TOO_LARGE` for an item that the other side would not take. */
export function encodeItem(value: unknown, limits: Limits): Uint8Array {
  const content = encodeValue(value, limits);
  if (content.length > limits.payloadBytesMax)
    throw new NetworkError('RPC_TOO_LARGE', `an item has ${content.length} bytes, more than limits.payloadBytesMax`);
  const bytes = new Uint8Array(LENGTH_BYTES + content.length);
  writeU32(bytes, 0, content.length);
  bytes.set(content, LENGTH_BYTES);
  return bytes;
}

/** Takes pieces as they come, and gives items. What it keeps is less than one item and one piece. */
export class ItemDecoder {
  private kept: Uint8Array = NOTHING;
  private at = 0;

  constructor(private readonly limits: Limits) {}

  /** Whether a part of an item has come, and not the rest. */
  get isWithin(): boolean {
    return this.at < this.kept.length;
  }

  push(piece: Uint8Array): void {
    if (!this.isWithin) this.kept = piece;
    else {
      const rest = this.kept.subarray(this.at);
      const both = new Uint8Array(rest.length + piece.length);
      both.set(rest);
      both.set(piece, rest.length);
      this.kept = both;
    }
    this.at = 0;
  }

  /** The next item; `undefined` as long as it has not come as a whole. Throws `PROTOCOL_ERROR` for what is none. */
  next(): { readonly value: unknown } | undefined {
    const { kept, at } = this;
    if (kept.length - at < LENGTH_BYTES) return undefined;
    const length = readU32(kept, at);
    if (length > this.limits.payloadBytesMax) throw malformed();
    const start = at + LENGTH_BYTES;
    if (kept.length - start < length) return undefined;
    this.at = start + length;
    const decoded = decodeValueAt(kept, start, this.at, this.limits);
    if (decoded === undefined) throw malformed();
    return decoded;
  }
}

function malformed(): NetworkError {
  return new NetworkError('PROTOCOL_ERROR', 'the remote sent what is no item');
}
