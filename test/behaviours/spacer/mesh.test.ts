/**
 * @module The mesh that spacers keep: links to the closest nodes, the others spread, and what that gives lookups and routes.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../behaviours/spacer/index.js';
import { isThin, planMesh } from '../../../behaviours/spacer/mesh/plan.js';
import { NodeTable } from '../../../behaviours/spacer/table/node-table.js';
import { Address, type NetworkError, type NodeId, toKey, toNode } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Mailbox } from '../router-sync/mesh.js';
import { Space, spacerOf } from './support.js';

const HERE = Address.of({ scheme: 'mem', host: 'here' });

describe('the plan of a mesh', () => {
  const random = new SeededRandom(11);
  const self = '0'.repeat(64) as NodeId;
  let table: NodeTable;
  beforeEach(() => {
    table = new NodeTable(self, 20);
  });
  const near = (count: number) => Array.from({ length: count }, () => `${'0'.repeat(6)}${random.nodeId().slice(6)}` as NodeId);

  it('dials the closest half of its level, if something was heard of them within 30 s (TH-41)', () => {
    const ids = near(10);
    for (const id of ids) table.named(id, [HERE], self, 1_000);
    expect(planMesh(table, 20, 30_000).dials.map(({ nodeId }) => nodeId)).to.have.members(ids);
    expect(planMesh(table, 20, 31_001).dials).to.deep.equal([]);
  });

  it('spreads the other half over the buckets that have links, and lets go what is beyond (TH-42)', () => {
    const far = Array.from({ length: 16 }, (_, index) => `f${index.toString(16)}${random.nodeId().slice(2)}` as NodeId);
    for (const [index, id] of far.entries()) table.connected(id, index + 1, [], HERE, index);
    for (const [index, id] of near(10).entries()) table.connected(id, 100 + index, [], HERE, 0);
    const { wanted } = planMesh(table, 20, 1_000);
    const kept = far.filter((id) => wanted.has(id));
    expect(kept.length).to.be.within(3, 7);
    expect(kept).to.deep.equal(far.slice(0, kept.length));
  });

  it('shares out what is to be spread among all buckets in which somebody can be reached, linked or not', () => {
    const prefixes = ['8', '4', '2', '1', '08'];
    const far = prefixes.map((prefix) => `${prefix}${random.nodeId().slice(prefix.length)}` as NodeId);
    const others = prefixes.map((prefix) => `${prefix}${random.nodeId().slice(prefix.length)}` as NodeId);
    for (const id of [...near(10), ...far, ...others]) table.named(id, [HERE], self, 0);
    expect(planMesh(table, 20, 0).dials).to.have.lengthOf(10 + prefixes.length);
  });

  it('a bucket is thin when fewer are linked, or may be dialled, than it is to have links', () => {
    const far = `8${random.nodeId().slice(1)}` as NodeId;
    expect(isThin(table, 2, 256, 0)).to.equal(true);
    table.named(far, [HERE], self, 0);
    expect(isThin(table, 2, 256, 0)).to.equal(false);
    // Nothing was heard of it since, and it was never proven.
    expect(isThin(table, 2, 256, 31_000)).to.equal(true);
    table.connected(far, 1, [], HERE, 31_000);
    expect(isThin(table, 2, 256, 90_000)).to.equal(false);
    expect(isThin(table, 4, 256, 90_000)).to.equal(true);
  });

  it('dials nobody whom others have named without an address, and sees in them neither the closest nor a link that may come (row 54)', () => {
    const [place, ...made] = near(21) as [NodeId, ...NodeId[]];
    for (const id of made) table.named(id, [], self, 0);
    table.named(place, [HERE], self, 0);
    expect(planMesh(table, 20, 0).dials.map(({ nodeId }) => nodeId)).to.deep.equal([place]);
    expect(table.closestKnown(self, 20).map(({ nodeId }) => nodeId)).to.deep.equal([place]);
    const far = `8${random.nodeId().slice(1)}` as NodeId;
    table.named(far, [], self, 0);
    expect(isThin(table, 2, 256, 0)).to.equal(true);
    table.connected(far, 1, [], HERE, 0);
    table.disconnected(far, 1, 0);
    expect(planMesh(table, 20, 0).dials.map(({ nodeId }) => nodeId)).to.include(far);
  });

  it('dials nobody at level 0', () => {
    for (const id of near(10)) table.named(id, [HERE], self, 0);
    expect(planMesh(table, 0, 0).dials).to.deep.equal([]);
  });
});

describe('a mesh of spacers', function () {
  this.timeout(120_000);
  const COUNT = 36;
  const LEVEL = 12;
  const random = new SeededRandom(36);
  let space: Space;
  let nodes: readonly SimulatedNode[];

  before(async () => {
    space = new Space({});
    for (let index = 0; index < COUNT; index++) {
      const spacer = [SpacerBehavior, { meshLevel: LEVEL, refreshMs: 20_000 }] as const;
      await space.node(`n${index}`, index === 0 ? [] : [`n${random.below(index)}`], undefined, { behaviors: [[...spacer], Mailbox] });
    }
    await space.net.run(15_000);
    nodes = space.nodes;
  });
  after(() => space.net.stop());

  it('joins by looking up its own id: each node has links to those closest to it (ATM-61, TH-39, TH-41)', () => {
    const missing = nodes.flatMap((node) =>
      space
        .closest(node.id, 1 + LEVEL / 2)
        .slice(1)
        .filter((id) => !node.connections().some(({ nodeId }) => nodeId === id)),
    );
    expect(missing.length).to.be.at.most(COUNT * (LEVEL / 2) * 0.02);
  });

  it('lookups find the closest nodes from everywhere, and messages reach key and node by greedy steps', async () => {
    for (const node of nodes) {
      const key = random.nodeId();
      const found = await space.net.waitFor(spacerOf(node).resolve(key).nodes);
      expect(found[0]?.nodeId).to.equal(space.closest(key, 1)[0]);
    }
    const keys = nodes.map(() => random.nodeId());
    for (const [index, node] of nodes.entries()) {
      expect(node.behavior(Mailbox).post(toNode((nodes[(index + 23) % COUNT] as SimulatedNode).id), index)).to.equal('queued');
      node.behavior(Mailbox).post(toKey(keys[index] as NodeId), 1_000 + index);
    }
    await space.net.run(500);
    const got = (id: NodeId | undefined) =>
      nodes
        .find((node) => node.id === id)
        ?.behavior(Mailbox)
        .got.map(({ first }) => first);
    for (const [index] of nodes.entries()) {
      expect(got(nodes[(index + 23) % COUNT]?.id)).to.include(index);
      expect(got(space.closest(keys[index] as NodeId, 1)[0])).to.include(1_000 + index);
    }
  });

  it('connectTo goes to any node, and keeps the connection', async () => {
    const [first] = nodes as [SimulatedNode];
    const far = nodes.find((node) => node !== first && !first.connections().some(({ nodeId }) => nodeId === node.id)) as SimulatedNode;
    const connection = await space.net.waitFor(spacerOf(first).connectTo(far.id));
    expect(connection.nodeId).to.equal(far.id);
    await space.net.run(40_000);
    expect(first.connections().map(({ nodeId }) => nodeId)).to.include(far.id);
  });

  it('heals when a third has crashed: lookups go on, and the table forgets who is gone (row 55)', async () => {
    const gone = nodes.filter((_, index) => index % 3 === 2);
    for (const node of gone) space.net.crash(node);
    const alive = nodes.filter((node) => !gone.includes(node));
    // A link that only spacers use may be silent for 75 s.
    await space.net.run(90_000);
    let found = 0;
    for (const node of alive) {
      const key = random.nodeId();
      const closest = await space.net.waitFor(spacerOf(node).resolve(key).nodes);
      if (closest[0]?.nodeId === space.closest(key, 1, alive)[0]) found++;
    }
    expect(found).to.be.at.least(alive.length - 1);
    const used = alive.flatMap((node) =>
      spacerOf(node)
        .contacts()
        .filter(({ isUsed }) => isUsed),
    );
    const stale = used.filter(({ nodeId }) => gone.some(({ id }) => id === nodeId));
    expect(stale.length / used.length).to.be.lessThan(0.05);
  });

  it('keeps fewer links where the node has no room, and says so', async () => {
    const small = new Space({ connections: { max: 8 }, spacer: { profile: 'classic' } });
    expect(spacerOf(await small.node('small')).meshLevel).to.equal(6);
    await small.net.stop();
  });
});

describe('joining a space', function () {
  this.timeout(60_000);

  it('takes a node some thirty questions and a dozen dials at mesh level 20, and is over when the closest are linked', async () => {
    const space = new Space({ spacer: { meshLevel: 20 } });
    const random = new SeededRandom(5);
    for (let index = 0; index < 60; index++) {
      await space.node(`n${index}`, index === 0 ? [] : [`n${random.below(index)}`]);
      if (index % 5 === 4) await space.net.run(1_000);
    }
    await space.net.run(10_000);
    const mean = (read: (counters: SpacerBehavior['counters']) => number) =>
      space.nodes.reduce((sum, node) => sum + read(spacerOf(node).counters), 0) / space.nodes.length;
    const joined = { questions: mean(({ questionsSent }) => questionsSent), dials: mean(({ meshDials }) => meshDials) };
    expect(joined.questions).to.be.within(9, 35);
    expect(joined.dials).to.be.within(5, 14);
    await space.net.run(30_000);
    expect(mean(({ questionsSent }) => questionsSent) - joined.questions).to.be.lessThan(9);
    await space.net.stop();
  });
});

describe('a mesh of spacers whose buckets are full', function () {
  this.timeout(60_000);

  it('looks up who has no link once in half of refreshMs, and not all the time', async () => {
    const space = new Space({ spacer: { k: 4, meshLevel: 8 } });
    const random = new SeededRandom(6);
    for (let index = 0; index < 32; index++) await space.node(`n${index}`, index === 0 ? [] : [`n${random.below(index)}`]);
    await space.net.run(60_000);
    const started = () => space.nodes.reduce((sum, node) => sum + spacerOf(node).counters.lookupsStarted, 0) / space.nodes.length;
    const before = started();
    await space.net.run(120_000);
    expect(started() - before).to.be.within(0.1, 8);
    await space.net.stop();
  });
});

describe('an address in a space that forms', () => {
  it('is found when the farthest node alone has a link to the one that is wanted', async () => {
    const space = new Space({ spacer: { meshLevel: 0 } });
    const early = [...(await space.grow(10, (index) => [...Array(index).keys()]))];
    const wanted = await space.node('wanted');
    const byDistance = space.closest(wanted.id, early.length, early).map((id) => early.find((node) => node.id === id) as SimulatedNode);
    const [closest, farthest] = [byDistance[0], byDistance.at(-1)] as [SimulatedNode, SimulatedNode];
    await space.net.waitFor(wanted.connect(`sim://n${early.indexOf(farthest)}`));
    const connection = await space.net.waitFor(closest.connect(wanted.id));
    expect(connection.nodeId).to.equal(wanted.id);
    const nobody = new SeededRandom(3).nodeId();
    expect(await space.net.waitFor(closest.connect(nobody).catch(({ code }: NetworkError) => code))).to.equal('ADDRESSES_UNKNOWN');
  });
});

describe('a node that joins while hardly anybody answers', () => {
  it('looks for its neighbourhood again soon, and not when all is refreshed', async () => {
    const space = new Space({ spacer: { meshLevel: 8 } });
    await space.grow(24, (index) => [0, Math.floor(index / 2)].filter((seed) => seed < index));
    await space.net.run(60_000);
    const others = space.nodes.slice(1);
    for (const node of others) space.net.stall(node, 12_000);
    const late = await space.node('late', ['n0']);
    await space.net.run(60_000);
    const linked = late.connections().map(({ nodeId }) => nodeId);
    expect(space.closest(late.id, 4, [...space.nodes.slice(0, -1)]).filter((id) => !linked.includes(id))).to.deep.equal([]);
    await space.net.stop();
  });
});
