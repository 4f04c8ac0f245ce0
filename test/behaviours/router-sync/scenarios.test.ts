/** @module What happens to messages while a mesh of path-vector tables changes: relays that die, links that flap, partitions, services. */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { toKey, toNode, toService, toServices } from '../../../core/index.js';
import { DirectRouter, ForceNodeRouter } from '../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { type Edge, line, randomEdges } from '../../routing/path-vector/shapes.js';
import { FarRouter, Mailbox, SyncMesh } from './mesh.js';

describe('S1: three nodes in a line', () => {
  it('messages to the node, the key and the service at the other end arrive over the middle', async () => {
    const mesh = await SyncMesh.build(3, line(3));
    await mesh.settle(3_000);
    const [first, last] = [mesh.node(0), mesh.node(2)];
    expect(mesh.mailbox(0).post(toNode(last.id), 1)).equal('queued');
    expect(mesh.mailbox(0).post(toKey(last.id), 2)).equal('queued');
    first.removeBehavior(Mailbox);
    mesh.node(1).removeBehavior(Mailbox);
    await mesh.net.run(2_000);
    const probe = first.addBehavior<Mailbox>(Probe);
    await mesh.net.run(100);
    expect(probe.post(toService(64), 3, { serviceId: 64 })).equal('queued');
    await mesh.net.run(100);
    expect(mesh.mailbox(2).got.map(({ source, first: number }) => [source, number])).eql([1, 2, 3].map((number) => [first.id, number]));
    await mesh.net.stop();
  });

  it('row 63: a message with ttl 1 dies at the middle, which counts it; with ttl 2 it arrives', async () => {
    const mesh = await SyncMesh.build(3, line(3));
    await mesh.settle(3_000);
    mesh.mailbox(0).post(toNode(mesh.node(2).id), 1, { ttl: 1 });
    mesh.mailbox(0).post(toNode(mesh.node(2).id), 2, { ttl: 2 });
    await mesh.net.run(200);
    expect(mesh.mailbox(2).got.map(({ first }) => first)).eql([2]);
    expect(mesh.node(1).metrics()).include({ messages_dropped_hop_limit_total: 1, messages_forwarded_total: 1 });
    await mesh.net.stop();
  });

  it('the middle is killed and comes back: the ends reach each other within three rounds', async () => {
    const net = new SimulatedNetwork({ seed: 4, latencyMs: 10 });
    const options = { builtins: [], behaviors: [RouterSyncBehavior, Mailbox], router: FarRouter };
    const [a, b] = [await net.createNode({ name: 'a', ...options }), await net.createNode({ name: 'b', ...options })];
    const middle = await net.createNode({ name: 'm', ...options, seeds: ['sim://a', 'sim://b'] });
    await net.start(a, b, middle);
    await net.runUntil(() => a.router.pathToNode(b.id).type === 'next', 3_000);
    net.crash(middle, { reset: true });
    await net.runUntil(() => a.router.pathToNode(b.id).type === 'reject', 100);
    await net.run(5_000);
    await net.restart('m');
    await net.runUntil(() => a.connections().length + b.connections().length === 2, 2_000);
    const upMs = net.nowMs;
    await net.runUntil(() => a.router.pathToNode(b.id).type === 'next' && b.router.pathToNode(a.id).type === 'next', 3_000);
    expect(net.nowMs - upMs).within(0, 3_000);
    expect(a.behavior(Mailbox).post(toNode(b.id), 9)).equal('queued');
    await net.run(100);
    expect(b.behavior(Mailbox).got.map(({ first }) => first)).eql([9]);
    await net.stop();
  });
});

describe('S8: the middle of the line gets another table under load', () => {
  it('no message is lost or doubled, and the order of each stream is kept', async () => {
    for (const isForced of [false, true]) {
      const mesh = await SyncMesh.build(3, line(3));
      await mesh.settle(3_000);
      if (isForced) for (const end of [mesh.node(0), mesh.node(2)]) forceOverMiddle(end);
      for (let tick = 0; tick < 400; tick++) {
        for (const streamId of [1, 2]) expect(mesh.mailbox(0).post(toNode(mesh.node(2).id), tick, { streamId })).equal('queued');
        if (tick % 40 === 20) mesh.node(1).useRouter(isForced && tick % 80 === 20 ? DirectRouter : FarRouter);
        await mesh.net.run(5);
      }
      await mesh.net.run(1_000);
      const { got } = mesh.mailbox(2);
      const expected = Array.from({ length: 400 }, (_, tick) => tick);
      for (const id of [1, 2]) expect(got.filter(({ streamId }) => streamId === id).map(({ first }) => first)).eql(expected);
      await mesh.net.stop();
    }
  });

  it('a table that does not learn takes nothing and says nothing; the others find another way, or none', async () => {
    const mesh = await SyncMesh.build(5, [...line(4), [0, 4], [4, 3]]);
    await mesh.settle(3_000);
    mesh.node(1).useRouter(DirectRouter);
    await mesh.net.run(3_000);
    expect(mesh.node(0).router.pathToNode(mesh.node(2).id)).include({ nodeId: mesh.node(4).id });
    expect(mesh.node(1).router.pathToNode(mesh.node(3).id).type).equal('reject');
    mesh.node(1).useRouter(FarRouter);
    expect(await mesh.settle(3_000)).within(0, 3_000);
    await mesh.net.stop();
  });
});

describe('Services over several hops', () => {
  it('the origin chooses the nearest provider, and relays hand on to that one alone', async () => {
    const mesh = await SyncMesh.build(6, line(6));
    for (const index of [1, 2, 3, 4]) mesh.node(index).removeBehavior(Mailbox);
    const probe = mesh.node(2).addBehavior<Mailbox>(Probe);
    await mesh.net.run(4_000);
    for (let count = 0; count < 5; count++) probe.post(toService(64), count, { serviceId: 64 });
    await mesh.net.run(500);
    expect([mesh.mailbox(0).got.length, mesh.mailbox(5).got.length]).eql([5, 0]);
    await mesh.net.stop();
  });

  it('row 66: a stream keeps its provider while it can be reached, and fails over within three rounds of its loss', async () => {
    const mesh = await SyncMesh.build(5, [...line(4), [1, 4]], { latencyOf: (index) => (index === 0 ? 30 : 10) });
    for (const index of [1, 2]) mesh.node(index).removeBehavior(Mailbox);
    const probe = mesh.node(1).addBehavior<Mailbox>(Probe);
    mesh.node(4).removeBehavior(Mailbox);
    await mesh.net.run(4_000);
    const post = (count: number, streamId: number) => probe.post(toService(64), count, { serviceId: 64, streamId });
    post(1, 7);
    mesh.net.setLink('n1', 'n2', { latencyMs: 300 });
    await mesh.net.run(60_000);
    post(2, 7);
    post(3, 8);
    await mesh.net.run(2_000);
    const streams = (index: number) => mesh.mailbox(index).got.map(({ first, streamId }) => [first, streamId]);
    expect(streams(3)).eql([
      [1, 7],
      [2, 7],
    ]);
    expect(streams(0)).eql([[3, 8]]);
    mesh.cut(2, 3);
    await mesh.net.run(400);
    expect(post(4, 7)).equal('queued');
    await mesh.net.run(500);
    expect(streams(0)).eql([
      [3, 8],
      [4, 7],
    ]);
    await mesh.net.stop();
  });

  it('ATM-58: a message to all providers reaches each of them once', async () => {
    const mesh = await SyncMesh.build(20, randomEdges(20, 4, 3));
    await mesh.settle(5_000);
    mesh.mailbox(0).post(toServices(64), 5);
    await mesh.net.run(1_000);
    for (let index = 0; index < 20; index++) expect(mesh.mailbox(index).got.length, `node ${index}`).equal(1);
    await mesh.net.stop();
  });
});

describe('A mesh under changes', () => {
  it('row 69: a partition of 5 and 5 for a minute heals: all pairs again within the diameter and two intervals after the links', async () => {
    const edges = randomEdges(10, 4, 21);
    const net = new SimulatedNetwork({ seed: 3, latencyMs: 10 });
    const nodes = await startRedialling(net, 10, edges, 5_000);
    const reached = () => nodes.every((a) => nodes.every((b) => a.router.pathToNode(b.id).type !== 'reject'));
    const links = () => nodes.reduce((sum, node) => sum + node.connections().length, 0);
    await net.runUntil(() => links() === 2 * edges.length && reached(), 5_000);
    const group = (from: number) => nodes.slice(from, from + 5).map(({ name }) => name);
    net.partition(group(0), group(5));
    await net.run(60_000);
    expect(nodes.slice(0, 5).every((a) => nodes.slice(5).every((b) => a.router.pathToNode(b.id).type === 'reject'))).equal(true);
    net.heal();
    await net.runUntil(() => links() === 2 * edges.length, 20_000);
    const upMs = net.nowMs;
    await net.runUntil(reached, 3_000);
    expect(net.nowMs - upMs).within(0, 4 * 15 + 2_000);
    for (const [index, node] of nodes.entries()) node.behavior(Mailbox).post(toNode((nodes[(index + 5) % 10] as SimulatedNode).id), index);
    await net.run(1_000);
    expect(nodes.map((node) => node.behavior(Mailbox).got.length)).eql(nodes.map(() => 1));
    await net.stop();
  });

  it('row 68: a link that flaps ten times a second costs each connection no more syncs than the pace, and other pairs stay reached', async () => {
    const mesh = await SyncMesh.build(20, randomEdges(20, 4, 8));
    await mesh.settle(5_000);
    const sent = () => mesh.nodes.map((node) => node.behavior(RouterSyncBehavior).counters.syncsSent);
    const before = sent();
    const [a, b] = mesh.edges[25] as [number, number];
    for (let flap = 0; flap < 100; flap++) {
      mesh.cut(a, b);
      await mesh.net.run(50);
      await mesh.connect(a, b);
      await mesh.net.run(20);
    }
    const seconds = 10;
    const rates = sent().map((count, index) => (count - (before[index] as number)) / seconds / mesh.node(index).connections().length);
    expect(Math.max(...rates)).below(16 + 1 + 32 / seconds);
    expect(await mesh.settle(30_000)).within(0, 30_000);
    await mesh.net.stop();
  });

  it('churn: nodes that crash and come back all the time leave tables that are right soon after', async () => {
    const net = new SimulatedNetwork({ seed: 17, latencyMs: 10, jitterMs: 5 });
    const edges = randomEdges(24, 6, 4);
    await startRedialling(net, 24, edges, 2_000);
    for (let round = 0; round < 30; round++) {
      await net.run(700);
      const name = `n${Math.floor(net.random.float() * 24)}`;
      net.crash(name, { reset: net.random.float() < 0.5 });
      await net.run(300);
      await net.restart(name);
    }
    await net.run(45_000);
    for (const a of net.nodes)
      for (const b of net.nodes) expect(a.router.pathToNode(b.id).type, `${a.name} to ${b.name}`).not.equal('reject');
    await net.stop();
  });

  it('row 100: is the same for the same seed', async () => {
    const hashes: string[] = [];
    for (let time = 0; time < 2; time++) {
      const mesh = await SyncMesh.build(12, randomEdges(12, 4, 2), { seed: 6 });
      await mesh.net.run(3_000);
      mesh.cut(...(mesh.edges[15] as [number, number]));
      await mesh.net.run(3_000);
      hashes.push(mesh.net.traceHash());
      await mesh.net.stop();
    }
    expect(hashes[0]).equal(hashes[1]);
  });
});

/** Nodes whose links are seeds of the one that is named first, and so are dialled again whenever they are lost. */
async function startRedialling(net: SimulatedNetwork, count: number, edges: readonly Edge[], backoffMaxMs: number) {
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < count; index++) {
    const seeds = edges.filter(([a]) => a === index).map(([, b]) => `sim://n${b}`);
    const parts = { builtins: [], behaviors: [RouterSyncBehavior, Mailbox], router: FarRouter };
    nodes.push(await net.createNode({ ...parts, name: `n${index}`, seeds, limits: { backoffMaxMs } }));
  }
  await net.start(...nodes);
  return nodes;
}

function forceOverMiddle(end: SimulatedNode): void {
  for (const { id, nodeId } of end.connections()) end.useRouter(new ForceNodeRouter(id, nodeId));
}

/** Posts for nodes that do not offer the service themselves. */
class Probe extends Mailbox {
  static override readonly behavior = { serviceId: 70, name: 'probe' } as never;
}
