/** @module Tests of the tables that behaviours show to whoever watches a node: topics, maps, and those of applications (ATM-99, USERS 13, 19). */
import { expect } from 'chai';
import { KeyValueBehavior, type ObservedNode, PubSubBehavior, TelemetryBehavior, topic } from '../../../behaviours/index.js';
import { type BehaviorPorts, NetworkBehavior, type TableReport } from '../../../core/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

type Row = [string, ...(string | number)[]];

class Shop extends NetworkBehavior {
  static readonly behavior = { serviceId: 80, name: 'shop' } as const;
  shown: readonly TableReport[] = [];

  override get ports(): BehaviorPorts {
    return { tableReporter: { tables: () => this.shown } };
  }
}

const table = (name: string, columns: readonly string[], rows: readonly Row[]): TableReport => ({
  name,
  rowCount: rows.length,
  columns,
  rows,
});

describe('tables of behaviours', () => {
  let network: SimulatedNetwork;
  let watcher: SimulatedNode;
  let bob: SimulatedNode;

  beforeEach(async () => {
    network = new SimulatedNetwork({ seed: 17, latencyMs: 10, onFault: 'list' });
    const builtins = ['handshake', 'router-sync', 'rpc'] as const;
    const behaviors = [TelemetryBehavior, PubSubBehavior, KeyValueBehavior, Shop];
    [watcher, bob] = [
      await network.createNode({ name: 'watcher', builtins, behaviors }),
      await network.createNode({ name: 'bob', builtins, behaviors, seeds: ['sim://watcher'] }),
    ];
    await network.start(watcher, bob);
    await network.run(3_000);
  });
  afterEach(() => network.stop());

  /** Bob as the watcher sees him after some reports. */
  async function seen(isDetailed = true): Promise<ObservedNode> {
    const watch = watcher.behavior(TelemetryBehavior).watch(() => {}, { nodes: [bob.id], detailed: isDetailed ? [bob.id] : [] });
    await network.run(8_000);
    const [node] = watch.nodes();
    watch.close();
    return node as ObservedNode;
  }

  const tableOf = (node: ObservedNode, name: string) => node.tables.find((one) => one.name === name);

  it('show topics with their subscribers and rates, and hide the paths of hidden ones', async () => {
    const intent = bob.behavior(PubSubBehavior).publish<number>('rooms/1/temperature');
    bob.behavior(PubSubBehavior).publish(topic('secret/plan', { type: 'note', hiddenBy: new Uint8Array(16).fill(7) }));
    watcher.behavior(PubSubBehavior).subscribe('rooms/1/temperature');
    bob.behavior(PubSubBehavior).subscribe('rooms/*/temperature');
    await network.run(5_000);
    const publish = () => {
      intent.send(1);
      network.after(100, publish);
    };
    network.after(0, publish);
    const node = await seen();
    const topics = tableOf(node, 'pubsub.topics');
    expect(topics?.columns).to.deep.equal(['type', 'subscribers', 'messages_total', 'unconfirmed']);
    const [open, hidden] = topics?.rows ?? [];
    expect([open?.name, open?.values[1]]).to.deep.equal(['rooms/1/temperature', 2]);
    expect(open?.perSecond[2]).to.be.within(9, 11);
    expect([open?.perSecond[0], open?.perSecond[1]]).to.deep.equal([undefined, undefined]);
    expect([hidden?.name, hidden?.values]).to.deep.equal(['(hidden)', ['note', 0, 0, 0]]);
    expect(JSON.stringify(node)).to.not.contain('secret/plan');
    const [own] = tableOf(node, 'pubsub.subscriptions')?.rows ?? [];
    expect([own?.name, own?.values[0], own?.values[1]]).to.deep.equal(['rooms/*/temperature', 'any', 1]);
  });

  it('show maps with their holders and keys, at the owner and at the replica', async () => {
    const prices = watcher.behavior(KeyValueBehavior).open<number>('prices');
    await network.waitFor(Promise.all(['plum', 'pear', 'fig'].map((key) => prices.set(key, 1))));
    const [row] = tableOf(await seen(), 'keyvalue.maps')?.rows ?? [];
    expect(row?.name).to.equal('prices');
    const [part, keys, , , , holders] = row?.values ?? [];
    expect(part).to.be.oneOf(['owner', 'replica']);
    expect(keys).to.equal(3);
    expect(String(holders).split(' ')).to.have.members([watcher.id.slice(0, 8), bob.id.slice(0, 8)]);
  });

  it('show what a behaviour of the application has, up to 64 rows of a table, and nothing without details', async () => {
    const rows = Array.from({ length: 65 }, (_, index): Row => [`offer ${index}`, index, 'new']);
    bob.behavior(Shop).shown = [table('offers', ['price', 'state'], rows), table('orders', [], [])];
    const node = await seen();
    const offers = tableOf(node, 'shop.offers');
    expect([offers?.rowCount, offers?.rows.length, offers?.rows[63]?.name]).to.deep.equal([65, 64, 'offer 63']);
    expect(offers?.rows[1]?.values).to.deep.equal([1, 'new']);
    expect(tableOf(node, 'shop.orders')).to.deep.equal({ name: 'shop.orders', rowCount: 0, columns: [], rows: [] });
    expect((await seen(false)).tables).to.deep.equal([]);
  });

  it('have no rate for a row that has taken the place of another one', async () => {
    bob.behavior(Shop).shown = [table('offers', ['sold_total'], [['plum', 5]])];
    const watch = watcher.behavior(TelemetryBehavior).watch(() => {}, { nodes: [bob.id], detailed: [bob.id] });
    await network.run(8_000);
    expect(watch.nodes()[0]?.tables.at(-1)?.rows[0]?.perSecond).to.deep.equal([0]);
    bob.behavior(Shop).shown = [table('offers', ['sold_total'], [['pear', 900]])];
    await network.runUntil(() => watch.nodes()[0]?.tables.at(-1)?.rows[0]?.name === 'pear');
    expect(watch.nodes()[0]?.tables.at(-1)?.rows[0]?.perSecond).to.deep.equal([undefined]);
  });

  it('are bounded, whatever a behaviour gives, and the node stays visible', async () => {
    const long = 'x'.repeat(5_000);
    const wide: Row = [long, Number.NaN, {} as never, ...Array.from({ length: 20 }, () => long)];
    const many = Array.from({ length: 20 }, (_, index) => table(`t${index}`, new Array<string>(20).fill(long), [wide]));
    bob.behavior(Shop).shown = [table(long, ['a'], [wide]), ...many];
    const node = await seen();
    expect(node.state).to.equal('alive');
    expect(node.tables.length).to.equal(8);
    const [row] = node.tables.at(-1)?.rows ?? [];
    expect([row?.name.length, row?.values.length, row?.values[0]]).to.deep.equal([256, 7, 'NaN']);
  });

  it('have 32 KiB each, whatever characters they are of, and the node stays visible', async () => {
    const wide = (text: string) => Array.from({ length: 64 }, (): Row => [text, text, text, text, text, text, text, text]);
    const [euros, letters] = [wide('€'.repeat(256)), wide('a'.repeat(50))];
    const columns = new Array<string>(7).fill('c');
    bob.behavior(Shop).shown = Array.from({ length: 8 }, (_, index) => table(`t${index}`, columns, index === 0 ? letters : euros));
    const node = await seen();
    const counts = node.tables.map(({ name, rowCount, rows }) => [name, rowCount, rows.length]);
    const own = counts.filter(([name]) => String(name).startsWith('shop.'));
    expect([node.state, own.length]).to.deep.equal(['alive', 5]);
    expect(own).to.deep.equal([['shop.t0', 64, 64], ...['t1', 't2', 't3', 't4'].map((name) => [`shop.${name}`, 64, 5])]);
  });

  it('show a replacement character for what cannot be sent: half of a character where a text is cut, and a byte order mark', async () => {
    const texts = [`${'x'.repeat(255)}😀`, `${'x'.repeat(254)}😀`, '\ud800', '\ufeffa', 'a\ufeff'];
    bob.behavior(Shop).shown = [
      table(
        `${'t'.repeat(82)}😀`,
        [],
        texts.map((text): Row => [text]),
      ),
    ];
    const shown = (await seen()).tables.at(-1);
    const names = [`${'x'.repeat(255)}\ufffd`, `${'x'.repeat(254)}😀`, '\ufffd', '\ufffda', 'a\ufeff'];
    expect([shown?.name, shown?.rows.map(({ name }) => name)]).to.deep.equal([`shop.${'t'.repeat(82)}\ufffd`, names]);
    expect(network.faults).to.deep.equal([]);
  });

  it('that cannot be read are a fault of their behaviour, and the others are shown', async () => {
    Object.defineProperty(bob.behavior(Shop), 'shown', {
      get: () => {
        throw new Error('on purpose');
      },
    });
    const node = await seen();
    expect(node.tables.map(({ name }) => name)).to.deep.equal(['pubsub.topics', 'pubsub.subscriptions', 'keyvalue.maps']);
    expect(network.faults.every(({ behavior, callback }) => behavior === 'shop' && callback === 'tableReporter')).to.equal(true);
    expect(network.faults).to.have.length.above(0);
  });

  it('of a queue with an endless name leave the node visible', async () => {
    const endless = class extends NetworkBehavior {
      static readonly behavior = { serviceId: 81, name: 'endless' } as const;
      override onStarted(agent: Parameters<NetworkBehavior['onStarted']>[0]): void {
        agent.queue('q'.repeat(500), () => ({ messages: 1, messagesMax: 2 }));
      }
    };
    bob.addBehavior(endless);
    const node = await seen();
    expect([node.state, node.queues.some(({ name }) => name.startsWith('endless.qqq'))]).to.deep.equal(['alive', true]);
  });
});
