/**
 * @module Progress: one line that is written over, on a terminal alone; elsewhere nothing is written.
 */
const BAR_WIDTH = 30;
const REDRAW_MS = 100;

export class Progress {
  private drawnMs = 0;
  private what = '';

  constructor(private readonly terminal: NodeJS.WriteStream) {}

  /** `share`: 0 to 1. */
  readonly show = (what: string, share: number): void => {
    const nowMs = performance.now();
    if (!this.terminal.isTTY || (what === this.what && share < 1 && nowMs - this.drawnMs < REDRAW_MS)) return;
    this.drawnMs = nowMs;
    this.what = what;
    const filled = Math.round(share * BAR_WIDTH);
    const bar = '#'.repeat(filled) + '.'.repeat(BAR_WIDTH - filled);
    this.terminal.write(`\r\x1b[K${what.padEnd(8)}${bar} ${Math.round(100 * share)} %`);
  };

  end(): void {
    if (this.terminal.isTTY) this.terminal.write('\r\x1b[K');
  }
}
