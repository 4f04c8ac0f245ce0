/**
 * @module Spaces of nodes on real TCP in several processes: they resolve, put, get, provide and call a service across the processes; then a quarter of the nodes
 * is killed, and everything that was put has to be found. For `tcp.test.ts` with 20 nodes, and for the campaign with 200.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isCloser, type NodeId } from '../../../core/index.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Child } from '../../security/children.js';

export interface TcpStart {
  readonly index: number;
  readonly seeds: readonly string[];
  readonly meshLevel: number;
  /** It offers the service. */
  readonly isWitness: boolean;
}

export interface TcpOptions {
  readonly nodes: number;
  readonly processes: number;
  readonly meshLevel: number;
  /** Keys that are resolved, values that are put, and keys that are provided. */
  readonly items: number;
  readonly log: (line: string) => void;
}

const CHILD = fileURLToPath(new URL('./tcp.child.js', import.meta.url));
const WITNESSES = 3;
/** Nodes that start at once. */
const BATCH = 4;

/** What is wrong, in words; nothing when all is as it should be. Whatever happens, no process stays. */
export async function runTcp(options: TcpOptions): Promise<readonly string[]> {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const children = Array.from({ length: options.processes }, () => new Child(fork(CHILD, { stdio: [...stdio] })));
  for (const { process } of children) process.setMaxListeners(200);
  try {
    return await new TcpSpace(options, children).run();
  } finally {
    for (const child of children) child.signal('SIGKILL');
    await Promise.all(children.map(({ exited }) => exited));
  }
}

class TcpSpace {
  private readonly random = new SeededRandom(200);
  private readonly ids = new Map<number, NodeId>();
  private readonly addresses: string[] = [];
  private readonly faults: string[] = [];

  constructor(
    private readonly options: TcpOptions,
    private readonly children: readonly Child[],
  ) {}

  async run(): Promise<readonly string[]> {
    const { nodes, items, log } = this.options;
    const startMs = performance.now();
    const seconds = () => `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
    await this.start(0);
    for (let from = 1; from < nodes; from += BATCH)
      await Promise.all(Array.from({ length: Math.min(BATCH, nodes - from) }, (_, offset) => this.start(from + offset)));
    await this.untilResolved();
    log(`${nodes} nodes in ${this.children.length} processes formed in ${seconds()}`);
    await this.resolve(items);
    const puts = await this.puts(items);
    await this.look(puts);
    await this.calls();
    log(`${items} keys resolved, ${items} values put and got, ${items} keys provided and found, ${items} calls, at ${seconds()}`);
    const gone = [...this.ids.keys()].filter((index) => index >= WITNESSES && index % 4 === 3);
    await Promise.all(gone.map((index) => this.childOf(index).ask('kill', index)));
    for (const index of gone) this.ids.delete(index);
    await this.look(puts);
    await this.resolve(items);
    log(`${gone.length} nodes killed, everything looked for again, at ${seconds()}`);
    return this.faults;
  }

  /** A first node of each process is a seed, beside one drawn at random. */
  private async start(index: number): Promise<void> {
    const { meshLevel } = this.options;
    const seeds = index === 0 ? [] : [...new Set([this.addresses[0] as string, this.random.pick(this.addresses)])];
    const given: TcpStart = { index, seeds, meshLevel, isWitness: index < WITNESSES };
    const { id, address } = await this.childOf(index).ask<{ readonly id: NodeId; readonly address: string }>('start', given);
    this.ids.set(index, id);
    this.addresses.push(address);
  }

  /** The mesh is there when each node finds another one by its id. */
  private async untilResolved(): Promise<void> {
    for (const [index] of this.ids) {
      const { id } = this.other(index);
      for (let tries = 0; (await this.resolved(index, id))[0] !== id; tries++)
        if (tries > 50) return void this.faults.push(`${index} finds nobody`);
    }
  }

  private async resolve(count: number): Promise<void> {
    for (let item = 0; item < count; item++) {
      const key = this.random.nodeId();
      const index = this.anyone();
      const [closest] = await this.resolved(index, key);
      if (closest !== this.closestTo(key)) this.faults.push(`node ${index} finds ${closest} closest to ${key}`);
    }
  }

  private async puts(count: number): Promise<ReadonlyMap<NodeId, { readonly text: string; readonly providers: readonly NodeId[] }>> {
    const puts = new Map<NodeId, { readonly text: string; readonly providers: readonly NodeId[] }>();
    for (let item = 0; item < count; item++) {
      // Providers are nodes that are not killed.
      const text = `value ${item}`;
      const { key } = await this.ask<{ readonly key: NodeId }>(this.anyone(), 'put', { text });
      const provider = item % WITNESSES;
      await this.ask(provider, 'provide', { key });
      puts.set(key, { text, providers: [this.ids.get(provider) as NodeId] });
    }
    return puts;
  }

  private async look(puts: Awaited<ReturnType<TcpSpace['puts']>>): Promise<void> {
    for (const [key, { text, providers }] of puts) {
      const [reader, finder] = [this.anyone(), this.anyone()];
      const got = await this.ask<string>(reader, 'get', { key });
      if (got !== text) this.faults.push(`node ${reader} gets ${JSON.stringify(got)} for ${text}`);
      const found = await this.ask<readonly NodeId[]>(finder, 'providers', { key });
      if (`${found}` !== `${providers}`) this.faults.push(`node ${finder} finds the providers ${found} of ${text}`);
    }
  }

  private async calls(): Promise<void> {
    const witnesses = Array.from({ length: WITNESSES }, (_, index) => this.ids.get(index));
    for (let item = 0; item < this.options.items; item++) {
      const index = this.anyone();
      const who = await this.childOf(index).ask<NodeId>('call', index);
      if (!witnesses.includes(who)) this.faults.push(`node ${index} is answered by ${who}`);
    }
  }

  private resolved(index: number, key: NodeId): Promise<readonly NodeId[]> {
    return this.ask(index, 'resolve', { key });
  }

  private ask<T>(index: number, question: string, more: object): Promise<T> {
    return this.childOf(index).ask(question, { index, ...more });
  }

  private closestTo(key: NodeId): NodeId {
    return [...this.ids.values()].reduce((best, id) => (isCloser(id, best, key) ? id : best));
  }

  private anyone(): number {
    return this.random.pick([...this.ids.keys()]);
  }

  private other(index: number): { readonly id: NodeId } {
    const others = [...this.ids].filter(([other]) => other !== index);
    return { id: this.random.pick(others)[1] };
  }

  private childOf(index: number): Child {
    return this.children[index % this.children.length] as Child;
  }
}
