/** @module Pubsub used in ways that cannot work: that is said, and nobody waits for ever. */
import { expect } from 'chai';
import { PubSubBehavior } from '../../../behaviours/pubsub/index.js';
import type { NetworkError } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { at, codeOf } from '../keyvalue/support.js';
import { pubsubOf, World } from './support.js';

describe('misuse of pubsub', () => {
  it('a subscription with onMessage is not iterated as well, with confirm or without', async () => {
    const world = new World(1);
    const pubsub = pubsubOf(at(await world.line(1), 0));
    for (const more of [{}, { confirm: true }, { group: 'g' }]) {
      const interest = pubsub.subscribe('t', { onMessage: () => {}, ...more });
      const iterate = async () => {
        for await (const _ of interest) break;
      };
      expect(await codeOf(iterate())).to.equal('ARGUMENT_INVALID');
      expect(() => interest.readable())
        .to.throw('onMessage')
        .with.property('code', 'ARGUMENT_INVALID');
      interest.close();
    }
    await world.net.stop();
  });

  it('without rpc, ready rejects and names it, explain says so, and the log has a line', async () => {
    const net = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const lines: string[] = [];
    const keep = (_fields: unknown, text: string) => lines.push(text);
    const logger = { level: 'warn', child: () => logger, trace() {}, debug() {}, info() {}, warn: keep, error() {}, fatal() {} } as const;
    const options = { builtins: ['handshake', 'pubsub'] as const, logger: logger as never };
    const one = await net.createNode({ name: 'one', ...options });
    const two = await net.createNode({ name: 'two', seeds: ['sim://one'], ...options });
    await net.start(one, two);
    await net.run(1_000);
    const interest = one.behavior(PubSubBehavior).subscribe('t');
    const intent = two.behavior(PubSubBehavior).publish('t');
    for (const { ready } of [interest, intent]) {
      const error = await net.waitFor(ready.then(() => undefined).catch((cause: NetworkError) => cause));
      expect([error?.code, error?.message.includes('no rpc behaviour')]).to.deep.equal(['RPC_ABSENT', true]);
    }
    for (const user of [interest, intent]) expect(user.explain()[0]).to.include('no rpc behaviour');
    expect(lines.filter((line) => line.includes('no rpc behaviour'))).to.have.length(2);
    await net.stop();
  });

  it('what was closed says NOT_STARTED with a cure that fits it', async () => {
    const world = new World(1);
    const pubsub = pubsubOf(at(await world.line(1), 0));
    const intent = pubsub.publish('t');
    intent.close();
    expect(() => intent.send(1))
      .to.throw()
      .with.property('cure')
      .that.includes('open another one');
    await world.net.stop();
  });
});
