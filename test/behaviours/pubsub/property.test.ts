/**
 * @module Property: whatever becomes of nodes, links, topics and subscriptions, and whenever, accounts hold while they last, and in the end nothing of them
 * stays on any node: no feed, no registration, no wait, no timer. `PUBSUB_SEEDS` runs more seeds, `PUBSUB_SEED` one.
 */
import { expect } from 'chai';
import { type Intent, type Interest, PubSubBehavior, type SubscribeOptions } from '../../../behaviours/pubsub/index.js';
import { WakeTimer } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { Ledger } from './ledger.js';

const ONE = process.env['PUBSUB_SEED'];
const SEEDS = ONE === undefined ? Array.from({ length: Number(process.env['PUBSUB_SEEDS'] ?? 15) }, (_, index) => `${index + 1}`) : [ONE];
const NODES = 5;
const DURATION_MS = 20_000;
const DEEDS = 80;
const PATHS = ['a', 'a/b', 'c'] as const;
const WAYS: readonly SubscribeOptions[] = [
  {},
  { whenFull: 'wait', waitingMax: 4 },
  { history: 5 },
  { confirm: true },
  { group: 'workers' },
  { scope: 'neighbours' },
];

/** What the application holds on a node, until that is gone. */
interface Held {
  readonly node: SimulatedNode;
  readonly part: Intent | Interest;
}

class Storm {
  private readonly sim: SimulatedNetwork;
  private readonly ledger = new Ledger();
  private held: Held[] = [];
  /** Waits that have not ended, by the node that they are of. */
  private readonly waits = new Map<Promise<unknown>, { readonly node: SimulatedNode; readonly what: string }>();
  private readonly gone = new Set<SimulatedNode>();
  private subscriptions = 0;

  constructor(seed: string) {
    this.sim = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 15, loss: 0.02 });
  }

  async run(): Promise<void> {
    for (let index = 0; index < NODES; index++)
      await this.sim.createNode({
        name: `n${index}`,
        seeds: index === 0 ? [] : [`sim://n${this.below(index)}`],
        builtins: ['handshake', 'router-sync', 'rpc'],
        behaviors: [PubSubBehavior],
        limits: { backoffMaxMs: 1_000 },
      });
    await this.sim.start(...this.sim.nodes);
    for (let deed = 0; deed < DEEDS; deed++) this.sim.after(this.below(DURATION_MS), () => this.act());
    await this.sim.run(DURATION_MS);
    for (const node of this.alive) for (const other of this.alive) this.sim.restore(node, other);
    await this.sim.run(30_000);
    expect(this.ledger.faults).to.deep.equal([]);
    for (const { node, part } of this.held) if (this.isAlive(node)) part.close();
    await this.sim.run(130_000);
    this.check();
    await this.sim.stop();
  }

  private get alive(): readonly SimulatedNode[] {
    return this.sim.nodes.filter((node) => node.state === 'running' && !this.gone.has(node));
  }

  private isAlive(node: SimulatedNode): boolean {
    return this.alive.includes(node);
  }

  private act(): void {
    const node = this.one(this.alive);
    const deed = this.below(20);
    if (deed < 4) this.subscribe(node);
    else if (deed < 7) this.publish(node);
    else if (deed < 12) this.send();
    else if (deed < 14) this.close();
    else if (deed < 15) this.feedBack();
    else this.disturb(node, deed);
  }

  private subscribe(node: SimulatedNode): void {
    const way = this.one(WAYS);
    const isRead = this.below(3) > 0;
    const isAccounted = way.confirm !== true && way.group === undefined && way.history === undefined;
    const watch =
      isAccounted && isRead ? this.ledger.options(`subscription ${this.subscriptions++}`) : isRead ? { onMessage: () => {} } : {};
    const interest = node
      .behavior(PubSubBehavior)
      .subscribe(this.below(3) === 0 ? 'a/**' : this.one(PATHS), { ...way, ...watch } as SubscribeOptions);
    this.held.push({ node, part: interest });
    this.wait(node, 'a subscription', interest.ready);
  }

  private publish(node: SimulatedNode): void {
    const intent = node.behavior(PubSubBehavior).publish(this.one(PATHS), { keep: this.one([0, 8]), unconfirmedMax: 8 });
    this.held.push({ node, part: intent });
    const stop = new AbortController();
    this.wait(node, 'a topic', intent.ready);
    this.wait(node, 'interest', intent.interest({ signal: stop.signal }));
    if (this.below(2) === 0) this.sim.after(this.below(3_000), () => stop.abort());
  }

  private send(): void {
    for (const { node, part } of this.held) {
      if (!this.isAlive(node) || !('send' in part) || part.isClosed) continue;
      for (let count = this.below(40); count > 0; count--) part.send({ count });
      this.wait(node, 'confirmations', part.settled());
      this.wait(node, 'room', part.writable());
    }
  }

  private feedBack(): void {
    for (const { node, part } of this.held)
      if (this.isAlive(node) && 'feedback' in part && !part.isClosed && part.publishers().length > 0)
        try {
          part.feedback(1, this.below(10));
        } catch (error) {
          expect((error as { readonly code?: string }).code, 'of one that confirms').to.equal('OPTION_INVALID');
        }
  }

  private close(): void {
    const index = this.below(this.held.length);
    const [held] = this.held.splice(index, 1);
    if (held !== undefined && this.isAlive(held.node)) held.part.close();
  }

  private disturb(node: SimulatedNode, deed: number): void {
    const other = this.one(this.alive);
    if (deed === 15) for (const { id } of node.connections().slice(0, 1 + this.below(2))) node.disconnect(id);
    else if (deed === 16 && other !== node) void node.connect(`sim://${other.name}`).catch(() => {});
    else if (deed === 17 && other !== node) {
      this.sim.cut(node, other);
      this.sim.after(this.below(20_000), () => this.sim.restore(node, other));
    } else if (deed === 18) this.sim.stall(node, this.below(1_000));
    else if (deed === 19 && this.alive.length > 2) this.restart(node);
  }

  private restart(node: SimulatedNode): void {
    this.gone.add(node);
    this.held = this.held.filter((held) => held.node !== node);
    for (const [wait, owner] of this.waits) if (owner.node === node) this.waits.delete(wait);
    this.sim.crash(node, { reset: this.below(2) === 0 });
    this.sim.after(200 + this.below(5_000), () => void this.sim.restart(node.name));
  }

  private check(): void {
    expect([...this.waits.values()].map(({ node, what }) => `${node.name} waits for ${what}`)).to.deep.equal([]);
    for (const node of this.alive) {
      const pubsub = node.behavior(PubSubBehavior);
      expect([pubsub.feedCount, pubsub.registrationCount], `feeds and registrations of ${node.name}`).to.deep.equal([0, 0]);
      expect(node.queues().find(({ name }) => name === 'pubsub.waiting')).to.include({ messages: 0, messagesMax: 0 });
      expect(timersOf(pubsub), `timers of ${node.name}`).to.deep.equal([]);
      expect(node.metrics()['faults_total'], 'faults').to.equal(0);
    }
  }

  private wait(node: SimulatedNode, what: string, wait: Promise<unknown>): void {
    this.waits.set(wait, { node, what });
    const ended = () => this.waits.delete(wait);
    wait.then(ended, ended);
  }

  private below(limit: number): number {
    return Math.floor(this.sim.random.float() * limit);
  }

  private one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

/** The paths of wake timers that wait for something, anywhere in the behaviour. */
function timersOf(part: object, path = 'pubsub', seen = new Set<object>()): string[] {
  if (seen.has(part) || path.split('.').length > 6) return [];
  seen.add(part);
  if (part instanceof WakeTimer) return part.dueMs < Number.POSITIVE_INFINITY ? [path] : [];
  const parts = part instanceof Map ? [...part.entries()] : part instanceof Set ? [...part].entries() : Object.entries(part);
  return [...parts].flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !['router', 'log', 'sealer'].includes(String(name))
      ? timersOf(value as object, `${path}.${name}`, seen)
      : [],
  );
}

describe('pubsub property', () => {
  it(`${SEEDS.length} storms of topics, subscriptions, cuts and restarts leave nothing, and every number has its account meanwhile`, async function () {
    this.timeout(60_000 + 20_000 * SEEDS.length);
    for (const seed of SEEDS) {
      const storm = new Storm(seed);
      try {
        await storm.run();
      } catch (error) {
        throw new Error(`PUBSUB_SEED=${seed}`, { cause: error });
      }
    }
  });
});
