/**
 * @module Resumptions: a link whose channel of datagrams is lost goes on over another channel: that which it was about to go over when a hand-over
 * was under way, or one that `handovers.ts` has found for it. Each side's first message there is `resume`: of each sequence of the lost channel the
 * next position that it expects, and the end of its own. What is behind the remote's position follows as `rest`, then everything else. Each
 * side reads what is new when the lost channel's sequences were read to their ends. So nothing is lost, doubled or out of order.
 */
import { encodeRest, encodeResume, type SequencePiece, type SequenceState } from '../../wire/link-control.js';
import { controlDraft } from '../../wire/message.js';
import type { EngineContext } from '../context.js';
import type { DatagramChannel } from './datagrams/datagram-channel.js';
import type { Link } from './link.js';
import type { LinkTable } from './link-table.js';

/** A resumption takes no longer. */
const RESUME_MS = 10_000;

export class Resumptions {
  /** Set right after construction: reads what has come of the channel before. */
  readFormer!: (link: Link) => void;
  private readonly draft = controlDraft();
  /** Links whose remote has sent its `resume`. */
  private readonly answered = new Set<Link>();

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
  ) {}

  /** `former` is lost; the link has another channel by now. */
  begin(link: Link, former: DatagramChannel): void {
    const { deadlines, metrics, nowMs } = this.context;
    metrics.resumptions.value++;
    former.remains.suspend();
    link.former = former;
    link.outbox.isHeld = true;
    if (link.channel?.kind === 'datagram') link.channel.readsServices = link.isFormerRead;
    if (link.isEarly) deadlines.add(() => this.links.readOn(link), nowMs, link);
    link.outbox.appendAhead(this.draft, encodeResume(former.remains.states));
    deadlines.add(() => this.expire(link, former), nowMs + RESUME_MS, link);
    this.context.touch(link);
  }

  /** The remote's `resume`: what it does not have goes there; `end`, a whole frame, is read at the end of its sequences. False: it makes no sense. */
  resumed(link: Link, sequences: readonly SequenceState[], end: Uint8Array): boolean {
    const { former, outbox } = link;
    if (former === undefined) return this.repeat(link, sequences);
    if (this.answered.has(link)) return false;
    if (!link.isResuming) this.begin(link, former);
    this.answered.add(link);
    for (const piece of former.remains.takeBehind(sequences)) outbox.appendAhead(this.draft, encodeRest(piece), piece.messageCount);
    former.remains.endAt(sequences, end);
    this.context.touch(link);
    this.readFormer(link);
    return true;
  }

  /** A piece of what this side did not have. */
  rest(link: Link, piece: SequencePiece): void {
    if (link.former === undefined || !this.answered.has(link)) return this.refuse();
    if (!link.former.remains.take(piece)) return this.links.close(link, 'protocol-error', 'more of a lost channel than it can have left');
    this.readFormer(link);
  }

  /** Nothing of the lost channel is needed any more. */
  ended(link: Link): void {
    this.answered.delete(link);
  }

  /** Everything had arrived here, and was acknowledged there: only the remote does not know it. */
  private repeat(link: Link, sequences: readonly SequenceState[]): boolean {
    if (!link.hasMoved) return false;
    const states = sequences.map(({ sequence, next, end }) => ({ sequence, next: end, end: next }));
    this.links.sendControl(link, encodeResume(states));
    return true;
  }

  private expire(link: Link, former: DatagramChannel): void {
    if (link.former === former) this.links.close(link, 'transport', 'its channel was lost, and the remote did not go on over another one');
  }

  private refuse(): void {
    this.context.metrics.unknownControl.value++;
  }
}
