/**
 * @module Repair: who decides on a path that loses when something is acknowledged, when it goes again, and how much may be outstanding. The default goes by
 * measured round trips (`repaired-path.ts`, `receipts.ts`). Another one changes numbers and decisions, never what is on the wire: each end of a path may
 * have its own.
 */
import type { PacketObserver, RepairCounters, RepairedFrame } from './frames.js';
import { type Acknowledgement, Receipts } from './receipts.js';
import { RepairedPath } from './repaired-path.js';

/** What decides on the sending side of a path; see `RepairedPath`. */
export type SendingSide<Frame extends RepairedFrame> = Pick<
  RepairedPath<Frame>,
  | 'nextNumber'
  | 'isQuiet'
  | 'isProbing'
  | 'lost'
  | 'roomAtMs'
  | 'nextAtMs'
  | 'silentSinceMs'
  | 'room'
  | 'sent'
  | 'acknowledged'
  | 'expire'
  | 'changed'
  | 'broken'
> & {
  /** Nothing comes through any more: the link is to end. */
  readonly isOver?: boolean;
};

/** What decides on the receiving side of a path; see `Receipts`. */
export interface ReceivingSide {
  readonly dueMs: number;
  /** A packet has come; `isNews`: there was something in it that was not here yet. */
  receive(number: number, nowMs: number, isNews: boolean): void;
  take(nowMs: number): Acknowledgement;
}

/** The two sides of one path at one end of it. */
export interface RepairSides<Frame extends RepairedFrame> {
  readonly path: SendingSide<Frame>;
  readonly receipts: ReceivingSide;
  /** Of one sequence so many pieces wait at most for what is before them. */
  readonly earlyMax: number;
  /** A path on which nothing was acknowledged for so long may be lost. */
  readonly silentMs: number;
}

/** How losses are repaired, as the transport of a path has it. */
export type Repair = <Frame extends RepairedFrame>(counters: RepairCounters, observer: PacketObserver) => RepairSides<Frame>;

/** With longest packets more than a link's bound of bytes has room for. */
const EARLY_MAX = 4_096;
const SILENT_MS = 3_000;

/** The default. */
export const roundTripRepair: Repair = (counters, observer) => ({
  path: new RepairedPath(counters, observer),
  receipts: new Receipts(),
  earlyMax: EARLY_MAX,
  silentMs: SILENT_MS,
});
