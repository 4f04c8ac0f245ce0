/**
 * @module FlowSession: a flow each way between two sides, over however many links. What a lost link had not confirmed is sent again over the
 * next one, from where the other side says that it is, so that every item arrives once. Each side names its memory of the flows (its epoch);
 * when one of them has begun anew, the numbers begin anew, too. Pure.
 */
import type { InboundFlow } from './inbound-flow.js';
import type { OutboundFlow } from './outbound-flow.js';

/** Where one side is. Both send it when a link begins. */
export interface ResumePoint {
  /** The sender's epoch: a random number, not 0. */
  readonly epoch: number;
  /** The receiver's epoch as far as the sender knows; 0 for not at all. */
  readonly remoteEpoch: number;
  /** Units of the remote epoch that the sender has received. */
  readonly received: number;
  /** Units beyond those that it takes. */
  readonly room: number;
}

export class FlowSession<Out, In> {
  #remoteEpoch = 0;

  constructor(
    readonly epoch: number,
    /** With `keepsSent`. */
    readonly outbound: OutboundFlow<Out>,
    /** With `confirms`. */
    readonly inbound: InboundFlow<In>,
  ) {}

  /** What the remote is sent on a link that begins. `window`: units that it may be ahead of the owner on this link. */
  resumePoint(window: number): ResumePoint {
    this.inbound.resize(window);
    const { received, granted } = this.inbound.announceAnew();
    return { epoch: this.epoch, remoteEpoch: this.#remoteEpoch, received, room: granted - received };
  }

  /**
   * The remote has sent its own: items flow from now on. Returns those of which it is known now that they have arrived; `undefined`, and
   * the link must end, when the remote has other items than were sent.
   */
  resume({ epoch, remoteEpoch, received, room }: ResumePoint): Out[] | undefined {
    const isKnown = epoch === this.#remoteEpoch && remoteEpoch === this.epoch;
    const confirmed = isKnown ? this.outbound.resume(received, received + room) : [];
    if (!isKnown) this.outbound.restart(room);
    if (epoch !== this.#remoteEpoch) this.inbound.restart();
    this.#remoteEpoch = epoch;
    return confirmed;
  }
}
