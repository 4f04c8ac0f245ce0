/**
 * @module Fleet: the node processes of `npm start`, by number from 1. It starts, queries, kills and revives them. Node 1 is the seed
 * whose address the others get at their first start. Each keeps its key and its address book in a directory, so that a revived node needs
 * no address. Output is up to `start.ts`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeId } from '../index.js';
import type { FleetNodeOptions, FleetRequestName, FleetRequests, FromNodeProcess } from './fleet-protocol.js';

const PROGRAM = fileURLToPath(new URL('./fleet-node.js', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** A failed operation, with a text for the user. */
export class FleetError extends Error {}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** What the nodes report, by their number. */
export interface FleetListeners {
  received(number: number, text: string, from: NodeId): void;
  /** A message of a topic that the node subscribes to. */
  published(number: number, path: string, text: string): void;
  /** A change of the shared map that the node watches; without a text it was deleted. */
  changed(number: number, key: string, text: string | undefined): void;
  /** The process has ended unexpectedly. */
  lost(number: number): void;
}

class FleetNode {
  nodeId: NodeId | undefined;
  address: string | undefined;
  process: ChildProcess | undefined;
  readonly waiting = new Map<number, Waiting>();

  constructor(
    readonly number: number,
    /** Where it keeps its key and its address book. */
    readonly directory: string,
  ) {}

  get isRunning(): boolean {
    return this.process !== undefined;
  }

  /** Whether its address book is on disk: it would reconnect after a power failure. */
  get hasSavedBook(): boolean {
    return existsSync(join(this.directory, 'addressbook.data'));
  }
}

export class Fleet {
  private readonly directory = mkdtempSync(join(tmpdir(), 'meshwright-'));
  private readonly nodes: FleetNode[];
  private lastRequestId = 0;
  /** Set by `stop`: no node is started any more. */
  isStopping = false;

  constructor(
    count: number,
    private readonly listeners: FleetListeners,
  ) {
    this.nodes = Array.from({ length: count }, (_, index) => new FleetNode(index + 1, join(this.directory, `node-${index + 1}`)));
  }

  get numbers(): readonly number[] {
    return this.nodes.map(({ number }) => number);
  }

  get runningNumbers(): readonly number[] {
    return this.nodes.filter(({ isRunning }) => isRunning).map(({ number }) => number);
  }

  /** Starts node 1, then the others with its address, and waits until each is connected to all others and has saved its address book. */
  async form(): Promise<void> {
    await this.launch(this.node(1), undefined);
    await Promise.all(this.nodes.slice(1).map((node) => this.launch(node, this.node(1).address)));
    await this.untilConnected();
  }

  /** Where a node keeps its files, its control socket among them. */
  directoryOf(number: number): string {
    return this.node(number).directory;
  }

  nodeId(number: number): NodeId {
    return this.node(number).nodeId as NodeId;
  }

  addressOf(number: number): string {
    return this.node(number).address as string;
  }

  /** The number of a node id, or `undefined` if it is not one of these. */
  numberOf(nodeId: NodeId): number | undefined {
    return this.nodes.find((node) => node.nodeId === nodeId)?.number;
  }

  ask<Name extends FleetRequestName>(number: number, name: Name, ask: FleetRequests[Name]['ask']): Promise<FleetRequests[Name]['answer']> {
    const node = this.node(number);
    const { process } = node;
    if (process === undefined) throw new FleetError(`node ${number} is not running; revive ${number} starts it`);
    const id = ++this.lastRequestId;
    return withTimeout(ANSWER_TIMEOUT_MS, `node ${number} did not reply`, (resolve, reject) => {
      node.waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      process.send({ id, name, ask });
    });
  }

  /** Kills the process, as a power failure would. */
  async kill(number: number): Promise<void> {
    const node = this.node(number);
    if (number === 1) throw new FleetError('node 1 is the seed and runs the commands: it cannot be killed; quit stops everything');
    if (node.process === undefined) throw new FleetError(`node ${number} is not running`);
    const { process } = node;
    node.process = undefined;
    await new Promise((resolve) => {
      process.once('exit', resolve);
      process.kill('SIGKILL');
    });
  }

  /** Starts a killed node again with its key and its address book, and waits until it is connected to all others. */
  async revive(number: number): Promise<void> {
    const node = this.node(number);
    if (node.isRunning) throw new FleetError(`node ${number} is already running`);
    await this.launch(node, undefined);
    await this.untilConnected();
  }

  /** Stops every node gracefully. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    await Promise.allSettled(running.map((node) => this.stopNode(node)));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async stopNode(node: FleetNode): Promise<void> {
    const process = node.process as ChildProcess;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    node.process = undefined;
    // The send fails if the process is ending already; only its exit matters.
    process.send({ id: 0, name: 'stop', ask: undefined }, () => {});
    const timer = setTimeout(() => process.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }

  private node(number: number): FleetNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new FleetError(`no node ${number}; valid numbers are 1 to ${this.nodes.length}`);
    return node;
  }

  private async launch(node: FleetNode, seed: string | undefined): Promise<void> {
    if (this.isStopping) throw new FleetError('the nodes are stopping');
    mkdirSync(node.directory, { recursive: true });
    const options: FleetNodeOptions = { directory: node.directory, seed, label: `node ${node.number}` };
    const process = fork(PROGRAM, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    node.process = process;
    process.on('exit', () => this.exited(node, process));
    return withTimeout(START_TIMEOUT_MS, `node ${node.number} did not start`, (resolve, reject) => {
      process.once('exit', () => reject(new FleetError(`node ${node.number} ended during start`)));
      process.on('message', (message: FromNodeProcess) => {
        if (message.type === 'started') {
          node.nodeId = message.nodeId;
          node.address = message.address;
          resolve();
        } else if (message.type === 'failed') reject(new FleetError(`node ${node.number}: ${message.text}`));
        else this.take(node, message);
      });
    });
  }

  private take(node: FleetNode, message: Exclude<FromNodeProcess, { type: 'started' | 'failed' }>): void {
    if (message.type === 'received') return this.listeners.received(node.number, message.text, message.source);
    if (message.type === 'published') return this.listeners.published(node.number, message.path, message.text);
    if (message.type === 'changed') return this.listeners.changed(node.number, message.key, message.text);
    const waiting = node.waiting.get(message.id);
    node.waiting.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.answer);
    else waiting?.reject(new FleetError(`${message.code}: ${message.text}`));
  }

  private exited(node: FleetNode, process: ChildProcess): void {
    for (const { reject } of node.waiting.values()) reject(new FleetError(`node ${node.number} ended`));
    node.waiting.clear();
    if (node.process !== process) return;
    node.process = undefined;
    this.listeners.lost(node.number);
  }

  private async untilConnected(): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!(await this.isWhole())) {
      if (performance.now() > deadlineMs) throw new FleetError(`the nodes did not form a network within ${START_TIMEOUT_MS / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async isWhole(): Promise<boolean> {
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    const counts = await Promise.all(running.map(({ number }) => this.ask(number, 'linkCount', undefined)));
    return counts.every((count) => count === running.length - 1) && running.every(({ hasSavedBook }) => hasSavedBook);
  }
}

function withTimeout<T>(
  ms: number,
  text: string,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new FleetError(`${text} within ${ms / 1_000} s`)), ms);
    const settled =
      <A>(settle: (value: A) => void) =>
      (value: A) => {
        clearTimeout(timer);
        settle(value);
      };
    start(settled(resolve), settled(reject));
  });
}
