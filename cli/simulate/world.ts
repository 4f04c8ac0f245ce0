/**
 * @module World: builds the network of a simulation, lets it form, and does to it what the settings say: lookups, churn, crashes, a partition.
 */
import { type Resolution, SpacerBehavior } from '../../behaviours/index.js';
import {
  type Crypto,
  isCloser,
  type MeshNode,
  NetworkBehavior,
  type NetworkError,
  type NodeId,
  nodeIdFromBytes,
  Rpc,
  toNode,
} from '../../index.js';
import { OverlayRouter } from '../../routing/index.js';
import { type LookupAccount, type Recorder, SimulatedNetwork, type SimulatedNode, type SimulatedNodeOptions } from '../../simulation.js';
import { Mesh } from './mesh.js';
import type { Settings } from './settings.js';

/** Nodes that are started, and links that are dialled, at once. */
const BATCH = 500;
/** Nodes with a spacer that join in one step, and how long after the last of them the network has formed. */
const JOINING = 25;
const JOINED_MS = 60_000;
const RESTART_MS = 10_000;
const STEP_MS = 1_000;
const HOPS_MAX = 32;
const CALL_MS = 5_000;
const ANSWERING = 96;
const KEY_BYTES = 32;
/** How a call failed, in the words of lookups. */
const OUTCOMES: Readonly<Record<string, string>> = { RPC_UNREACHABLE: 'unreachable', RPC_TIMEOUT: 'silent' };

/** What the network does now, and which part of that is done. */
export type Report = (what: string, share: number) => void;

/** A node that another one has called. */
export interface Lookup {
  readonly isFound: boolean;
  readonly hops: number;
  readonly tookMs: number;
}

class Answering extends NetworkBehavior {
  static readonly behavior = { serviceId: ANSWERING, name: 'answering' } as const;

  @Rpc() ask(): string {
    return 'here';
  }
}

export class World {
  readonly network: SimulatedNetwork;
  readonly lookups: Lookup[] = [];
  private readonly down: { readonly name: string; readonly untilMs: number }[] = [];
  private readonly nameOf = new Map<NodeId, string>();
  /** Made when all nodes are known. */
  private mesh: Mesh | undefined;
  readonly recorder: Recorder;

  constructor(
    private readonly settings: Settings,
    crypto: Crypto | undefined,
  ) {
    const { seed, latencyMs, jitterMs, loss, model } = settings;
    const plane = model === 'plane' ? { latencyBetween: (from: string, to: string) => distance(from, to) * 2 * latencyMs } : {};
    this.network = new SimulatedNetwork({
      ...{ seed, latencyMs, jitterMs, loss, traceEventsMax: 0 },
      ...plane,
      ...(crypto === undefined ? {} : { crypto }),
    });
    this.recorder = this.network.record();
  }

  async form(report: Report): Promise<void> {
    const { network, settings } = this;
    for (let index = 0; index < settings.nodes; index++) {
      const { id, name } = await network.createNode(this.optionsOf(index));
      this.nameOf.set(id, name);
      if (index % BATCH === 0) report('create', index / settings.nodes);
    }
    const nodes = [...network.nodes];
    const isGrowing = settings.profile === 'spacer';
    const batch = isGrowing ? JOINING : BATCH;
    for (let from = 0; from < nodes.length; from += batch) {
      await network.start(...nodes.slice(from, from + batch));
      // Those of before are found by then.
      if (isGrowing) await network.run(STEP_MS);
      report('start', from / nodes.length);
    }
    if (settings.profile === 'plain') await this.link(nodes, report);
    else await network.run(isGrowing ? JOINED_MS : 10_000);
  }

  /** What happens meanwhile is spread evenly over the time. */
  async live(report: Report): Promise<void> {
    const { network, settings } = this;
    const steps = Math.ceil(settings.durationS);
    let looked = 0;
    for (let step = 0; step < steps; step++) {
      // Within the run, so that no promise of theirs lets time pass by itself.
      network.after(0, () => this.happen(step, steps));
      const count = Math.round(((step + 1) * settings.lookups) / steps) - looked;
      for (let index = 0; index < count; index++) network.after((STEP_MS * (index + 0.5)) / count, () => this.look());
      looked += count;
      await network.run(STEP_MS);
      report('live', (step + 1) / steps);
    }
    // Calls of nodes that have crashed never settle, so this waits for a fixed time.
    await network.run(CALL_MS + STEP_MS);
  }

  private optionsOf(index: number): SimulatedNodeOptions {
    const { profile, mesh } = this.settings;
    const common = { name: `n${index}`, behaviors: [Answering], connections: { min: 0, max: Math.max(64, 4 * mesh) } };
    const builtins = ['handshake', 'rpc'] as const;
    if (profile === 'plain') return { ...common, builtins, router: OverlayRouter };
    const seeds = index === 0 ? [] : this.seedsOf(index);
    if (profile === 'spacer') {
      const behaviors = [Answering, [SpacerBehavior, { meshLevel: mesh }] as const];
      return { ...common, behaviors, seeds, builtins, router: OverlayRouter };
    }
    return { ...common, seeds, connections: { ...common.connections, min: mesh } };
  }

  private async link(nodes: readonly SimulatedNode[], report: Report): Promise<void> {
    const dials = nodes.flatMap((node, index) => this.others(index).map((other) => ({ node, address: `sim://n${other}` })));
    for (let from = 0; from < dials.length; from += BATCH) {
      await Promise.all(dials.slice(from, from + BATCH).map(({ node, address }) => node.connect(address)));
      report('link', from / dials.length);
    }
  }

  /** Nodes that run already. */
  private seedsOf(index: number): string[] {
    const before = this.settings.profile === 'spacer' ? Math.max(1, index - (index % JOINING)) : index;
    return [this.random(before), this.random(before)].map((seed) => `sim://n${seed}`);
  }

  private others(index: number): number[] {
    this.mesh ??= new Mesh([...this.nameOf.keys()], (count) => this.random(count));
    return this.mesh.dials(index, Math.ceil(this.settings.mesh / 2));
  }

  private happen(step: number, steps: number): void {
    const { network, settings } = this;
    const [third, twoThirds] = [Math.floor(steps / 3), Math.floor((2 * steps) / 3)];
    this.revive();
    if (settings.churnMinutes > 0) this.crash(1 - 2 ** (-1 / (60 * settings.churnMinutes)), RESTART_MS);
    if (step === third && settings.crashShare > 0) this.crash(settings.crashShare, Number.POSITIVE_INFINITY);
    if (step !== third || !settings.hasPartition) return;
    const { nodes } = network;
    network.partition(nodes.slice(0, nodes.length / 2), nodes.slice(nodes.length / 2));
    network.after(STEP_MS * Math.max(1, twoThirds - third), () => network.heal());
  }

  private crash(share: number, restartMs: number): void {
    const { network } = this;
    for (const { name } of [...network.nodes]) {
      if (network.random.float() >= share || network.nodes.length <= 2) continue;
      network.crash(name);
      this.down.push({ name, untilMs: network.nowMs + restartMs });
    }
  }

  private revive(): void {
    const { network, down } = this;
    const due = down.filter(({ untilMs }) => untilMs <= network.nowMs);
    for (const node of due) {
      down.splice(down.indexOf(node), 1);
      void this.restart(node.name);
    }
  }

  /** A node that comes back dials as it did at first. */
  private async restart(name: string): Promise<void> {
    const node = await this.network.restart(name);
    if (this.settings.profile !== 'plain') return;
    const dials = this.others(Number(name.slice(1))).map((other) => node.connect(`sim://n${other}`));
    await Promise.allSettled(dials);
  }

  /** One node calls another one that runs. */
  private look(): void {
    const { nodes, random } = this.network;
    const [from, to] = [random.pick(nodes), random.pick(nodes)];
    if (this.settings.profile === 'spacer') void this.resolve(from);
    else if (from !== to) void this.call(from, to);
  }

  /** One node looks a key up. */
  private async resolve(from: SimulatedNode): Promise<void> {
    const { network, recorder } = this;
    const startMs = network.nowMs;
    const key = nodeIdFromBytes(network.random.bytes(KEY_BYTES));
    const resolution = resolutionBy(from, key);
    const [closest] = (await resolution?.nodes.catch(() => [])) ?? [];
    const trace = resolution?.trace ?? { end: 'refused', depth: 0, tookMs: 0, steps: [] };
    const best = network.nodes.map(({ id }) => id).reduce((one, other) => (isCloser(other, one, key) ? other : one));
    this.lookups.push({ isFound: closest?.nodeId === best, hops: trace.depth, tookMs: trace.tookMs });
    const steps = trace.steps.map(({ nodeId, via, askedMs, tookMs, outcome }) => ({ nodeId, via, askedMs, tookMs, outcome }));
    recorder.lookup(from.id, startMs, { key, end: trace.end, tookMs: trace.tookMs, steps });
  }

  private async call(from: SimulatedNode, to: SimulatedNode): Promise<void> {
    const { network, recorder } = this;
    const startMs = network.nowMs;
    const path = this.pathTo(from, to.id);
    const failure = await from.call(toNode(to.id), ANSWERING, 'ask', undefined, { timeoutMs: CALL_MS }).then(
      () => undefined,
      (error: NetworkError) => error.code,
    );
    const tookMs = network.nowMs - startMs;
    const [end, outcome] = failure === undefined ? ['done', 'answered'] : ['failed', OUTCOMES[failure] ?? failure];
    const step = { nodeId: to.id, via: path, askedMs: 0, tookMs, outcome };
    const account: LookupAccount = { key: to.id, end, tookMs, steps: [step] };
    this.lookups.push({ isFound: failure === undefined, hops: path.length + 1, tookMs });
    recorder.lookup(from.id, startMs, account);
  }

  /** The relays to a node, as the tables have them now. */
  private pathTo(from: MeshNode, target: NodeId): NodeId[] {
    const relays: NodeId[] = [];
    let node: MeshNode | undefined = from;
    while (node !== undefined && relays.length < HOPS_MAX) {
      const action = node.router.pathToNode(target);
      if (action.type !== 'next' || action.nodeId === target) break;
      relays.push(action.nodeId);
      node = this.byId(action.nodeId);
    }
    return relays;
  }

  private byId(id: NodeId): MeshNode | undefined {
    const name = this.nameOf.get(id);
    return name === undefined ? undefined : this.network.node(name);
  }

  private random(count: number): number {
    return this.network.random.below(count);
  }
}

/** `undefined`: it is refused, such as by a node that has as many lookups as it may. */
function resolutionBy(node: SimulatedNode, key: NodeId): Resolution | undefined {
  try {
    return node.behavior(SpacerBehavior).resolve(key, { oneHop: false, deadlineMs: CALL_MS });
  } catch {
    return undefined;
  }
}

/** Of two nodes on a plane of side 1, whose places follow from their names: 0 to 1. */
function distance(from: string, to: string): number {
  const [one, other] = [placeOf(from), placeOf(to)];
  return Math.sqrt((one.x - other.x) ** 2 + (one.y - other.y) ** 2) / Math.SQRT2;
}

function placeOf(name: string): { readonly x: number; readonly y: number } {
  let word = 0;
  for (const character of name) word = Math.imul(word ^ character.charCodeAt(0), 0x01000193) + 0x9e3779b1;
  word = Math.imul(word ^ (word >>> 15), 0x85ebca6b) >>> 0;
  return { x: (word & 0xffff) / 0xffff, y: (word >>> 16) / 0xffff };
}
