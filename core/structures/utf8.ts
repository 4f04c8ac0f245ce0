/**
 * @module UTF-8: whether bytes are text, without making a string of them.
 */

/** Whether the range is valid UTF-8 that does not begin with a byte order mark, which decoders drop in silence. */
export function isPlainUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) return false;
  let at = start;
  while (at < end) {
    if ((bytes[at] as number) < 0x80) at++;
    else {
      const size = sequenceSize(bytes, at, end);
      if (size === 0) return false;
      at += size;
    }
  }
  return true;
}

/** The length of the multi-byte sequence at `at`, or 0 if it is invalid: cut short, overlong, a surrogate or beyond U+10FFFF. */
function sequenceSize(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  const size = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size === 0 || at + size > end) return 0;
  const second = bytes[at + 1] as number;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let index = at + 2; index < at + size; index++) if (((bytes[index] as number) & 0xc0) !== 0x80) return 0;
  return size;
}
