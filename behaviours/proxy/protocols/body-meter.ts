/**
 * @module BodyMeter: where the body of a request that is passed on as it is ends, so that nothing behind it is passed on with it. Strict, as the reading
 * of heads is: what is no such body is not mended. Pure.
 */
import { type bodyOf, HEADERS_LENGTH_MAX } from './headers.js';

const CR = 13;
const LF = 10;
/** Of a chunk's line, and of a field behind the chunks. */
const LINE_LENGTH_MAX = 1_024;
const SIZE = /^([0-9a-f]{1,12})(;[\t\x20-\x7e\x80-\xff]*)?$/i;
const TRAILER = /^[\t\x20-\x7e\x80-\xff]*$/;

type Phase = 'data' | 'size' | 'data-end' | 'trailer' | 'over';

export class BodyMeter {
  private phase: Phase;
  /** Of the body, or of the chunk. */
  private left = 0;
  private line = '';
  private trailersLength = 0;

  constructor(private readonly length: Exclude<ReturnType<typeof bodyOf>, 'wrong'>) {
    if (typeof length === 'number') this.left = length;
    this.phase = length === 'chunked' ? 'size' : this.left > 0 ? 'data' : 'over';
  }

  get isComplete(): boolean {
    return this.phase === 'over';
  }

  /** Whether these bytes, which come next, are all the body's. */
  take(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; ) {
      if (this.phase === 'over') return false;
      if (this.phase === 'data') at += this.skip(bytes.length - at);
      else if (!this.takeByte(bytes[at++] as number)) return false;
    }
    return true;
  }

  private skip(byteCount: number): number {
    const taken = Math.min(this.left, byteCount);
    this.left -= taken;
    if (this.left === 0) this.phase = this.length === 'chunked' ? 'data-end' : 'over';
    return taken;
  }

  private takeByte(byte: number): boolean {
    if (byte !== LF) {
      this.line += String.fromCharCode(byte);
      return this.line.length <= LINE_LENGTH_MAX;
    }
    const { line } = this;
    this.line = '';
    return line.charCodeAt(line.length - 1) === CR && this.takeLine(line.slice(0, -1));
  }

  private takeLine(line: string): boolean {
    if (this.phase === 'data-end') {
      this.phase = 'size';
      return line === '';
    }
    if (this.phase === 'trailer') {
      if (line === '') this.phase = 'over';
      this.trailersLength += line.length;
      return TRAILER.test(line) && this.trailersLength <= HEADERS_LENGTH_MAX;
    }
    const size = SIZE.exec(line)?.[1];
    if (size === undefined) return false;
    this.left = Number.parseInt(size, 16);
    this.phase = this.left === 0 ? 'trailer' : 'data';
    return true;
  }
}
