/**
 * @module Targets: the numbers by which applications name peers, from 0 to 65,535 (INET-11). They ascend; after the last one come those
 * that are free again. Pure.
 */
export const TARGETS_MAX = 65_536;

export class Targets {
  private nextTarget = 0;

  /** A number that is not in use; nothing when all are. */
  next(isUsed: (target: number) => boolean): number | undefined {
    for (let tried = 0; tried < TARGETS_MAX; tried++) {
      const target = this.nextTarget;
      this.nextTarget = (target + 1) % TARGETS_MAX;
      if (!isUsed(target)) return target;
    }
    return undefined;
  }
}
