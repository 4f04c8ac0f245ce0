/**
 * @module Frames: what a repaired path carries, and whom it tells of what becomes of it.
 */

/** A piece of what the owner sends. `hasArrived` is the path's: true once a packet with it was acknowledged. */
export interface RepairedFrame {
  hasArrived: boolean;
  /** Of a path that counts how often something was missed. */
  missedBefore?: MissedBefore;
}

/** How often it was missed, and the number that it had first. */
export interface MissedBefore {
  readonly count: number;
  readonly place: number;
}

/** What a path counts; the owner gives it the object. */
export interface RepairCounters {
  /** Packets whose frames were handed out again. */
  packetsLost: number;
  /** Of these, those that had arrived. */
  packetsWronglyLost: number;
}

/** Wants to know what becomes of the packets of a path. */
export interface PacketObserver {
  arrived(number: number, byteCount: number): void;
  /** Or so it seems: it may still arrive. */
  lost(number: number, byteCount: number): void;
  /** From here on they take another path; what becomes of those before is not said any more. */
  changed(): void;
}
