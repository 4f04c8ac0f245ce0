/**
 * @module TurnBudget: how much of what links receive is read in one turn of the event loop: so many messages and bytes of each, and so much
 * time for all of them together. It counts, and keeps the links that have more to read in the order in which they wait. What is read, and
 * which channels are paused meanwhile, is decided in `link-pipeline.ts`.
 */
import type { EngineContext } from '../context.js';
import type { Link } from './link.js';

/** The clock is read once for so many units of work: a message is one, and one more for each KiB of it. */
const UNITS_PER_READING = 16;
const BYTES_PER_UNIT_LOG2 = 10;
/** A turn that has taken less than this part of its time is short: to pause a channel for the sake of it costs more than it spares others. */
const SHORT_TURNS = 5;

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

  /** Every link has its whole share again. Whether some have more to read. */
  nextTurn(): boolean {
    this.turn++;
    this.workedMs = 0;
    this.hasBegun = false;
    return this.deferred.size > 0;
  }

  /** Runs work that reads; its time counts. */
  spend(work: () => void): void {
    this.hasBegun = true;
    this.beganMs = this.context.options.elapsedMs();
    try {
      work();
    } finally {
      this.workedMs += this.context.options.elapsedMs() - this.beganMs;
    }
  }

  /** Whether another chunk of the link may be taken. */
  hasRoom(link: Link): boolean {
    if (link.turn !== this.turn) this.renew(link);
    return (link.turnBytes < this.context.limits.turnBytesMax || this.renews(link)) && !this.isOver;
  }

  /** Whether the link may read another record or message, after one of so many bytes. */
  allows(link: Link, byteCount: number): boolean {
    if (link.turnMessages >= this.context.limits.turnMessagesMax && !this.renews(link)) return false;
    this.units += 1 + (byteCount >> BYTES_PER_UNIT_LOG2);
    if (this.units < UNITS_PER_READING) return true;
    this.units = 0;
    return !this.isOver;
  }

  /** A link that was not read in this turn yet has its whole share. */
  renew(link: Link): void {
    link.turn = this.turn;
    link.turnMessages = 0;
    link.turnBytes = 0;
  }

  /** The time of all links is used up. */
  get isOver(): boolean {
    return this.workMs >= this.context.limits.turnWorkMs;
  }

  private get workMs(): number {
    return this.workedMs + this.context.options.elapsedMs() - this.beganMs;
  }

  /** Whether the link has another share, because the turn is short yet. In virtual time, where work takes no time, it never has. */
  private renews(link: Link): boolean {
    const { workMs } = this;
    const isRenewed = workMs > 0 && workMs * SHORT_TURNS < this.context.limits.turnWorkMs;
    if (isRenewed) this.renew(link);
    return isRenewed;
  }
}
