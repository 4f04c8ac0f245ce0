/** @module Children: processes that the tests start, ask and end: nodes of their own, and attackers with plain sockets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MeshNode, NodeEventName } from '../../core/index.js';
import { DEADLINE_MS, until, type World } from './world.js';

/** A process that answers questions over its channel. */
export class Child {
  #questions = 0;
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** How often the child has told of each event of its node. */
  readonly #told = new Map<string, number>();

  constructor(readonly process: ChildProcess) {
    process.on('message', ({ event }: Told) => {
      if (event !== undefined) this.#told.set(event, (this.#told.get(event) ?? 0) + 1);
    });
    process.stdout?.on('data', (bytes) => void this.stdout.push(String(bytes)));
    process.stderr?.on('data', (bytes) => void this.stderr.push(String(bytes)));
    this.exited = once(process, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** Asks and waits for the answer; fails when the child ends instead. */
  async ask<Answer>(question: string, value?: unknown): Promise<Answer> {
    const id = ++this.#questions;
    this.process.send({ id, question, value });
    const answer = await Promise.race([this.#answerTo(id), this.exited, deadline()]);
    if (answer === undefined || 'code' in answer)
      throw new Error(`no answer to ${question}: ${JSON.stringify(answer)} ${this.stderr.join('')}`);
    if (answer.error !== undefined) throw Object.assign(new Error(answer.error), { code: answer.errorCode });
    return answer.value as Answer;
  }

  /** Waits until the child's node has told of that many events of that name since its start (`tellOf`). */
  async told(event: NodeEventName, count: number, deadlineMs = DEADLINE_MS): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs);
    while ((this.#told.get(event) ?? 0) < count) {
      await once(this.process, 'message', { signal }).catch((cause) => {
        throw new Error(`${this.#told.get(event) ?? 0} of ${count} times ${event} within ${deadlineMs} ms`, { cause });
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  #answerTo(id: number): Promise<Answer> {
    return new Promise((resolve) => {
      const listener = (message: unknown) => {
        if ((message as Answer).id !== id) return;
        this.process.off('message', listener);
        resolve(message as Answer);
      };
      this.process.on('message', listener);
    });
  }
}

/** What a child tells without being asked. */
interface Told {
  readonly event?: string;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly errorCode?: string;
}

function deadline(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), DEADLINE_MS).unref());
}

/** How a child is started: `prefix` is what a shell runs it with, such as `ulimit -n 64; exec`. */
export interface ChildOptions {
  readonly prefix?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** How it talks: by a channel for questions (the default), or by its output alone, when nothing may keep it alive. */
  readonly stdio?: 'channel' | 'output';
}

/** Starts a script of this folder; it is killed with the world if it still runs. */
export function startChild(world: World, script: string, value: unknown, options: ChildOptions = {}): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const flags = ['--unhandled-rejections=strict', ...(options.nodeOptions ?? [])].join(' ');
  const command = `${options.prefix ?? 'exec'} "${process.execPath}" ${flags} "${path}"`;
  const child = new Child(
    spawn('sh', ['-c', command], {
      stdio: options.stdio === 'output' ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...options.environment, CHILD_OPTIONS: JSON.stringify(value) },
    }),
  );
  world.atEnd(async () => {
    // A tracer that is killed leaves its process alone: that one ends when nobody listens to it any more.
    if (child.process.connected) child.process.disconnect();
    child.signal('SIGKILL');
    child.signal('SIGCONT');
    await child.exited;
  });
  return child;
}

/** For a child: answers questions by name until the parent goes away. */
export function answerQuestions(answers: Readonly<Record<string, (value: never) => unknown>>, onOrphaned: () => void): void {
  process.on('message', async (message: { readonly id: number; readonly question: string; readonly value: unknown }) => {
    const { id, question, value } = message;
    try {
      process.send?.({ id, value: await answers[question]?.(value as never) });
    } catch (cause) {
      const { message: error, code: errorCode } = cause as { readonly message: string; readonly code?: string };
      process.send?.({ id, error, errorCode });
    }
  });
  process.once('disconnect', onOrphaned);
}

/** For a child: tells the parent, as long as it is there, of every event of that name. */
export function tellOf(node: MeshNode, name: NodeEventName): void {
  node.on(name, () => void (process.connected && process.send?.({ event: name })));
}

/** For a child: what the parent gave it. */
export function childOptions<T>(): T {
  return JSON.parse(process.env['CHILD_OPTIONS'] ?? '{}') as T;
}

/**
 * What a peer's resident memory is above `before`, in bytes, once it is below the bound, or when the deadline has come: the table of threats
 * looks at memory some time after an attack, because a process gives pages back late.
 */
export async function settledRss(peer: Child, before: number, bound: number): Promise<number> {
  let above = 0;
  const isBelow = async () => {
    above = (await peer.ask<number>('settle')) - before;
    return above < bound;
  };
  await until(isBelow, 'the memory is back').catch(() => {});
  return above;
}
