/**
 * @module Campaign for rows 102 to 105, 109 and 110: an authenticated member floods a node in every type of message that it may send, while an
 * honest neighbour calls it. Three processes on loopback for each type. The node runs all built-in behaviours, peering and envelopes, and its
 * application takes what comes and reads nothing. Run it on Linux with `node --expose-gc dist/test/campaigns/member-floods.js [words of types]`;
 * `FLOOD_S` is how long a flood takes, 3 unless given, `REST_S` how long the node has afterwards, 60 unless given.
 *
 * Memory is judged three times: at its peak, garbage that waits for a collection included; what is held, right after a collection, in a second part of
 * the flood as long as the first, which tells garbage from a table; and what is still held when the node has rested.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { EnvelopeMesh, EnvelopesBehavior } from '../../behaviours/envelopes/index.js';
import { PeeringBehavior } from '../../behaviours/peering/index.js';
import { PubSubBehavior } from '../../behaviours/pubsub/index.js';
import type { Link } from '../../core/engine/links/link.js';
import type { ByteStream, NodeId, RpcContext } from '../../core/index.js';
import { HeaderDraft } from '../../core/wire/message.js';
import { createNode, type MeshNode, NetworkBehavior, toNode } from '../../index.js';
import { DirectRouter } from '../../routing/index.js';
import { judge } from './hostile-report.js';
import { FLOODS, type Next } from './member-flood-messages.js';
import { SERVICE_FLOODS, SyncSource } from './member-flood-services.js';

const TURN_MS_MAX = 50;
const MIB = 1024 * 1024;
const MEMORY_MAX = 32;
const RATIO_MAX = 20;
/** Memory of the node that is back: but for what its code has come to need meanwhile. */
const BACK_MIB = 4;
const SYNCS = 'router-sync, syncs';
const TYPES: Readonly<Record<string, Next | undefined>> = { ...FLOODS, [SYNCS]: undefined, ...SERVICE_FLOODS };
/** Floods that begin with a greeting. */
const STARTS_ANEW = /^(stream|topic|envelope|peer)/;
const [SECONDS, REST] = [Number(process.env['FLOOD_S'] ?? 3), Number(process.env['REST_S'] ?? 60)];

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'echo', rpc: ['echo', 'slow', 'count'] } as const;

  echo(value: unknown): unknown {
    return typeof value === 'number' ? value : 0;
  }

  slow(_value: unknown, _context: RpcContext): Promise<number> {
    return new Promise(() => {});
  }

  *count(end: number): Generator<number> {
    for (let index = 0; index < end; index++) yield index;
  }

  /** Taken, and never read. */
  override onStream(_agent: unknown, stream: ByteStream): void {
    stream.closed.catch(() => {});
  }
}

type Answer = Readonly<Record<string, number>>;

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
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

function held(): number {
  globalThis.gc?.();
  return memory();
}

/** A turn that took a while. */
interface Turn {
  readonly startMs: number;
  readonly endMs: number;
  readonly cpuMs: number;
}

/** Measures the turns of a node: from the first input after one to the end of the next flush. */
function watchTurns(node: MeshNode): { readonly turns: Turn[]; worst(): number } {
  const runner = node['runner'] as unknown as { step(input: unknown): void; flushPlanned(): void };
  const cpu = threadCpu();
  const pauses: { startTime: number; duration: number }[] = [];
  const turns: Turn[] = [];
  let began: { readonly startMs: number; readonly cpuMs: number } | undefined;
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
  const inGc = ({ startMs, endMs }: Turn) =>
    pauses.filter(({ startTime }) => startTime >= startMs && startTime <= endMs).reduce((sum, { duration }) => sum + duration, 0);
  return { turns, worst: () => turns.reduce((most, turn) => Math.max(most, turn.cpuMs - inGc(turn)), 0) };
}

/** The node that is flooded. */
async function flooded(): Promise<void> {
  const behaviors = [Echo, EnvelopesBehavior, [PeeringBehavior, { acceptUnknown: true }]] as const;
  const node = await createNode({ listen: ['tcp://127.0.0.40:0'], behaviors, logger: 'silent' });
  const { turns, worst } = watchTurns(node);
  const mesh = new EnvelopeMesh(64, 64);
  node.on('connected', (connection) => mesh.add({ node, connection }));
  await node.start();
  const pubsub = node.behavior(PubSubBehavior);
  pubsub.publish('campaign/news');
  const [topicId] = pubsub['sources'].keys();
  let [peak, most] = [0, 0];
  let flooded = { cpu: process.cpuUsage(), sinceMs: 0 };
  let timer: NodeJS.Timeout | undefined;
  const answers: Readonly<Record<string, () => Answer>> = {
    begin: () => {
      turns.length = 0;
      timer = setInterval(() => (peak = Math.max(peak, memory())), 50);
      return { held: held() };
    },
    flood: () => {
      flooded = { cpu: process.cpuUsage(), sinceMs: performance.now() };
      return {};
    },
    // A collection takes as long as a turn may: from here on only memory is judged.
    hold: () => {
      clearInterval(timer);
      timer = setInterval(() => (most = Math.max(most, held())), 250);
      const { user, system } = process.cpuUsage(flooded.cpu);
      return { worst: worst(), peak, busy: (user + system) / 10 / (performance.now() - flooded.sinceMs) };
    },
    rest: () => {
      clearInterval(timer);
      return { most };
    },
    end: () => ({ held: held() }),
  };
  process.on('message', (message: string) => process.send?.(answers[message]?.()));
  process.send?.({ address: node.addresses[0]?.text, topicId });
}

/** Sends messages of a type, as many as its lanes take in each turn, and comes back when it is thrown out. */
async function flood(type: string, address: string, topicId: NodeId): Promise<void> {
  const behaviors = type === SYNCS ? [Echo, SyncSource] : [Echo];
  const node: MeshNode = await createNode({ builtins: ['handshake'], router: DirectRouter, behaviors, logger: 'silent' });
  await node.start();
  const next = TYPES[type] ?? node.behavior(SyncSource).next(node);
  const network = node['network'];
  const draft = new HeaderDraft();
  let [sent, connects, ofLink] = [0, 0, 0];
  const sendOne = (link: Link): boolean => {
    const target = { nodeId: link.nodeId as NodeId, idBytes: link.nodeIdBytes as Uint8Array, topicId, connectionId: link.id };
    const flood = next(ofLink, target);
    if (flood === undefined) return false;
    Object.assign(draft, new HeaderDraft(), { ttl: 1 }, flood.header);
    if (!link.outbox.appendOwn(draft, flood.body)) return false;
    network.touch(link);
    [sent, ofLink] = [sent + 1, ofLink + 1];
    return true;
  };
  const send = (): void => {
    for (const link of network.links.all) for (let count = 0; link.isOpen && count < 4_096 && sendOne(link); count++);
  };
  process.on('message', () => process.send?.({ sent, connects }));
  for (;;) {
    if (node.connections().length === 0) {
      connects++;
      if (STARTS_ANEW.test(type)) ofLink = 0;
      await node.connect(address, { timeoutMs: 2_000 }).catch(() => {});
      if (connects === 1) process.send?.({ connects });
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
    process.send?.({ p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.MAX_VALUE, calls: sorted.length });
    times = [];
  });
  for (;;) {
    const startMs = performance.now();
    await echo(1).catch(() => {});
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function ask(child: ChildProcess, message = 'report'): Promise<Answer> {
  child.send(message);
  const [answer] = await once(child, 'message');
  return answer as Answer;
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const start = (...args: string[]) => fork(fileURLToPath(import.meta.url), args, { execArgv: ['--expose-gc'] });

async function measure(type: string): Promise<void> {
  const node = start('flooded');
  const [{ address, topicId }] = (await once(node, 'message')) as [{ readonly address: string; readonly topicId: string }];
  const caller = start('honest', address);
  await sleep(1);
  await ask(caller);
  const before = (await ask(node, 'begin'))['held'] ?? 0;
  await sleep(SECONDS);
  const quiet = await ask(caller);
  const attacker = start('flood', address, type, topicId);
  await once(attacker, 'message');
  await sleep(0.5);
  await ask(caller);
  await ask(node, 'flood');
  await sleep(SECONDS);
  const [{ p99 = 0, calls }, { sent = 0, connects }, { worst = 0, peak = 0, busy = 0 }] = [
    await ask(caller),
    await ask(attacker),
    await ask(node, 'hold'),
  ];
  await sleep(SECONDS);
  const { most = 0 } = await ask(node, 'rest');
  attacker.kill('SIGKILL');
  await sleep(REST);
  const back = ((await ask(node, 'end'))['held'] ?? 0) - before;
  for (const child of [node, caller]) child.kill('SIGKILL');
  const ratio = p99 / (quiet['p99'] ?? 1);
  const grown = most - before;
  const line = [
    `${(sent / (SECONDS + 0.5)).toFixed(0)}/s`,
    `turn ${worst.toFixed(1)} ms`,
    `held +${grown.toFixed(1)} MiB (+${(peak - before).toFixed(1)} with garbage)`,
    `p99 ${p99.toFixed(2)} ms of ${calls} calls, ${ratio.toFixed(1)} x`,
    `back +${back.toFixed(1)} MiB`,
    `busy ${busy.toFixed(0)} %`,
    `connects ${connects}`,
  ].join(', ');
  const isSmall = peak - before < MEMORY_MAX && grown < MEMORY_MAX && back < BACK_MIB;
  const isGood = sent > 0 && worst <= TURN_MS_MAX && isSmall && ratio <= RATIO_MAX;
  judge(`${type}: ${line}`, ratio, `<= ${RATIO_MAX}`, isGood);
}

const [role = '', ...rest] = process.argv.slice(2);
if (role === 'flooded') await flooded();
else if (role === 'flood') await flood(rest[1] as string, rest[0] as string, rest[2] as NodeId);
else if (role === 'honest') await honest(rest[0] as string);
else {
  const words = process.argv.slice(2);
  for (const type of Object.keys(TYPES)) if (words.length === 0 || words.some((word) => type.includes(word))) await measure(type);
  process.exit();
}
