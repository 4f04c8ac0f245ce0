/**
 * @module Churn: a random mesh in virtual time whose nodes are killed and come back all the time, while messages go between any two of
 * them. Says how many arrive, what the syncs cost, and what memory it takes. For a test with 100 nodes and a campaign with 2,000.
 *
 * A killed node's machine lives: neighbours see their channels break. Its messages count from three sync intervals after it is back, and
 * only those count whose two ends are up until they must have arrived.
 */
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { type Message, NetworkBehavior, type NodeId, toNode } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { randomEdges } from '../../routing/path-vector/shapes.js';

export interface ChurnOptions {
  readonly count: number;
  readonly degree: number;
  readonly seed: number;
  /** Of all nodes, killed in a minute; each is back after `awayMs`. */
  readonly share: number;
  readonly quietMs: number;
  readonly churnMs: number;
  readonly messagesPerSecond: number;
  /** Hears how far it is. */
  readonly log?: (text: string) => void;
}

export interface ChurnReport {
  readonly isConverged: boolean;
  readonly convergedMs: number;
  readonly killedCount: number;
  /** Messages that count, and those of them that arrived; and how many arrived twice. */
  readonly sentCount: number;
  readonly arrivedCount: number;
  readonly doubledCount: number;
  /** Of one node in a second. */
  readonly quietBytes: number;
  readonly churnBytes: number;
  readonly memoryBytes: number;
}

const INTERVAL_MS = 1_000;
const AWAY_MS = 10_000;
const ARRIVAL_MS = 5_000;
const CONVERGED_MAX_MS = 120_000;

/** Shared by all nodes of a run: what arrived, by number. */
class Ledger {
  readonly sent: { readonly from: number; readonly to: number; readonly atMs: number }[] = [];
  readonly arrivals: number[] = [];
}

class Courier extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'courier' } as const;
  ledger: Ledger | undefined;

  post(to: NodeId, number: number): void {
    this.perform((agent) => agent.send(toNode(to), number));
  }

  override onMessage(_agent: unknown, message: Message): void {
    const number = message.value<number>() as number;
    if (this.ledger !== undefined) this.ledger.arrivals[number] = (this.ledger.arrivals[number] ?? 0) + 1;
  }
}

export class Churn {
  private readonly net: SimulatedNetwork;
  private readonly random: SeededRandom;
  private readonly ledger = new Ledger();
  private readonly ids: NodeId[] = [];
  /** By number; absent while a node is away. */
  private readonly running: (SimulatedNode | undefined)[] = [];
  /** When it came up, and went down last. */
  private readonly upMs: number[] = [];
  private readonly downMs: number[] = [];
  private killedCount = 0;
  /** Bytes of syncs that nodes which are gone had sent. */
  private bytesBefore = 0;

  constructor(private readonly options: ChurnOptions) {
    this.net = new SimulatedNetwork({ seed: options.seed, latencyMs: 10, jitterMs: 5, traceEventsMax: 1 });
    this.random = new SeededRandom(options.seed);
  }

  async run(): Promise<ChurnReport> {
    const { count, quietMs, churnMs, log } = this.options;
    await this.build();
    const convergedMs = await this.converge();
    log?.(`converged after ${convergedMs} ms`);
    await this.net.run(10 * INTERVAL_MS);
    const quietFrom = this.bytesSaid();
    await this.net.run(quietMs);
    const quietBytes = (this.bytesSaid() - quietFrom) / count / (quietMs / 1_000);
    log?.(`quiet: ${quietBytes.toFixed(0)} bytes of syncs for each node and second`);
    const churnFrom = this.bytesSaid();
    await this.churn();
    const churnBytes = (this.bytesSaid() - churnFrom) / count / (churnMs / 1_000);
    await this.net.run(ARRIVAL_MS);
    return { ...this.counted(), convergedMs, isConverged: convergedMs < CONVERGED_MAX_MS, quietBytes, churnBytes, memoryBytes: memory() };
  }

  private async build(): Promise<void> {
    const { count, degree, seed } = this.options;
    const seedsOf: string[][] = Array.from({ length: count }, () => []);
    for (const [a, b] of randomEdges(count, degree, seed)) seedsOf[a]?.push(`sim://n${b}`);
    for (let index = 0; index < count; index++) {
      const limits = { backoffMaxMs: 2_000, dialsMax: 256 };
      const seeds = seedsOf[index] ?? [];
      const node = await this.net.createNode({ name: `n${index}`, builtins: ['router-sync'], behaviors: [Courier], seeds, limits });
      this.ids.push(node.id);
      this.running.push(node);
      this.upMs.push(0);
      this.downMs.push(Number.NEGATIVE_INFINITY);
    }
    await this.net.start(...this.net.nodes);
    for (const node of this.net.nodes) node.behavior(Courier).ledger = this.ledger;
  }

  /** Until a thousand pairs by chance know a way. */
  private async converge(): Promise<number> {
    const pairs = Array.from({ length: 1_000 }, () => [this.any(), this.any()] as const);
    while (this.net.nowMs < CONVERGED_MAX_MS) {
      await this.net.run(INTERVAL_MS);
      if (pairs.every(([a, b]) => this.running[a]?.router.pathToNode(this.ids[b] as NodeId).type !== 'reject')) break;
    }
    return this.net.nowMs;
  }

  private async churn(): Promise<void> {
    const { count, share, churnMs, messagesPerSecond } = this.options;
    const kills = Math.round((count * share * churnMs) / 60_000);
    for (let kill = 0; kill < kills; kill++) this.net.after(((kill + 0.5) * churnMs) / kills, () => this.kill());
    const messages = Math.round((messagesPerSecond * churnMs) / 1_000);
    for (let message = 0; message < messages; message++) this.net.after((message * churnMs) / messages, () => this.post());
    for (let passedMs = 0; passedMs < churnMs; passedMs += 10_000) {
      await this.net.run(Math.min(10_000, churnMs - passedMs));
      this.options.log?.(`${passedMs / 1_000 + 10} s of churn, ${(memory() / 2 ** 30).toFixed(2)} GiB`);
    }
  }

  private kill(): void {
    const index = this.any();
    const node = this.running[index];
    if (node === undefined) return;
    this.bytesBefore += bytesSaidBy(node);
    this.running[index] = undefined;
    this.downMs[index] = this.net.nowMs;
    this.killedCount++;
    this.net.crash(node, { reset: true });
    this.net.after(AWAY_MS, () => void this.revive(index));
  }

  private async revive(index: number): Promise<void> {
    const node = await this.net.restart(`n${index}`);
    node.behavior(Courier).ledger = this.ledger;
    this.running[index] = node;
    this.upMs[index] = this.net.nowMs;
  }

  private post(): void {
    const [from, to] = [this.any(), this.any()];
    if (from === to || !this.isSettled(from) || !this.isSettled(to)) return;
    const number = this.ledger.sent.push({ from, to, atMs: this.net.nowMs }) - 1;
    this.running[from]?.behavior(Courier).post(this.ids[to] as NodeId, number);
  }

  private isSettled(index: number): boolean {
    return this.running[index] !== undefined && this.net.nowMs >= (this.upMs[index] as number) + 3 * INTERVAL_MS;
  }

  private counted(): Pick<ChurnReport, 'killedCount' | 'sentCount' | 'arrivedCount' | 'doubledCount'> {
    const { sent, arrivals } = this.ledger;
    const isUpUntil = (index: number, atMs: number) =>
      !((this.downMs[index] as number) >= atMs && (this.downMs[index] as number) < atMs + 1_000);
    const counting = sent.flatMap(({ from, to, atMs }, number) =>
      isUpUntil(from, atMs) && isUpUntil(to, atMs) ? [arrivals[number] ?? 0] : [],
    );
    return {
      killedCount: this.killedCount,
      sentCount: counting.length,
      arrivedCount: counting.filter((times) => times > 0).length,
      doubledCount: counting.filter((times) => times > 1).length,
    };
  }

  private bytesSaid(): number {
    return this.running.reduce((sum, node) => sum + (node === undefined ? 0 : bytesSaidBy(node)), this.bytesBefore);
  }

  private any(): number {
    return this.random.below(this.options.count);
  }
}

function bytesSaidBy(node: SimulatedNode): number {
  return node.behavior(RouterSyncBehavior).counters.bytesSent;
}

function memory(): number {
  const { rss } = process.memoryUsage();
  return rss;
}
