/**
 * @module Identities that connect too often, or to the wrong place: one node many times, many nodes that never go on, another node than
 * the one that was dialled, a node that was killed and comes back, two processes with one key.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import type { Identity, MeshNode } from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { orderedIdentities } from '../../testing/index.js';
import { startPeer } from './handshake-attacks.js';
import { Relay } from './relay.js';
import { openPeer, securedPeer } from './socket-peer.js';
import { addressOf, errorOf, heard, linksOf, next, pendingOf, placeOf, temporary, until, World } from './world.js';

const IDENTITIES = orderedIdentities(40, nodeCrypto);
const SMALL = IDENTITIES[0] as Identity;
const LARGE = IDENTITIES.at(-1) as Identity;
const ROUNDS = 40;
const AT_ONCE = 7;

/** Links whose remote is proven and that do not end already. */
const provenLinks = (node: MeshNode) => linksOf(node).filter((link) => link.nodeId !== undefined && !link.isOver);

describe('identities that connect too often', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  for (const [who, self, remote] of [
    ['larger', LARGE, SMALL],
    ['smaller', SMALL, LARGE],
  ] as const) {
    it(`row 16: a peer that connects ${ROUNDS * AT_ONCE} times has at most two sessions with the ${who} node, and the first stays`, async () => {
      const node = await world.node({ identity: self, listen: ['tcp://127.0.0.34:0'] });
      const first = await openPeer(world, placeOf(node), { identity: remote });
      let most = 0;
      const connectOnce = async () => {
        await securedPeer(world, placeOf(node), { identity: remote, isPolite: false });
        most = Math.max(most, provenLinks(node).length);
      };
      for (let round = 0; round < ROUNDS; round++) await Promise.all(Array.from({ length: AT_ONCE }, connectOnce));
      expect(most).to.be.within(1, 2);
      expect(node.connections()).to.have.length(1);
      expect(first.peer.isClosed).to.equal(false);
    });

    it(`row 16: a peer that claims to have restarted each time replaces itself six times a minute at most, says the ${who} node`, async () => {
      const node = await world.node({ identity: self, listen: ['tcp://127.0.0.34:0'] });
      const opened = heard(node, 'connected');
      const refused = heard(node, 'refused');
      for (let start = 0; start < 30; start++) {
        await openPeer(world, placeOf(node), { identity: remote, name: `start ${start}` });
        expect(provenLinks(node).length).to.be.at.most(2);
      }
      await until(() => refused.length === 30 - 7, 'the others were refused');
      expect(opened).to.have.length(7);
      expect(refused.map(({ reason }) => reason.code)).to.deep.equal(new Array(30 - 7).fill('duplicate-identity'));
      expect(node.connections()).to.have.length(1);
    });
  }

  it('row 1: nodes with keys that never go on are as bounded as strangers', async () => {
    const limits = { pendingConnectionsMax: 6, pendingPerAddressMax: 3, handshakeStallMs: 50 };
    const node = await world.node({ identity: LARGE, listen: ['tcp://127.0.0.34:0'], limits });
    const counts: number[] = [];
    for (const remote of IDENTITIES.slice(0, -1)) {
      await securedPeer(world, placeOf(node), { identity: remote, isPolite: false });
      await until(() => provenLinks(node).some((link) => link.nodeId === remote.nodeId), 'it is proven');
      counts.push(pendingOf(node).total);
    }
    expect(Math.max(...counts)).to.equal(3);
    expect(node.metrics()['pending_evicted_total']).to.equal(counts.length - 3);
  });

  it('row 11: P was dialled and Q answers: the error names both, Q is not connected, the good link to P is kept', async () => {
    const [p, q] = [await world.node({ listen: ['tcp://127.0.0.34:0'] }), await world.node({ listen: ['tcp://127.0.0.34:0'] })];
    const node = await world.node();
    const connected = heard(node, 'connected');
    const wrong = addressOf(q).withNodeId(p.id);
    const error = await errorOf(node.connect(wrong));
    expect(error.code).to.equal('IDENTITY_MISMATCH');
    expect(error.details).to.include({ expected: p.id, actual: q.id });
    expect(connected).to.deep.equal([]);
    const good = await node.connect(addressOf(p).withNodeId(p.id));
    expect(await node.connect(wrong)).to.equal(good);
    expect([node.connections(), q.connections()]).to.deep.equal([[good], []]);
  });

  it('row 11: a seed with a wrong id fails as long as it is wrong, and never hands out another node', async () => {
    const [p, q] = [await world.node({ listen: ['tcp://127.0.0.34:0'] }), await world.node({ listen: ['tcp://127.0.0.34:0'] })];
    const node = await world.node({ seeds: [addressOf(q).withNodeId(p.id)], limits: { backoffMinMs: 10, backoffMaxMs: 20 } });
    const [failed, connected] = [heard(node, 'dial-failed'), heard(node, 'connected')];
    await until(() => failed.length >= 3, 'it was tried again and again');
    expect([...new Set(failed.map(({ error }) => error.code))]).to.deep.equal(['IDENTITY_MISMATCH']);
    await node.connect(addressOf(p));
    expect(connected.map(({ nodeId }) => nodeId)).to.deep.equal([p.id]);
  });

  it('row 95: a node that was killed and restarted with its key file is connected again', async () => {
    const identity = join(temporary(world), 'key');
    const node = await world.node({ listen: ['tcp://127.0.0.34:0'] });
    const seeds = [addressOf(node).text];
    const first = await startPeer(world, { identity, seeds });
    await until(() => node.connections().length === 1, 'the first is there');
    first.child.signal('SIGKILL');
    const second = await startPeer(world, { identity, seeds });
    const opened = await until(() => node.connections().at(0), 'the second is there');
    expect([second.id, opened.nodeId]).to.deep.equal([first.id, first.id]);
  });

  it('row 95: it is connected at once, also while the old link looks alive', async () => {
    const identity = join(temporary(world), 'key');
    const node = await world.node({ listen: ['tcp://127.0.0.34:0'] });
    const relay = await Relay.start(world, placeOf(node), '127.0.0.35');
    const first = await startPeer(world, { identity, seeds: [relay.address] });
    const old = await until(() => node.connections().at(0), 'the first is there');
    relay.mute();
    first.child.signal('SIGKILL');
    const replaced = next(node, 'disconnected');
    await startPeer(world, { identity, seeds: [addressOf(node).text] });
    const { connection, reason } = await replaced;
    expect([connection.id, reason.code]).to.deep.equal([old.id, 'duplicate']);
    await until(() => node.connections().length === 1, 'the second is there');
  });

  it('row 96: two processes with one key switch six times a minute at most', async () => {
    const identity = join(temporary(world), 'key');
    const node = await world.node({ listen: ['tcp://127.0.0.34:0'] });
    const opened = heard(node, 'connected');
    const refused = heard(node, 'refused');
    const options = { identity, seeds: [addressOf(node).text], limits: { backoffMinMs: 10, backoffMaxMs: 100 } };
    await startPeer(world, options);
    await startPeer(world, options);
    await until(() => refused.filter(({ reason }) => reason.code === 'duplicate-identity').length >= 10, 'the storm was seen');
    expect(opened).to.have.length(7);
    expect(new Set(opened.map(({ nodeId }) => nodeId)).size).to.equal(1);
    expect(node.metrics()['connections_replaced_total']).to.equal(6);
  });
});
