/**
 * @module FlowSession: a flow in each direction between two sides, over however many links. What a lost link had not confirmed is sent again over the
 * next one, from the other side's resume point, so that every item arrives once. Each side names its memory of the flows (its epoch);
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

  /** A link begins. `window`: units that the remote may be ahead of the owner on it. Both sides send their `resumePoint`. */
  begin(window: number): void {
    this.inbound.resize(window);
    this.inbound.announceAnew();
  }

  get resumePoint(): ResumePoint {
    const { received, granted } = this.inbound;
    return { epoch: this.epoch, remoteEpoch: this.#remoteEpoch, received, room: granted - received };
  }

  /**
   * The remote has sent its own: items flow from now on. Returns those of which it is known now that they have arrived; `undefined`, and
   * the link must end, when the remote has other items than were sent.
   */
  resume({ epoch, remoteEpoch, received, room }: ResumePoint): Out[] | undefined {
    const isKnown = epoch === this.#remoteEpoch && remoteEpoch === this.epoch;
    if (!isKnown) this.outbound.restart(room);
    if (epoch !== this.#remoteEpoch) this.inbound.restart();
    this.#remoteEpoch = epoch;
    return isKnown ? this.outbound.resume(received, totalOf(received, room)) : [];
  }

  /** The remote has received so many units, and has room for more. Returns as `resume`. */
  confirm(received: number, room: number): Out[] | undefined {
    this.outbound.onGrant(totalOf(received, room));
    return this.outbound.confirm(received);
  }
}

/** Whatever a remote sends, a total is a safe integer. */
function totalOf(received: number, room: number): number {
  return Math.min(received + room, Number.MAX_SAFE_INTEGER);
}
