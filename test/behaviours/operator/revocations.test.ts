/** @module Revocations in virtual time: they spread, outlive a restart, and are taken from the authority alone. */
import { expect } from 'chai';
import { RevocationList } from '../../../behaviours/operator/membership/revocation-list.js';
import { MemoryStorage } from '../../../index.js';
import { spread } from './spread.js';
import { areConnected, authorityOf, identityOf, operatorOf, SPACE, SpaceWorld } from './support.js';

describe('revocations', () => {
  it('reach 50 nodes within 10 s, and end the connections of the revoked node (issue 16)', async () => {
    const { spreadMs, expelledMs } = await spread(50, 2, 3);
    expect(spreadMs).to.be.at.most(10_000);
    expect(expelledMs).to.be.at.most(10_000);
  });

  describe('in a small space', () => {
    let world: SpaceWorld;
    beforeEach(() => {
      world = new SpaceWorld();
    });
    afterEach(() => world.end());

    it('count for connections that come later, and after a restart', async () => {
      const storage = new MemoryStorage();
      const lasting = Object.assign(storage, { isLasting: true });
      const one = await world.member('one', { node: { storage: lasting } });
      operatorOf(one).useRevocations(world.authority.revoke(identityOf('two').nodeId));
      const two = await world.member('two');
      await rejected(two.connect('sim://one'), 'was revoked');
      await one.stop();
      const again = await world.member('again', { node: { storage: lasting, name: 'once-more' } });
      expect(operatorOf(again).revocationsNumber).to.equal(1);
      await rejected(two.connect('sim://once-more'), 'was revoked');
    });

    it('of a lower number change nothing; of others than the authority are an error, and no list', async () => {
      const one = await world.member('one');
      const first = world.authority.revoke(identityOf('two').nodeId);
      const second = world.authority.revoke(identityOf('three').nodeId);
      expect(operatorOf(one).useRevocations(second)).to.equal(true);
      expect(operatorOf(one).useRevocations(second)).to.equal(false);
      expect(operatorOf(one).useRevocations(first)).to.equal(false);
      expect(operatorOf(one).revocationsNumber).to.equal(2);
      const rivals = authorityOf(SPACE, 'rival').revoke(identityOf('one').nodeId);
      expect(() => operatorOf(one).useRevocations(rivals))
        .to.throw()
        .with.property('code', 'MEMBERSHIP_INVALID');
      await rejected(world.member('bad', { revocations: rivals }), 'no list that the authority');
    });

    it('are asked of another neighbour when one promises a newer list and does not deliver', async () => {
      const node = await world.member('node');
      const { node: liar, says } = await world.impostor('liar', ['node']);
      const honest = await world.member('honest', { seeds: ['node'] });
      await world.net.runUntil(() => areConnected(node, liar) && areConnected(node, honest), 5_000);
      const promise = () => says.say(node.id, [1, 1_000]);
      promise();
      await world.net.run(100);
      expect(says.heard).to.deep.include([2]);
      operatorOf(honest).useRevocations(world.authority.revoke(identityOf('gone').nodeId));
      says.onHeard = (_agent, _message, [kind]) => void (kind === 2 && promise());
      await world.net.runUntil(() => operatorOf(node).revocationsNumber === 1, 8_000);
    });

    it('that a neighbour forges close the connection; those that nobody has asked for are not looked at', async () => {
      const node = await world.member('node');
      const { node: liar, says } = await world.impostor('liar', ['node']);
      await world.net.runUntil(() => areConnected(node, liar), 5_000);
      const forged = RevocationList.sign(SPACE, identityOf('rival'), 5, new Map([[node.id, 1]]));
      says.say(node.id, [3, forged.bytes]);
      await world.net.run(100);
      expect([areConnected(node, liar), operatorOf(node).counters.listsRefused]).to.deep.equal([true, 1]);
      says.onHeard = (_agent, _message, [kind]) => void (kind === 2 && says.say(node.id, [3, forged.bytes]));
      says.say(node.id, [1, 5]);
      await world.net.run(100);
      expect([areConnected(node, liar), operatorOf(node).revocationsNumber]).to.deep.equal([false, 0]);
    });

    it('are sent to one neighbour 4 times at once, and no more however often it asks', async () => {
      const node = await world.member('node', { revocations: world.authority.revoke(identityOf('gone').nodeId) });
      const { node: greedy, says } = await world.impostor('greedy', ['node']);
      await world.net.runUntil(() => areConnected(node, greedy), 5_000);
      for (let count = 0; count < 50; count++) says.say(node.id, [2]);
      await world.net.run(500);
      expect(says.heard.filter((heard) => (heard as unknown[])[0] === 3)).to.have.lengthOf(4);
      for (const bad of [[1, -1], [1], [3, 'list'], [9], 'have', [4, new Uint8Array(513)]]) says.say(node.id, bad);
      await world.net.run(100);
      expect(operatorOf(node).counters.malformed).to.equal(6);
    });
  });
});

/** Rejects with an error that says so. */
async function rejected(promise: Promise<unknown>, text: string): Promise<void> {
  const error = await promise.catch((cause: unknown) => cause);
  expect(error).to.be.instanceOf(Error).with.property('message').that.includes(text);
}
