/** @module Tests of `flush`: what was sent leaves right after the callback, and not at the end of the turn. */
import { expect } from 'chai';
import { type BehaviorAgent, type Message, NetworkBehavior, toNode } from '../../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../../simulation.js';

class Sender extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'sender' } as const;
  readonly received: unknown[] = [];

  override onMessage(_agent: BehaviorAgent, { payload }: Message): void {
    this.received.push(...payload);
  }

  say(to: SimulatedNode, text: number, then: (agent: BehaviorAgent) => void = () => {}): void {
    this.perform((agent) => {
      expect(agent.send(toNode(to.id), Uint8Array.of(text))).to.equal('queued');
      then(agent);
    });
  }
}

describe('a behaviour that flushes', () => {
  it('has written when its callback is over, with what was sent before; otherwise all of a turn goes at its end', async () => {
    const net = new SimulatedNetwork({ seed: 1 });
    const bob = await net.createNode({ name: 'bob', behaviors: [Sender] });
    const alice = await net.createNode({ name: 'alice', seeds: ['sim://bob'], behaviors: [Sender] });
    await net.start(bob, alice);
    await net.run(1_000);
    const sender = alice.behavior(Sender);
    const written = () => alice.metrics()['link_bytes_sent_total'] as number;
    const before = written();
    sender.say(bob, 1);
    sender.say(bob, 2);
    expect(written()).to.equal(before);
    sender.say(bob, 3, (agent) => agent.flush());
    expect(written()).to.be.greaterThan(before);
    const after = written();
    const failing = (agent: BehaviorAgent) => {
      agent.flush();
      throw new Error('as ever');
    };
    expect(() => sender.say(bob, 4, failing)).to.throw('as ever');
    expect(written(), 'what is taken back is not written').to.equal(after);
    sender.say(bob, 5);
    await net.run(100);
    expect(bob.behavior(Sender).received).to.deep.equal([1, 2, 3, 5]);
    await net.stop();
  });
});
