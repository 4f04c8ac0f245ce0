/**
 * @module The peer manager: references, several addresses, simultaneous dials, nodes that come by themselves, parked envelopes,
 * notifications.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  EnvelopeMesh,
  type EnvelopeMeshOptions,
  EnvelopePeers,
  type EnvelopePeersOptions,
  PARKED_MAX,
  PEER_ENDPOINTS_MAX,
  type PeerNotification,
} from '../../../behaviours/envelopes/index.js';
import { Parked } from '../../../behaviours/envelopes/managers/parked.js';
import { EARLY_MAX, PeerNotifications } from '../../../behaviours/envelopes/managers/peer-notifications.js';
import type { NodeId, NodeOptions } from '../../../core/index.js';
import { seededIdentity } from '../../../testing/index.js';
import { bytesOf, numbers, takeAll, textOf, World } from './support.js';

const idOf = (name: string): NodeId => seededIdentity(name).nodeId;

/** A node with a peer manager, and what its subscriber hears: type and the first letters of who it is about. */
async function peered(world: World, name: string, options: NodeOptions = {}, peersOptions: EnvelopePeersOptions = {}) {
  const node = await world.node(name, { identity: seededIdentity(name), ...options });
  const mesh = new EnvelopeMesh(100, 10);
  const peers = new EnvelopePeers(mesh, node, peersOptions);
  const heard: PeerNotification[] = [];
  peers.subscribe((notification) => heard.push(notification));
  const types = () => heard.map(({ type }) => type);
  return { node, mesh, peers, heard, types };
}

describe('envelopes: the peer manager', () => {
  it('SPL-31: a peer lives as long as somebody refers to it; the last release takes it out of the mesh', async () => {
    const world = new World('references');
    const bob = await peered(world, 'bob');
    const { peers, mesh, types } = await peered(world, 'alice');
    const first = peers.addPeer(bob.node.id, ['sim://bob']);
    const second = peers.addPeer(bob.node.id, ['sim://elsewhere', 'sim://bob']);
    expect(peers.peers()[0]).to.deep.include({ state: 'pending', referenceCount: 2, endpoints: ['sim://bob', 'sim://elsewhere'] });
    await world.net.run(100);
    expect([types(), peers.peers()[0]?.state]).to.deep.equal([['connected'], 'connected']);
    first.release();
    first.release();
    expect([peers.peers().length, mesh.connectionCount]).to.deep.equal([1, 1]);
    second[Symbol.dispose]();
    expect([peers.peers().length, mesh.connectionCount]).to.deep.equal([0, 0]);
    await world.net.run(400_000);
    expect(types(), 'nobody dials').to.deep.equal(['connected', 'disconnected']);
    expect(() => peers.addPeer('nonsense' as NodeId, [])).to.throw('nodeId');
    expect(() => peers.addPeer(idOf('alice'), ['sim://bob'])).to.throw('the node itself');
    expect(() => peers.addPeer(bob.node.id, [], { localNode: idOf('stranger') })).to.throw('localNode');
  });

  it('SPL-31: as many addresses of a peer are tried as the bound says, from the first reference on, each once', async () => {
    const { peers } = await peered(new World('addresses'), 'alice');
    const places = Array.from({ length: PEER_ENDPOINTS_MAX + 2 }, (_, index) => `sim://place${index}`);
    peers.addPeer(idOf('bob'), ['sim://place0', ...places]);
    peers.addPeer(idOf('bob'), places);
    expect(peers.peers()[0]?.endpoints).to.deep.equal(places.slice(0, PEER_ENDPOINTS_MAX));
  });

  it('SPL-31: the local identity that a peer requires is that of one of the nodes', async () => {
    const world = new World('required');
    const bob = await peered(world, 'bob');
    const nodes = [await world.node('one'), await world.node('two')] as const;
    const mesh = new EnvelopeMesh(10, 10);
    const peers = new EnvelopePeers(mesh, nodes);
    peers.addPeer(bob.node.id, ['sim://bob'], { localNode: nodes[1].id });
    await world.net.run(100);
    expect(bob.peers.unreferenced()).to.deep.equal([nodes[1].id]);
    peers.addPeer(bob.node.id, ['sim://bob']);
    await world.net.run(100);
    expect(bob.peers.unreferenced()).to.have.members(nodes.map(({ id }) => id));
    expect(mesh.connectionCount).to.equal(2);
  });

  it('SPL-31, SPL-32: whoever answers at an address becomes a peer, and is one until the reference is released', async () => {
    const world = new World('unidentified');
    const { peers, types } = await peered(world, 'alice');
    const ref = peers.addUnidentified('sim://bob');
    const early = peers.addUnidentified('sim://bob');
    early.release();
    await world.net.run(100_000);
    expect([ref.nodeId, types()]).to.deep.equal([undefined, []]);
    const bob = await peered(world, 'bob');
    await world.net.run(61_000);
    expect([ref.nodeId, types(), peers.peers()[0]?.referenceCount]).to.deep.equal([bob.node.id, ['connected'], 1]);
    for (const { id } of bob.node.connections()) bob.node.disconnect(id);
    await world.net.run(20_000);
    expect(types()).to.deep.equal(['connected', 'disconnected', 'connected']);
    ref.release();
    ref.release();
    expect(peers.peers()).to.deep.equal([]);
  });

  it('SPL-32: attempts at an address whose node is not known are `unidentifiedMs` apart at most', async () => {
    const world = new World('unidentified often');
    const { peers, node } = await peered(world, 'alice', {}, { unidentifiedMs: 100 });
    let failures = 0;
    node.on('dial-failed', () => failures++);
    peers.addUnidentified('sim://nowhere');
    await world.net.run(10_000);
    expect(failures).to.be.within(100, 400);
    for (const unidentifiedMs of [0, 0.5, 86_400_001])
      expect(() => new EnvelopePeers(new EnvelopeMesh(1, 1), node, { unidentifiedMs })).to.throw('unidentifiedMs');
    for (const options of [{ unidentified: 1 }, { retry: { first: 1 } }])
      expect(() => new EnvelopePeers(new EnvelopeMesh(1, 1), node, options as EnvelopePeersOptions)).to.throw('is unknown');
    expect(() => new EnvelopeMesh(1, 1, { keepMs: 1 } as EnvelopeMeshOptions)).to.throw('option keepMs is unknown');
  });

  it('SPL-32: Pending, Connected, Disconnected with its retries; after five failures in a row the other addresses are tried', async () => {
    const world = new World('states');
    const bob = await peered(world, 'bob');
    const { peers, heard } = await peered(world, 'alice');
    peers.addPeer(bob.node.id, ['sim://old', 'sim://older', 'sim://bob']);
    await world.net.run(100);
    expect(peers.peers()[0]).to.deep.include({ state: 'pending', activeEndpoint: 'sim://old' });
    const isAt = (retryCount: number) => peers.peers()[0]?.retryCount === retryCount;
    await world.net.runUntil(() => isAt(4), 10 * 60_000);
    expect(peers.peers()[0]?.activeEndpoint).to.equal('sim://old');
    await world.net.runUntil(() => isAt(5), 10 * 60_000);
    expect(peers.peers()[0]?.activeEndpoint).to.equal('sim://older');
    await world.net.runUntil(() => peers.peers()[0]?.state === 'connected', 20 * 60_000);
    expect(peers.peers()[0]?.activeEndpoint).to.equal('sim://bob');
    await world.net.run(20_000);
    world.net.crash(bob.node, { reset: true });
    await world.net.run(30_000);
    expect(peers.peers()[0]).to.deep.include({ state: 'disconnected', activeEndpoint: 'sim://bob' });
    expect(peers.peers()[0]?.retryCount).to.be.greaterThan(0);
    expect(heard.map(({ type }) => type)).to.deep.equal(['connected', 'disconnected']);
  });

  it('SPL-33: two that dial each other at once agree on one link, and both are connected', async () => {
    for (const seed of numbers(0, 20)) {
      const world = new World(`at once ${seed}`, { jitterMs: 8 });
      const [alice, bob] = [await peered(world, 'alice'), await peered(world, 'bob')];
      world.net.after(Number(seed) / 2, () => alice.peers.addPeer(bob.node.id, ['sim://bob']));
      world.net.after(5, () => bob.peers.addPeer(alice.node.id, ['sim://alice']));
      await world.net.run(60_000);
      for (const { node, mesh, types, peers } of [alice, bob]) {
        expect([node.connections().length, mesh.connectionCount, types().at(-1)], seed).to.deep.equal([1, 1, 'connected']);
        expect(peers.peers()[0]?.state).to.equal('connected');
      }
      alice.peers.send(bob.node.id, bytesOf('hello'));
      await world.net.run(100);
      expect(takeAll(bob.mesh)).to.deep.equal(['hello']);
    }
  });

  it('SPL-34: a node that comes by itself is kept unreferenced, and promoted when it is asked for', async () => {
    const world = new World('unreferenced');
    const { peers, mesh, node, types } = await peered(world, 'alice');
    const bob = await peered(world, 'bob');
    bob.peers.addPeer(node.id, ['sim://alice']);
    await world.net.run(100);
    expect([peers.unreferenced(), peers.peers()]).to.deep.equal([[bob.node.id], []]);
    bob.peers.send(node.id, bytesOf('it is me'));
    expect(peers.send(bob.node.id, bytesOf('welcome')).type).to.equal('queued');
    await world.net.run(100);
    const envelope = mesh.tryRecv();
    expect([envelope && peers.peerOf(envelope), textOf(envelope?.payload as Uint8Array)]).to.deep.equal([bob.node.id, 'it is me']);
    expect(takeAll(bob.mesh)).to.deep.equal(['welcome']);
    const [connection] = node.connections();
    const ref = peers.addPeer(bob.node.id, []);
    expect([peers.unreferenced(), peers.peers()[0]?.state, mesh.connectionCount]).to.deep.equal([[], 'connected', 1]);
    expect(node.connections(), 'the same link').to.deep.equal([connection]);
    expect(types()).to.deep.equal(['connected', 'connected']);
    ref.release();
    expect(mesh.connectionCount).to.equal(0);
  });

  it('SPL-34: nodes that were connected before the manager was made are its peers, too', async () => {
    const world = new World('late manager');
    const [server, client, stranger] = [await world.node('server'), await world.node('client'), await world.node('stranger')];
    for (const node of [client, stranger]) await world.link(node, server);
    const accept = (nodeId: NodeId) => {
      if (nodeId === stranger.id) throw new Error('who is that?');
      return true;
    };
    const peers = new EnvelopePeers(new EnvelopeMesh(10, 10), server, { accept });
    expect(peers.unreferenced()).to.deep.equal([client.id]);
    const heard: string[] = [];
    peers.subscribe(({ type }) => heard.push(type));
    expect(heard).to.deep.equal(['connected']);
  });

  it('SPL-34: who is not accepted, or cannot be judged, stays out of the mesh', async () => {
    const world = new World('accept');
    const accept = (nodeId: NodeId) => {
      if (nodeId === idOf('bob')) return true;
      if (nodeId === idOf('cleo')) return false;
      throw new Error('who is that?');
    };
    const { peers, node } = await peered(world, 'alice', {}, { accept });
    for (const name of ['bob', 'cleo', 'dan']) (await peered(world, name)).peers.addPeer(node.id, ['sim://alice']);
    await world.net.run(1_000);
    expect([peers.unreferenced(), node.connections().length]).to.deep.equal([[idOf('bob')], 3]);
    for (const { id } of node.connections()) node.disconnect(id);
    expect(peers.unreferenced()).to.deep.equal([]);
  });

  it('SPL-34: peers may share an address: who is not there is looked for elsewhere', async () => {
    const world = new World('shared');
    const [bob, cleo] = [await peered(world, 'bob'), await peered(world, 'cleo')];
    const { peers } = await peered(world, 'alice');
    peers.addPeer(bob.node.id, ['sim://bob', 'sim://cleo']);
    peers.addPeer(cleo.node.id, ['sim://bob', 'sim://cleo']);
    await world.net.run(20 * 60_000);
    expect(peers.peers().map(({ state }) => state)).to.deep.equal(['connected', 'connected']);
  });

  it('SPL-35: envelopes for a peer that is not connected are parked, sent in order when it is, and given up after three attempts', async () => {
    const world = new World('parked');
    const { peers, heard, node } = await peered(world, 'alice');
    for (const text of numbers(0, 15)) expect(peers.send(idOf('bob'), bytesOf(text)).type).to.equal('parked');
    const bob = await peered(world, 'bob');
    bob.peers.addPeer(node.id, ['sim://alice']);
    await world.net.run(9_000);
    const received = takeAll(bob.mesh);
    expect(received.length).to.be.at.least(10);
    expect(peers.send(bob.node.id, bytesOf(15)).type, 'behind those that wait').to.equal(received.length < 15 ? 'parked' : 'queued');
    await world.net.run(21_000);
    expect([...received, ...takeAll(bob.mesh)]).to.deep.equal(numbers(0, 16));
    peers.send(idOf('nobody'), bytesOf('lost'));
    await world.net.run(29_000);
    expect(heard.filter(({ type }) => type === 'undelivered')).to.deep.equal([]);
    await world.net.run(2_000);
    expect(heard.at(-1)).to.deep.equal({ type: 'undelivered', nodeId: idOf('nobody'), payload: bytesOf('lost') });
  });

  it('SPL-35: what is too large for every node is not parked; what is so for the one that has the peer is undelivered, and holds nobody up', async () => {
    const world = new World('too large');
    const [small, large] = [await world.node('small', { limits: { payloadBytesMax: 1_000 } }), await world.node('large')];
    const peers = new EnvelopePeers(new EnvelopeMesh(10, 10), [small, large]);
    const heard: unknown[] = [];
    peers.subscribe((told) => heard.push(told.type === 'undelivered' ? told.payload.length : told.type));
    peers.addPeer(idOf('bob'), ['sim://bob']);
    const max = large.limits().payloadBytesMax;
    const send = (length: number) => peers.send(idOf('bob'), new Uint8Array(length)).type;
    expect([max, max - 1, 1_000, 999].map(send)).to.deep.equal(['too-large', 'parked', 'parked', 'parked']);
    const bob = await peered(world, 'bob');
    await world.net.runUntil(() => bob.mesh.incomingCount === 1, 60_000);
    expect(heard).to.deep.equal(['connected', max - 1, 1_000]);
    expect([999, 1_000].map(send), 'nothing waits before it').to.deep.equal(['queued', 'too-large']);
  });

  it('SPL-35: a hundred are parked; the oldest gives way, and is told', async () => {
    const world = new World('overflow');
    const { peers, heard } = await peered(world, 'alice');
    for (const text of numbers(0, PARKED_MAX + 3)) peers.send(idOf('bob'), bytesOf(text));
    expect(heard.map((told) => told.type === 'undelivered' && textOf(told.payload))).to.deep.equal(['0', '1', '2']);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('add', 'retry', 'connect'), { maxLength: 400 }), (steps) => {
        const parked = new Parked();
        let [added, gone] = [0, 0];
        for (const step of steps) {
          if (step === 'add') {
            added++;
            gone += parked.add(idOf('bob'), bytesOf(added)) === undefined ? 0 : 1;
          } else if (step === 'retry') gone += parked.retry(() => false).length;
          else parked.connected(idOf('bob'), () => gone++ >= 0);
          expect(parked.count).to.equal(added - gone);
          expect(parked.count).to.be.at.most(PARKED_MAX);
        }
      }),
    );
  });

  it('SPL-36: notifications wait for the first subscriber, who gets them all; the oldest give way', () => {
    const notifications = new PeerNotifications(() => {});
    for (let count = 0; count < EARLY_MAX + 2; count++)
      notifications.notify({ type: 'undelivered', nodeId: idOf('bob'), payload: bytesOf(count) });
    const [first, second]: [string[], string[]] = [[], []];
    const into = (texts: string[]) => (told: PeerNotification) => void (told.type === 'undelivered' && texts.push(textOf(told.payload)));
    notifications.subscribe(into(first));
    notifications.subscribe(into(second));
    expect([first.length, first[0], second.length]).to.deep.equal([EARLY_MAX, '2', 0]);
    notifications.notify({ type: 'undelivered', nodeId: idOf('bob'), payload: bytesOf('now') });
    expect([first.at(-1), second]).to.deep.equal(['now', ['now']]);
  });

  it('SPL-36: what waits for the first subscriber is bounded in bytes, too: payloads that nobody took back do not add up', () => {
    const notifications = new PeerNotifications(() => {});
    const unsent = Array.from({ length: 4 }, () => new Uint8Array(1_024 * 1_024));
    for (let count = 0; count < 100; count++)
      notifications.notify({ type: 'disconnected', nodeId: idOf(`peer ${count}`), localNode: idOf('alice'), unsent });
    const heard: PeerNotification[] = [];
    notifications.subscribe((notification) => heard.push(notification));
    expect(heard).to.have.length(15);
    expect(heard.at(-1)?.nodeId).to.equal(idOf('peer 99'));
  });

  it('SPL-36: Connected and Disconnected name the peer; what waited to be sent comes back', async () => {
    const world = new World('notifications');
    const bob = await world.node('bob');
    const alice = await world.node('alice');
    const peers = new EnvelopePeers(new EnvelopeMesh(1, 5), alice);
    peers.addPeer(bob.id, ['sim://bob']);
    await world.net.run(100);
    peers.send(bob.id, bytesOf('unsent'));
    bob.disconnect(bob.connections()[0]?.id as number);
    await world.net.run(10);
    const heard: PeerNotification[] = [];
    peers.subscribe((notification) => heard.push(notification));
    expect(heard).to.deep.equal([
      { type: 'connected', nodeId: bob.id, localNode: alice.id },
      { type: 'disconnected', nodeId: bob.id, localNode: alice.id, unsent: [bytesOf('unsent')] },
    ]);
  });

  it('of several nodes the others go on when one stops: peers are dialled again, and parked envelopes keep their time', async () => {
    const world = new World('one of two');
    const bob = await peered(world, 'bob');
    const [one, two] = [await world.node('one'), await world.node('two')];
    const peers = new EnvelopePeers(new EnvelopeMesh(10, 10), [one, two]);
    const types: string[] = [];
    peers.subscribe(({ type }) => types.push(type));
    for (const { id: localNode } of [one, two]) peers.addPeer(bob.node.id, ['sim://bob'], { localNode });
    await world.net.run(100);
    expect(peers.send(idOf('nobody'), bytesOf('early')).type).to.equal('parked');
    await one.stop();
    expect(peers.send(idOf('nobody'), bytesOf('late')).type).to.equal('parked');
    bob.node.disconnectNode(two.id);
    await world.net.run(41_000);
    expect(types).to.deep.equal(['connected', 'connected', 'disconnected', 'disconnected', 'connected', 'undelivered', 'undelivered']);
    peers.send(idOf('nobody'), bytesOf('latest'));
    await two.stop();
    expect(types.slice(7), 'nobody is left to try again').to.deep.equal(['disconnected', 'undelivered']);
    expect(() => peers.send(idOf('nobody'), bytesOf('too late'))).to.throw('none of the nodes');
  });

  it('stop ends everything; a node that stops takes its peers along', async () => {
    const world = new World('stop');
    const bob = await peered(world, 'bob');
    const { peers, mesh, node, types } = await peered(world, 'alice');
    peers.addPeer(bob.node.id, ['sim://bob']);
    peers.addPeer(idOf('nobody'), ['sim://nobody']);
    const ref = peers.addUnidentified('sim://nowhere');
    peers.send(idOf('nobody'), bytesOf('x'));
    await world.net.run(100);
    peers.stop();
    ref.release();
    await world.net.run(400_000);
    expect([mesh.connectionCount, node.connections().length, types()]).to.deep.equal([0, 0, ['connected', 'disconnected', 'undelivered']]);
    expect(() => peers.addPeer(bob.node.id, [])).to.throw('stopped');
    expect(() => peers.send(bob.node.id, bytesOf('x'))).to.throw('stopped');
    const again = new EnvelopePeers(mesh, node);
    again.addPeer(bob.node.id, ['sim://bob']);
    again.addUnidentified('sim://nowhere');
    await world.net.run(100);
    await node.stop();
    expect([again.peers(), mesh.connectionCount]).to.deep.equal([[], 0]);
    for (const late of [() => again.addPeer(bob.node.id, ['sim://bob']), () => again.addUnidentified('sim://bob')])
      expect(late).to.throw('does not run');
    expect(again.peers()).to.deep.equal([]);
  });
});
