/** @module LineReader: bytes as lines of bounded length. Pure. */

const NEWLINE = 0x0a;
const FIRST_BYTES = 4_096;

export class LineReader {
  /** The line that is not complete; it grows in doubles, so that a line of single bytes costs no more than any other. */
  private buffer = Buffer.alloc(0);
  private byteCount = 0;

  /** Without the newline. */
  constructor(private readonly bytesMax: number) {}

  /** The lines that are complete by now; `undefined` once one is too long: nothing is read after that. */
  take(chunk: Uint8Array): string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      if (!this.add(chunk.subarray(start, at))) return undefined;
      lines.push(this.buffer.toString('utf8', 0, this.byteCount));
      this.byteCount = 0;
      start = at + 1;
    }
    return this.add(chunk.subarray(start)) ? lines : undefined;
  }

  private add(part: Uint8Array): boolean {
    const wanted = this.byteCount + part.length;
    if (wanted > this.bytesMax) return false;
    if (wanted > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(FIRST_BYTES, wanted, Math.min(2 * this.buffer.length, this.bytesMax)));
      larger.set(this.buffer.subarray(0, this.byteCount));
      this.buffer = larger;
    }
    this.buffer.set(part, this.byteCount);
    this.byteCount = wanted;
    return true;
  }
}
