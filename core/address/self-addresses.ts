/**
 * @module SelfAddresses: addresses that led back to this node, or that it has, as texts without node id. They are no other node's for a while. Names are
 * never among them, as they may lead elsewhere. Pure.
 */

import { BoundedMap } from '../structures/bounded-map.js';
import type { Address } from './address.js';
import { isResolved } from './address-class.js';

export const SELF_ADDRESS_LIMITS = {
  /** An address that led back to this node is not tried again before. */
  lifetimeMs: 3_600_000,
  /** At the bound the oldest is forgotten. */
  countMax: 1_024,
} as const;

export class SelfAddresses {
  /** Until when each is this node's own. */
  private readonly untilMs = new BoundedMap<string, number>(SELF_ADDRESS_LIMITS.countMax);

  has(text: string, nowMs: number): boolean {
    return (this.untilMs.get(text) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  add(address: Address, nowMs: number): void {
    if (!isResolved(address)) this.untilMs.set(address.withNodeId(undefined).text, nowMs + SELF_ADDRESS_LIMITS.lifetimeMs);
  }

  expire(nowMs: number): void {
    while (this.untilMs.takeOldest((untilMs) => untilMs <= nowMs) !== undefined);
  }
}
