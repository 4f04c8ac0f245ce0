/** @module Hostile members in virtual time: whatever one sends, nothing fails, and what is kept for it is bounded. */
import { expect } from 'chai';
import { encodeValue, nodeIdToBytes, toNode } from '../../../index.js';
import { SeededRandom } from '../../../simulation.js';
import { areConnected, identityOf, operatorOf, SpaceWorld } from './support.js';

describe('a hostile member', () => {
  let world: SpaceWorld;
  beforeEach(() => {
    world = new SpaceWorld();
  });
  afterEach(() => world.end());

  it('sends 3,000 mutations of every message and request, and nothing fails (rows 83, 85)', async () => {
    const node = await world.member('node', { serve: 'memory' });
    const { node: liar, says } = await world.impostor('liar', ['node']);
    await world.net.runUntil(() => areConnected(node, liar), 5_000);
    const random = new SeededRandom('operator', 1);
    const [from, to] = [nodeIdToBytes(liar.id), nodeIdToBytes(node.id)];
    const packet = {
      from,
      to,
      body: encodeValue('x'),
      mark: new Uint8Array(8),
      signature: new Uint8Array(64),
      via: from,
      referral: new Uint8Array(90),
    };
    const list = world.authority.revoke(identityOf('gone').nodeId);
    const valid = [[1, 3], [2], [3, list], [5, packet]].map((message) => encodeValue(message));
    const renewed = encodeValue([4, world.certificateOf('liar')]);
    const mutated = (bytes: Uint8Array) => {
      const copy = bytes.slice(0, random.float() < 0.2 ? Math.floor(random.float() * bytes.length) : bytes.length);
      for (let count = 1 + Math.floor(random.float() * 3); count > 0 && copy.length > 0; count--)
        copy[Math.floor(random.float() * copy.length)] = Math.floor(random.float() * 256);
      return copy;
    };
    const connected = async () => {
      if (!areConnected(node, liar)) await liar.connect('sim://node');
      await world.net.runUntil(() => areConnected(node, liar), 5_000);
    };
    for (let count = 0; count < 3_000; count++) {
      if (count % 100 === 0) await connected();
      says.say(node.id, mutated(valid[count % valid.length] as Uint8Array));
      if (count % 100 === 99) await world.net.run(50);
    }
    // A bad certificate ends the connection.
    for (let count = 0; count < 50; count++) {
      await connected();
      says.say(node.id, mutated(renewed));
      await world.net.run(20);
    }
    await connected();
    const requests = [
      { who: to },
      { who: to.subarray(1) },
      { who: to, key: from, nonce: new Uint8Array(8), signature: new Uint8Array(64) },
      [],
      'op',
      { who: {} },
    ];
    for (const request of requests) await liar.call(toNode(node.id), 11, 'op', request).catch(() => {});
    await world.net.run(5_000);
    const { malformed, refused, opsRefused, opsAnswered } = operatorOf(node).counters;
    expect([node.state, malformed > 500, refused > 20, opsRefused, opsAnswered]).to.deep.equal(['running', true, true, 4, 2]);
    expect(operatorOf(node).revocationsNumber).to.be.oneOf([0, 1]);
    for (const name of ['operator.held', 'operator.lookups'])
      expect(node.queues().find((queue) => queue.name === name)).to.include({ messages: 0 });
  });

  it('that signs wrongly makes a node ask nobody: its key was shown, and what it sends is dropped at once (row 102)', async () => {
    const node = await world.member('node', { node: { builtins: ['handshake', 'router-sync', 'rpc'] } });
    const { node: liar, says } = await world.impostor('liar', ['node']);
    await world.net.runUntil(() => areConnected(node, liar), 5_000);
    says.onOp = () => {};
    const to = nodeIdToBytes(node.id);
    const fields = { from: nodeIdToBytes(liar.id), to, body: encodeValue('x'), signature: new Uint8Array(64) };
    for (let count = 0; count < 300; count++) says.say(node.id, [5, { ...fields, mark: new Uint8Array(8).fill(count) }]);
    await world.net.run(1_000);
    expect(operatorOf(node).counters).to.include({ packetsDropped: 300, packetsHeld: 0, lookups: 0 });
  });
});
