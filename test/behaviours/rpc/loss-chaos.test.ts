/**
 * @module Calls through a mesh in which nodes crash and come back all the time, as a property: every call ends before its deadline, what is
 * done is done once, what is answered was done, and what was unreachable was not.
 */
import { expect } from 'chai';
import { NetworkBehavior, type NetworkError, type NodeId, type Route, toNode, toService } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { randomEdges } from '../../routing/path-vector/shapes.js';
import { inQueue } from './support.js';

const NODES = 10;
const DESKS = [6, 7, 8, 9];
const SECONDS = 20;
/** Calls in the half second around each crash. */
const BURST = 20;

/** Notes what it begins, and takes its time. */
class Desk extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'desk', rpc: ['work'] } as const;
  readonly done: number[] = [];

  work({ value, ms }: { value: number; ms: number }): Promise<number> {
    this.done.push(value);
    return new Promise((resolve) => this.perform((agent) => agent.after(ms, () => resolve(value))));
  }
}

interface Ended {
  readonly value: number;
  readonly code: string;
  readonly tookMs: number;
}

async function chaos(seed: number) {
  const sim = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5 });
  const edges = randomEdges(NODES, 3, seed);
  for (let index = 0; index < NODES; index++)
    await sim.createNode({
      name: `n${index}`,
      seeds: edges.filter(([a]) => a === index).map(([, b]) => `sim://n${b}`),
      behaviors: DESKS.includes(index) ? [Desk] : [],
      builtins: ['handshake', 'router-sync', 'rpc'],
      limits: { backoffMaxMs: 1_000 },
    });
  await sim.start(...sim.nodes);
  await sim.run(3_000);
  const named = (index: number) => sim.nodes.find(({ name }) => name === `n${index}`);
  const ids = Array.from({ length: NODES }, (_, index) => (named(index) as SimulatedNode).id);
  const done: unknown[] = [];
  const collect = (node: SimulatedNode | undefined) => {
    if (node !== undefined && DESKS.includes(Number(node.name.slice(1)))) done.push(...node.behavior(Desk).done.splice(0));
  };
  const below = (count: number) => Math.floor(sim.random.float() * count);
  const ended: Ended[] = [];
  let value = 0;
  const call = (from: SimulatedNode, route: Route) => {
    const [mine, startMs] = [value++, sim.nowMs];
    const note = (code: string) => ended.push({ value: mine, code, tookMs: sim.nowMs - startMs });
    const ms = below(3) === 0 ? below(3_000) : 0;
    from.call(route, 64, 'work', { value: mine, ms }).then(
      () => note('ok'),
      ({ code }: NetworkError) => note(code),
    );
  };
  const callSomebody = () => {
    const desk = ids[DESKS[below(DESKS.length)] as number] as NodeId;
    call(named(below(3)) as SimulatedNode, below(3) === 0 ? toService(64) : toNode(desk));
  };
  for (let second = 0; second < SECONDS; second++) {
    // The first three nodes call; the others crash, one a second, and are back after one and a half.
    for (let count = 0; count < BURST; count++) sim.after(below(500), callSomebody);
    await sim.run(250);
    const victim = named(3 + below(NODES - 3));
    if (victim !== undefined) {
      collect(victim);
      sim.crash(victim, { reset: true });
      sim.after(1_500, () => void sim.restart(victim.name));
    }
    await sim.run(750);
  }
  await sim.run(15_000);
  for (const node of sim.nodes) collect(node);
  const waiting = sim.nodes.reduce((sum, node) => sum + inQueue(node, 'calls'), 0);
  await sim.stop();
  return { ended, done, waiting, count: value };
}

describe('row 66, row 82: calls through a mesh whose nodes crash', () => {
  for (const seed of [1, 2])
    it(`end before their deadline, and are done once at most: seed ${seed}`, async () => {
      const { ended, done, waiting, count } = await chaos(seed);
      expect([ended.length, waiting]).to.deep.equal([count, 0]);
      const times = new Map<unknown, number>();
      for (const value of done) times.set(value, (times.get(value) ?? 0) + 1);
      expect(Math.max(...times.values()), 'times that one call was done').to.equal(1);
      const of = (code: string) => ended.filter((one) => one.code === code);
      expect(of('ok').filter(({ value }) => !times.has(value))).to.deep.equal([]);
      expect(of('RPC_UNREACHABLE').filter(({ value }) => times.has(value))).to.deep.equal([]);
      expect([...new Set(ended.map(({ code }) => code))])
        .to.include('ok')
        .and.not.include('RPC_TIMEOUT');
      expect(of('ok').length / count).to.be.above(0.7);
      expect(Math.max(...ended.map(({ tookMs }) => tookMs))).to.be.below(10_000);
    });
});
