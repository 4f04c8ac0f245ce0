/**
 * @module Spacers on real nodes in virtual time: joining, resolving, finding addresses, and what refusals say.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../behaviours/spacer/index.js';
import { NetworkBehavior, type NetworkError, type NodeId, parseNodeId } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Mute } from './hostile.js';
import { Space, spacerOf } from './support.js';

async function codeOf(space: Space, promise: Promise<unknown>): Promise<NetworkError> {
  try {
    await space.net.waitFor(promise);
  } catch (error) {
    return error as NetworkError;
  }
  throw new Error('it did not reject');
}

describe('a spacer', () => {
  let space: Space;
  afterEach(() => space.net.stop());

  /** A line: each node has links to the ones before and after it. */
  async function line(count: number): Promise<readonly SimulatedNode[]> {
    space = new Space({ spacer: { meshLevel: 0 } });
    const nodes = await space.grow(count, (index) => [index - 1]);
    await space.net.run(2_000);
    return nodes;
  }

  it('resolves a text to the closest nodes, over the nodes that have led to them, and dials nobody (TH-12, TH-26, TH-43)', async () => {
    const nodes = await line(5);
    const spacer = spacerOf(nodes[0] as SimulatedNode);
    const links = nodes.map((node) => node.connections().length);
    const resolution = spacer.resolve('a text');
    const found = await space.net.waitFor(resolution.nodes);
    expect(found.map(({ nodeId }) => nodeId)).to.deep.equal(space.closest(spacer.keyOf('a text'), 5));
    expect(found.every(({ hasAnswered }) => hasAnswered)).to.equal(true);
    expect(nodes.map((node) => node.connections().length)).to.deep.equal(links);
    const far = found.find(({ nodeId }) => nodeId === nodes[4]?.id);
    expect(far?.via).to.deep.equal(nodes.slice(1, 4).map(({ id }) => id));
    expect(resolution.trace).to.include({ source: 'lookup', end: 'done', queries: 4 });
  });

  it('asks over a chain of four links at most: what lies beyond is not found', async () => {
    const nodes = await line(7);
    const found = await space.net.waitFor(spacerOf(nodes[0] as SimulatedNode).resolve(nodes[6]?.id as NodeId).nodes);
    expect(found.map(({ nodeId }) => nodeId)).not.to.include(nodes[6]?.id);
    expect(found.map(({ nodeId }) => nodeId)).to.have.members(nodes.slice(0, 5).map(({ id }) => id));
  });

  it('names the address of each node, and a node is found by its id alone (AddressSource)', async () => {
    const nodes = await line(5);
    const [first, last] = [nodes[0], nodes[4]] as [SimulatedNode, SimulatedNode];
    const connection = await first.connect(last.id);
    expect(connection.nodeId).to.equal(last.id);
    expect(spacerOf(first).contact(last.id)?.state).to.equal('connected');
  });

  it('a node that nobody in reach has a link to yet is found once its mesh has formed; in one that stands it is not found at once', async () => {
    space = new Space({ spacer: { meshLevel: 6 } });
    const nodes = await space.grow(12, (index) => [index - 1]);
    for (const node of nodes) await space.net.waitFor(node.whenConnected(1));
    const [first, last] = [nodes[0], nodes[11]] as [SimulatedNode, SimulatedNode];
    const beforeMs = space.net.nowMs;
    expect((await space.net.waitFor(first.connect(last.id))).nodeId).to.equal(last.id);
    expect(space.net.nowMs - beforeMs).to.be.within(1, 3_000);
    await space.net.run(10_000);
    const nobody = parseNodeId('ab'.repeat(32));
    const askedMs = space.net.nowMs;
    const failed = await space.net.waitFor(first.connect(nobody).catch((error: NetworkError) => error.code));
    expect(failed).to.equal('ADDRESSES_UNKNOWN');
    expect(space.net.nowMs - askedMs).to.be.below(1_000);
  });

  it('nodes come as they answer, and the trace is there at any time (USERS 18)', async () => {
    const nodes = await line(4);
    const resolution = spacerOf(nodes[0] as SimulatedNode).resolve('x');
    const came: string[] = [];
    const all = (async () => {
      for await (const { nodeId } of resolution) came.push(nodeId);
    })();
    await space.net.run(30);
    expect(resolution.trace.end).to.equal('running');
    expect(came).to.have.lengthOf(1);
    await space.net.waitFor(all);
    expect(came).to.have.members(nodes.slice(1).map(({ id }) => id));
  });

  it('refuses with a cause: nobody to ask, nobody answers, too late; never a bare not found', async () => {
    space = new Space({ spacer: { meshLevel: 0, refreshMs: 0 } });
    const alone = await space.node('alone');
    const empty = await codeOf(space, spacerOf(alone).resolve('x').nodes);
    expect(empty.code).to.equal('LOOKUP_EMPTY_TABLE');
    expect(empty.details).to.include({ cause: 'empty-table' });
    await space.node('mute', ['alone'], Mute);
    await space.net.run(1_000);
    const late = await codeOf(space, spacerOf(alone).resolve('x', { deadlineMs: 100 }).nodes);
    expect([late.code, (late.details as { cause: string }).cause]).to.deep.equal(['LOOKUP_DEADLINE', 'deadline']);
    const silent = await codeOf(space, spacerOf(alone).resolve('x').nodes);
    expect([silent.code, (silent.details as { cause: string }).cause]).to.deep.equal(['LOOKUP_ALL_SILENT', 'all-silent']);
  });

  it('a lookup is cancelled by its signal, by cancel, and by the end of its node', async () => {
    const nodes = await line(3);
    const spacer = spacerOf(nodes[0] as SimulatedNode);
    const controller = new AbortController();
    const aborted = spacer.resolve('x', { signal: controller.signal }).nodes;
    controller.abort(new Error('enough'));
    expect((await codeOf(space, aborted)).code).to.equal('CALL_CANCELLED');
    const cancelled = spacer.resolve('x');
    cancelled.cancel();
    cancelled.cancel();
    expect((await codeOf(space, cancelled.nodes)).code).to.equal('CALL_CANCELLED');
    const ended = spacer.resolve('x').nodes.catch((error: NetworkError) => error);
    await nodes[0]?.stop();
    expect(['CALL_CANCELLED', 'LOOKUP_ALL_SILENT']).to.include(((await ended) as NetworkError).code);
    expect(() => spacer.resolve('x'))
      .to.throw()
      .with.property('code', 'NOT_STARTED');
  });

  it('answers from the router table while that is complete, says so, and can be told not to', async () => {
    space = new Space({ router: PathVectorRouter, spacer: { meshLevel: 0 } });
    for (const [index, seeds] of [[], ['n0'], ['n1'], ['n2']].entries())
      await space.node(`n${index}`, seeds, undefined, { builtins: ['handshake', 'router-sync', 'rpc'] });
    await space.net.run(5_000);
    const spacer = spacerOf(space.nodes[0] as SimulatedNode);
    const hop = spacer.resolve('x');
    const found = await space.net.waitFor(hop.nodes);
    expect(found.map(({ nodeId }) => nodeId)).to.deep.equal(space.closest(spacer.keyOf('x'), 4));
    expect(hop.trace).to.include({ source: 'table', queries: 0 });
    expect(spacer.explain('x')).to.include({ source: 'table', size: 4 });
    const asked = spacer.resolve('x', { oneHop: false });
    expect((await space.net.waitFor(asked.nodes)).map(({ nodeId }) => nodeId)).to.deep.equal(found.map(({ nodeId }) => nodeId));
    expect(asked.trace.source).to.equal('lookup');
  });

  it('with a signal that has aborted is cancelled at once, whether the router table would answer or nodes, and asks nobody', async () => {
    space = new Space({ router: PathVectorRouter, spacer: { meshLevel: 0 } });
    for (const [index, seeds] of [[], ['n0']].entries())
      await space.node(`n${index}`, seeds, undefined, { builtins: ['handshake', 'router-sync', 'rpc'] });
    await space.net.run(5_000);
    const spacer = spacerOf(space.nodes[0] as SimulatedNode);
    const [reason, counted] = [new Error('enough'), { ...spacer.counters }];
    for (const oneHop of [true, false]) {
      const resolution = spacer.resolve('x', { signal: AbortSignal.abort(reason), oneHop });
      const { code, cause } = await codeOf(space, resolution.nodes);
      expect([code, cause, resolution.trace.end], `oneHop ${oneHop}`).to.deep.equal(['CALL_CANCELLED', reason, 'cancelled']);
    }
    expect(spacer.counters).to.deep.equal(counted);
    expect((await space.net.waitFor(spacer.resolve('x').nodes)).length, 'afterwards').to.equal(2);
  });

  it('a behaviour that fails on what it had looked up takes nothing from the lookups of others', async () => {
    class Failing extends NetworkBehavior {
      static readonly behavior = { serviceId: 98, name: 'failing' } as const;
      told = 0;
      ask(key: NodeId): void {
        this.perform((agent) =>
          agent.ports('placement')[0]?.use((port) =>
            port.closest(key, 5, () => {
              this.told++;
              throw new Error('failing');
            }),
          ),
        );
      }
    }
    space = new Space();
    const options = { behaviors: [[SpacerBehavior, { meshLevel: 0, refreshMs: 0 }], Failing] as never, logger: 'silent' as const };
    const node = await space.node('node', [], undefined, options);
    await space.node('mute', ['node'], Mute);
    await space.net.run(1_000);
    const counters = () => spacerOf(node).counters;
    // All end by the same silence, in the same turn.
    for (let count = 0; count < 3; count++) node.behavior(Failing).ask('ab'.repeat(32) as NodeId);
    const other = spacerOf(node).resolve('ab'.repeat(32), { deadlineMs: 60_000 });
    await space.net.run(30_000);
    expect(node.behavior(Failing).told).to.equal(3);
    expect(counters().lookupsFailed).to.equal(4);
    expect((await codeOf(space, other.nodes)).code).to.equal('LOOKUP_ALL_SILENT');
  });

  it('explains whom it would ask, and why', async () => {
    const nodes = await line(3);
    const spacer = spacerOf(nodes[1] as SimulatedNode);
    const { source, reason, first } = spacer.explain('x');
    expect(source).to.equal('lookup');
    expect(reason).to.include('does not know all nodes').and.to.include('2 neighbours');
    expect(first).to.have.members([nodes[0]?.id, nodes[2]?.id]);
  });

  it('has a neighbour once, however many connections come and go (ATM-67)', async () => {
    const nodes = await line(2);
    const [one, other] = nodes as [SimulatedNode, SimulatedNode];
    await Promise.all([one.connect('sim://n1'), other.connect('sim://n0')]);
    expect(spacerOf(one).contacts()).to.have.lengthOf(1);
    one.disconnectNode(other.id);
    await space.net.run(500);
    expect(['resolved', 'connected']).to.include(spacerOf(one).contact(other.id)?.state);
  });

  it('joins a node whose connection is older than its spacer', async () => {
    space = new Space({ spacer: { meshLevel: 0 } });
    const first = await space.node('first');
    const second = await space.net.createNode({ name: 'second', seeds: ['sim://first'], builtins: ['handshake'] });
    await space.net.start(second);
    await space.net.run(1_000);
    second.addBehavior(SpacerBehavior);
    await space.net.run(1_000);
    expect(spacerOf(first).contact(second.id)?.state).to.equal('connected');
    expect(second.behavior(SpacerBehavior).contact(first.id)?.state).to.equal('connected');
  });

  it('two spaces that share seed addresses never merge', async () => {
    space = new Space({ spacer: { meshLevel: 0 } });
    await space.node('red-0', [], undefined, { network: 'red' });
    await space.node('blue-0', [], undefined, { network: 'blue' });
    for (const colour of ['red', 'blue'])
      for (let index = 1; index < 4; index++) await space.node(`${colour}-${index}`, ['red-0', 'blue-0'], undefined, { network: colour });
    await space.net.run(10_000);
    const idsOf = (colour: string) => space.nodes.filter(({ name }) => name.startsWith(colour)).map(({ id }) => id);
    for (const colour of ['red', 'blue'])
      for (const node of space.nodes.filter(({ name }) => name.startsWith(colour))) {
        const found = await space.net.waitFor(spacerOf(node).resolve('the same text').nodes);
        expect(found.map(({ nodeId }) => nodeId)).to.have.members(idsOf(colour));
        expect(idsOf(colour)).to.include.members(
          spacerOf(node)
            .contacts()
            .map(({ nodeId }) => nodeId),
        );
      }
  });
});
