/**
 * @module OverlayRouter on real nodes in virtual time: where every node has a link into each part of the ids that it is not in, everybody
 * reaches everybody in a few steps; where a step is missing, the message ends as unreachable.
 */
import { expect } from 'chai';
import { type NodeId, toKey, toNode } from '../../core/index.js';
import { OverlayRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';
import { seededRandom } from '../../testing/index.js';
import { Mailbox } from '../behaviours/router-sync/mesh.js';

const COUNT = 256;

async function nodesOf(net: SimulatedNetwork, count: number): Promise<SimulatedNode[]> {
  const nodes: SimulatedNode[] = [];
  const options = { builtins: [], behaviors: [Mailbox], router: OverlayRouter, limits: { dialsMax: 1_000 } };
  for (let index = 0; index < count; index++) nodes.push(await net.createNode({ name: `n${index}`, ...options }));
  await net.start(...nodes);
  return nodes;
}

/** The first bit in which two ids differ. */
function bucketOf(one: NodeId, other: NodeId): number {
  const difference = BigInt(`0x${one}`) ^ BigInt(`0x${other}`);
  return 256 - difference.toString(2).length;
}

/** For every node one link into each of its buckets that is not empty. */
async function linkBuckets(nodes: readonly SimulatedNode[]): Promise<void> {
  const random = seededRandom('buckets');
  const dials: Promise<unknown>[] = [];
  for (const node of nodes) {
    const buckets = new Map<number, SimulatedNode[]>();
    for (const other of nodes) {
      const bucket = other === node ? -1 : bucketOf(node.id, other.id);
      if (bucket >= 0) buckets.set(bucket, [...(buckets.get(bucket) ?? []), other]);
    }
    for (const others of buckets.values()) {
      const peer = others[Math.floor(random.float() * others.length)] as SimulatedNode;
      dials.push(node.connect(`sim://${peer.name}`));
    }
  }
  await Promise.all(dials);
}

describe('OverlayRouter in a network', function () {
  this.timeout(300_000);

  it('reaches every node and key of 256 in a few steps, over links alone', async () => {
    const net = new SimulatedNetwork({ seed: 8, latencyMs: 5 });
    const nodes = await nodesOf(net, COUNT);
    await linkBuckets(nodes);
    const box = (index: number) => (nodes[index % COUNT] as SimulatedNode).behavior(Mailbox);
    for (const [index] of nodes.entries()) {
      expect(box(index).post(toNode((nodes[(index + 101) % COUNT] as SimulatedNode).id), index)).equal('queued');
      expect(box(index).post(toKey((nodes[(index + 7) % COUNT] as SimulatedNode).id), 1_000 + index)).equal('queued');
    }
    await net.run(1_000);
    for (const [index] of nodes.entries()) {
      const got = box(index).got.map(({ first }) => first);
      expect(got.sort((a, b) => a - b)).eql([(index + COUNT - 101) % COUNT, 1_000 + ((index + COUNT - 7) % COUNT)]);
    }
    const forwarded = nodes.reduce((total, node) => total + (node.metrics()['messages_forwarded_total'] as number), 0);
    expect(forwarded / (2 * COUNT), 'relays for each message').within(1, 8);
    await net.stop();
  });

  it('says unreachable where no neighbour is closer: at the origin to the sender, on the way to the relay', async () => {
    const net = new SimulatedNetwork({ seed: 9, latencyMs: 5 });
    const nodes = await nodesOf(net, 12);
    const target = nodes[0] as SimulatedNode;
    const far = nodes.slice(1).sort((a, b) => bucketOf(a.id, target.id) - bucketOf(b.id, target.id) || (a.id < b.id ? -1 : 1));
    const [start, relay] = [far[0], far.at(-1)] as [SimulatedNode, SimulatedNode];
    const dropped = () => relay.metrics()['messages_dropped_unreachable_total'];
    expect(start.behavior(Mailbox).post(toNode(target.id), 1)).equal('unreachable');
    await start.connect(`sim://${relay.name}`);
    expect(start.behavior(Mailbox).post(toNode(target.id), 2)).equal('queued');
    await net.run(100);
    expect([dropped(), target.behavior(Mailbox).got.length]).eql([1, 0]);
    await relay.connect(`sim://${target.name}`);
    expect(start.behavior(Mailbox).post(toNode(target.id), 3)).equal('queued');
    await net.run(100);
    expect([dropped(), target.behavior(Mailbox).got.map(({ first }) => first)]).eql([1, [3]]);
    await net.stop();
  });
});
