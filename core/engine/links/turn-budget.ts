/**
 * @module TurnBudget: how much of what links receive is read in one turn of the event loop: so many messages and bytes of each, and so much
 * time for all of them together. It counts, and keeps the links that have more to read in the order in which they wait. What is read, and
 * which channels are paused meanwhile, is decided in `link-pipeline.ts`.
 */
import type { EngineContext } from '../context.js';
import type { Link } from './link.js';

/** The clock is read once for so many units of work: a message is one, and one more for each 256 bytes of it. */
const UNITS_PER_READING = 16;
const BYTES_PER_UNIT_LOG2 = 8;
/**
 * A link has so great a part of a turn's time, so that others need not wait for all of it. Until then its share is renewed: to pause a
 * channel again and again for the sake of cheap messages costs more than it spares others.
 */
const LINKS_PER_TURN = 5;

export class TurnBudget {
  /** Links that have used up their share, or came too late, those that wait longest first. */
  readonly deferred = new Set<Link>();
  private turn = 1;
  private hasBegun = false;
  /** What earlier work of this turn took, and when the present work began. */
  private workedMs = 0;
  private beganMs = 0;
  private units = 0;

  constructor(private readonly context: EngineContext) {}

  /** Whether the end of this turn matters: something was read in it, or waits for the next one. */
  get isUsed(): boolean {
    return this.hasBegun || this.deferred.size > 0;
  }

  /** Which turn this is. Whoever asks will want to see that it has ended. */
  get number(): number {
    this.hasBegun = true;
    return this.turn;
  }

  /** Every link has its whole share again. Whether some have more to read. */
  nextTurn(): boolean {
    this.turn++;
    this.workedMs = 0;
    this.beganMs = this.context.options.elapsedMs();
    this.hasBegun = false;
    return this.deferred.size > 0;
  }

  /** Runs work that reads a link; its time counts. */
  spend(link: Link, work: () => void): void {
    this.hasBegun = true;
    this.beganMs = this.context.options.elapsedMs();
    if (link.turn !== this.turn) this.renew(link);
    try {
      work();
    } finally {
      const { sinceMs } = this;
      link.turnMs += sinceMs;
      this.workedMs += sinceMs;
      this.beganMs += sinceMs;
    }
  }

  /** Whether another chunk of the link may be taken. */
  hasRoom(link: Link): boolean {
    return (link.turnBytes < this.context.limits.turnBytesMax || this.renews(link)) && this.hasTime(link);
  }

  /** Whether the link may read another record or message, after one of so many bytes. */
  allows(link: Link, byteCount: number): boolean {
    if (link.turnMessages >= this.context.limits.turnMessagesMax && !this.renews(link)) return false;
    this.units += 1 + (byteCount >> BYTES_PER_UNIT_LOG2);
    if (this.units < UNITS_PER_READING) return true;
    this.units = 0;
    return this.hasTime(link);
  }

  /** The time of all links is used up. */
  get isOver(): boolean {
    return this.workedMs + this.sinceMs >= this.context.limits.turnWorkMs;
  }

  private get sinceMs(): number {
    return this.context.options.elapsedMs() - this.beganMs;
  }

  private hasTime(link: Link): boolean {
    const { sinceMs } = this;
    const { turnWorkMs } = this.context.limits;
    return this.workedMs + sinceMs < turnWorkMs && (link.turnMs + sinceMs) * LINKS_PER_TURN < turnWorkMs;
  }

  private renew(link: Link): void {
    link.turn = this.turn;
    link.turnMs = 0;
    link.turnMessages = 0;
    link.turnBytes = 0;
  }

  /** Whether the link has another share, because its time is not used up. In virtual time, where work takes none, it never has. */
  private renews(link: Link): boolean {
    const isRenewed = link.turnMs + this.sinceMs > 0 && this.hasTime(link);
    if (isRenewed) link.turnMessages = link.turnBytes = 0;
    return isRenewed;
  }
}
