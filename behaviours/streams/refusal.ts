/**
 * @module Refusal: a stream of a remote that nobody takes. It never becomes a stream: all that is kept of it is the `reset` that has to be sent,
 * which takes its turn in the round of its carrier.
 */
import type { ByteWriter } from '../../core/index.js';
import { type FrameOwner, type ResetCode, writeReset } from './messages.js';

/** Refusals that may wait for one remote, and for all of them. */
const OF_REMOTE_MAX = 1_024;
const IN_ALL_MAX = 16_384;

/** How many refusals wait, of all carriers. */
export class RefusalCount {
  waiting = 0;

  /** Whether a further one may wait where so many do already. */
  hasRoom(ofRemote: number): boolean {
    return ofRemote < OF_REMOTE_MAX && this.waiting < IN_ALL_MAX;
  }
}

export class Refusal implements FrameOwner {
  /** The remote has opened it. */
  readonly isOpener = false;

  constructor(
    readonly id: number,
    private readonly code: ResetCode,
    private readonly text: string,
  ) {}

  writeFrame(writer: ByteWriter): void {
    writeReset(writer, this, this.code, this.text);
  }
}
