/**
 * @module S3 in whole: A-B-C, of which only A-B and B-C are configured, becomes a full mesh within one period of the address book and a handshake; C, which
 * subscribed before it had any link, gets what A publishes after the mesh has formed.
 */
import { expect } from 'chai';
import { PubSubBehavior } from '../../behaviours/pubsub/index.js';
import { SimulatedNetwork } from '../../simulation.js';

const PERIOD_MS = 10_000;
const HANDSHAKE_MS = 500;

describe('a subscriber from before any link', () => {
  for (let seed = 1; seed <= 10; seed++)
    it(`S3: gets what is published when A-B and B-C have become a full mesh, seed ${seed}`, async () => {
      const net = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 5 });
      const create = (name: string, seeds: readonly string[]) =>
        net.createNode({ name, seeds, builtins: ['handshake', 'addressbook', 'router-sync', 'rpc', 'pubsub'] });
      const c = await create('c', []);
      await net.start(c);
      const values: unknown[] = [];
      const interest = c.behavior(PubSubBehavior).subscribe('news', { onMessage: ({ value }) => values.push(value) });
      await net.run(1_000);
      expect(c.connections()).to.deep.equal([]);
      const b = await create('b', ['sim://c']);
      const a = await create('a', ['sim://b']);
      await net.start(b, a);
      await net.runUntil(() => [a, b, c].every((node) => node.connections().length === 2), PERIOD_MS + HANDSHAKE_MS);
      const intent = a.behavior(PubSubBehavior).publish('news');
      await net.waitFor(Promise.all([intent.ready, interest.ready]), 5_000);
      for (const value of [1, 2, 3]) intent.send(value);
      await net.run(100);
      expect(values).to.deep.equal([1, 2, 3]);
      await net.stop();
    });
});
