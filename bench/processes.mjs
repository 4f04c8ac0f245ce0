/**
 * @module Processes: the child processes of a measure. A child takes tasks and settles each one; see programs/tasks.mjs for its side.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TASK_MS_MAX = 120_000;

export class Child {
  #process;
  #settlers = new Map();
  #lastId = 0;
  #ended;

  /** `program`: a file of programs/; `isPinned`: on the first core alone. */
  constructor(program, contender, { isPinned = false, nodeOptions = [] } = {}) {
    const path = fileURLToPath(new URL(`./programs/${program}.mjs`, import.meta.url));
    const command = [process.execPath, '--expose-gc', ...profiling(), ...nodeOptions, path, contender.module];
    const [file, ...args] = isPinned ? ['taskset', '-c', '0', ...command] : command;
    const env = { ...process.env, BENCH_CHECKOUT: contender.checkout };
    this.#process = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env });
    this.#process.on('message', ({ id, error, result }) => this.#settle(id, error, result));
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => resolve(error.message));
      this.#process.on('exit', (code, signal) => resolve(signal ?? code));
    });
    this.#ended.then((how) => {
      for (const id of [...this.#settlers.keys()]) this.#settle(id, `${program} ended with ${how}`);
    });
  }

  /** What the child answers to the task. Rejects when it fails, ends, or takes too long. */
  ask(task, parameters = {}, { msMax = TASK_MS_MAX } = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id, `no answer to ${task} within ${msMax} ms`), msMax);
      this.#settlers.set(id, { resolve, reject, timer });
      this.#process.send({ id, task, parameters }, (error) => {
        if (error) this.#settle(id, error.message);
      });
    });
  }

  /** Lets the child end by itself; one that does not is killed. */
  async end() {
    if (this.#process.connected) this.#process.disconnect();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }

  #settle(id, error, result) {
    const settler = this.#settlers.get(id);
    if (settler === undefined) return;
    this.#settlers.delete(id);
    clearTimeout(settler.timer);
    if (error === undefined) settler.resolve(result);
    else settler.reject(new Error(error));
  }
}

/** Into the folder of the option `--profile`. */
function profiling() {
  const folder = process.env.BENCH_PROFILES;
  return folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder];
}

/** Runs `work` with children that are ended whatever happens. */
export async function withChildren(children, work) {
  try {
    return await work(...children);
  } finally {
    await Promise.all(children.map((child) => child.end()));
  }
}
