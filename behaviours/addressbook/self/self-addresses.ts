/**
 * @module SelfAddresses: addresses that led back to this node, or that it has. They are nobody else's for a while.
 * Pure.
 */
export const SELF_ADDRESS_LIMITS = {
  /** An address that led back to this node is not tried again before. */
  lifetimeMs: 3_600_000,
  /** At the bound the oldest is forgotten. */
  countMax: 1_024,
} as const;

export class SelfAddresses {
  /** Until when each is this node's own, the oldest first. */
  private readonly untilMs = new Map<string, number>();

  has(text: string, nowMs: number): boolean {
    return (this.untilMs.get(text) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  add(text: string, nowMs: number): void {
    this.untilMs.delete(text);
    const [oldest] = this.untilMs.keys();
    if (this.untilMs.size >= SELF_ADDRESS_LIMITS.countMax && oldest !== undefined) this.untilMs.delete(oldest);
    this.untilMs.set(text, nowMs + SELF_ADDRESS_LIMITS.lifetimeMs);
  }

  expire(nowMs: number): void {
    for (const [text, untilMs] of this.untilMs) if (untilMs <= nowMs) this.untilMs.delete(text);
  }
}
