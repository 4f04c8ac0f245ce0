/**
 * @module IncomingFrames: which frames of one peer have come, so that each is taken once and in order, over however many links; and how
 * much more the peer may send. The counterpart of `outgoing-frames.ts`. Pure.
 */

/** `duplicate`: it was here before. `wrong`: frames are missing before it, or it is more than was allowed. */
export type FrameVerdict = 'next' | 'duplicate' | 'wrong';

export class IncomingFrames {
  /** Frames that have come in the remote's present life. */
  received = 0;
  /** Of these, how many the application has not taken. */
  private unread = 0;
  /** The remote's present life; 0 for none yet. */
  private life = 0;
  /** What the remote was told last. */
  private toldLimit = 0;
  private toldReceived = 0;

  /** Frames that the remote may be ahead of the application; 0 while nothing is read at all. */
  roomMax = 0;

  get remoteLife(): number {
    return this.life;
  }

  /** The remote is in that life: when it is another one, its frames are counted from 0. */
  meet(life: number): void {
    if (life !== this.life) this.received = 0;
    this.life = life;
  }

  /** A frame with that number, of which the lower 32 bits count. */
  take(number: number): FrameVerdict {
    const ahead = (number - this.received) | 0;
    if (ahead < 0) return 'duplicate';
    if (ahead > 0 || this.received >= this.toldLimit) return 'wrong';
    this.received++;
    this.unread++;
    return 'next';
  }

  /** The application took one, or it was dropped. */
  consumed(): void {
    this.unread--;
  }

  /** How many frames the remote may send beyond those that were received. */
  get room(): number {
    return Math.max(0, this.roomMax - this.unread);
  }

  /** The remote was told what was received, and so much room. */
  told(room: number): void {
    this.toldReceived = this.received;
    this.toldLimit = this.received + room;
  }

  /** Whether the remote should be told: of every frame, and when half of its room came back. */
  get hasNews(): boolean {
    return this.received !== this.toldReceived || this.received + this.room - this.toldLimit >= Math.max(1, this.roomMax / 2);
  }

  /** Whether it should be told at once: half of what it may send has come. */
  get isUrgent(): boolean {
    return this.received - this.toldReceived >= this.roomMax / 2;
  }
}
