/**
 * @module Meshes of real nodes in virtual time, every one with a path-vector table and router-sync, in the shape that a test wants; and the
 * truth about them, searched by brute force.
 */
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { type Message, NetworkBehavior, type NodeId, type Route, type SendOptions, type SendResult } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import type { Edge } from '../../routing/path-vector/shapes.js';

/** Paths may be as long as a mesh of 200 nodes needs. */
export class FarRouter extends PathVectorRouter {
  constructor() {
    super({ hopsMax: 255 });
  }
}

/** Sends what the test wants, and keeps what comes. */
export class Mailbox extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'mailbox' } as const;
  readonly got: { readonly source: NodeId; readonly first: number; readonly streamId: number }[] = [];

  post(route: Route, first: number, options?: SendOptions): SendResult {
    return this.perform((agent) => agent.send(route, Uint8Array.of(first & 255, first >> 8), options));
  }

  override onMessage(_agent: unknown, { source, payload, streamId }: Message): void {
    this.got.push({ source, first: (payload[0] as number) + ((payload[1] as number) << 8), streamId });
  }
}

export interface MeshOptions {
  readonly seed?: number;
  /** One way, for the edge at that place; 10 by default. */
  readonly latencyOf?: (index: number) => number;
}

const HOP_MS = 10;

export class SyncMesh {
  readonly edges: Edge[] = [];
  private readonly costs = new Map<string, number>();
  private readonly connections = new Map<number, ReadonlyMap<NodeId, number>>();

  private constructor(
    readonly net: SimulatedNetwork,
    readonly nodes: readonly SimulatedNode[],
  ) {}

  /** Started and connected; nothing has settled. */
  static async build(count: number, edges: readonly Edge[], { seed = 1, latencyOf = () => 10 }: MeshOptions = {}): Promise<SyncMesh> {
    const net = new SimulatedNetwork({ seed, latencyMs: 10 });
    const nodes: SimulatedNode[] = [];
    for (let index = 0; index < count; index++) {
      const behaviors = [RouterSyncBehavior, Mailbox];
      const limits = { hopsMax: 255, dialsMax: 1_000 };
      nodes.push(
        await net.createNode({ name: `n${index}`, builtins: [], behaviors, router: FarRouter, limits, connections: { max: 1_000 } }),
      );
    }
    await net.start(...nodes);
    const mesh = new SyncMesh(net, nodes);
    for (const [index, [a, b]] of edges.entries()) net.setLink(`n${a}`, `n${b}`, { latencyMs: latencyOf(index) });
    await Promise.all(edges.map(([a, b], index) => mesh.connect(a, b, latencyOf(index))));
    return mesh;
  }

  node(index: number): SimulatedNode {
    return this.nodes[index] as SimulatedNode;
  }

  mailbox(index: number): Mailbox {
    return this.node(index).behavior(Mailbox);
  }

  async connect(a: number, b: number, latencyMs = 10): Promise<void> {
    this.edges.push([a, b]);
    this.costs.set(`${a}-${b}`, latencyMs + HOP_MS);
    this.costs.set(`${b}-${a}`, latencyMs + HOP_MS);
    await this.node(a).connect(`sim://n${b}`);
  }

  /** The link ends with a goodbye. */
  cut(a: number, b: number): void {
    const index = this.edges.findIndex(([one, other]) => (one === a && other === b) || (one === b && other === a));
    this.edges.splice(index, 1);
    const connection = this.node(a)
      .connections()
      .find(({ nodeId }) => nodeId === this.node(b).id);
    this.node(a).disconnect(connection?.id ?? -1);
  }

  /** Lets time pass until all is right, and says how long that took. */
  async settle(maxMs: number, pairs?: number): Promise<number> {
    const beganMs = this.net.nowMs;
    for (;;) {
      const fault = this.fault(pairs);
      if (fault === undefined) return this.net.nowMs - beganMs;
      if (this.net.nowMs - beganMs >= maxMs) throw new Error(`not right after ${maxMs} ms: ${fault}`);
      await this.net.run(Math.min(100, maxMs));
    }
  }

  /** The first of the pairs (all, or so many by chance) that is not reached on the cheapest way. */
  fault(pairs?: number): string | undefined {
    const random = new SeededRandom(9);
    this.connections.clear();
    const starts =
      pairs === undefined ? this.nodes.map((_node, index) => index) : Array.from({ length: 20 }, () => random.below(this.nodes.length));
    const index = new Map(this.nodes.map(({ id }, at) => [id, at]));
    for (const start of starts) {
      const least = this.leastCosts(start);
      const targets =
        pairs === undefined ? [...this.nodes.keys()] : Array.from({ length: pairs / 20 }, () => random.below(this.nodes.length));
      for (const target of targets) {
        const cost = this.followedCost(start, target, index);
        if (Math.abs(cost - (least[target] ?? -1)) > 0.01) return `${start} to ${target} costs ${cost} ms instead of ${least[target]}`;
      }
    }
    return undefined;
  }

  sum(of: (node: SimulatedNode) => number): number {
    return this.nodes.reduce((total, node) => total + of(node), 0);
  }

  /** By the neighbour; looked up once for each `fault`. */
  private connectionIds(at: number): ReadonlyMap<NodeId, number> {
    const known =
      this.connections.get(at) ??
      new Map(
        this.node(at)
          .connections()
          .map(({ nodeId, id }) => [nodeId, id]),
      );
    this.connections.set(at, known);
    return known;
  }

  /** -1: not reached. */
  private followedCost(start: number, target: number, index: ReadonlyMap<NodeId, number>): number {
    let at = start;
    let from: number | undefined;
    let cost = 0;
    for (let hop = 0; hop < 300; hop++) {
      const node = this.node(at);
      const except = from === undefined ? undefined : this.connectionIds(at).get(this.node(from).id);
      const action = node.router.pathToNode(this.node(target).id, except);
      if (action.type !== 'next') return action.type === 'local' ? cost : -1;
      const next = index.get(action.nodeId) as number;
      cost += this.costs.get(`${at}-${next}`) as number;
      from = at;
      at = next;
    }
    return -1;
  }

  private leastCosts(start: number): (number | undefined)[] {
    const ways = new Map<number, number[]>();
    for (const [a, b] of this.edges) {
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const)
        ways.set(one, [...(ways.get(one) ?? []), other]);
    }
    const costs: (number | undefined)[] = [];
    costs[start] = 0;
    const open = [start];
    for (const at of open) {
      for (const next of ways.get(at) ?? []) {
        const cost = (costs[at] as number) + (this.costs.get(`${at}-${next}`) as number);
        if (cost >= (costs[next] ?? Number.POSITIVE_INFINITY)) continue;
        costs[next] = cost;
        open.push(next);
      }
    }
    return costs;
  }
}
