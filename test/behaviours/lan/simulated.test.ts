/** @module Tests of LAN discovery with many nodes on one simulated link: who meets whom, and who never does (USERS 20). */
import { expect } from 'chai';
import { AddressBookBehavior } from '../../../behaviours/addressbook/index.js';
import { LanBehavior } from '../../../behaviours/lan/index.js';
import type { NodeOptions } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { seededIdentity } from '../../../testing/index.js';
import { isConnected, isFullMesh, isInOnePiece } from '../addressbook/support.js';
import { lanOf, Member } from './support.js';

const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);

describe('LAN discovery in the simulator', () => {
  let net: SimulatedNetwork;
  beforeEach(() => {
    net = new SimulatedNetwork({ seed: 'lan', latencyMs: 1, jitterMs: 1 });
  });
  afterEach(() => net.stop());

  async function nodes(count: number, options: NodeOptions = {}): Promise<readonly SimulatedNode[]> {
    const made: SimulatedNode[] = [];
    const limits = { pingIntervalMs: 60_000, silenceMs: 180_000 };
    for (let index = 0; index < count; index++)
      made.push(await net.createNode({ lan: true, limits, builtins: ['handshake'], behaviors: [AddressBookBehavior], ...options }));
    await net.start(...made);
    return made;
  }

  it('USERS 20: two nodes without any address meet within three seconds', async () => {
    const [a, b] = (await nodes(2)) as [SimulatedNode, SimulatedNode];
    await net.runUntil(() => isConnected(a, b) && isConnected(b, a), 3_000);
    expect(lanOf(a).neighbours).to.deep.include({ nodeId: b.id, host: b.name, addresses: b.addresses });
  });

  it('a node that listens nowhere says nothing, and finds the others', async () => {
    const [a] = (await nodes(1)) as [SimulatedNode];
    const [b] = (await nodes(1, { listen: [] })) as [SimulatedNode];
    await net.runUntil(() => isConnected(a, b), 3_000);
    expect([lanOf(b).counters.announcementsSent, lanOf(a).neighbours]).to.deep.equal([0, []]);
  });

  it('eight nodes become a full mesh, and then are almost silent', async () => {
    const all = await nodes(8);
    await net.runUntil(() => isFullMesh(all), 10_000);
    const sum = (what: 'queriesSent' | 'announcementsSent') => all.reduce((total, node) => total + lanOf(node).counters[what], 0);
    await net.run(300_000);
    const [asked, told] = [sum('queriesSent'), sum('announcementsSent')];
    await net.run(600_000);
    // About one question in four minutes for all of them, and one answer of each.
    expect(sum('queriesSent') - asked).to.be.at.most(8);
    expect(sum('announcementsSent') - told).to.be.at.most(8 * 8);
  });

  it('who comes late is found by those who have been there for long', async () => {
    const early = await nodes(3);
    await net.run(1_800_000);
    const [late] = (await nodes(1)) as [SimulatedNode];
    await net.runUntil(() => early.every((node) => isConnected(node, late)), 5_000);
  });

  it('nodes of different names, and of different keys, never meet nor hear each other', async () => {
    const spaces: NodeOptions[] = [
      {},
      { network: 'red' },
      { network: 'blue' },
      { network: 'red', networkKey: KEY },
      { network: 'red', networkKey: OTHER_KEY },
    ];
    const groups: (readonly SimulatedNode[])[] = [];
    for (const space of spaces) groups.push(await nodes(6, space));
    await net.run(60_000);
    for (const group of groups) {
      expect(isFullMesh(group)).to.equal(true);
      const ids = group.map(({ id }) => id);
      for (const node of group) {
        expect(node.connections().every(({ nodeId }) => ids.includes(nodeId))).to.equal(true);
        expect(lanOf(node).neighbours.every(({ nodeId }) => ids.includes(nodeId))).to.equal(true);
        expect([lanOf(node).counters.foreign, lanOf(node).counters.malformed]).to.deep.equal([0, 0]);
        expect(node.behavior(AddressBookBehavior).entries().length).to.equal(5);
      }
    }
  });

  it('what is told shows neither the id, nor the name of the space, nor the same bytes twice', async () => {
    const spy = new Member(net, 'spy', 'secret-club', KEY);
    const [node] = (await nodes(1, { network: 'secret-club', networkKey: KEY })) as [SimulatedNode];
    await net.runUntil(() => spy.heard.length >= 2, 5_000);
    const texts = spy.heard.map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
    for (const text of texts)
      for (const secret of ['secret-club', node.id, Buffer.from(node.id, 'hex').toString('latin1'), 'sim'])
        expect(text.includes(secret), secret).to.equal(false);
    expect(new Set(texts).size).to.equal(texts.length);
    expect(spy.heard.map(({ host }) => host)).to.deep.equal(['node-1', 'node-1']);
  });

  it('is off unless it is asked for', async () => {
    const quiet = await nodes(2, { lan: false });
    const loud = await nodes(2);
    await net.run(60_000);
    expect(quiet.map((node) => node.connections())).to.deep.equal([[], []]);
    expect(loud.every((node) => node.connections().length === 1)).to.equal(true);
    expect(() => lanOf(quiet[0] as SimulatedNode)).to.throw('LanBehavior does not run');
  });

  it('is switched on and off while the node runs', async () => {
    const [a, b] = (await nodes(2, { lan: false })) as [SimulatedNode, SimulatedNode];
    for (const node of [a, b]) node.addBehavior(LanBehavior);
    await net.runUntil(() => isConnected(a, b), 3_000);
    b.removeBehavior(LanBehavior);
    await net.runUntil(() => lanOf(a).neighbours.length === 0, 1_000);
    expect(isConnected(a, b)).to.equal(true);
    const [c] = (await nodes(1, { builtins: ['handshake'] })) as [SimulatedNode];
    await net.runUntil(() => isConnected(a, c), 3_000);
    expect(lanOf(c).neighbours.map(({ nodeId }) => nodeId)).to.deep.equal([a.id]);
  });

  it('who stops takes back what it said; who crashes is forgotten after ten minutes', async () => {
    const [a, b, c] = (await nodes(3)) as [SimulatedNode, SimulatedNode, SimulatedNode];
    await net.runUntil(() => lanOf(a).neighbours.length === 2, 3_000);
    await b.stop();
    await net.runUntil(() => lanOf(a).neighbours.length === 1, 1_000);
    net.crash(c);
    await net.run(590_000);
    expect(lanOf(a).neighbours).to.have.length(1);
    await net.runUntil(() => lanOf(a).neighbours.length === 0, 30_000);
  });

  it('a node that has signed where it was is found where it is now', async () => {
    const identity = seededIdentity('mover');
    const stay = (name: string, options: NodeOptions = {}) =>
      net.createNode({ name, lan: true, builtins: ['handshake'], behaviors: [[AddressBookBehavior, { isDialling: false }]], ...options });
    const [a] = (await nodes(1)) as [SimulatedNode];
    const before = await stay('before', { identity });
    await before.start();
    await net.runUntil(() => isConnected(a, before), 5_000);
    await net.runUntil(() => a.behavior(AddressBookBehavior).entry(identity.nodeId)?.seq !== undefined, 5_000);
    net.crash(before, { reset: true });
    const after = await stay('after', { identity });
    await after.start();
    await net.runUntil(() => a.connections().some(({ remoteAddress }) => remoteAddress.host === 'after'), 20_000);
  });

  it('two sides of a broken link find each other when it is whole', async () => {
    const all = await Promise.all([nodes(4), nodes(4)]);
    const [left, right] = all as [readonly SimulatedNode[], readonly SimulatedNode[]];
    net.partition(left, right);
    await net.runUntil(() => isFullMesh(left) && isFullMesh(right), 20_000);
    await net.run(60_000);
    net.heal();
    await net.runUntil(() => isInOnePiece(all.flat()), 400_000);
  });

  it('half of all packets may be lost', async () => {
    net = new SimulatedNetwork({ seed: 'lossy', latencyMs: 1, loss: 0.5 });
    const all = await nodes(6);
    await net.runUntil(() => isInOnePiece(all), 60_000);
  });
});
