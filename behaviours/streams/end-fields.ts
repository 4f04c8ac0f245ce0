/** @module EndFields: what an end of a stream begins with. */
import type { DeadlineFields } from './end-deadlines.js';
import type { FrameOwner } from './messages.js';

export interface EndFields extends FrameOwner, DeadlineFields {
  readonly serviceId: number;
  readonly name: string;
  readonly window: number;
  /** What the remote has granted with `open`. */
  readonly granted?: number;
}
