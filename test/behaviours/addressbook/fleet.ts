/**
 * @module Fleet: nodes on real TCP in several processes, each given one seed. They form the configured mesh; then every third node is
 * killed and revived, and the mesh has to be whole again. For `fleet.test.ts` with 16 nodes, and for the campaign with 60.
 */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../../security/children.js';

export interface FleetStart {
  readonly index: number;
  readonly listen: string;
  readonly seeds: readonly string[];
  readonly connections: { readonly min: number; readonly max: number };
}

/** Of one process. */
export interface FleetState {
  readonly nodes: number;
  /** Open connections of all its nodes. */
  readonly ends: number;
  /** Nodes with two connections to another one. */
  readonly doubles: number;
  readonly sockets: number;
  /** Of the nodes that run, since their start. */
  readonly dials: number;
  readonly cpuMs: number;
}

export interface FleetReport {
  /** Until the mesh was whole at first, and after each round. */
  readonly formedMs: number;
  readonly healedMs: readonly number[];
  /** What is wrong, in words. */
  readonly faults: readonly string[];
  /** Dials that the nodes had made when the mesh was whole at first. */
  readonly dials: number;
  /** CPU time of all processes. */
  readonly cpuMs: number;
}

export interface FleetOptions {
  readonly nodes: number;
  readonly processes: number;
  readonly rounds: number;
  /** How long the mesh may take to be whole, at first and again in a round. */
  readonly timeoutMs: number;
}

const SETTLE_MS = 5_000;
/** Questions to one process at a time. */
const QUESTIONS_MAX = 100;
const CHILD = fileURLToPath(new URL('./fleet.child.js', import.meta.url));

/** Forms the mesh, kills and revives, and stops. Whatever happens, no process stays. */
export async function runFleet(options: FleetOptions): Promise<FleetReport> {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-fleet-'));
  const fleet = new Fleet(options, folder);
  try {
    return await fleet.run();
  } finally {
    await fleet.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Fleet {
  private readonly children: readonly Child[];
  private readonly ids = new Map<number, string>();
  private readonly faults: string[] = [];
  private readonly changes = new EventEmitter();
  private seed = '';

  constructor(
    private readonly options: FleetOptions,
    folder: string,
  ) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.children = Array.from({ length: options.processes }, () => new Child(fork(CHILD, [folder], { stdio: [...stdio] })));
    for (const { process } of this.children) {
      process.setMaxListeners(QUESTIONS_MAX);
      process.on('message', ({ event }: { readonly event?: string }) => void (event && this.changes.emit(event)));
    }
  }

  async run(): Promise<FleetReport> {
    const indices = Array.from({ length: this.options.nodes }, (_, index) => index);
    const startMs = performance.now();
    await this.start(0);
    await Promise.all(indices.slice(1).map((index) => this.start(index)));
    const formedMs = await this.untilWhole('forming', startMs, this.options.timeoutMs);
    const dials = (await this.states()).reduce((sum, state) => sum + state.dials, 0);
    const healedMs: number[] = [];
    for (let round = 1; round <= this.options.rounds; round++) {
      const victims = indices.filter((index) => index % 3 === 0);
      await Promise.all(victims.map((index) => this.childOf(index).ask('kill', index)));
      const killedMs = performance.now();
      await Promise.all(victims.map((index) => this.start(index)));
      healedMs.push(await this.untilWhole(`round ${round}`, killedMs, this.options.timeoutMs));
    }
    const cpuMs = (await this.states()).reduce((sum, state) => sum + state.cpuMs, 0);
    await this.stop();
    return { formedMs, healedMs, dials, cpuMs, faults: this.faults };
  }

  async end(): Promise<void> {
    for (const child of this.children) child.signal('SIGKILL');
    await Promise.all(this.children.map(({ exited }) => exited));
  }

  /** Node 0 is everybody's seed and listens where it did before; the others listen anywhere. */
  private async start(index: number): Promise<void> {
    const { nodes } = this.options;
    const listen = index === 0 && this.seed !== '' ? this.seed : 'tcp://127.0.0.1:0';
    const given: FleetStart = { index, listen, seeds: index === 0 ? [] : [this.seed], connections: { min: 8, max: nodes + 4 } };
    const { id, address } = await this.childOf(index).ask<{ readonly id: string; readonly address: string }>('start', given);
    if ((this.ids.get(index) ?? id) !== id) this.faults.push(`node ${index} came back as another one`);
    this.ids.set(index, id);
    if (index === 0) this.seed = address;
  }

  /** Until each node has one connection to each other one, and no socket beside. Answers how long it took. */
  private async untilWhole(what: string, sinceMs: number, timeoutMs: number): Promise<number> {
    await this.until(what, sinceMs, timeoutMs, async () => flawOf(await this.states(), this.ids.size));
    return performance.now() - sinceMs;
  }

  /** A node does not wait for ever for its files; and sockets that were ended just now are gone after some turns. */
  private async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.ask('stop')));
    const sinceMs = performance.now();
    const look = async (child: Child) => (await child.ask<readonly string[]>('left')).join(', ');
    await Promise.all(
      this.children.map((child, index) => this.until(`process ${index} is left with`, sinceMs, SETTLE_MS, () => look(child))),
    );
  }

  /** Looks whenever a process says that something changed, until there is no flaw; a flaw that is there at the end is a fault. */
  private async until(what: string, sinceMs: number, timeoutMs: number, flawNow: () => Promise<string>): Promise<void> {
    const signal = AbortSignal.timeout(Math.max(0, Math.ceil(sinceMs + timeoutMs - performance.now())));
    for (;;) {
      const isLast = signal.aborted;
      const changed = once(this.changes, 'changed', { signal }).catch(() => undefined);
      const flaw = await flawNow();
      if (flaw === '') return;
      if (isLast) return void this.faults.push(`${what}: ${flaw} after ${timeoutMs} ms`);
      await changed;
    }
  }

  private states(): Promise<FleetState[]> {
    return Promise.all(this.children.map((child) => child.ask<FleetState>('state')));
  }

  private childOf(index: number): Child {
    return this.children[index % this.children.length] as Child;
  }
}

/** What is wrong with the mesh; nothing when it is whole. */
function flawOf(states: readonly FleetState[], count: number): string {
  const sum = (of: (state: FleetState) => number) => states.reduce((total, state) => total + of(state), 0);
  const ends = count * (count - 1);
  if (sum(({ nodes }) => nodes) !== count) return `${sum(({ nodes }) => nodes)} of ${count} nodes run`;
  if (sum(({ doubles }) => doubles) > 0) return 'a node has two connections to another one';
  if (sum((state) => state.ends) !== ends) return `${ends - sum((state) => state.ends)} of ${ends} ends are missing`;
  const surplus = states.map((state) => state.sockets - state.ends);
  return surplus.some((left) => left !== 0) ? `${surplus.join(', ')} sockets beside those of the links` : '';
}
