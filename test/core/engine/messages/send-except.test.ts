/** @module Tests of `send` with `except`: a message that may not leave over one connection takes another way, or none. */
import { expect } from 'chai';
import {
  NetworkError,
  type Route,
  type SendOptions,
  toConnection,
  toKey,
  toNextHop,
  toNode,
  toService,
  toServices,
} from '../../../../core/index.js';
import { ForceNodeRouter } from '../../../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../../simulation.js';
import { BareNode, recordingBehavior, type SecuredPeer } from '../../../../testing/index.js';
import { Mailbox } from '../../../behaviours/router-sync/mesh.js';
import { act, visitor } from '../../node/life-cycle.js';

/** Bob and two neighbours with the service 64: Alice on connection 1, Carol on connection 2. */
function setUp() {
  const bob = new BareNode('bob', { behaviors: [recordingBehavior({ serviceId: 65 })] });
  bob.start();
  const [alice, carol] = [visitor(bob, 'alice', { services: [64] }), visitor(bob, 'carol', { services: [64] })];
  const send = (route: Route, options: SendOptions) =>
    act(bob, 65, (agent) => agent.send(route, Uint8Array.of(1), { serviceId: 64, ...options }));
  const counts = () => [alice, carol].map(({ messages }: SecuredPeer) => messages.length);
  return { bob, alice, carol, send, counts };
}

describe('A message that may not leave over a connection', () => {
  it('goes to another provider, is unreachable where there is no other way, and leaves one copy out', () => {
    const { alice, carol, send, counts } = setUp();
    const [a, c] = [alice.identity.nodeId, carol.identity.nodeId];
    expect([send(toService(64), { except: 1 }), send(toService(64), { except: 2 })]).to.deep.equal(['queued', 'queued']);
    expect(counts()).to.deep.equal([1, 1]);
    expect([toNode(a), toNextHop(a)].map((route) => send(route, { except: 1 }))).to.deep.equal(['unreachable', 'unreachable']);
    expect([toNode(c), toKey(c), toNextHop(c)].map((route) => send(route, { except: 1 }))).to.deep.equal(['queued', 'queued', 'queued']);
    expect([send(toServices(64), { except: 1 }), counts()]).to.deep.equal(['queued', [1, 5]]);
  });

  it('takes the usual way when that is another connection, and goes to a connection that is named, whatever else is', () => {
    const { alice, send, counts } = setUp();
    expect([send(toNode(alice.identity.nodeId), { except: 2 }), send(toConnection(1), { except: 1 })]).to.deep.equal(['queued', 'queued']);
    expect(counts()).to.deep.equal([2, 0]);
  });

  it('is unreachable where the table knows that connection alone', () => {
    const { bob, alice, send } = setUp();
    bob.network.router.replace(new ForceNodeRouter(1, alice.identity.nodeId));
    expect(send(toNode(alice.identity.nodeId), { except: 1 })).to.equal('unreachable');
  });

  it('is refused for what is no connection id', () => {
    const { send } = setUp();
    for (const except of [0, -1, 1.5, Number.NaN])
      expect(() => send(toService(64), { except }), String(except))
        .to.throw(NetworkError)
        .with.property('code', 'ARGUMENT_INVALID');
  });
});

describe('kind 14: a message that may not leave over a connection, in a mesh', () => {
  it('ATM-52: goes over another neighbour although the rest of that route passes the excepted one, and arrives', async () => {
    const network = new SimulatedNetwork({ seed: 2, latencyMs: 10 });
    const builtins = ['router-sync' as const];
    const names = ['far', 'relay', 'detour', 'near'];
    const seedsOf: Record<string, string[]> = { far: [], relay: ['far'], detour: ['relay'], near: ['relay', 'detour'] };
    for (const name of names)
      await network.createNode({ name, builtins, behaviors: [Mailbox], seeds: (seedsOf[name] ?? []).map((seed) => `sim://${seed}`) });
    await network.start(...network.nodes);
    await network.run(5_000);
    const [far, relay, detour, near] = network.nodes as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    const except = near.connections().find(({ nodeId }) => nodeId === relay.id)?.id as number;
    expect(near.router.pathToNode(far.id)).to.deep.include({ nodeId: relay.id });
    expect(near.router.pathToNode(far.id, except)).to.deep.equal({ type: 'reject' });
    expect(near.router.pathAround(far.id, except)).to.deep.include({ nodeId: detour.id });
    expect(near.router.pathAround(relay.id, except)).to.deep.include({ nodeId: detour.id });
    expect(near.behavior(Mailbox).post(toNode(far.id), 7, { except })).to.equal('queued');
    await network.run(100);
    expect(far.behavior(Mailbox).got.map(({ first }) => first)).to.deep.equal([7]);
    await network.stop();
  });
});
