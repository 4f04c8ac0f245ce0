/**
 * @module EndDeadlines: until when a stream has to be taken, its first byte has to come, and something has to pass. Pure.
 */
export interface DeadlineFields {
  readonly timeoutMs: number;
  readonly firstByteMs?: number | undefined;
  readonly silenceMs: number;
  readonly nowMs: number;
}

export class EndDeadlines {
  /** When the stream was taken. */
  acceptedMs: number | undefined;
  hasReceived = false;
  /** When something passed last. */
  lastMs: number;
  private silenceMs: number;

  constructor(private readonly fields: DeadlineFields) {
    this.lastMs = fields.nowMs;
    this.silenceMs = fields.silenceMs;
  }

  /** This side waits no longer than so long, whatever the opener allows. */
  narrow(silenceMs: number): void {
    this.silenceMs = Math.min(this.silenceMs, silenceMs);
  }

  /** The next one that holds now. */
  get dueMs(): number {
    const { timeoutMs, nowMs } = this.fields;
    return this.acceptedMs === undefined ? nowMs + timeoutMs : Math.min(this.firstByteDueMs, this.lastMs + this.silenceMs);
  }

  /** Which of them is the next one. */
  get text(): string {
    const { silenceMs } = this;
    const { timeoutMs, firstByteMs } = this.fields;
    if (this.acceptedMs === undefined) return `the stream was not taken within ${timeoutMs} ms`;
    const isFirst = this.firstByteDueMs <= this.lastMs + silenceMs;
    return isFirst ? `no byte came within ${firstByteMs} ms` : `nothing was sent or received for ${silenceMs} ms`;
  }

  private get firstByteDueMs(): number {
    const { firstByteMs } = this.fields;
    return this.hasReceived || firstByteMs === undefined ? Number.POSITIVE_INFINITY : (this.acceptedMs as number) + firstByteMs;
  }
}
