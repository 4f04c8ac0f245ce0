/**
 * @module Wire: one channel between the two nodes of a `Pair`, with the bytes in transit, within reach of a test.
 */
import type { LinkSink, NetworkError, TransportLink } from '../core/index.js';
import { joinBytes } from '../core/structures/bytes.js';

export type SideName = 'alice' | 'bob';

/** A chunk of bytes, or the end of the channel. */
type Item = { readonly bytes: Uint8Array } | { readonly end: NetworkError | undefined };

interface Direction {
  /** Where what arrives is written to: the receiving node's end. */
  link: TransportLink | undefined;
  items: Item[];
  /** How many bytes may still pass. */
  budget: number;
}

export class Wire {
  readonly #to: Readonly<Record<SideName, Direction>> = { alice: newDirection(), bob: newDirection() };
  #isEnded = false;

  /** For the pair: connects a node's end, and returns what that node writes to. */
  attach(side: SideName, link: TransportLink): LinkSink {
    this.#to[side].link = link;
    const other = side === 'alice' ? 'bob' : 'alice';
    return {
      onBytes: (bytes) => void this.#to[other].items.push({ bytes: bytes.slice() }),
      onWritten: () => {},
      onClosed: (cause) => void this.#to[other].items.push({ end: cause }),
    };
  }

  /** Chunks in transit, oldest first. */
  inFlight(to: SideName): readonly Uint8Array[] {
    return this.#to[to].items.flatMap((item) => ('bytes' in item ? [item.bytes] : []));
  }

  get isQuiet(): boolean {
    return this.#isEnded || (this.#to.alice.items.length === 0 && this.#to.bob.items.length === 0);
  }

  /** Takes every byte off the wire. */
  take(to: SideName): Uint8Array {
    const bytes = joinBytes(this.inFlight(to));
    this.#to[to].items = this.#to[to].items.filter((item) => 'end' in item);
    return bytes;
  }

  /** Puts bytes on the wire, behind what is there. */
  inject(to: SideName, bytes: Uint8Array): void {
    this.#to[to].items.push({ bytes: bytes.slice() });
  }

  /** Loses what is on the wire; returns how many bytes that were. */
  drop(to: SideName): number {
    return this.take(to).length;
  }

  /** Changes one byte that is on the wire, counted from the oldest. */
  flip(to: SideName, index: number, mask = 1): void {
    const bytes = this.take(to);
    if (index >= bytes.length) throw new Error(`only ${bytes.length} bytes are on the wire to ${to}`);
    bytes[index] = (bytes[index] as number) ^ mask;
    this.inject(to, bytes);
  }

  /** After so many more bytes nothing arrives any more, without an error. */
  cutAfter(to: SideName, byteCount: number): void {
    this.#to[to].budget = byteCount;
  }

  /** The channel ends for both sides at once; what is on the wire is lost. */
  end(cause?: NetworkError): void {
    for (const side of ['alice', 'bob'] as const) {
      const { link } = this.#to[side];
      if (cause === undefined) link?.end();
      else link?.destroy();
    }
    this.#isEnded = true;
  }

  /** Hands the oldest item of a direction over. False when there is none. */
  deliver(to: SideName): boolean {
    const direction = this.#to[to];
    const item = this.#isEnded ? undefined : direction.items.shift();
    if (item === undefined) return false;
    if ('end' in item) this.#endAt(direction, item.end);
    else this.#pass(direction, item.bytes);
    return true;
  }

  #pass(direction: Direction, bytes: Uint8Array): void {
    const passing = bytes.subarray(0, direction.budget);
    direction.budget -= passing.length;
    if (passing.length > 0) direction.link?.write([passing]);
  }

  #endAt({ link }: Direction, cause: NetworkError | undefined): void {
    if (cause === undefined) link?.end();
    else link?.destroy();
  }
}

function newDirection(): Direction {
  return { link: undefined, items: [], budget: Number.POSITIVE_INFINITY };
}
