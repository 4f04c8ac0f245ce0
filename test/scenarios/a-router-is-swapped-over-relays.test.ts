/** @module Tables that learn are swapped at ends and relays, under calls over two relays: no call is lost, doubled or refused. */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../behaviours/router-sync/index.js';
import type { RouterFacade } from '../../core/engine/router-facade.js';
import { NetworkBehavior, toKey, toNode, toService } from '../../core/index.js';
import { DirectRouter, PathVectorRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';

const CALLERS = 32;

class Ledger extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'ledger', rpc: ['enter'] } as const;
  readonly entries: number[] = [];
  enter(number: number): number {
    this.entries.push(number);
    return number;
  }
}

interface Line {
  readonly network: SimulatedNetwork;
  readonly nodes: readonly SimulatedNode[];
}

/** ada, two relays and bob in a line, each of which knows all the others. */
async function lineOfFour(seed: number, behaviors: readonly (typeof Ledger)[] = [Ledger]): Promise<Line> {
  const network = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5 });
  for (const [index, name] of ['ada', 'one', 'two', 'bob'].entries()) {
    const seeds = index === 0 ? [] : [`sim://${network.nodes[index - 1]?.name}`];
    const isEnd = index === 3;
    await network.createNode({ name, seeds, builtins: ['handshake', 'router-sync', 'rpc'], behaviors: isEnd ? behaviors : [] });
  }
  const nodes = [...network.nodes];
  await network.start(...nodes);
  await network.runUntil(() => nodes.every((one) => nodes.every(({ id }) => one.router.pathToNode(id).type !== 'reject')), 10_000);
  await network.run(10_000);
  return { network, nodes };
}

describe('useRouter under calls over two relays', () => {
  const swaps: readonly [string, (nodes: readonly SimulatedNode[], swap: number) => readonly (SimulatedNode | undefined)[]][] = [
    ['at the first relay', (nodes) => [nodes[1]]],
    ['at each node in turn', (nodes, swap) => [nodes[swap % 4]]],
    ['at both relays at once', (nodes) => [nodes[1], nodes[2]]],
    ['at all nodes at once', (nodes) => nodes],
  ];
  for (const [where, nodesOf] of swaps) {
    for (const gapMs of [300, 1_500]) {
      it(`five swaps ${where}, ${gapMs} ms apart, under 32 callers lose and double nothing, and no caller is told RPC_UNREACHABLE`, async () => {
        const { network, nodes } = await lineOfFour(11);
        const [ada, , , bob] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
        const [errors, answers]: [unknown[], number[]] = [[], []];
        let [count, isOver] = [0, false];
        const calls = async (client: { enter(number: number): Promise<number> }) => {
          while (!isOver) answers.push(await client.enter(count++));
        };
        const route = (caller: number) => (caller % 4 === 3 ? toService(64) : toNode(bob.id));
        const callers = Array.from({ length: CALLERS }, (_, caller) =>
          calls(ada.client(Ledger, route(caller))).catch((error) => errors.push(error)),
        );
        for (let swap = 0; swap < 5; swap++) {
          for (const node of nodesOf(nodes, swap)) node?.useRouter(PathVectorRouter);
          await network.run(gapMs);
        }
        await network.run(12_000);
        isOver = true;
        await network.run(1_000);
        await Promise.all(callers);
        expect(errors).to.deep.equal([]);
        const sorted = (numbers: readonly number[]) => [...numbers].sort((one, other) => one - other);
        const all = Array.from({ length: count }, (_, number) => number);
        expect(count).to.be.above(CALLERS * 50);
        expect([sorted(answers), sorted(bob.behavior(Ledger).entries)]).to.deep.equal([all, all]);
        for (const node of nodes) expect(node.metrics()['messages_dropped_unreachable_total']).to.equal(0);
        await network.stop();
      });
    }
  }

  it('keys and broadcasts are left to the old table until the new one is filled; then it decides alone', async () => {
    const { network, nodes } = await lineOfFour(12);
    const [ada, , , bob] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    const table = new PathVectorRouter();
    ada.useRouter(table);
    const known = () =>
      [ada.router, table].map((router) => [router.pathToKey(bob.id).type, router.pathToNode(bob.id).type, router.isFilled]);
    expect(known()).to.deep.equal([
      ['next', 'next', false],
      ['local', 'reject', false],
    ]);
    expect([ada.router.closest(bob.id, 9).nodes.length, ada.router.closest(bob.id, 9).isComplete]).to.deep.equal([4, false]);
    expect(ada.explain(toNode(bob.id)).action.type).to.equal('next');
    expect(ada.explain(toKey(bob.id)).action.type).to.equal('next');
    await network.run(2_000);
    expect(known()).to.deep.equal([
      ['next', 'next', true],
      ['next', 'next', true],
    ]);
    expect(ada.router.closest(bob.id, 9).isComplete).to.equal(true);
    await network.stop();
  });

  it('a neighbour with a table that learns nothing is not waited for, one without router-sync 10 s', async () => {
    const { network, nodes } = await lineOfFour(13);
    const [ada, one] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    const isFilling = () => (ada.router as RouterFacade).isFilling;
    one.useRouter(DirectRouter);
    await network.run(3_000);
    ada.useRouter(PathVectorRouter);
    expect(isFilling()).to.equal(true);
    await network.run(1_100);
    expect(isFilling()).to.equal(false);
    one.removeBehavior(RouterSyncBehavior);
    await network.run(3_000);
    await network.createNode({ name: 'mute', seeds: ['sim://ada'], builtins: ['handshake'] });
    await network.start(network.nodes[4] as SimulatedNode);
    await network.run(3_000);
    ada.useRouter(PathVectorRouter);
    await network.run(9_999);
    expect(isFilling()).to.equal(true);
    await network.run(1);
    expect(isFilling()).to.equal(false);
    await network.stop();
  });
});
