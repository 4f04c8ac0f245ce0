/**
 * @module Seeds: addresses of which it is not known who is there. Each is dialled until somebody answers; from then on it is that node's
 * business, and again a seed when another node is found there. Pure.
 */
import { type Address, limitReached, type NodeId } from '../../../core/index.js';
import { type BackoffOptions, nextBackoffMs, waitMs } from '../../../core/structures/back-off.js';
import type { Moment } from '../book/entry.js';

export interface Seed {
  readonly address: Address;
  /** Who answered there last. */
  nodeId: NodeId | undefined;
  isDialling: boolean;
  backoffMs: number;
  dueMs: number;
}

/** At the bound further ones are not taken. */
export const SEEDS_MAX = 256;

/** Of these addresses, those of which it is not known who is there. */
export function unknownAmong(addresses: readonly Address[]): ReadonlySet<string> {
  return new Set(addresses.filter(({ nodeId }) => nodeId === undefined).map(({ text }) => text));
}

export class Seeds {
  private readonly byText = new Map<string, Seed>();

  /** Throws `LIMIT_EXCEEDED` when there is no room for all of them that are no seeds yet. */
  requireRoom(addresses: readonly Address[]): void {
    const current = this.byText.size;
    const count = [...unknownAmong(addresses)].filter((text) => !this.byText.has(text)).length;
    if (current + count > SEEDS_MAX) throw limitReached({ limit: 'SEEDS_MAX', current, maximum: SEEDS_MAX, scope: 'addressbook' });
  }

  /** False at the bound. */
  add(address: Address): boolean {
    if (this.byText.has(address.text)) return true;
    if (this.byText.size >= SEEDS_MAX) return false;
    this.byText.set(address.text, { address, nodeId: undefined, isDialling: false, backoffMs: 0, dueMs: 0 });
    return true;
  }

  get(text: string): Seed | undefined {
    return this.byText.get(text);
  }

  remove(text: string): void {
    this.byText.delete(text);
  }

  /** Those that are to be dialled now. */
  due(nowMs: number): readonly Seed[] {
    return [...this.byText.values()].filter((seed) => seed.nodeId === undefined && !seed.isDialling && seed.dueMs <= nowMs);
  }

  /** When the next one is to be dialled; `Infinity` when none is. */
  get nextDueMs(): number {
    const waiting = [...this.byText.values()].filter((seed) => seed.nodeId === undefined && !seed.isDialling);
    return Math.min(...waiting.map(({ dueMs }) => dueMs));
  }

  failed(seed: Seed, { nowMs, random }: Moment, options: BackoffOptions): void {
    seed.backoffMs = nextBackoffMs(seed.backoffMs, options);
    seed.dueMs = nowMs + waitMs(seed.backoffMs, random.float());
  }

  learnt(seed: Seed, nodeId: NodeId): void {
    seed.nodeId = nodeId;
    seed.backoffMs = 0;
  }

  /** Somebody else is found at the address of that node. */
  unlearn(text: string, nodeId: NodeId): boolean {
    const seed = this.byText.get(text);
    if (seed?.nodeId !== nodeId) return false;
    seed.nodeId = undefined;
    return true;
  }

  /** The seeds behind which that node is. */
  of(nodeId: NodeId): readonly Seed[] {
    return [...this.byText.values()].filter((seed) => seed.nodeId === nodeId);
  }
}
