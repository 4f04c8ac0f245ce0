/** @module How much streams of responses may take at once, whose generators are ready. */
import { expect } from 'chai';
import { RpcBehavior } from '../../../behaviours/rpc/index.js';
import { NetworkBehavior, toNode } from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';

const STREAMS = 200;
const ITEMS = 60;

describe('streams of responses', () => {
  it('kind 14, row 105: give way to the event loop, however many items are ready, and all arrive in order', async () => {
    const sim = new SimulatedNetwork({ seed: 105, latencyMs: 10 });
    /** Items by the instant at which they were made. */
    const made = new Map<number, number>();
    class Source extends NetworkBehavior {
      static readonly behavior = { serviceId: 80, name: 'source', rpc: ['count'] } as const;

      *count(end: number): Generator<number> {
        for (let index = 0; index < end; index++) {
          made.set(sim.nowMs, (made.get(sim.nowMs) ?? 0) + 1);
          yield index;
        }
      }
    }
    const server = await sim.createNode({ name: 'server', behaviors: [Source] });
    const client = await sim.createNode({ name: 'client', builtins: ['handshake'], behaviors: [[RpcBehavior, { windowItems: 255 }]] });
    await sim.start(server, client);
    await client.connect('sim://server');
    const read = async () => {
      const items: number[] = [];
      for await (const item of client.client(Source, toNode(server.id)).count(ITEMS)) items.push(item);
      return items;
    };
    const all = await sim.waitFor(Promise.all(Array.from({ length: STREAMS }, read)));
    expect(all.every((items) => items.length === ITEMS && items.every((item, index) => item === index))).to.equal(true);
    // One of each stream waits in its feed.
    expect(Math.max(...made.values())).to.be.within(2_048, 2_048 + STREAMS);
    await sim.stop();
  });
});
