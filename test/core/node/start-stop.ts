/**
 * @module Support for USERS 4 and row 99: two nodes that start, connect over TCP, talk and stop, again and again. Used by `npm test` in
 * small and by `test/campaigns/starts.ts` in large. Holds no test.
 */
import { createNode, type MeshNode, NetworkBehavior, Rpc, toNode } from '../../../index.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter' } as const;
  @Rpc() greet(name: string): string {
    return `Hello ${name}`;
  }
}

export interface CyclesReport {
  /** Sockets and timers more than before. */
  readonly handles: number;
  /** By how much the heap has grown since the cycles before the count, after a collection. */
  readonly heapMiB: number;
  readonly rssMiB: number;
}

const WARM_UP = 50;

/** `count` cycles, after some that fill what is kept for speed. */
export async function cycles(count: number, onProgress: (done: number, report: CyclesReport) => void = () => {}): Promise<CyclesReport> {
  for (let index = 0; index < WARM_UP; index++) await cycle();
  await settled();
  const handlesBefore = handles();
  const before = memory();
  let report = { handles: 0, heapMiB: 0, rssMiB: 0 };
  for (let done = 1; done <= count; done++) {
    await cycle();
    if (done % 1_000 !== 0 && done !== count) continue;
    await settled();
    const now = memory();
    report = { handles: handles() - handlesBefore, heapMiB: now.heapMiB - before.heapMiB, rssMiB: now.rssMiB - before.rssMiB };
    onProgress(done, report);
  }
  return report;
}

async function cycle(): Promise<void> {
  const make = (listen: readonly string[]): Promise<MeshNode> => createNode({ logger: 'silent', listen, behaviors: [Greeter] });
  const [alice, bob] = [await make([]), await make(['tcp://127.0.0.1:0'])];
  await Promise.all([alice.start(), bob.start()]);
  await alice.connect(bob.addresses[0] as (typeof bob.addresses)[number]);
  const greeting = await alice.client(Greeter, toNode(bob.id)).greet('world');
  if (greeting !== 'Hello world') throw new Error(`the answer was ${greeting}`);
  await Promise.all([alice.stop(), bob.stop()]);
}

function handles(): number {
  return process.getActiveResourcesInfo().filter((name) => /tcp|timer|timeout/i.test(name)).length;
}

/** What closes in a later turn has closed. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
}

function memory(): { readonly heapMiB: number; readonly rssMiB: number } {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMiB: heapUsed / 2 ** 20, rssMiB: rss / 2 ** 20 };
}
