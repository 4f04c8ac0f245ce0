/**
 * @module Slots: small numbers for things that come and go, so that sets of them are bits. A number that is given back is used again only
 * after whoever keeps such sets has taken note of it. Pure.
 */
export class Slots {
  private next = 0;
  private readonly free: number[] = [];
  private retired: number[] = [];

  take(): number {
    return this.free.pop() ?? this.next++;
  }

  giveBack(slot: number): void {
    this.retired.push(slot);
  }

  /** Those that were given back since the last call; from now on they are used again. */
  takeRetired(): readonly number[] {
    const { retired } = this;
    if (retired.length === 0) return retired;
    this.retired = [];
    this.free.push(...retired);
    return retired;
  }
}
