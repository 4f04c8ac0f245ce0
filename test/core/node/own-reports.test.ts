/** @module Tests of what behaviours show of themselves: metrics, queues and limits of their own (DESIGN 4.1, USERS 1). */
import { expect } from 'chai';
import { queuesOf } from '../../../core/engine/parts.js';
import {
  type BehaviorAgent,
  type BehaviorLimits,
  type Cancellable,
  type ConnectionAgent,
  type HistogramSnapshot,
  NetworkBehavior,
  NetworkError,
  type QueueReport,
  toNode,
  toServices,
} from '../../../core/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { BareNode, Pair, type RecordingBehavior, recordingBehavior } from '../../../testing/index.js';
import { act } from './life-cycle.js';

const own = ({ network }: BareNode): QueueReport[] => queuesOf(network.parts).filter(({ name }) => name.includes('.'));

function started(behavior: NetworkBehavior, limits = {}): BareNode {
  const node = new BareNode('alice', { behaviors: [behavior], limits });
  node.start();
  return node;
}

describe('agent.metrics', () => {
  it('are in node.metrics() under the name of the behaviour, also when they move outside of a callback', () => {
    const node = started(recordingBehavior({ name: 'shop' }));
    const metrics = act(node, 64, (agent) => agent.metrics);
    metrics.counter('offers_total').value += 2;
    metrics.gauge('shelves_count').value = 3;
    metrics.histogram('price_count', [1, 10]).record(4);
    const snapshot = node.network.metrics.snapshot();
    expect([snapshot['shop_offers_total'], snapshot['shop_shelves_count']]).to.deep.equal([2, 3]);
    expect(snapshot['shop_price_count']).to.deep.equal({ bounds: [1, 10], counts: [0, 1, 0], count: 1, sum: 4 });
    expect(metrics.counter('offers_total').value).to.equal(2);
    expect(() => metrics.counter('offers')).to.throw(NetworkError, /shop_offers/);
  });

  it('have names in snake_case, however the behaviour is named', () => {
    for (const [name, prefix] of [
      ['My-Shop', 'my_shop'],
      ['shop_2', 'shop2'],
      ['2nd-shop', 's2nd_shop'],
      ['_', 'service64'],
    ] as const) {
      const node = started(recordingBehavior({ name }));
      act(node, 64, (agent) => agent.metrics.counter('sales_total'));
      expect(node.network.metrics.snapshot(), name).to.have.property(`${prefix}_sales_total`, 0);
    }
  });
});

describe('metrics of what a behaviour counts itself', () => {
  it('are in node.metrics() as long as it runs', () => {
    const behavior = recordingBehavior({ name: 'shop' });
    const node = started(behavior);
    const counts = { salesMade: 0 };
    act(node, 64, ({ metrics }) => [metrics.counters(counts), metrics.observe('shelves_count', () => 7)]);
    counts.salesMade = 3;
    expect(node.network.metrics.snapshot()).to.include({ shop_sales_made_total: 3, shop_shelves_count: 7 });
    node.step({ type: 'work', work: () => node.network.behaviors.leave(behavior) });
    expect(node.network.metrics.snapshot()).not.to.have.any.keys('shop_sales_made_total', 'shop_shelves_count');
  });
});

describe('metrics of the engine', () => {
  it('count connections by phase, behaviours, deadlines, seen broadcasts and known nodes', async () => {
    const sim = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const alice = await sim.createNode({ name: 'alice' });
    const builtins = ['handshake', 'addressbook', 'router-sync', 'rpc'] as const;
    const bob = await sim.createNode({ name: 'bob', builtins, behaviors: [recordingBehavior()] });
    await sim.start(alice, bob);
    const silent = sim.transport('silent');
    silent.dial(bob.addresses[0] as never, { onConnected: () => ({ onBytes() {}, onWritten() {}, onClosed() {} }), onFailed() {} });
    await alice.connect('sim://bob');
    alice.send(toServices(64), 64, 'x');
    await sim.run(5_000);
    const metrics = bob.metrics();
    const phases = ['dialling', 'waiting', 'securing', 'duplicates', 'gates', 'open', 'closing'];
    expect(phases.map((phase) => metrics[`connections_${phase}`])).to.deep.equal([0, 0, 1, 0, 0, 1, 0]);
    expect(metrics).to.include({ behaviors_running: 5, broadcast_history_entries: 1, router_nodes: 2 });
    expect(metrics['deadlines_pending']).to.be.greaterThan(0);
    await sim.stop();
  });

  it('have the round trips of pongs, the latency of answered calls, and how late timers come', async () => {
    const sim = new SimulatedNetwork({ seed: 1, latencyMs: 10 });
    const alice = await sim.createNode({ name: 'alice' });
    const bob = await sim.createNode({ name: 'bob', behaviors: [recordingBehavior()] });
    await sim.start(alice, bob);
    await alice.connect('sim://bob');
    await sim.run(2_500);
    const [pongs, delays] = [alice.metrics()['round_trip_ms'], alice.metrics()['loop_delay_ms']] as HistogramSnapshot[];
    expect(pongs).to.deep.include({ count: 3, sum: 60 });
    expect(delays?.sum).to.equal(0);
    for (const timeoutMs of [1, 5_000]) await alice.call(toNode(bob.id), 64, 'x', 1, { timeoutMs }).catch(() => {});
    const calls = alice.metrics()['rpc_call_ms'] as HistogramSnapshot;
    expect([calls.count, Math.round(calls.sum)]).to.deep.equal([1, 20]);
    sim.stall(alice, 3_000);
    await sim.run(4_000);
    const late = alice.metrics()['loop_delay_ms'] as HistogramSnapshot;
    expect(late.sum).to.be.within(1, 3_000);
    expect(late.count).to.be.greaterThan(delays?.count ?? 0);
    await sim.stop();
  });
});

describe('agent.queue', () => {
  it('is shown in node.queues() with its fill of now, until it is cancelled', () => {
    const items = [1, 2];
    const node = started(recordingBehavior({ name: 'shop' }));
    const queue = act(node, 64, (agent) => agent.queue('orders', () => ({ messages: items.length, messagesMax: 8 })));
    const report = { name: 'shop.orders', connectionId: undefined, messages: 2, messagesMax: 8, bytes: undefined, bytesMax: undefined };
    expect([own(node), queue.isDone]).to.deep.equal([[report], false]);
    items.pop();
    expect(own(node)).to.deep.equal([{ ...report, messages: 1 }]);
    queue.cancel();
    expect([own(node), queue.isDone]).to.deep.equal([[], true]);
  });

  it('of a handler has its connection, and ends with it; of a behaviour it ends with the behaviour', () => {
    const read = () => ({ messages: 0, messagesMax: 4, bytes: 5, bytesMax: 6 });
    const reactions = {
      onStarted: (agent: BehaviorAgent) => void agent.queue('all', read),
      'handler.onOpened': (agent: ConnectionAgent) => void agent.queue('one', read),
    };
    const behavior = recordingBehavior({ name: 'shop', handlers: true, reactions });
    const pair = new Pair({ alice: { behaviors: [behavior] } }).connect();
    const names = () => own(pair.alice).map(({ name, connectionId, bytes, bytesMax }) => [name, connectionId, bytes, bytesMax]);
    expect(names()).to.deep.equal([
      ['shop.all', undefined, 5, 6],
      ['shop.one', 1, 5, 6],
    ]);
    act(pair.alice, 64, (agent) => agent.closeConnection(1));
    expect(names()).to.deep.equal([['shop.all', undefined, 5, 6]]);
    pair.alice.step({ type: 'work', work: () => pair.alice.network.behaviors.leave(behavior) });
    expect(names()).to.deep.equal([]);
  });

  it('of a callback that throws is not shown, nor one beyond the limit', () => {
    const read = () => ({ messages: 0, messagesMax: 1 });
    const node = started(recordingBehavior({ name: 'shop' }), { queuesPerOwnerMax: 2 });
    const failing = (agent: BehaviorAgent) => {
      agent.queue('lost', read);
      throw new Error('on purpose');
    };
    expect(() => act(node, 64, failing)).to.throw();
    expect(own(node)).to.deep.equal([]);
    const queues: Cancellable[] = [];
    const add = (agent: BehaviorAgent) => queues.push(agent.queue('kept', read));
    act(node, 64, (agent) => [add(agent), add(agent)]);
    const error = act(node, 64, (agent) => {
      try {
        return add(agent);
      } catch (thrown) {
        return (thrown as NetworkError).details;
      }
    });
    expect(error).to.include({ limit: 'queuesPerOwnerMax', current: 2, maximum: 2, scope: 'shop' });
    queues[0]?.cancel();
    act(node, 64, add);
    expect(own(node)).to.have.length(2);
  });

  it('that cannot be read is a fault, and the others are shown', () => {
    const node = started(recordingBehavior({ name: 'shop' }));
    const broken = () => {
      throw new Error('on purpose');
    };
    act(node, 64, (agent) => [agent.queue('broken', broken), agent.queue('sound', () => ({ messages: 0, messagesMax: 1 }))]);
    expect(own(node).map(({ name }) => name)).to.deep.equal(['shop.sound']);
    expect(node.emitted('fault').map(({ behavior, callback }) => [behavior, callback])).to.deep.equal([['shop', 'queue']]);
  });
});

describe('limits of behaviours', () => {
  class Shop extends NetworkBehavior {
    static readonly behavior = { serviceId: 64, name: 'shop' } as const;
    override get limits(): BehaviorLimits {
      return { offersMax: { value: 12, unit: 'count', atTheBound: 'the oldest offer gives way' } };
    }
  }

  it('are in node.limits() by the name of the behaviour, as long as it runs', async () => {
    const sim = new SimulatedNetwork({ seed: 1 });
    const node = await sim.createNode({ name: 'alice', builtins: [], behaviors: [Shop, recordingBehavior({ serviceId: 65 })] });
    expect(node.limits().behaviors).to.deep.equal({ shop: { offersMax: 12 } });
    expect(node.limits().hopsMax).to.equal(64);
    await sim.start(node);
    node.removeBehavior(Shop);
    expect(node.limits().behaviors).to.deep.equal({});
    await sim.stop();
  });

  it('that cannot be read keep the node from being built', async () => {
    class Broken extends Shop {
      override get limits(): BehaviorLimits {
        throw new Error('on purpose');
      }
    }
    const sim = new SimulatedNetwork({ seed: 1 });
    const error = await sim.createNode({ name: 'alice', behaviors: [Broken] }).catch((thrown: NetworkError) => thrown);
    expect(error).to.include({ code: 'BEHAVIOR_FAILED' });
    expect((error as NetworkError).message).to.equal('the limits of shop cannot be read; the cause has it');
  });

  it('are never called remotely', async () => {
    const sim = new SimulatedNetwork({ seed: 1 });
    const behaviors: RecordingBehavior[] = [recordingBehavior()];
    const node = await sim.createNode({ name: 'alice', behaviors });
    await sim.start(node);
    const code = await node.call({ type: 'local' }, 64, 'limits', 1).catch((error: NetworkError) => error.code);
    expect(code).to.equal('RPC_METHOD_UNKNOWN');
    await sim.stop();
  });
});
