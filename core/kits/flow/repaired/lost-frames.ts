/**
 * @module LostFrames: what was lost on a path and goes again, in the order of the losses. What has arrived after all, in another packet, does not go.
 */
import type { RepairedFrame } from './frames.js';

export class LostFrames<Frame extends RepairedFrame> {
  #frames: Frame[] = [];

  get count(): number {
    return this.#frames.length;
  }

  /** The frames of a packet that seems to be lost. */
  add(frames: readonly Frame[]): void {
    for (const frame of frames) if (!frame.hasArrived) this.#frames.push(frame);
  }

  /** The next frame that is to be sent again, before anything new. */
  take(): Frame | undefined {
    let frame = this.#frames.shift();
    while (frame?.hasArrived === true) frame = this.#frames.shift();
    return frame;
  }

  /** Frames that were taken and could not be sent. */
  putBack(frames: readonly Frame[]): void {
    this.#frames.unshift(...frames);
  }
}
