/**
 * @module Row 63 and H-25: three nodes whose tables are wrong send a message round and round. It takes as many hops as it may, not one more;
 * its origin hears of its end once, and nobody hears of the end of that signal.
 */
import { expect } from 'chai';
import { type NodeId, toKey, toNode, toService } from '../../core/index.js';
import { ForceNodeRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';
import { recordingBehavior } from '../../testing/index.js';
import { slotOf } from '../core/node/life-cycle.js';

const NOBODY = 'ab'.repeat(32) as NodeId;

/** Each is connected to both others, and sends everything to the next one. */
async function circle(seed: number) {
  const sim = new SimulatedNetwork({ seed, latencyMs: 5 });
  const nodes: SimulatedNode[] = [];
  for (const name of ['a', 'b', 'c']) {
    const seeds = nodes.map((node) => `sim://${node.name}`);
    nodes.push(await sim.createNode({ name, builtins: [], seeds, behaviors: [recordingBehavior()] }));
  }
  await sim.start(...nodes);
  await sim.runUntil(() => nodes.every((node) => node.connections().length === 2));
  for (const [index, node] of nodes.entries()) {
    const next = nodes[(index + 1) % 3] as SimulatedNode;
    const link = node.connections().find(({ nodeId }) => nodeId === next.id);
    node.useRouter(new ForceNodeRouter(link?.id ?? -1, next.id));
  }
  const heard: unknown[] = [];
  for (const node of nodes) node.on('lost', ({ cause, by }) => heard.push([node.name, cause, nodes.findIndex(({ id }) => id === by)]));
  const count = (name: string) => nodes.map((node) => node.metrics()[name] as number);
  const send = (route: ReturnType<typeof toNode | typeof toKey | typeof toService>, ttl?: number) => {
    const [first] = nodes as [SimulatedNode];
    const network = first['network'];
    first['runner'].enter(() => {
      network.callbacks.perform(slotOf({ network }, 64), (agent) => agent.send(route, 'x', ttl === undefined ? {} : { ttl }));
    });
    return sim.run(2_000);
  };
  return { sim, nodes, heard, count, send };
}

describe('row 63, H-25: a message in a circle of three', () => {
  for (const [name, route] of [
    ['node that nobody knows', toNode(NOBODY)],
    ['key', toKey(NOBODY)],
    ['service', toService(99)],
  ] as const)
    it(`for a ${name} takes 64 hops, of which relays forward 63, and its origin is told once`, async () => {
      const { sim, heard, count, send } = await circle(63);
      await send(route);
      // Hop 1 leaves a; hop 64 arrives at b, as every hop 3n + 1 does.
      expect(heard).eql([['a', 'hop-limit', 1]]);
      // b dropped it; the signal went from b over c to a, which c forwarded.
      expect(count('messages_dropped_hop_limit_total')).eql([0, 1, 0]);
      expect(count('messages_forwarded_total')).eql([21, 21, 22]);
      expect(count('loss_signals_sent_total')).eql([0, 1, 0]);
      await sim.stop();
    });

  it('with a ttl of 1, 2 and 3 takes so many hops', async () => {
    const { sim, heard, count, send } = await circle(3);
    for (const ttl of [1, 2, 3]) await send(toNode(NOBODY), ttl);
    expect(heard).eql([
      ['a', 'hop-limit', 1],
      ['a', 'hop-limit', 2],
      ['a', 'hop-limit', 0],
    ]);
    expect(count('messages_dropped_hop_limit_total')).eql([1, 1, 1]);
    await sim.stop();
  });

  it('of which no signal finds its origin ends in silence: no signal is told of', async () => {
    const { sim, nodes, heard, count, send } = await circle(9);
    const [, b, c] = nodes as [SimulatedNode, SimulatedNode, SimulatedNode];
    // c sends everything back to b now, and b to c: no signal comes to a.
    const back = c.connections().find(({ nodeId }) => nodeId === b.id);
    c.useRouter(new ForceNodeRouter(back?.id ?? -1, b.id));
    await send(toNode(NOBODY));
    expect(heard).eql([]);
    // c may not send the message back where it came from, and b not the signal.
    expect(count('messages_dropped_unreachable_total')).eql([0, 1, 1]);
    expect(count('loss_signals_sent_total').reduce((sum, told) => sum + told)).eql(1);
    await sim.stop();
  });
});
