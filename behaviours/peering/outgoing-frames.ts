/**
 * @module OutgoingFrames: frames on their way to one peer, in order, from `send` until the remote's word that it has them, or until they go
 * back to whoever sent them (INET-15, INET-37). They outlive links: what a lost link had not confirmed goes again over the next one, from
 * where the remote says that it is. Pure: it sends nothing and is told the time.
 *
 * Frames are numbered from 0. The numbers hold between one life of this object and one of the remote's counterpart (`incoming-frames.ts`);
 * when the remote has begun anew (`restart`), so do the numbers.
 */

import { frameOf } from './messages.js';

/** Why a frame comes back. */
export type ReturnReason =
  /** No peer has that target. */
  | 'unknown-target'
  /** The peer is limited: this side may not send to it. */
  | 'not-allowed'
  /** Longer than this node or the peer takes. */
  | 'too-large'
  /** As many frames as may wait for this peer do so already. */
  | 'full'
  /** It has waited for its whole time. */
  | 'expired'
  /** The peer was removed, forgotten or given up. */
  | 'peer-gone'
  /** The target is the one to be left out. */
  | 'excluded'
  /** The `AbortSignal` of the call. */
  | 'cancelled'
  /** The behaviour does not run: not yet, or no more. */
  | 'stopped';

/** What became of a frame. */
export type FrameOutcome =
  /** The peer's endpoint has it. */
  | { readonly type: 'delivered' }
  /** It comes back, with the bytes as they were. `mayHaveArrived`: it was on a link that was lost before the peer's word came. */
  | { readonly type: 'returned'; readonly reason: ReturnReason; readonly frame: Uint8Array; readonly mayHaveArrived: boolean };

export interface OutgoingFrame {
  /** The message that carries it, see `messages.ts`. */
  readonly wire: Uint8Array;
  /** When it comes back if it was not sent. */
  dueMs: number;
  readonly settle: (outcome: FrameOutcome) => void;
  /** Its number when it was sent in the remote's present life. */
  number: number | undefined;
  /** It was on a link that was lost. */
  mayHaveArrived: boolean;
}

export class OutgoingFrames {
  private frames: OutgoingFrame[] = [];
  /** So many frames at the head were sent over the link of now. */
  private sentCount = 0;
  /** The number of the first frame, and the first one that the remote has no room for. */
  private base = 0;
  private limit = 0;
  /** Numbers below it were sent at some time. */
  private high = 0;

  constructor(private readonly lengthMax: number) {}

  get length(): number {
    return this.frames.length;
  }

  /** False when there is no room. */
  add(frame: OutgoingFrame): boolean {
    if (this.frames.length >= this.lengthMax) return false;
    this.frames.push(frame);
    return true;
  }

  /** The frame that may be sent now; call `sent` when it was. */
  next(): OutgoingFrame | undefined {
    return this.base + this.sentCount < this.limit ? this.frames[this.sentCount] : undefined;
  }

  /** `next` is on its way. */
  sent(): void {
    (this.frames[this.sentCount] as OutgoingFrame).number = this.base + this.sentCount;
    this.sentCount++;
    this.high = Math.max(this.high, this.base + this.sentCount);
  }

  /** The number that `next` will have. */
  get nextNumber(): number {
    return this.base + this.sentCount;
  }

  /**
   * A link is there, the remote has `received` frames in all and room for more. False when it cannot be: it has other frames than were
   * sent.
   */
  resume(received: number, room: number): boolean {
    if (received < this.base || received > this.high) return false;
    const [had, rest] = split(this.frames, ({ number }) => number !== undefined && number < received);
    this.frames = rest;
    this.begin(received, room);
    for (const frame of had) frame.settle({ type: 'delivered' });
    return true;
  }

  /** A link is there, to a remote that knows nothing of what was sent to its earlier life. */
  restart(room: number): void {
    this.begin(0, room);
  }

  /** The remote has so many frames, and room. False when it cannot be. */
  confirm(received: number, room: number): boolean {
    const count = received - this.base;
    if (count < 0 || count > this.sentCount) return false;
    const had = this.frames.splice(0, count);
    this.base = received;
    this.sentCount -= count;
    this.limit = Math.max(this.limit, received + room);
    for (const frame of had) frame.settle({ type: 'delivered' });
    return true;
  }

  /** The link is lost: what was not confirmed waits again, ahead of what was never sent. */
  cut(): void {
    for (const frame of this.frames.slice(0, this.sentCount)) frame.mayHaveArrived = true;
    this.sentCount = 0;
    this.limit = 0;
  }

  /** When the first frame that waits is due; `Infinity` when none waits. */
  get nextDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    // Those that were taken over from another queue stand behind, and may have waited for longer.
    for (let index = this.sentCount; index < this.frames.length; index++)
      dueMs = Math.min(dueMs, (this.frames[index] as OutgoingFrame).dueMs);
    return dueMs;
  }

  /** Frames whose time is over go back, but for those that are on the link: their fate is known soon. */
  expire(nowMs: number): void {
    this.giveBack('expired', (frame) => frame.dueMs <= nowMs);
  }

  /** Frames that no peer takes any more go back. */
  giveBack(reason: ReturnReason, isMeant: (frame: OutgoingFrame) => boolean): void {
    const onLink = this.frames.slice(0, this.sentCount);
    const [back, rest] = split(this.frames.slice(this.sentCount), isMeant);
    this.frames = [...onLink, ...rest];
    for (const frame of back) returned(frame, reason);
  }

  /** All go back. */
  close(reason: ReturnReason): void {
    this.cut();
    this.giveBack(reason, () => true);
  }

  /** Takes over what waits in `other`; what finds no room goes back. */
  adopt(other: OutgoingFrames): void {
    other.cut();
    other.begin(0, 0);
    for (const frame of other.frames.splice(0)) if (!this.add(frame)) returned(frame, 'full');
  }

  private begin(base: number, room: number): void {
    this.base = base;
    this.high = base;
    this.sentCount = 0;
    this.limit = base + room;
    for (const frame of this.frames) frame.number = undefined;
  }
}

/** Gives a frame back. */
export function returned({ wire, settle, mayHaveArrived }: OutgoingFrame, reason: ReturnReason): void {
  settle({ type: 'returned', reason, frame: frameOf(wire), mayHaveArrived });
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
