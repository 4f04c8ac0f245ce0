/**
 * @module Campaign for rows 102 to 105, 109 and 110: an authenticated member floods a node in every type of message that it may send, while an
 * honest neighbour calls it. Three processes on loopback for each type. The node runs all built-in behaviours, peering and envelopes, and its
 * application takes what comes and reads nothing. Run it on Linux with `node --expose-gc dist/test/campaigns/member-floods.js [words of types]`;
 * `FLOOD_S` is how long a flood takes, 3 unless given, `REST_S` how long the node has afterwards, 60 unless given, `RUNS` how often all of it is
 * done, once unless given: each run is judged, so that the largest of all runs must do. While the node of one type rests and nobody calls it, the
 * next type is measured.
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
import { exactly, judge } from './hostile-report.js';
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
const numberOf = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const [SECONDS, REST, RUNS] = [numberOf('FLOOD_S', 3), numberOf('REST_S', 60), numberOf('RUNS', 1)];

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

/** Calls one after another, until it is paused; reports the 99th percentile of the last time that it was asked. */
async function honest(address: string): Promise<void> {
  const node = await createNode({ logger: 'silent' });
  await node.start();
  const { nodeId } = await node.connect(address);
  const { echo } = node.client(Echo, toNode(nodeId));
  let times: number[] = [];
  let isPaused = false;
  process.on('message', (message: string) => {
    isPaused ||= message === 'pause';
    const sorted = times.sort((a, b) => a - b);
    process.send?.({ p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.MAX_VALUE, calls: sorted.length });
    times = [];
  });
  while (!isPaused) {
    const startMs = performance.now();
    await echo(1).catch(() => {});
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The next message of a process; rejects when it ends instead. */
async function messageOf<Result>(child: ChildProcess, role: string): Promise<Result> {
  const listening = new AbortController();
  const { signal } = listening;
  const ended = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`${role}: the process has ended (${code ?? by})`);
  });
  try {
    return (await Promise.race([once(child, 'message', { signal }), ended]))[0] as Result;
  } finally {
    ended.catch(() => {});
    listening.abort();
  }
}

/** A process of a measurement. */
class Role {
  readonly child: ChildProcess;

  constructor(private readonly args: readonly string[]) {
    this.child = fork(fileURLToPath(import.meta.url), args, { execArgv: ['--expose-gc'] });
  }

  started<Result>(): Promise<Result> {
    return messageOf(this.child, this.args[0] as string);
  }

  ask(message = 'report'): Promise<Answer> {
    const answer = messageOf<Answer>(this.child, this.args[0] as string);
    if (this.child.connected) this.child.send(message);
    return answer;
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** What a flood came to, in the units of its bounds. */
interface Flooded {
  readonly before: number;
  readonly quietP99: number;
  readonly p99: number;
  readonly calls: number;
  readonly sent: number;
  readonly connects: number;
  readonly worst: number;
  readonly peak: number;
  readonly busy: number;
  readonly most: number;
}

async function floodBy(node: Role, caller: Role, startAttacker: () => Role): Promise<Flooded> {
  await sleep(1);
  await caller.ask();
  const { held: before = 0 } = await node.ask('begin');
  await sleep(SECONDS);
  const { p99: quietP99 = 1 } = await caller.ask();
  const attacker = startAttacker();
  try {
    await attacker.started();
    await sleep(0.5);
    await caller.ask();
    await node.ask('flood');
    await sleep(SECONDS);
    const [{ p99 = 0, calls = 0 }, { sent = 0, connects = 0 }] = [await caller.ask(), await attacker.ask()];
    const { worst = 0, peak = 0, busy = 0 } = await node.ask('hold');
    await sleep(SECONDS);
    const { most = 0 } = await node.ask('rest');
    return { before, quietP99, p99, calls, sent, connects, worst, peak, busy, most };
  } finally {
    attacker.end();
  }
}

let [judged, failed, worstTurn] = [0, 0, 0];

function judgeType(type: string, flooded: Flooded, back: number): void {
  const { before, p99, sent, worst, peak, most } = flooded;
  const ratio = p99 / flooded.quietP99;
  const line = [
    `${(sent / (SECONDS + 0.5)).toFixed(0)}/s`,
    `turn ${worst.toFixed(1)} ms`,
    `held +${(most - before).toFixed(1)} MiB (+${(peak - before).toFixed(1)} with garbage)`,
    `p99 ${p99.toFixed(2)} ms of ${flooded.calls} calls, ${ratio.toFixed(1)} x`,
    `back +${back.toFixed(1)} MiB`,
    `busy ${flooded.busy.toFixed(0)} %`,
    `connects ${flooded.connects}`,
  ].join(', ');
  const isSmall = peak - before < MEMORY_MAX && most - before < MEMORY_MAX && back < BACK_MIB;
  const isGood = sent > 0 && worst <= TURN_MS_MAX && isSmall && ratio <= RATIO_MAX;
  worstTurn = Math.max(worstTurn, worst);
  if (!isGood) failed++;
  judge(`${type}: ${line}`, ratio, `<= ${RATIO_MAX}`, isGood);
}

/** Resolves when the attacker has left; `concluded` once the node has rested and all is judged. */
async function measure(type: string): Promise<{ readonly concluded: Promise<void> }> {
  judged++;
  const node = new Role(['flooded']);
  const roles = [node];
  const conclude = async (flooding: Promise<Flooded>): Promise<void> => {
    try {
      const flooded = await flooding;
      await sleep(REST);
      judgeType(type, flooded, ((await node.ask('end'))['held'] ?? 0) - flooded.before);
    } catch (error) {
      failed++;
      judge(`${type}: ${String(error)}`, 0, 'all processes stay', false);
    }
    for (const role of roles) role.end();
  };
  const flooding = (async () => {
    const { address, topicId } = await node.started<{ readonly address: string; readonly topicId: string }>();
    const caller = new Role(['honest', address]);
    roles.push(caller);
    const flooded = await floodBy(node, caller, () => new Role(['flood', address, type, topicId]));
    await caller.ask('pause');
    return flooded;
  })();
  const concluded = conclude(flooding);
  await flooding.catch(() => {});
  return { concluded };
}

async function measureAll(words: readonly string[]): Promise<void> {
  const resting: Promise<void>[] = [];
  for (let run = 0; run < RUNS; run++)
    for (const type of Object.keys(TYPES))
      if (words.length === 0 || words.some((word) => type.includes(word))) resting.push((await measure(type)).concluded);
  await Promise.all(resting);
  exactly(`${judged} floods, ${failed} failed, the longest turn ${worstTurn.toFixed(1)} ms; good`, judged - failed, Math.max(1, judged));
}

const [role = '', ...rest] = process.argv.slice(2);
if (role === 'flooded') await flooded();
else if (role === 'flood') await flood(rest[1] as string, rest[0] as string, rest[2] as NodeId);
else if (role === 'honest') await honest(rest[0] as string);
else {
  await measureAll(process.argv.slice(2));
  process.exit();
}
