/**
 * @module The command `top`: what a node does, as a table that is drawn anew every second in a terminal, or once into a pipe. A node that does not
 * answer is reported within two seconds; the terminal is left as it was, however the command ends.
 */
import { emitKeypressEvents } from 'node:readline';
import type { ControlClient, TopSnapshot } from '../../operation/index.js';
import { CONTROL_OPTIONS, withNode } from './nodes.js';
import type { CommandRow } from './row.js';
import { EXIT, type Terminal } from './terminal.js';
import { roomOf, TOP_ORDERS, type TopOrder, topLines } from './top-view.js';
import { whole } from './values.js';

const ANSWER_MS = 1_500;
const ALTERNATE_SCREEN = '\u001b[?1049h\u001b[?25l';
const FORMER_SCREEN = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const FALLBACK = { columns: 100, rows: 1_000 };

export const top: CommandRow = {
  name: 'top',
  help: 'connections, queues and rates of the node, live; keys: q quits, s sorts otherwise, arrows and page keys scroll',
  options: [
    { flags: '-i, --interval <ms>', help: 'from one picture to the next', read: whole('--interval', 100, 3_600_000), initial: 1_000 },
    { flags: '-n, --count <number>', help: 'how many pictures; 1 into a pipe, else without end', read: whole('--count', 1, 1_000_000) },
    ...CONTROL_OPTIONS,
  ],
  run: (terminal, options) =>
    withNode(terminal, options, async ({ client }) => {
      const { interval, count } = options as { interval: number; count?: number };
      const isLive = terminal.streams.out.isTTY === true && process.stdin.isTTY === true && !terminal.isJson;
      if (!isLive) return printed(terminal, client, interval, count ?? 1);
      const live = new LiveTop(terminal, client, interval, count);
      try {
        return await live.run();
      } finally {
        live.end();
      }
    }),
};

function snapshotOf(client: ControlClient): Promise<TopSnapshot> {
  return client.request('top', {}, { timeoutMs: ANSWER_MS }) as Promise<TopSnapshot>;
}

async function printed(terminal: Terminal, client: ControlClient, interval: number, count: number): Promise<number> {
  let before: TopSnapshot | undefined;
  for (let number = 1; number <= count; number++) {
    if (number > 1) await new Promise((resolve) => setTimeout(resolve, interval));
    const now = await snapshotOf(client);
    const { columns = FALLBACK.columns } = terminal.streams.out;
    terminal.show(now, topLines(now, before, { columns, rows: FALLBACK.rows, order: 'rtt', offset: 0 }));
    before = now;
  }
  return EXIT.ok;
}

class LiveTop {
  private now: TopSnapshot | undefined;
  private before: TopSnapshot | undefined;
  private order: TopOrder = 'rtt';
  private offset = 0;
  private isOver = false;
  /** Ends the wait for the next picture. */
  private wake = () => {};

  constructor(
    private readonly terminal: Terminal,
    private readonly client: ControlClient,
    private readonly interval: number,
    private readonly count: number | undefined,
  ) {}

  async run(): Promise<number> {
    this.now = await snapshotOf(this.client);
    this.begin();
    for (let drawn = 1; !this.isOver; drawn++) {
      this.draw();
      if (drawn === this.count) break;
      await this.pause();
      if (this.isOver) break;
      this.before = this.now;
      this.now = await snapshotOf(this.client);
    }
    return EXIT.ok;
  }

  /** The terminal is as it was. Idempotent. */
  end(): void {
    this.isOver = true;
    const { out } = this.terminal.streams;
    process.stdin.off('keypress', this.onKey);
    out.off('resize', this.draw);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.quit);
    if (process.stdin.isRaw) {
      process.stdin.setRawMode(false);
      out.write(FORMER_SCREEN);
    }
    process.stdin.pause();
  }

  private begin(): void {
    const { out } = this.terminal.streams;
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true).resume().on('keypress', this.onKey);
    out.on('resize', this.draw);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.quit);
    out.write(ALTERNATE_SCREEN);
  }

  private readonly quit = (): void => {
    this.isOver = true;
    this.wake();
  };

  private readonly onKey = (_text: string | undefined, { name, ctrl }: { name?: string; ctrl?: boolean }): void => {
    const page = roomOf(this.terminal.streams.out.rows ?? FALLBACK.rows);
    if (name === 'q' || name === 'escape' || (ctrl === true && (name === 'c' || name === 'd'))) return this.quit();
    if (name === 's') this.order = TOP_ORDERS[(TOP_ORDERS.indexOf(this.order) + 1) % TOP_ORDERS.length] as TopOrder;
    const steps: Readonly<Record<string, number>> = { up: -1, down: 1, pageup: -page, pagedown: page, home: -1_000_000, end: 1_000_000 };
    this.offset += steps[name ?? ''] ?? 0;
    this.draw();
  };

  private readonly draw = (): void => {
    if (this.now === undefined || this.isOver) return;
    const { columns = FALLBACK.columns, rows = 24 } = this.terminal.streams.out;
    this.offset = Math.max(0, Math.min(this.offset, this.now.connections.length - roomOf(rows)));
    const lines = topLines(this.now, this.before, { columns, rows, order: this.order, offset: this.offset });
    // Line by line over the former picture: nothing flickers, and a smaller terminal keeps nothing of it.
    this.terminal.streams.out.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  };

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.interval);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
