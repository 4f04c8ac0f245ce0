/**
 * @module RecordBytes: the bytes of all records in one buffer, because an array for each of them costs 300 bytes beside its content of
 * some 130. What was dropped leaves a gap; when the buffer is full, what is left is moved to a new one. Pure.
 */

/** Where bytes are. The buffer moves them. */
export interface Place {
  offset: number;
  length: number;
}

const FIRST_BYTES = 1_024;

export class RecordBytes {
  private buffer = new Uint8Array(0);
  private used = 0;
  private live = 0;

  /** `places`: of everything that is in the buffer. */
  constructor(private readonly places: () => Iterable<Place>) {}

  /** Copies the bytes in. The place is not among `places` yet. */
  put(place: Place, bytes: Uint8Array): void {
    if (this.used + bytes.length > this.buffer.length) this.move(bytes.length);
    this.buffer.set(bytes, this.used);
    place.offset = this.used;
    place.length = bytes.length;
    this.used += bytes.length;
    this.live += bytes.length;
  }

  /** The place is empty from now on. */
  drop(place: Place): void {
    this.live -= place.length;
    place.length = 0;
  }

  /** Good until something is put in. */
  view({ offset, length }: Place): Uint8Array {
    return this.buffer.subarray(offset, offset + length);
  }

  /** Makes room for as much again as half of what is there. */
  private move(length: number): void {
    const former = this.buffer;
    const wanted = this.live + length;
    this.buffer = new Uint8Array(Math.max(FIRST_BYTES, wanted + (wanted >>> 1)));
    this.used = 0;
    for (const place of this.places()) {
      this.buffer.set(former.subarray(place.offset, place.offset + place.length), this.used);
      place.offset = this.used;
      this.used += place.length;
    }
  }
}
