/**
 * @module Program: a compiled program as a child process, talked to line by line. Every wait has a deadline, and a failure shows all that
 * the program has printed. `closed` comes when the program and everybody who inherited its output have ended.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DEADLINE_MS = 180_000;
/** What a node logs when the machine gives it no time: nothing that the program does. */
export const HELD_UP = /^\{.*"event loop was held up"\}\n/gm;

/** A compiled file of the project, by its path below `dist/`. */
export function compiled(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export class Program {
  readonly lines: string[] = [];
  errors = '';
  /** The exit code; the signal's name if one ended it. */
  readonly closed: Promise<number | string>;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly watchers = new Set<() => void>();
  private isClosed = false;
  private seen = 0;

  constructor(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(process.execPath, args, { ...options, stdio: 'pipe' });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.child.stdin.on('error', () => {});
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.look();
    });
    this.closed = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.isClosed = true;
        resolve(code ?? String(signal));
        this.look();
      });
    });
  }

  /** What it has complained of, but for having been held up. */
  get complaints(): string {
    return this.errors.replaceAll(HELD_UP, '');
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Types a line. */
  say(line: string): this {
    this.child.stdin.write(`${line}\n`);
    return this;
  }

  /** Ends the input. */
  eof(): this {
    this.child.stdin.end();
    return this;
  }

  signal(name: NodeJS.Signals): this {
    this.child.kill(name);
    return this;
  }

  /** The next line that matches, after those that earlier calls have answered. */
  next(pattern: RegExp): Promise<string> {
    const find = () => {
      const index = this.lines.findIndex((line, at) => at >= this.seen && pattern.test(line));
      if (index < 0) return undefined;
      this.seen = index + 1;
      return this.lines[index];
    };
    return this.until(find, `line like ${pattern}`);
  }

  /** Types a line again and again until the line of its output that matches `answer` is as wanted. */
  async sayUntil(line: string, answer: RegExp, wanted: RegExp): Promise<string> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    for (;;) {
      const said = await this.say(line).next(answer);
      if (wanted.test(said)) return said;
      if (performance.now() > deadlineMs) throw new Error(`${line} still answers: ${said}`);
    }
  }

  /** Waits for the end; answers the exit code. */
  async end(): Promise<number | string> {
    await this.until(() => this.isClosed || undefined, 'end');
    return this.closed;
  }

  /** For the end of a test, however it ended. */
  async kill(): Promise<void> {
    if (!this.isClosed) this.child.kill('SIGKILL');
    await this.closed;
  }

  private until<T>(find: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (settled: () => void) => {
        clearTimeout(timer);
        this.watchers.delete(watch);
        settled();
      };
      const fail = (why: string) => settle(() => reject(new Error(`no ${what} ${why}:\n${this.lines.join('\n')}\n${this.errors}`)));
      const timer = setTimeout(() => fail(`within ${DEADLINE_MS} ms`), DEADLINE_MS);
      const watch = () => {
        const found = find();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.isClosed) fail('before the end');
      };
      this.watchers.add(watch);
      watch();
    });
  }

  private look(): void {
    for (const watch of [...this.watchers]) watch();
  }
}
