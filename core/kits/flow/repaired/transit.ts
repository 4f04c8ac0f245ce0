/**
 * @module Transit: the packets of a repaired path that were sent and of which nothing is known yet, and the suspects: those that seem to be lost, and may
 * still come. May not decide which are lost. Pure; the window bounds what is in transit, suspects are the latest 128.
 */
import { BoundedMap } from '../../../structures/bounded-map.js';
import type { PacketRange } from './seen-numbers.js';

export interface SentPacket<Frame> {
  readonly number: number;
  readonly frames: readonly Frame[];
  readonly byteCount: number;
  readonly sentMs: number;
  /** When it was sent, the sender was limited by the window. */
  readonly isLimited: boolean;
}

/** Lost packets that are remembered, for the case that they come after all. */
const SUSPECTS_MAX = 128;

export class Transit<Frame> {
  /** By ascending number. */
  readonly #packets = new Map<number, SentPacket<Frame>>();
  readonly #suspects = new BoundedMap<number, SentPacket<Frame>>(SUSPECTS_MAX);
  /** Of all that are in transit. */
  byteCount = 0;

  get isEmpty(): boolean {
    return this.#packets.size === 0;
  }

  get count(): number {
    return this.#packets.size;
  }

  /** Oldest first. */
  get packets(): Iterable<SentPacket<Frame>> {
    return this.#packets.values();
  }

  get(number: number): SentPacket<Frame> | undefined {
    return this.#packets.get(number);
  }

  add(packet: SentPacket<Frame>): void {
    this.#packets.set(packet.number, packet);
    this.byteCount += packet.byteCount;
  }

  /** It is a suspect from here on. */
  lose(packet: SentPacket<Frame>): void {
    this.#remove(packet);
    this.#suspects.set(packet.number, packet);
  }

  /** Takes out what has arrived. */
  take(ranges: readonly PacketRange[]): SentPacket<Frame>[] {
    const found: SentPacket<Frame>[] = [];
    for (const packet of this.#packets.values()) {
      if (packet.number > (ranges[0] as PacketRange).last) break;
      if (isIn(ranges, packet.number)) found.push(packet);
    }
    for (const packet of found) this.#remove(packet);
    return found;
  }

  /** Takes out suspects that have arrived. */
  acquit(ranges: readonly PacketRange[]): SentPacket<Frame>[] {
    if (this.#suspects.size === 0) return [];
    const { first } = ranges.at(-1) as PacketRange;
    while (this.#suspects.takeOldest((_packet, number) => number < first) !== undefined);
    const found = [...this.#suspects.entries()].filter(({ key }) => isIn(ranges, key)).map(({ value }) => value);
    for (const { number } of found) this.#suspects.delete(number);
    return found;
  }

  forgetSuspects(): void {
    this.#suspects.clear();
  }

  #remove({ number, byteCount }: SentPacket<Frame>): void {
    this.#packets.delete(number);
    this.byteCount -= byteCount;
  }
}

function isIn(ranges: readonly PacketRange[], number: number): boolean {
  return ranges.some(({ first, last }) => number >= first && number <= last);
}
