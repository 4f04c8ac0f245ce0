/**
 * @module Tests of the address book in virtual time: nodes that know one address find all the others and stay connected (S3, DNDM-31..41).
 */
import { expect } from 'chai';
import type { AddressBookOptions } from '../../../behaviours/addressbook/index.js';
import { setupOf } from '../../../behaviours/addressbook/options.js';
import { type DialCandidate, type Logger, NetworkBehavior, NetworkError, type NodeId, parseAddress } from '../../../core/index.js';
import { seededIdentity } from '../../../testing/index.js';
import { hangsTogether } from './one-piece.js';
import { bookOf, idOf, isConnected, isFullMesh, isInOnePiece, Mesh } from './support.js';

const MONITOR_MS = 10_000;

describe('the address book in a small space', () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`S3: A-B-C with only A-B and B-C configured is a full mesh within one period (DNDM-37), seed ${seed}`, async () => {
      const mesh = new Mesh(seed);
      const b = await mesh.node('b');
      const a = await mesh.node('a', { seeds: ['sim://b'] });
      const c = await mesh.node('c', { seeds: ['sim://b'] });
      await mesh.net.runUntil(() => isFullMesh([a, b, c]), MONITOR_MS);
      expect(a.connections()).to.have.length(2);
      expect(bookOf(a).spaceSize).to.equal(3);
      await mesh.net.stop();
    });
  }

  it('S3: the same when the one in the middle knows both, and they know nobody', async () => {
    const mesh = new Mesh(1);
    const [a, c] = [await mesh.node('a'), await mesh.node('c')];
    const b = await mesh.node('b', { seeds: ['sim://a', `sim://${c.id}@c`] });
    await mesh.net.runUntil(() => isFullMesh([a, b, c]), MONITOR_MS);
    await mesh.net.stop();
  });

  it('a node that comes later is known and connected to all at once, not with the next period (DNDM-41)', async () => {
    const mesh = new Mesh(2);
    const nodes = [...(await mesh.nodes(10))];
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    await mesh.net.run(30_000);
    nodes.push(await mesh.node('late', { seeds: ['sim://n3'] }));
    await mesh.net.runUntil(() => isFullMesh(nodes), 5_000);
    await mesh.net.stop();
  });

  it('a node that crashes and comes back is connected to all again, with one connection each', async () => {
    const mesh = new Mesh(3);
    const nodes = await mesh.nodes(12);
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    for (let round = 0; round < 3; round++) {
      mesh.net.crash('n5');
      await mesh.net.run(20_000);
      const rest = mesh.net.nodes;
      expect(rest.every((node) => node.connections().length === 10)).to.equal(true);
      await mesh.net.restart('n5');
      await mesh.net.runUntil(() => isFullMesh(mesh.net.nodes), 60_000);
    }
    await mesh.net.stop();
  });

  it('forty nodes of one seed form the mesh, and are whole again after every third was killed', async () => {
    const mesh = new Mesh(4);
    await mesh.nodes(40, { connections: { max: 64 } });
    await mesh.net.runUntil(() => isFullMesh(mesh.net.nodes), 15_000);
    const victims = Array.from({ length: 13 }, (_, index) => `n${3 * index}`);
    for (const name of victims) mesh.net.crash(name, { reset: true });
    await mesh.net.run(3_000);
    await Promise.all(victims.map((name) => mesh.net.restart(name)));
    await mesh.net.runUntil(() => isFullMesh(mesh.net.nodes), 15_000);
    expect(mesh.net.nodes.every((node) => node.connections().length === 39)).to.equal(true);
    await mesh.net.stop();
  }).timeout(60_000);

  it('a space that breaks in two heals by itself', async () => {
    const mesh = new Mesh(5);
    const nodes = await mesh.nodes(10);
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    mesh.net.partition(nodes.slice(0, 5), nodes.slice(5));
    await mesh.net.run(60_000);
    expect(nodes.map((node) => node.connections().length)).to.deep.equal(new Array(10).fill(4));
    mesh.net.heal();
    await mesh.net.runUntil(() => isFullMesh(nodes), 120_000);
    await mesh.net.stop();
  });

  it('halves that have given each other up find each other again, without a seed on the other side', async () => {
    const mesh = new Mesh(17);
    const nodes = await mesh.nodes(4);
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    mesh.net.partition(nodes.slice(0, 1), nodes.slice(1));
    for (const node of nodes) bookOf(node).removePeer('sim://n0');
    await mesh.net.run(3 * 3_600_000);
    const { dials } = bookOf(nodes[0] as never).counters;
    await mesh.net.run(3_600_000);
    expect(bookOf(nodes[0] as never).counters.dials - dials, 'each at most once in this hour').to.be.at.most(3);
    mesh.net.heal();
    await mesh.net.runUntil(() => isFullMesh(nodes), 12 * 3_600_000);
    await mesh.net.stop();
  });

  it('a node that moves is found at its new place', async () => {
    const mesh = new Mesh(6);
    const identity = seededIdentity('mover');
    const nodes = [...(await mesh.nodes(4))];
    const mover = await mesh.node('old', { identity, seeds: ['sim://n0'] });
    await mesh.net.runUntil(() => isFullMesh([...nodes, mover]), 15_000);
    mesh.net.crash('old');
    await mesh.net.run(30_000);
    const moved = await mesh.node('new', { identity, seeds: ['sim://n1'] });
    await mesh.net.runUntil(() => isFullMesh([...nodes, moved]), 15_000);
    await mesh.net.run(1_000);
    const texts = bookOf(nodes[3] as never)
      .entry(mover.id)
      ?.addresses.map(({ text }) => text);
    expect(texts).to.include('sim://new');
    await mesh.net.stop();
  });

  it('is not held up by a storage that throws', async () => {
    const mesh = new Mesh(16);
    const gone = () => {
      throw new Error('the disk has gone');
    };
    const warnings = new Set<unknown>();
    const warn = (_fields: object, text: string) => void (text.startsWith('a kept peer') || warnings.add(text));
    const logger: Logger = { trace() {}, debug() {}, info() {}, warn, error() {}, child: () => logger };
    const a = await mesh.node('a', { seeds: ['sim://late'], storage: { load: gone, save: gone, flush: (settled) => settled() }, logger });
    let faults = 0;
    a.on('fault', () => faults++);
    bookOf(a).addPeers([`sim://${idOf('nobody')}@nowhere`]);
    await mesh.net.run(120_000);
    const late = await mesh.node('late');
    await mesh.net.runUntil(() => isConnected(a, late), 120_000);
    expect([faults, ...warnings]).to.deep.equal([
      ...[0, 'the address book could not be loaded'],
      'the address book could not be saved; it is tried again',
    ]);
    await mesh.net.stop();
  });

  it('answers connect(nodeId) for everybody it knows (AddressSource)', async () => {
    const mesh = new Mesh(7);
    const [first, second] = [await mesh.node('first'), await mesh.node('second', { seeds: ['sim://first'] })];
    const third = await mesh.node('third', { seeds: ['sim://first'] }, { isDialling: false });
    await third.connect('sim://first');
    await mesh.net.run(1_000);
    await mesh.net.runUntil(() => bookOf(third).entry(second.id) !== undefined, 15_000);
    expect((await third.connect(second.id)).nodeId).to.equal(second.id);
    expect(isConnected(third, first)).to.equal(true);
    await mesh.net.stop();
  });
});

describe('the address book in a large space', () => {
  it('keeps `min` connections of its own beyond `max` nodes, in one piece, and everybody is known', async () => {
    const mesh = new Mesh(8);
    const nodes = await mesh.nodes(60, { connections: { min: 4, max: 20 } });
    await mesh.net.run(60_000);
    expect(isInOnePiece(nodes)).to.equal(true);
    for (const node of nodes) {
      expect(node.connections().length, node.name).to.be.within(3, 20);
      expect(bookOf(node).spaceSize).to.equal(60);
    }
    await mesh.net.run(60_000);
    const mean = nodes.reduce((sum, node) => sum + node.connections().length, 0) / 60;
    expect(mean, 'what is too much was let go').to.be.below(12);
    expect(isInOnePiece(nodes)).to.equal(true);
    await mesh.net.stop();
  }).timeout(60_000);

  it('hangs together with three connections of each node, with five seeds of chance; the campaign has 100', async () => {
    for (let seed = 0; seed < 5; seed++) expect(await hangsTogether(seed), `seed ${seed}`).to.equal(true);
  }).timeout(120_000);

  it('heals when a third of the nodes is gone', async () => {
    const mesh = new Mesh(9);
    const nodes = await mesh.nodes(60, { connections: { min: 4, max: 20 } });
    await mesh.net.run(60_000);
    for (let index = 0; index < 60; index += 3) mesh.net.crash(`n${index}`);
    await mesh.net.run(60_000);
    const rest = nodes.filter((_, index) => index % 3 !== 0);
    expect(isInOnePiece(rest)).to.equal(true);
    for (const node of rest) expect(node.connections().length).to.be.at.least(3);
    await mesh.net.stop();
  }).timeout(60_000);

  it('a seed that is full gives newcomers what they lack, and is left alone by those it has no room for', async () => {
    const mesh = new Mesh(10);
    const nodes = await mesh.nodes(60, { connections: { min: 4, max: 12 } });
    await mesh.net.run(30_000);
    expect(nodes.every((node) => bookOf(node).spaceSize === 60)).to.equal(true);
    const dials = () => nodes.slice(1).reduce((sum, node) => sum + bookOf(node).counters.dials, 0);
    const before = dials();
    await mesh.net.run(60_000);
    expect((dials() - before) / 59, 'dials of a node in a minute').to.be.below(2);
    await mesh.net.stop();
  }).timeout(60_000);
});

describe('the user’s word (USERS 20, 24)', () => {
  it('order says whom to dial, and nobody else is', async () => {
    class Chooser extends NetworkBehavior {
      static readonly behavior = { serviceId: 70, name: 'chooser' } as const;
      static wanted: NodeId | undefined;
      override get ports() {
        const order = (_agent: unknown, candidates: readonly DialCandidate[]) =>
          candidates.map(({ nodeId }) => nodeId).filter((nodeId) => nodeId === Chooser.wanted);
        return { connectionPolicy: { order } };
      }
    }
    const mesh = new Mesh(11);
    const nodes = await mesh.nodes(8);
    Chooser.wanted = nodes[5]?.id;
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    const picky = await mesh.node('picky', { behaviors: [Chooser], seeds: ['sim://n0'], listen: [] });
    await mesh.net.run(30_000);
    expect(picky.connections().map(({ nodeId }) => nodeId)).to.have.members([nodes[0]?.id, nodes[5]?.id]);
    await mesh.net.stop();
  });

  it('what the application disconnects is not dialled again, until it connects or is connected', async () => {
    const mesh = new Mesh(12);
    const [a, b, c] = [await mesh.node('a'), await mesh.node('b', { seeds: ['sim://a'] }), await mesh.node('c', { seeds: ['sim://a'] })];
    await mesh.net.runUntil(() => isFullMesh([a, b, c]), 15_000);
    bookOf(c).setDialling(false);
    b.disconnectNode(c.id, 'enough');
    await mesh.net.run(120_000);
    expect([isConnected(b, c), isConnected(a, c)]).to.deep.equal([false, true]);
    await b.connect(c.id);
    expect(isConnected(b, c)).to.equal(true);
    await mesh.net.stop();
  });

  it('dialling and gossip are switched while a node runs', async () => {
    const mesh = new Mesh(13);
    const nodes = await mesh.nodes(4);
    const quiet = await mesh.node('quiet', { seeds: ['sim://n0'] }, { isDialling: false, isGossiping: false });
    await mesh.net.run(60_000);
    expect([quiet.connections().length, bookOf(quiet).entries().length]).to.deep.equal([0, 0]);
    expect(nodes.every((node) => bookOf(node).entry(quiet.id) === undefined)).to.equal(true);
    bookOf(quiet).setDialling(true);
    await mesh.net.run(30_000);
    expect(quiet.connections().length, 'its seed; nobody tells it of others').to.equal(1);
    bookOf(quiet).setGossiping(true);
    await mesh.net.runUntil(() => isFullMesh([...nodes, quiet]), 30_000);
    bookOf(quiet).setDialling(false);
    bookOf(quiet).setGossiping(false);
    await mesh.net.stop();
  });

  it('peers are added and removed while a node runs, and persistent ones are dialled for ever (H-12, DNDM-32)', async () => {
    const mesh = new Mesh(14);
    const [a, b] = [await mesh.node('a'), await mesh.node('b')];
    bookOf(a).addPeers(['sim://b', `sim://${idOf('nobody')}@gone`]);
    await mesh.net.runUntil(() => isConnected(a, b), 1_000);
    expect(bookOf(a).entry(b.id)).to.include({ isPersistent: true, isProven: true, isConnected: true });
    await mesh.net.run(3_600_000);
    const gone = bookOf(a).entry(idOf('nobody'))?.addresses[0];
    expect(gone?.attempts, 'every 30 s on average').to.be.within(90, 200);
    bookOf(a).removePeer(idOf('nobody'));
    expect(bookOf(a).entry(idOf('nobody'))).to.equal(undefined);
    expect(() => bookOf(a).addPeers(['nonsense'])).to.throw('does not start with a scheme');
    await mesh.net.stop();
  }).timeout(60_000);

  it('an address is taken back as it was given, whether somebody has answered there or not, or is about to', async () => {
    const mesh = new Mesh(18);
    const [a, b, c] = [await mesh.node('a', { listen: [] }), await mesh.node('b'), await mesh.node('c')];
    const book = bookOf(a);
    let failures = 0;
    a.on('dial-failed', () => failures++);
    book.addPeers(['sim://gone', 'sim://b']);
    await mesh.net.runUntil(() => isConnected(a, b) && failures > 0, 60_000);
    expect(book.entry(b.id)?.isPersistent).to.equal(true);
    for (const peer of ['sim://gone', 'sim://gone', 'sim://b']) book.removePeer(peer);
    expect(book.entry(b.id)?.isPersistent).to.equal(false);
    const before = failures;
    await mesh.net.run(120_000);
    expect(failures, 'nobody dials the place where nobody is').to.equal(before);
    book.addPeers(['sim://c']);
    await mesh.net.run(15);
    expect([isConnected(a, c), a.metrics()['dials_total']]).to.deep.equal([false, before + 2]);
    book.removePeer(parseAddress('sim://c'));
    await mesh.net.run(10_000);
    expect(book.entry(c.id)?.isPersistent).to.equal(false);
    expect(() => book.removePeer('nonsense')).to.throw('does not start with a scheme');
    await mesh.net.stop();
  });

  it('one list of seeds may be given to all: a node is no peer of itself', async () => {
    const mesh = new Mesh(17);
    const identities = ['a', 'b', 'c'].map((name) => ({ name, identity: seededIdentity(name) }));
    const seeds = identities.map(({ name, identity }) => `sim://${identity.nodeId}@${name}`);
    const nodes = await Promise.all(identities.map(({ name, identity }) => mesh.node(name, { identity, seeds })));
    await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
    await mesh.net.run(60_000);
    for (const node of nodes)
      expect(
        bookOf(node)
          .entries()
          .map(({ nodeId }) => nodeId),
      ).not.to.include(node.id);
    await mesh.net.stop();
  });

  it('peers and seeds of whom the node is not known are 256 at most: further ones are refused, or left out with a warning', async () => {
    const mesh = new Mesh(15);
    const addresses = Array.from({ length: 257 }, (_, index) => `sim://nowhere${index}`);
    const a = await mesh.node('a', { listen: [] }, { isDialling: false });
    expect(() => bookOf(a).addPeers(addresses))
      .to.throw(NetworkError)
      .with.property('code', 'LIMIT_EXCEEDED');
    bookOf(a).addPeers(addresses.slice(0, 256));
    bookOf(a).addPeers([...addresses.slice(0, 256), `sim://${idOf('known')}@nowhere`]);
    expect(() => bookOf(a).addPeers([addresses[256] as string])).to.throw('256');
    expect(() => setupOf({ persistent: addresses })).to.throw('addressbook: option persistent');
    const warnings: unknown[] = [];
    const warn = (fields: object, text: string) => void warnings.push([fields, text]);
    const logger: Logger = { trace() {}, debug() {}, info() {}, warn, error() {}, child: () => logger };
    const b = await mesh.node('b', { listen: [], seeds: addresses, logger });
    expect(warnings).to.deep.equal([[{ address: 'sim://nowhere256', maximum: 256 }, 'a seed was left out: there are too many']]);
    expect(b.connections()).to.have.length(0);
    await mesh.net.stop();
  });

  it('options out of range are refused', () => {
    const bad = [
      { mode: 'near' },
      { groupOf: 'x' },
      { saveMs: 1 },
      { saveMs: '5000' },
      { backoff: { multiplier: 0 } },
      { backoff: { minMs: '1' } },
      { backoff: { min: 1 } },
      { isGossip: false },
      { isDialling: 'no' },
      { backoff: { minMs: 5, maxMs: 4 } },
      { dialWorkers: 0 },
      { dialWorkers: 257 },
      { attemptsMax: -1 },
      { attemptsMax: 1.5 },
    ];
    for (const options of bad)
      expect(() => setupOf(options as AddressBookOptions), JSON.stringify(options)).to.throw('addressbook: option');
    expect(() => setupOf({ persistent: ['nowhere'] })).to.throw('does not start with a scheme');
    expect(setupOf({ dialWorkers: 256, attemptsMax: 0 })).to.include({ dialWorkers: 256, attemptsMax: 0 });
    const address = 'tcp://20.0.0.1:1';
    for (const [entry, text] of [
      [{ address, attempts: 3 }, 'persistent[1]: option attempts is unknown; did you mean attemptsMax?'],
      [{ address, attemptsMax: -1 }, 'persistent[1]: option attemptsMax is -1'],
      [{ address, backoff: { minMs: 0.5 } }, 'persistent[1]: option backoff.minMs is 0.5'],
      [{ address, backoff: { maxMs: 999 } }, 'persistent[1]: option backoff.maxMs is 999'],
      [{ address, backoff: { multiplier: 0.05 } }, 'persistent[1]: option backoff.multiplier is 0.05'],
      [{ attemptsMax: 1 }, 'persistent[1]: option address is undefined'],
      [7, 'persistent[1]: what was given is 7'],
    ] as const)
      expect(() => setupOf({ persistent: [address, entry as never] }), text).to.throw(text);
    expect(setupOf({})).to.deep.include({ mode: undefined, saveMs: 60_000, isDialling: true, isGossiping: true, persistent: [] });
  });
});
