/**
 * @module Processes: the child processes of a measure, which take tasks and answer with messages.
 */
import { spawn } from 'node:child_process';

/** A child process that takes tasks and answers with messages. */
export class Peer {
  #child;
  #waiting = [];
  #inbox = [];
  #ended;

  /** `role`: what the program is told to be; pinned, it runs on the first core alone. */
  constructor(program, role, isPinned) {
    const command = [process.execPath, '--expose-gc', program, role];
    const [file, ...args] = isPinned ? ['taskset', '-c', '0', ...command] : command;
    this.#child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.#take(message));
    this.#ended = new Promise((resolve) => this.#child.on('exit', resolve));
  }

  send(task) {
    this.#child.send(task);
  }

  async ask(task) {
    this.send(task);
    return this.next('done');
  }

  /** The next message of that type; a process that ends instead is an error. */
  next(type) {
    const index = this.#inbox.findIndex((message) => message.type === type);
    if (index >= 0) return Promise.resolve(this.#inbox.splice(index, 1)[0]);
    const ended = this.#ended.then((code) => {
      throw new Error(`a peer ended with ${code} instead of saying ${type}`);
    });
    return Promise.race([new Promise((resolve) => this.#waiting.push({ type, resolve })), ended]);
  }

  async end() {
    this.#child.removeAllListeners('message');
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #take(message) {
    const index = this.#waiting.findIndex(({ type }) => type === message.type);
    if (index >= 0) this.#waiting.splice(index, 1)[0].resolve(message);
    else this.#inbox.push(message);
  }
}
