/** @module What attackers and faults do to the address book, in virtual time (rows 14, 16, 29, 43-47, 50, 51, 53 of SECURITY.md). */
import { expect } from 'chai';
import { signRecord } from '../../../behaviours/addressbook/book/record.js';
import { toWire } from '../../../behaviours/addressbook/gossip/messages.js';
import { AddressBookBehavior, BOOK_LIMITS } from '../../../behaviours/addressbook/index.js';
import { ERROR_CODES, type NodeEvents, nodeIdToBytes, parseAddress } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bookOf, idOf, isConnected, isFullMesh, Mesh, NO_PINGS, publicAddress, signerOf } from './support.js';

/** The clock on the wall of a simulated network begins here. */
const WALL_START_MS = 1_735_689_600_000;
const HOUR_MS = 3_600_000;

/** Every dial of a node by what it was told of it. */
function dialsOf(node: SimulatedNode): NodeEvents['dial-failed'][] {
  const failed: NodeEvents['dial-failed'][] = [];
  node.on('dial-failed', (event) => failed.push(event));
  return failed;
}

const textOf = ({ attempt: { target } }: NodeEvents['dial-failed']) =>
  typeof target === 'string' ? target : target.withNodeId(undefined).text;

/** A victim and a liar that are connected, at hosts of the internet. */
async function victimAndLiar(seed: number, hosts: readonly [string, string] = ['20.0.0.1', '66.0.0.1']) {
  const mesh = new Mesh(seed);
  const victim = await mesh.node(hosts[0]);
  const { node, liar } = await mesh.liar(hosts[1], { seeds: [`sim://${hosts[0]}`] });
  await mesh.net.runUntil(() => isConnected(victim, node), 5_000);
  return { mesh, victim, node, liar, failed: dialsOf(victim) };
}

describe('row 14: this node’s own address in gossip', () => {
  it('is dialled once an hour at most, whoever is said to be there', async () => {
    const { mesh, victim, liar, failed } = await victimAndLiar(1, ['a', 'b']);
    for (let hour = 0; hour < 3; hour++) {
      liar.hint(idOf(`ghost ${hour}`), 'sim://a');
      liar.tell([signRecord([parseAddress('sim://a')], WALL_START_MS + hour * HOUR_MS, signerOf(`signed ghost ${hour}`)).bytes]);
      await mesh.net.run(HOUR_MS);
    }
    expect(failed.filter((event) => textOf(event) === 'sim://a').length).to.be.at.most(3);
    expect(bookOf(victim).entries()).to.have.length(1);
    await mesh.net.stop();
  });

  it('as a seed is never dialled where the node listens, nor is a name that stands for it alone, which is resolved again and again', async () => {
    const mesh = new Mesh(2);
    const options = { builtins: ['handshake' as const], behaviors: [AddressBookBehavior] };
    const numeric = await mesh.net.createNode({ ...options, name: '10.0.0.1', seeds: ['sim://10.0.0.1'] });
    const named = await mesh.net.createNode({ ...options, name: 'a', seeds: ['sim://peers'] });
    mesh.net.setName('peers', named);
    const [ofNumeric, ofNamed] = [dialsOf(numeric), dialsOf(named)];
    await Promise.all([numeric.start(), named.start()]);
    await mesh.net.run(HOUR_MS);
    expect([ofNumeric, ofNamed]).to.deep.equal([[], []]);
    expect(bookOf(named).counters.dials, 'every 30 s on average').to.be.within(60, 200);
    mesh.net.setName('peers', named, numeric);
    await mesh.net.runUntil(() => isConnected(named, numeric), 60_000);
    await mesh.net.stop();
  });
});

describe('row 16: one connection of a node, however often it connects', () => {
  it('is what the book has, and a second one changes nothing (DNDM-39)', async () => {
    const mesh = new Mesh(3);
    const [a, b] = [await mesh.node('a'), await mesh.node('b', { seeds: ['sim://a'] })];
    await mesh.net.runUntil(() => isConnected(a, b), 5_000);
    const [first] = a.connections();
    for (let round = 0; round < 1_000; round++) await b.connect('sim://a');
    expect(a.connections()).to.deep.equal([first]);
    expect(
      bookOf(a)
        .entries()
        .map(({ nodeId, isConnected: isOpen }) => [nodeId, isOpen]),
    ).to.deep.equal([[b.id, true]]);
    await mesh.net.stop();
  });
});

describe('row 29: a node that stands still for a minute', () => {
  it('is suspected, not stormed, and has one new connection with each neighbour afterwards', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const mesh = new Mesh(seed);
      const nodes = await mesh.nodes(6);
      await mesh.net.runUntil(() => isFullMesh(nodes), 15_000);
      const still = nodes[2] as SimulatedNode;
      const opened: string[] = [];
      still.on('connected', ({ nodeId }) => opened.push(nodeId));
      const before = nodes.map((node) => bookOf(node).counters.dials);
      mesh.net.stall(still, 60_000);
      await mesh.net.run(60_000);
      const dials = nodes.map((node, index) => bookOf(node).counters.dials - (before[index] as number));
      for (const [index, count] of dials.entries()) expect(count, `dials of ${index} in that minute, seed ${seed}`).to.be.at.most(8);
      await mesh.net.run(60_000);
      expect(isFullMesh(nodes), `seed ${seed}`).to.equal(true);
      expect(nodes.every((node) => node.connections().length === 5)).to.equal(true);
      expect(opened.length, `seed ${seed}: ${opened.length} connections`).to.be.at.most(5);
      expect(new Set(opened).size).to.equal(opened.length);
      await mesh.net.stop();
    }
  }).timeout(300_000);
});

describe('row 43: addresses that a far remote tells of', () => {
  it('are not dialled when they lie in this machine or its network', async () => {
    const { mesh, victim, liar, failed } = await victimAndLiar(4);
    const bad = ['sim://127.0.0.1:7400', 'sim://10.0.0.1:7400', 'sim://192.168.1.1:7400', 'sim://[::1]:7400', 'sim://169.254.169.254:7400'];
    liar.hint(idOf('ghost'), ...bad.slice(0, 4));
    liar.hint(idOf('ghost'), ...bad.slice(1));
    liar.tell([signRecord(bad.map(parseAddress), WALL_START_MS, signerOf('signed ghost')).bytes]);
    await mesh.net.run(600_000);
    expect([failed.map(textOf), bookOf(victim).entries().length]).to.deep.equal([[], 1]);
    await mesh.net.stop();
  });
});

describe('rows 44 and 45: floods over the wire', () => {
  it('row 44: of 20,000 nodes from one neighbour at most 4,096 are kept, the rest is not looked at; honest work goes on', async () => {
    const { mesh, victim, node, liar } = await victimAndLiar(5);
    const ids = Array.from({ length: 20_000 }, (_, index) =>
      nodeIdToBytes(idOf('flood')).map((byte, at) => (at > 27 ? (index >> (8 * (at - 28))) & 255 : byte)),
    );
    for (let index = 0; index < ids.length; index += 64) {
      const hints = ids.slice(index, index + 64).map((id) => [id, [publicAddress(index % 60_000, 7400)]]);
      liar.say({ type: 1, records: [], hints });
    }
    await mesh.net.run(2_000);
    const told = bookOf(victim)
      .entries()
      .filter(({ source }) => source === node.id);
    expect(told.length).to.be.within(1_000, BOOK_LIMITS.perSourceMax);
    expect(bookOf(victim).counters.claimsIgnored).to.be.above(15_000);
    const friend = await mesh.node('30.0.0.1', { seeds: ['sim://20.0.0.1'] });
    await mesh.net.runUntil(() => isConnected(victim, friend), 5_000);
    expect(bookOf(friend).entry(victim.id)?.isConnected).to.equal(true);
    await mesh.net.stop();
  }).timeout(300_000);

  it('malformed messages end the connection, and nothing else', async () => {
    const bad = [
      { type: 1 },
      { type: 2, salt: -1, buckets: new Uint8Array(256) },
      'text',
      { type: 1, records: [5] },
      [1],
      Uint8Array.of(0xff),
    ];
    for (const [index, value] of bad.entries()) {
      const { mesh, victim, node, liar } = await victimAndLiar(10 + index);
      const faults: unknown[] = [];
      const ends: string[] = [];
      victim.on('fault', (fault) => faults.push(fault));
      victim.on('disconnected', ({ connection, reason }) => ends.push(`${connection.nodeId === node.id} ${reason.text}`));
      liar.say(value);
      await mesh.net.run(30_000);
      expect(ends, JSON.stringify(value)).to.deep.equal(['true malformed addressbook message']);
      expect(faults).to.deep.equal([]);
      await mesh.net.stop();
    }
  });

  it('of later versions, unasked answers, and wishes without end are put up with', async () => {
    const { mesh, victim, node, liar } = await victimAndLiar(20);
    liar.say({ type: 99 });
    liar.say(toWire({ type: 'have', buckets: new Uint8Array(8).fill(255), marks: Array.from({ length: 1_000 }, (_, index) => index) }));
    for (let times = 0; times < 200; times++) liar.say(toWire({ type: 'want', marks: [1, 2, 3] }));
    await mesh.net.run(1_000);
    expect(isConnected(victim, node)).to.equal(true);
    expect(bookOf(victim).counters.questionsIgnored).to.be.above(150);
    await mesh.net.stop();
  });
});

describe('row 46: gossip that names a victim', () => {
  it('makes a node dial an address three times an hour at most, and a host ten times a minute', async () => {
    const { mesh, liar, failed } = await victimAndLiar(6);
    for (let round = 0; round < 60; round++) {
      for (let index = 0; index < 64; index++) liar.hint(idOf(`ghost ${round} ${index}`), `sim://99.0.0.1:${1024 + round * 64 + index}`);
      await mesh.net.run(60_000);
    }
    const times = new Map<string, number>();
    for (const event of failed) times.set(textOf(event), (times.get(textOf(event)) ?? 0) + 1);
    expect(Math.max(...times.values()), 'an address in an hour').to.be.at.most(3);
    expect(failed.length, 'the host in an hour').to.be.within(100, 10 * 60 + 10);
    await mesh.net.stop();
  }).timeout(300_000);

  it('does not when the address is signed, by any number of identities', async () => {
    const { mesh, liar, failed } = await victimAndLiar(7);
    const target = parseAddress('sim://99.0.0.1:7400');
    for (let round = 0; round < 60; round++) {
      liar.tell(
        Array.from({ length: 5 }, (_, index) => signRecord([target], WALL_START_MS + round, signerOf(`ghost ${round} ${index}`)).bytes),
      );
      await mesh.net.run(60_000);
    }
    expect(failed.length).to.be.at.most(3);
    expect(Object.keys(ERROR_CODES)).to.include(failed[0]?.error.code);
    await mesh.net.stop();
  }).timeout(300_000);
});

describe('row 47: an attacker’s address for an honest node', () => {
  it('fails by identity, and the honest address stays and is used', async () => {
    const mesh = new Mesh(8);
    const victim = await mesh.node('20.0.0.1');
    const honest = await mesh.node('30.0.0.1', { seeds: ['sim://20.0.0.1'] });
    const { liar } = await mesh.liar('66.0.0.1', { seeds: ['sim://20.0.0.1'] });
    await mesh.net.runUntil(() => isConnected(victim, honest), 10_000);
    await mesh.net.run(2_000);
    mesh.net.crash('30.0.0.1', { reset: true });
    for (let index = 0; index < 50; index++) liar.hint(honest.id, 'sim://66.0.0.1', `sim://66.0.0.1:${index + 1024}`);
    await mesh.net.run(10_000);
    const texts = bookOf(victim)
      .entry(honest.id)
      ?.addresses.map(({ text }) => text);
    expect(texts).to.include('sim://30.0.0.1');
    const back = await mesh.net.restart('30.0.0.1');
    await mesh.net.runUntil(() => isConnected(victim, back), 60_000);
    await mesh.net.stop();
  });
});

describe('row 50: a flood of incoming connections', () => {
  it('leaves the long-lived honest ones nine of ten places, and this node its own choices', async () => {
    const mesh = new Mesh(9);
    const connections = { min: 4, max: 32 };
    const center = await mesh.node('20.0.0.1', { connections });
    const honest: SimulatedNode[] = [];
    for (let index = 0; index < 26; index++)
      honest.push(await mesh.node(`30.${index}.0.1`, { seeds: ['sim://20.0.0.1'], connections }, { isDialling: true }));
    await mesh.net.run(60_000);
    const before = honest.filter((node) => isConnected(center, node));
    expect(before.length).to.be.above(20);
    for (let index = 0; index < 300; index++) {
      const { node } = await mesh.liar(`66.${index % 2}.${index >> 8}.${index & 255}`);
      await node.connect('sim://20.0.0.1').catch(() => undefined);
    }
    await mesh.net.run(10_000);
    const kept = before.filter((node) => isConnected(center, node));
    expect(kept.length / before.length).to.be.at.least(0.9);
    expect(center.connections().length).to.be.at.most(32);
    await mesh.net.stop();
  }).timeout(300_000);

  it('spares whom the application protects by a tag (USERS 24)', async () => {
    const mesh = new Mesh(10);
    const center = await mesh.node('20.0.0.1', { connections: { min: 1, max: 8 } });
    const { node: dear } = await mesh.liar('66.0.0.1');
    bookOf(center).protect(dear.id, 'dear');
    await dear.connect('sim://20.0.0.1');
    for (let index = 2; index < 60; index++) {
      const { node } = await mesh.liar(`66.0.0.${index}`);
      await node.connect('sim://20.0.0.1').catch(() => undefined);
      await mesh.net.run(3_000);
    }
    expect(isConnected(center, dear)).to.equal(true);
    bookOf(center).unprotect(dear.id, 'dear');
    await mesh.net.stop();
  }).timeout(300_000);
});

describe('row 51: echoes', () => {
  it('a new node among 50 costs four messages with its address for each of them at most', async () => {
    const mesh = new Mesh(11);
    const nodes = await mesh.nodes(50, { limits: NO_PINGS });
    await mesh.net.runUntil(() => isFullMesh(nodes), 30_000);
    await mesh.net.run(60_000);
    const sent = () => mesh.net.nodes.reduce((sum, node) => sum + bookOf(node).counters.recordsSent, 0);
    const before = sent();
    const late = await mesh.node('late', { seeds: ['sim://n7'] });
    await mesh.net.run(60_000);
    expect(nodes.every((node) => bookOf(node).entry(late.id)?.seq !== undefined)).to.equal(true);
    // The newcomer was told of the fifty; everything else is about the newcomer.
    const copies = sent() - before - 50;
    expect(copies).to.be.within(50, 4 * 51);
    await mesh.net.run(60_000);
    expect(sent() - before - 50, 'and nothing goes on').to.equal(copies);
    await mesh.net.stop();
  }).timeout(300_000);

  it('a record that comes back is not passed on again', async () => {
    const { mesh, victim, liar } = await victimAndLiar(12);
    const friend = await mesh.node('30.0.0.1', { seeds: ['sim://20.0.0.1'] });
    await mesh.net.runUntil(() => isConnected(victim, friend), 5_000);
    const record = signRecord([parseAddress('sim://40.0.0.1')], WALL_START_MS, signerOf('ghost')).bytes;
    liar.tell([record]);
    await mesh.net.run(1_000);
    const before = bookOf(victim).counters.recordsSent;
    for (let times = 0; times < 500; times++) liar.tell([record, record]);
    await mesh.net.run(20_000);
    expect(bookOf(victim).counters.recordsSent - before).to.be.at.most(1);
    expect(bookOf(friend).entry(idOf('ghost'))?.source).to.equal(victim.id);
    await mesh.net.stop();
  });
});
