/** @module The connection manager: requests, authorisation, reconnects, inbound connections, and what its subscribers hear. */
import { expect } from 'chai';
import {
  type ConnectionNotification,
  EnvelopeConnections,
  EnvelopeMesh,
  EnvelopePeers,
  EnvelopesBehavior,
  type MeshConnection,
  type PeerNotification,
} from '../../../behaviours/envelopes/index.js';
import { readRetryOptions } from '../../../behaviours/envelopes/managers/options.js';
import { parseNodeId } from '../../../core/index.js';
import { backoffBoundMs } from '../../../core/structures/back-off.js';
import type { SimulatedNode } from '../../../simulation.js';
import { seededIdentity } from '../../../testing/index.js';
import { connectionTo, removedOf, send, takeAll, textOf, World } from './support.js';

/** A node whose mesh takes every connection in. */
async function host(world: World, name: string, options = {}) {
  const node = await world.node(name, options);
  return { node, mesh: taking(node) };
}

function taking(node: SimulatedNode): EnvelopeMesh {
  const mesh = new EnvelopeMesh(10, 10);
  node.on('connected', (connection) => mesh.add({ node, connection }));
  return mesh;
}

/** A node with a manager, and what its subscriber hears. */
async function managed(world: World, name = 'client', options = {}) {
  const node = await world.node(name, options);
  const mesh = new EnvelopeMesh(10, 10);
  const manager = new EnvelopeConnections(mesh, node);
  const heard: ConnectionNotification[] = [];
  manager.subscribe((notification) => heard.push(notification));
  return { node, mesh, manager, heard, types: () => heard.map(({ type }) => type) };
}

type Told = ConnectionNotification | PeerNotification;
interface Manager {
  subscribe(listener: (told: Told) => unknown): unknown;
}
type Manage = (mesh: EnvelopeMesh, node: SimulatedNode, connection: MeshConnection) => Manager;

function forgetting(manager: EnvelopeConnections, connection: MeshConnection): Manager {
  manager.addInbound(connection, 'guest');
  return manager as Manager;
}

describe('envelopes: the connection manager', () => {
  it('SPL-24, SPL-25: a request starts; Connected follows when the connection is authenticated and in the mesh; asked again, it is said again', async () => {
    const world = new World('request');
    const server = await host(world, 'server');
    const { mesh, manager, heard, types } = await managed(world);
    const request = { connectionId: 'alpha', endpoint: 'sim://server', expectedNode: server.node.id };
    expect(manager.requestConnection(request)).to.equal('started');
    expect(types()).to.deep.equal([]);
    await world.net.run(100);
    const { type, connectionId, nodeId, endpoint } = heard[0] as Extract<ConnectionNotification, { type: 'connected' }>;
    expect([type, connectionId, nodeId, endpoint]).to.deep.equal(['connected', 'alpha', server.node.id, 'sim://server']);
    expect(send(mesh, 'alpha', 'hello')).to.equal('queued');
    await world.net.run(100);
    expect(takeAll(server.mesh)).to.deep.equal(['hello']);
    expect(manager.requestConnection({ connectionId: 'alpha', endpoint: 'sim://server' })).to.equal('started');
    expect(types()).to.deep.equal(['connected', 'connected']);
    expect(manager.requestConnection({ connectionId: 'alpha', endpoint: 'sim://elsewhere' })).to.equal('duplicate-id');
    const stranger = seededIdentity('stranger').nodeId;
    expect(manager.requestConnection({ ...request, expectedNode: stranger })).to.equal('duplicate-id');
    expect(manager.requestConnection({ ...request, connectionId: 'beta', localNode: stranger })).to.equal('unknown-local-node');
    for (const wrong of [{ connectionId: '' }, { endpoint: 'nonsense' }])
      expect(() => manager.requestConnection({ ...request, ...wrong })).to.throw();
  });

  it('SPL-24: the local identity is that of one of the manager’s nodes', async () => {
    const world = new World('identities');
    const server = await host(world, 'server');
    const nodes = [await world.node('one'), await world.node('two')];
    const manager = new EnvelopeConnections(new EnvelopeMesh(1, 1), nodes);
    const [one, two] = nodes.map(({ id }) => id);
    manager.requestConnection({ connectionId: 'default', endpoint: 'sim://server' });
    manager.requestConnection({ connectionId: 'chosen', endpoint: 'sim://server', ...(two && { localNode: two }) });
    await world.net.run(100);
    expect(server.node.connections().map(({ nodeId }) => nodeId)).to.have.members([one, two]);
    expect(() => new EnvelopeConnections(new EnvelopeMesh(1, 1), [])).to.throw('needs a node');
  });

  it('SPL-25, SPL-30: an unauthorised remote never enters the mesh: one fatal notification, and no further attempt', async () => {
    const world = new World('unauthorised');
    const server = await host(world, 'server');
    const { mesh, manager, heard, types, node } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server', expectedNode: seededIdentity('somebody').nodeId });
    await world.net.run(1_000);
    expect(types()).to.deep.equal(['fatal-error']);
    expect((heard[0] as { readonly error: { readonly code: string } }).error.code).to.equal('IDENTITY_MISMATCH');
    await world.net.run(600_000);
    expect([types().length, mesh.connectionCount, server.mesh.connectionCount, manager.listConnections().length]).to.deep.equal([
      1, 0, 0, 0,
    ]);
    expect(node.connections()).to.deep.equal([]);
  });

  it('SPL-25: a connection that cannot be added is fatal; a failing subscriber is dropped, and the others go on', async () => {
    const world = new World('subscribers');
    await host(world, 'server');
    const { mesh, manager, types, node } = await managed(world);
    let calls = 0;
    manager.subscribe(() => {
      calls++;
      throw new Error('subscriber');
    });
    manager.subscribe(async () => {
      calls++;
      throw new Error('subscriber');
    });
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    manager.requestConnection({ connectionId: 'b', endpoint: 'sim://server' });
    await world.net.run(100);
    expect([types(), calls, mesh.connectionCount]).to.deep.equal([['connected', 'fatal-error'], 2, 1]);
    expect(node.metrics().faults_total ?? 0, 'no fault of the behaviour').to.equal(0);
  });

  it('SPL-26, H-04: a half-open link is found by silence, told once, and dialled again', async () => {
    const world = new World('half-open');
    const server = await host(world, 'server');
    const { manager, types, node, mesh } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(1_000);
    world.net.cut(node, server.node);
    world.net.cut(server.node, node);
    await world.net.run(20_000);
    expect(types().slice(0, 2)).to.deep.equal(['connected', 'disconnected']);
    world.net.heal();
    await world.net.run(60_000);
    expect(types().filter((type) => type !== 'non-fatal-error')).to.deep.equal(['connected', 'disconnected', 'connected']);
    expect(send(mesh, 'a', 'back')).to.equal('queued');
    await world.net.run(100);
    expect(takeAll(server.mesh)).to.deep.equal(['back']);
  });

  it('SPL-27: it reconnects as often as the link is cut, with waits of 10 s that double to 300 s, for ever', async () => {
    const world = new World('reconnect');
    const server = await host(world, 'server');
    const { manager, heard, types } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server', expectedNode: server.node.id });
    await world.net.run(20_000);
    for (let cut = 0; cut < 5; cut++) {
      for (const { id } of server.node.connections()) server.node.disconnect(id);
      await world.net.run(30_000);
    }
    expect(types()).to.deep.equal(['connected', ...Array(5).fill(['disconnected', 'connected']).flat()]);
    world.net.crash('server', { reset: true });
    await world.net.run(2 * 3_600_000);
    const failures = heard.flatMap((told) => (told.type === 'non-fatal-error' ? [told.attempts] : []));
    expect(failures).to.deep.equal(failures.map((_, index) => index + 1));
    expect(failures.length).to.be.within(2 * 12, 2 * 50);
    await world.net.restart('server');
    await world.net.run(320_000);
    expect(types().at(-1), 'nobody took the connection in, but it is there').to.equal('connected');
  });

  it('SPL-27: the intervals are 10 s, and double up to 300 s', () => {
    const { firstMs: minMs, maxMs } = readRetryOptions({});
    const intervals = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffBoundMs(failures, { minMs, maxMs }));
    expect(intervals).to.deep.equal([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
    for (const wrong of [{ firstMs: 0 }, { firstMs: 3_600_001 }, { maxMs: 9_999 }, { maxMs: 86_400_001 }, { first: 1 }])
      expect(() => readRetryOptions(wrong), JSON.stringify(wrong)).to.throw(/firstMs|maxMs/);
  });

  it('SPL-28, H-05: a full queue is no failure, however long it is full', async () => {
    const world = new World('full');
    const server = await world.node('server');
    const stalled = new EnvelopeMesh(1, 1);
    server.on('connected', (connection) => stalled.add({ node: server, connection }));
    const { manager, mesh, types } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    for (let count = 0; count < 20; count++) send(mesh, 'a', count);
    expect(send(mesh, 'a', 'more')).to.equal('full');
    await world.net.run(600_000);
    expect(types()).to.deep.equal(['connected']);
  });

  for (const [what, manage] of [
    ['an inbound connection', (mesh, node, connection) => forgetting(new EnvelopeConnections(mesh, node), connection)],
    ['a peer that came by itself', (mesh, node) => new EnvelopePeers(mesh, node)],
  ] as readonly [string, Manage][])
    it(`SPL-05, SPL-26: the end of ${what} is told with what was not sent, also in a mesh that forgets it at once`, async () => {
      const world = new World('forgetful');
      const [server, client] = [await world.node('server'), await world.node('client')];
      const mesh = new EnvelopeMesh(10, 10, { keepDisconnectedMs: 0 });
      const { far } = await world.link(client, server);
      const unsent: string[][] = [];
      manage(mesh, server, far).subscribe((told) => told.type === 'disconnected' && unsent.push(told.unsent.map(textOf)));
      await world.net.run(10);
      expect(send(mesh, mesh.connections()[0]?.id as number, 'late')).to.equal('queued');
      client.disconnectNode(server.id);
      await world.net.run(50);
      expect([unsent, mesh.connectionCount]).to.deep.equal([[['late']], 0]);
    });

  it('SPL-26, SPL-29: an inbound connection is told, listed, and not dialled again when it ends', async () => {
    const world = new World('inbound');
    const { node, mesh, manager, heard, types } = await managed(world, 'server');
    const client = await world.node('client');
    await world.link(client, node);
    const connection = connectionTo(node, client);
    expect(manager.addInbound(connection, 'guest').type).to.equal('added');
    expect(manager.addInbound(connection, 'guest').type).to.equal('duplicate-id');
    expect(manager.addInbound(connection, 'other').type).to.equal('in-use');
    expect(manager.requestConnection({ connectionId: 'guest', endpoint: 'sim://client' })).to.equal('duplicate-id');
    expect(manager.listConnections()).to.deep.equal([heard[0]?.endpoint]);
    client.disconnect(client.connections()[0]?.id as number);
    await world.net.run(400_000);
    expect([types(), manager.listConnections(), mesh.connectionCount]).to.deep.equal([['inbound', 'disconnected'], [], 0]);
  });

  it('SPL-29: removeConnection answers the endpoint, once; the link stays until it is idle', async () => {
    const world = new World('removal');
    await host(world, 'server');
    const { node, mesh, manager, types } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    expect([manager.removeConnection('a'), manager.removeConnection('a')]).to.deep.equal(['sim://server', undefined]);
    expect([mesh.connectionCount, manager.listConnections(), node.connections().length]).to.deep.equal([0, [], 1]);
    await world.net.run(40_000);
    expect([node.connections().length, types()]).to.deep.equal([0, ['connected', 'disconnected']]);
  });

  it('what waited to be sent comes back with Disconnected', async () => {
    const world = new World('unsent');
    const server = await world.node('server');
    const { manager, mesh, heard } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    for (const text of ['one', 'two']) expect(send(mesh, 'a', text), 'the other end is in no mesh').to.equal('queued');
    server.disconnect(server.connections()[0]?.id as number);
    await world.net.run(50);
    const told = heard.at(-1);
    expect(told?.type === 'disconnected' && told.unsent.length).to.equal(2);
  });

  it('a remote that carries no envelopes is a failure with attempts, and its connection is let go', async () => {
    const world = new World('bare');
    await world.node('server', {}, []);
    const { manager, heard, node } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(11_000);
    expect(heard.map((told) => told.type === 'non-fatal-error' && [told.attempts, told.error.code])).to.deep.equal([[1, 'DIAL_TIMEOUT']]);
    expect(manager.removeConnection('a')).to.equal('sim://server');
    await world.net.run(60_000);
    expect(node.connections()).to.deep.equal([]);
  });

  it('a connection that the remote dials meanwhile is taken as one’s own', async () => {
    const world = new World('meanwhile');
    const { node, manager, types } = await managed(world);
    const identity = seededIdentity('late');
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://nowhere', expectedNode: parseNodeId(identity.nodeId) });
    await world.net.run(1_000);
    const late = await world.node('late', { identity });
    await late.connect('sim://client');
    await world.net.run(100);
    expect(types().at(-1)).to.equal('connected');
    expect(node.connections()).to.have.length(1);
  });

  it('a connection that has gone to another mesh stays open when the manager lets it go', async () => {
    const world = new World('elsewhere');
    await world.node('server');
    const { node, mesh, manager } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    const elsewhere = new EnvelopeMesh(1, 1);
    expect(elsewhere.add(removedOf(mesh.remove('a')).connection).type).to.equal('added');
    manager.stop();
    await world.net.run(120_000);
    expect([node.connections().length, elsewhere.connectionCount]).to.deep.equal([1, 1]);
    elsewhere.shutdown();
    await world.net.run(120_000);
    expect(node.connections()).to.deep.equal([]);
  });

  it('a remote whose behaviour begins anew is connected again over the same link', async () => {
    const world = new World('renewed');
    const server = await world.node('server');
    const { node, manager, types } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    const [connection] = node.connections();
    server.removeBehavior(server.behavior(EnvelopesBehavior));
    await world.net.run(100);
    server.addBehavior(EnvelopesBehavior);
    await world.net.run(100);
    expect(types()).to.deep.equal(['connected', 'disconnected', 'connected']);
    expect(node.connections()).to.deep.equal([connection]);
  });

  it('stop ends everything: no connection in the mesh, no timer that dials', async () => {
    const world = new World('stop');
    await host(world, 'server');
    const { node, manager, mesh, types } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    manager.requestConnection({ connectionId: 'b', endpoint: 'sim://nowhere' });
    await world.net.run(1_000);
    manager.stop();
    const before = types().length;
    await world.net.run(400_000);
    expect([types().length, mesh.connectionCount, node.connections().length]).to.deep.equal([before, 0, 0]);
  });

  it('a node that stops takes its connections out of the manager', async () => {
    const world = new World('node-stops');
    await host(world, 'server');
    const { node, manager, types } = await managed(world);
    manager.requestConnection({ connectionId: 'a', endpoint: 'sim://server' });
    await world.net.run(100);
    await node.stop();
    expect([types(), manager.listConnections()]).to.deep.equal([['connected', 'disconnected'], []]);
    expect(() => manager.requestConnection({ connectionId: 'b', endpoint: 'sim://server' })).to.throw('does not run');
    expect(manager.listConnections()).to.deep.equal([]);
  });
});
