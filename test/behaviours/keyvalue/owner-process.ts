/**
 * @module OwnerProcess: runs the program of `owner.child.ts`, kills it, and keeps account of what it has acknowledged.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Message =
  | { readonly type: 'held'; readonly held: Readonly<Record<string, number>>; readonly pid: number }
  | { readonly type: 'acknowledged'; readonly key: string; readonly value: number }
  | { readonly type: 'refused'; readonly code: string };

const PROGRAM = fileURLToPath(new URL('./owner.child.js', import.meta.url));

export class OwnerAccount {
  /** Of each key the highest value that was acknowledged. */
  readonly acknowledged = new Map<string, number>();
  readonly lost: string[] = [];
  readonly refusals: Record<string, number> = {};
  writes = 0;
  failedStarts = 0;
  private from = 0;
  private pid = 0;

  constructor(private readonly path: string) {}

  /** Starts it, by itself or under another program; settles when it has said what it holds. */
  async start(under: readonly string[] = []): Promise<ChildProcess> {
    const [command = process.execPath, ...rest] = [...under, process.execPath];
    this.from += 1_000_000;
    const child = spawn(command, [...rest, PROGRAM, this.path, String(this.from)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const held = new Promise<void>((resolve) => {
      child.on('message', (message: Message) => {
        this.take(message);
        if (message.type === 'held') resolve();
      });
      child.once('exit', () => resolve());
    });
    await held;
    if (child.exitCode !== null) this.failedStarts++;
    return child;
  }

  async kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    // The program itself, which may run under another one that ends with it.
    process.kill(this.pid, 'SIGKILL');
    await gone;
  }

  private take(message: Message): void {
    if (message.type === 'refused') this.refusals[message.code] = (this.refusals[message.code] ?? 0) + 1;
    else if (message.type === 'acknowledged') {
      this.writes++;
      this.acknowledged.set(message.key, Math.max(message.value, this.acknowledged.get(message.key) ?? 0));
    } else {
      this.pid = message.pid;
      for (const [key, value] of this.acknowledged)
        if ((message.held[key] ?? 0) < value) this.lost.push(`${key}: ${value} was acknowledged, ${message.held[key]} is there`);
    }
  }
}
