/**
 * @module What the tests of the command share: a folder that is also the user's folder of sockets, nodes in processes of their own, and commands in
 * this one, through the same door as the program's.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runProgram } from '../../cli/program/program.js';
import { compiled, Program } from './program.js';

export class Commands {
  readonly directory = mkdtempSync(join(tmpdir(), 'mw-'));
  private readonly programs: Program[] = [];

  file(name: string, text?: string): string {
    const path = join(this.directory, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  }

  start(...words: readonly string[]): Program {
    const env = { ...process.env, XDG_RUNTIME_DIR: this.directory, NO_COLOR: '1' };
    const program = new Program([compiled('cli/meshwright.js'), ...words], { cwd: this.directory, env });
    this.programs.push(program);
    return program;
  }

  /** Runs a command to its end, in this process; what it writes goes into pipes. */
  async run(...words: readonly string[]): Promise<{ readonly code: number; readonly lines: readonly string[]; readonly errors: string }> {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const before = process.env.XDG_RUNTIME_DIR;
    process.env.XDG_RUNTIME_DIR = this.directory;
    try {
      const code = await runProgram(words, { out, err });
      const text = String(out.read() ?? '');
      return { code, lines: text === '' ? [] : text.replace(/\n$/, '').split('\n'), errors: String(err.read() ?? '') };
    } finally {
      if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
      else process.env.XDG_RUNTIME_DIR = before;
    }
  }

  /** Its result as JSON. */
  async json<T = Record<string, unknown>>(...words: readonly string[]): Promise<T> {
    const { lines, errors } = await this.run(...words, '--json');
    if (lines.length !== 1) throw new Error(`${words.join(' ')} printed ${lines.length} lines\n${lines.join('\n')}\n${errors}`);
    return JSON.parse(lines[0] as string) as T;
  }

  /** A node that runs until the end of the test: its id and its first address. */
  async node(...words: readonly string[]): Promise<{ readonly program: Program; readonly id: string; readonly address: string }> {
    const program = this.start('run', ...words);
    const id = (await program.next(/^node [0-9a-f]{64}$/)).slice(5);
    const address = (await program.next(/^listening at /)).slice('listening at '.length);
    return { program, id, address };
  }

  async end(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A module with behaviours, as a user would write it for this checkout. */
export function greeterModule(): string {
  const entry = JSON.stringify(new URL('../../index.js', import.meta.url).href);
  return `import { NetworkBehavior } from ${entry};
export class Greeter extends NetworkBehavior {
  static behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] };
  constructor(options = {}) { super(); this.word = options.word ?? 'Hello'; }
  greet({ name }) { return { text: this.word + ' ' + name }; }
}
export class Counter extends NetworkBehavior {
  static behavior = { serviceId: 65, name: 'counter', rpc: ['count'] };
  count() { return 1; }
}
export const nothing = 1;
`;
}
