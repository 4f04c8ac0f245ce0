/**
 * @module Announcements: where others are to dial this node: what its user says or, without that, where it listens; and what behaviours have found
 * besides, such as a port of a router that leads here.
 */
import type { Address } from '../address/address.js';
import type { BehaviorObserver } from './behaviors/behavior-table.js';
import type { BehaviorSlot } from './behaviors/owner.js';
import type { EngineContext } from './context.js';

/** Of one behaviour. */
export const ANNOUNCED_MAX = 8;

export class Announcements implements BehaviorObserver {
  private readonly found = new Map<BehaviorSlot, readonly Address[]>();
  private own: readonly Address[] = [];
  private all: readonly Address[] = [];

  constructor(private readonly context: EngineContext) {}

  /** The same list for as long as nothing changes. */
  get addresses(): readonly Address[] {
    const { options, addresses } = this.context;
    const own = options.announce.length > 0 ? options.announce : addresses;
    if (own !== this.own) this.compose(own);
    return this.all;
  }

  /** In place of what the behaviour has found before. */
  put(slot: BehaviorSlot, addresses: readonly Address[]): void {
    if (slot.isEnded) return;
    this.found.set(slot, addresses);
    this.compose(this.own);
  }

  left(slot: BehaviorSlot): void {
    if (this.found.delete(slot)) this.compose(this.own);
  }

  private compose(own: readonly Address[]): void {
    const found = [...this.found.values()].flat();
    this.own = own;
    this.all = found.length === 0 ? own : [...new Map([...own, ...found].map((address) => [address.text, address])).values()];
  }
}
