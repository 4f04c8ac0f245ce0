/**
 * @module ServiceSets: lists of services, each kept once under a small number, because most nodes of a mesh offer the same. 0 is the
 * empty list. A number is given back when nobody holds it any more.
 */
import { mix } from './node-list.js';

export const NO_SERVICES = 0;

const WORDS = 8;
/** Lists, the empty one included: their numbers are below it, on the wire as well. */
export const SETS_MAX = 4_096;

export class ServiceSets {
  /** By number; ascending, without doubles. */
  private readonly lists: (readonly number[] | undefined)[] = [[]];
  private readonly bits: number[] = new Array<number>(WORDS).fill(0);
  private readonly names: number[] = [0];
  private readonly holders: number[] = [1];
  private readonly numbers = new Map<string, number>([['', NO_SERVICES]]);
  private readonly free: number[] = [];

  /** `onFreed`: as of `NodeList`. */
  constructor(private readonly onFreed: (set: number) => void) {}

  get size(): number {
    return this.numbers.size;
  }

  /** The number of an ascending list, held once for the caller. At the bound it is the empty list. */
  take(list: readonly number[]): number {
    const key = list.join();
    const known = this.numbers.get(key);
    if (known === undefined && this.size >= SETS_MAX) return this.take([]);
    const set = known ?? this.create(list, key);
    this.hold(set);
    return set;
  }

  hold(set: number): void {
    (this.holders[set] as number)++;
  }

  /** The empty list is always there. */
  release(set: number): void {
    if (set === NO_SERVICES) return;
    const left = (this.holders[set] as number) - 1;
    this.holders[set] = left;
    if (left > 0) return;
    this.onFreed(set);
    this.numbers.delete(this.listOf(set).join());
    this.lists[set] = undefined;
    this.free.push(set);
  }

  listOf(set: number): readonly number[] {
    return this.lists[set] as readonly number[];
  }

  /** 32 bits that follow from the list alone. */
  name(set: number): number {
    return this.names[set] as number;
  }

  has(set: number, serviceId: number): boolean {
    return (((this.bits[set * WORDS + (serviceId >> 5)] as number) >>> (serviceId & 31)) & 1) === 1;
  }

  private create(list: readonly number[], key: string): number {
    const set = this.free.pop() ?? this.lists.length;
    this.lists[set] = list;
    this.holders[set] = 0;
    for (let word = 0; word < WORDS; word++) this.bits[set * WORDS + word] = 0;
    let name = 0;
    for (const serviceId of list) {
      (this.bits[set * WORDS + (serviceId >> 5)] as number) |= 1 << (serviceId & 31);
      name = mix(name * 31 + serviceId + 1);
    }
    this.names[set] = name;
    this.numbers.set(key, set);
    return set;
  }
}
