/**
 * @module Campaign for rows 102 to 105, 109 and 110: an authenticated member floods a node in every type of message that it may send, while an
 * honest neighbour calls it. Three processes on loopback for each type. Run it on Linux with
 * `node --expose-gc dist/test/campaigns/member-floods.js [words of types]`; `FLOOD_S` is how long a flood takes, 3 unless given, `REST_S` how
 * long the node has afterwards, 60 unless given.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { RpcContext } from '../../core/index.js';
import { HeaderDraft } from '../../core/wire/message.js';
import { createNode, type MeshNode, NetworkBehavior, toNode } from '../../index.js';
import { DirectRouter } from '../../routing/index.js';
import { judge } from './hostile-report.js';
import { FLOODS } from './member-flood-messages.js';

const TURN_MS_MAX = 50;
const MIB = 1024 * 1024;
const MEMORY_MAX = 32;
const RATIO_MAX = 20;
/** Memory of the node that is back: but for what its code has come to need meanwhile. */
const BACK_MIB = 4;
const [SECONDS, REST] = [Number(process.env['FLOOD_S'] ?? 3), Number(process.env['REST_S'] ?? 60)];

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'echo', rpc: ['echo', 'slow'] } as const;

  echo(value: unknown): unknown {
    return typeof value === 'number' ? value : 0;
  }

  slow(_value: unknown, _context: RpcContext): Promise<number> {
    return new Promise(() => {});
  }
}

/** CPU time of this process's main thread. */
function threadCpu(): () => number {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const bytes = Buffer.alloc(64);
  return () => {
    const count = readSync(file, bytes, 0, 64, 0);
    return Number(bytes.toString('latin1', 0, count).split(' ')[0]) / 1_000_000;
  };
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

/** The node that is flooded. It measures its own turns: from the first input after one to the end of the next flush. */
async function flooded(): Promise<void> {
  const node = await createNode({ listen: ['tcp://127.0.0.40:0'], behaviors: [Echo], logger: 'silent' });
  const runner = node['runner'] as unknown as { step(input: unknown): void; flushPlanned(): void };
  const cpu = threadCpu();
  const pauses: { startTime: number; duration: number }[] = [];
  const turns: { startMs: number; endMs: number; cpuMs: number }[] = [];
  let began: { readonly startMs: number; readonly cpuMs: number } | undefined;
  let peak = 0;
  const { step, flushPlanned } = runner;
  runner.step = (input) => {
    began ??= { startMs: performance.now(), cpuMs: cpu() };
    step.call(runner, input);
  };
  runner.flushPlanned = () => {
    flushPlanned.call(runner);
    const spentMs = began === undefined ? 0 : cpu() - began.cpuMs;
    if (began !== undefined && spentMs > 5) turns.push({ startMs: began.startMs, endMs: performance.now(), cpuMs: spentMs });
    began = undefined;
  };
  new PerformanceObserver((list) => pauses.push(...list.getEntries())).observe({ entryTypes: ['gc'] });
  await node.start();
  process.on('message', (message) => {
    if (message === 'begin') {
      turns.length = 0;
      process.send?.({ memory: memory() });
      setInterval(() => {
        const { heapUsed, external } = process.memoryUsage();
        peak = Math.max(peak, (heapUsed + external) / MIB);
      }, 50);
    } else {
      const inGc = ({ startMs, endMs }: (typeof turns)[number]) =>
        pauses.filter(({ startTime }) => startTime >= startMs && startTime <= endMs).reduce((sum, { duration }) => sum + duration, 0);
      const worst = turns.map((turn) => turn.cpuMs - inGc(turn)).reduce((most, ms) => Math.max(most, ms), 0);
      process.send?.({ worst, memory: memory(), peak, links: node.connections().length });
    }
  });
  process.send?.({ address: node.addresses[0]?.text, id: node.id });
}

/** Sends messages of a type, as many as its lanes take in each turn, and comes back when it is thrown out. */
async function flood(type: string, address: string): Promise<void> {
  const node: MeshNode = await createNode({ builtins: ['handshake'], router: DirectRouter, behaviors: [Echo], logger: 'silent' });
  await node.start();
  const next = FLOODS[type] as (typeof FLOODS)[string];
  const network = node['network'];
  const draft = new HeaderDraft();
  let [sent, connects] = [0, 0];
  const send = (): void => {
    for (const link of network.links.all) {
      for (let count = 0; link.isOpen && count < 4_096; count++) {
        const { header, body } = next(sent, link.nodeIdBytes as Uint8Array);
        Object.assign(draft, new HeaderDraft(), { ttl: 1 }, header);
        if (!link.outbox.appendOwn(draft, body)) break;
        network.touch(link);
        sent++;
      }
    }
  };
  process.on('message', () => process.send?.({ sent, connects }));
  for (;;) {
    if (node.connections().length === 0) {
      connects++;
      await node.connect(address, { timeoutMs: 2_000 }).catch(() => {});
    }
    node['runner'].perform(send);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Calls one after another; reports the 99th percentile of the last time that it was asked. */
async function honest(address: string): Promise<void> {
  const node = await createNode({ logger: 'silent' });
  await node.start();
  const { nodeId } = await node.connect(address);
  const { echo } = node.client(Echo, toNode(nodeId));
  let times: number[] = [];
  process.on('message', () => {
    const sorted = times.sort((a, b) => a - b);
    process.send?.({ p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY, calls: sorted.length });
    times = [];
  });
  for (;;) {
    const startMs = performance.now();
    await echo(1).catch(() => {});
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

type Answer = Readonly<Record<string, number>>;

async function ask(child: ChildProcess, message = 'report'): Promise<Answer> {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer as Answer;
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const start = (...args: string[]) => fork(fileURLToPath(import.meta.url), args, { execArgv: ['--expose-gc'] });

async function measure(type: string): Promise<void> {
  const node = start('flooded');
  const [{ address }] = (await once(node, 'message')) as [{ readonly address: string }];
  const caller = start('honest', address);
  await sleep(1);
  await ask(caller);
  const before = await ask(node, 'begin');
  await sleep(SECONDS);
  const quiet = await ask(caller);
  const attacker = start('flood', address, type);
  await sleep(0.5);
  await ask(caller);
  await sleep(SECONDS);
  const [{ p99 = 0, calls }, { sent = 0, connects }, during] = [await ask(caller), await ask(attacker), await ask(node)];
  attacker.kill('SIGKILL');
  await sleep(REST);
  const after = await ask(node);
  for (const child of [node, caller]) child.kill('SIGKILL');
  const turn = (during['worst'] ?? 0) <= TURN_MS_MAX;
  const grown = (during['peak'] ?? 0) - (before['memory'] ?? 0);
  const back = (after['memory'] ?? 0) - (before['memory'] ?? 0);
  const ratio = p99 / (quiet['p99'] ?? 1);
  const line = [
    `${(sent / (SECONDS + 0.5)).toFixed(0)}/s`,
    `turn ${during['worst']?.toFixed(1)} ms`,
    `+${grown.toFixed(1)} MiB`,
    `p99 ${p99.toFixed(2)} ms of ${calls} calls, ${ratio.toFixed(1)} x`,
    `back +${back.toFixed(1)} MiB`,
    `connects ${connects}`,
  ].join(', ');
  judge(`${type}: ${line}`, ratio, `<= ${RATIO_MAX}`, sent > 0 && turn && grown < MEMORY_MAX && ratio <= RATIO_MAX && back < BACK_MIB);
}

const [role = '', ...rest] = process.argv.slice(2);
if (role === 'flooded') await flooded();
else if (role === 'flood') await flood(rest[1] as string, rest[0] as string);
else if (role === 'honest') await honest(rest[0] as string);
else {
  const words = process.argv.slice(2);
  for (const type of Object.keys(FLOODS)) if (words.length === 0 || words.some((word) => type.includes(word))) await measure(type);
  process.exit();
}
