/**
 * @module MethodNames: the names of methods as bytes and back. A node sees the same few again and again, and converting text costs more than
 * comparing bytes. A pure structure, bounded: names that share a place displace each other.
 */
interface Name {
  readonly text: string;
  readonly bytes: Uint8Array;
}

const PLACES = 64;
const TEXT_ENCODER = new TextEncoder();
const TEXT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class MethodNames {
  /** By place. They grow with use: most nodes of a large network call nothing. */
  private readonly byText: (Name | undefined)[] = [];
  private readonly byBytes: (Name | undefined)[] = [];

  bytesOf(text: string): Uint8Array {
    const place = (text.length * 31 + text.charCodeAt(0) * 7 + text.charCodeAt(text.length - 1)) % PLACES;
    const known = this.byText[place];
    if (known?.text === text) return known.bytes;
    const bytes = TEXT_ENCODER.encode(text);
    this.byText[place] = { text, bytes };
    return bytes;
  }

  /** Empty for what is no text. */
  textOf(bytes: Uint8Array, start: number, end: number): string {
    if (start === end) return '';
    const place = ((end - start) * 31 + (bytes[start] as number) * 7 + (bytes[end - 1] as number)) % PLACES;
    const known = this.byBytes[place];
    if (known !== undefined && holds(bytes, start, end, known.bytes)) return known.text;
    const copy = Uint8Array.from(bytes.subarray(start, end));
    const text = decoded(copy);
    if (text !== '') this.byBytes[place] = { text, bytes: copy };
    return text;
  }
}

function holds(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index++) if (bytes[start + index] !== name[index]) return false;
  return true;
}

function decoded(bytes: Uint8Array): string {
  try {
    return TEXT_DECODER.decode(bytes);
  } catch {
    return '';
  }
}
