/**
 * @module Bursts far beyond what a link carries: each message is answered as queued or full, each number is delivered or missed, and every link works
 * afterwards.
 */
import { expect } from 'chai';
import { topic } from '../../../behaviours/pubsub/index.js';
import { NetworkBehavior, toConnection } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Ledger } from './ledger.js';
import { pubsubOf, ready, World } from './support.js';

const BURST = 100_000;
const CONTENT = new Uint8Array(64);

class Echo extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'echo', rpc: ['echo'] } as const;
  echo(text: string): string {
    return text;
  }
}

describe('bursts of 100,000 messages', function () {
  this.timeout(240_000);

  for (const signed of [false, true])
    it(`are full where there is no room, every number has an account, and every link works afterwards (signed: ${signed})`, async () => {
      const world = new World(5, { bandwidth: 1_000_000 });
      const nodes = await world.line(4);
      for (const node of nodes) node.addBehavior(Echo);
      const target = topic<Uint8Array>('burst', { signed });
      const ledger = new Ledger();
      const interests = nodes.map((node) => pubsubOf(node).subscribe(target, ledger.options(node.name)));
      const intent = pubsubOf(nodes[0] as SimulatedNode).publish(target);
      await ready(world.net, intent, ...interests);
      const answers = { queued: 0, full: 0, held: 0 };
      for (let sent = 0; sent < BURST; sent++) {
        const { number, full } = intent.send(CONTENT);
        answers[number === undefined ? 'held' : full > 0 ? 'full' : 'queued']++;
      }
      await world.net.run(30_000);
      const published = BURST - answers.held;
      const { delivered, missed, lostSight } = ledger.totals;
      if (!signed) expect(answers.full).to.be.above(BURST / 10);
      expect([missed > BURST / 2, delivered > BURST]).to.deep.equal([true, true]);
      expect([ledger.faults, delivered + missed, lostSight]).to.deep.equal([[], nodes.length * published, 0]);
      for (const node of nodes)
        for (const { id } of node.connections())
          expect(await world.net.waitFor(node.call(toConnection(id), 64, 'echo', 'still here'), 1_000)).to.equal('still here');
      const before = ledger.totals.delivered;
      intent.send(CONTENT);
      await world.net.run(1_000);
      expect([ledger.totals.delivered - before, ledger.faults]).to.deep.equal([nodes.length, []]);
      await world.net.stop();
    });
});
