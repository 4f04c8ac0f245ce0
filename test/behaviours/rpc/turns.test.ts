/** @module How much streams of responses may take at once, whose generators are ready. */
import { expect } from 'chai';
import { RpcBehavior } from '../../../behaviours/rpc/index.js';
import { NetworkBehavior, toNode } from '../../../core/index.js';
import { createNode } from '../../../index.js';
import { SimulatedNetwork } from '../../../simulation.js';

const STREAMS = 200;
const ITEMS = 60;
const ITEMS_PER_TURN = 1_024;

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
    expect(Math.max(...made.values())).to.be.within(ITEMS_PER_TURN, ITEMS_PER_TURN + STREAMS);
    await sim.stop();
  });

  it('kind 14, row 105: give way also when their reader asks for more while the turn goes on', async () => {
    let [ofTurn, most, isOver] = [0, 0, false];
    class Source extends NetworkBehavior {
      static readonly behavior = { serviceId: 80, name: 'source', rpc: ['count'] } as const;

      *count(end: number): Generator<number> {
        for (let index = 0; index < end; index++) {
          const startMs = performance.now();
          while (performance.now() < startMs + 0.01);
          most = Math.max(most, ++ofTurn);
          yield index;
        }
      }
    }
    const endTurn = (): void => {
      ofTurn = 0;
      if (!isOver) setImmediate(endTurn);
    };
    const node = await createNode({ builtins: ['rpc'], behaviors: [Source], logger: 'silent' });
    await node.start();
    endTurn();
    let count = 0;
    for await (const item of node.client(Source, toNode(node.id)).count(10 * ITEMS_PER_TURN)) expect(item).to.equal(count++);
    isOver = true;
    expect(count).to.equal(10 * ITEMS_PER_TURN);
    // The end of a turn of the node may be anywhere between two turns of the test.
    expect(most).to.be.within(1, 2 * ITEMS_PER_TURN);
    await node.stop();
  });
});
