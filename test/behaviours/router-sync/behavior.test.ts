/** @module router-sync on one node, against a peer that speaks its messages as the test wants, with a table that writes down what it gets. */
import { expect } from 'chai';
import { RouterSyncBehavior } from '../../../behaviours/router-sync/index.js';
import { BareNode } from '../../../testing/index.js';
import { NO_KIND, ScriptedTable, SERVICE, SyncPeer, syncNode } from './support.js';

/** A node and a peer that have greeted each other; the link is measured (the peer answers the first ping at once). */
function met(table = new ScriptedTable()): { node: BareNode; table: ScriptedTable; peer: SyncPeer } {
  const node = syncNode(table);
  const peer = new SyncPeer(node).hello();
  node.advance(20);
  peer.heard();
  table.asked.length = 0;
  return { node, table, peer };
}

const countersOf = (node: BareNode) => node.behavior(RouterSyncBehavior).counters;

describe('router-sync says', () => {
  it('hello with the kind of its table when a connection opens, and nothing more to a neighbour that does not', () => {
    const table = new ScriptedTable();
    table.syncs.push(Uint8Array.of(1));
    const node = syncNode(table);
    const peer = new SyncPeer(node);
    node.advance(5_000);
    expect(peer.heard()).eql(['hello scripted']);
    expect([table.asked, table.syncs.length]).eql([['news'], 1]);
  });

  it('the first news of its table along with the hello, without waiting; the first sync is then that of the next round', () => {
    const table = new ScriptedTable();
    table.syncs.push(Uint8Array.of(1));
    table.news.push(Uint8Array.of(5));
    const node = syncNode(table);
    const peer = new SyncPeer(node);
    expect(peer.heard()).eql(['hello scripted', 'sync 5']);
    peer.hello();
    expect(peer.heard()).eql([]);
    node.advance(2_000);
    expect(peer.heard()).eql(['sync 1']);
  });

  it('a sync as soon as the neighbour has said the same kind, and one in every round (ATM-55)', () => {
    const table = new ScriptedTable();
    table.syncs.push(Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3));
    const node = syncNode(table);
    const peer = new SyncPeer(node);
    peer.hello();
    expect(peer.heard()).eql(['hello scripted', 'sync 1']);
    node.advance(1_000);
    expect(peer.heard()).eql(['sync 2']);
    node.advance(1_000);
    expect(peer.heard()).eql(['sync 3']);
    node.advance(3_000);
    expect(peer.heard()).eql([]);
    expect(table.asked.filter((what) => what === 'sync').length).equal(6);
    expect(countersOf(node)).include({ syncsSent: 3, syncsDropped: 0 });
  });

  it('nothing to neighbours of another kind or of none, whose syncs it ignores and counts', () => {
    for (const kind of ['other', '']) {
      const table = new ScriptedTable();
      table.syncs.push(Uint8Array.of(1));
      const node = syncNode(table);
      const peer = new SyncPeer(node).hello(kind);
      node.advance(20);
      peer.sync(7);
      node.advance(3_000);
      expect(peer.heard()).eql(['hello scripted']);
      expect([table.taken.map(({ sync }) => sync), countersOf(node).messagesIgnored]).eql([[[]], 1]);
    }
  });

  it('hello with no kind for a table without one', () => {
    const node = syncNode(new ScriptedTable(NO_KIND));
    const peer = new SyncPeer(node).hello('');
    peer.sync(1);
    node.advance(3_000);
    expect(peer.heard()).eql(['hello ']);
    expect(countersOf(node).messagesIgnored).equal(1);
  });

  it('hello again to a neighbour that wants it', () => {
    const { peer } = met();
    peer.hello('scripted', true);
    expect(peer.heard()).eql(['hello scripted']);
    peer.hello('scripted', false);
    expect(peer.heard()).eql([]);
  });

  it('news 5 ms after something may have happened: a sync, a measurement, the end of another connection', () => {
    const { node, table, peer } = met();
    const other = new SyncPeer(node, 'other').hello();
    node.advance(20);
    const events: [string, () => void][] = [
      ['a sync', () => other.sync(9)],
      ['an end', () => other.peer.link.destroy()],
    ];
    for (const [name, happen] of events) {
      peer.heard();
      happen();
      table.news.push(Uint8Array.of(5), Uint8Array.of(6));
      node.advance(4);
      expect(peer.heard(), name).eql([]);
      node.advance(1);
      expect(peer.heard(), name).eql(['sync 5', 'sync 6']);
    }
  });

  it('no news, and does not ask for any, while the revision of its table is the same', () => {
    class Revised extends ScriptedTable {
      current = 0;
      override get revision(): number {
        return this.current;
      }
    }
    const table = new Revised();
    const { node, peer } = met(table);
    const happened = () => {
      table.asked.length = 0;
      peer.sync(9);
      node.advance(50);
      return table.asked.filter((what) => what === 'news').length;
    };
    happened();
    expect(happened()).equal(0);
    table.current++;
    expect(happened()).equal(1);
    expect(happened()).equal(0);
    node.network.router.replace(new Revised());
    table.news.push(Uint8Array.of(5));
    expect(happened()).equal(0);
  });

  it('row 68: what follows the first two news within 20 ms together with what comes after it', () => {
    const { node, table, peer } = met();
    const other = new SyncPeer(node, 'other').hello();
    node.advance(1_000);
    peer.heard();
    const heardAt: number[] = [];
    for (let passedMs = 0; passedMs < 200; passedMs++) {
      other.sync(1);
      table.news = [Uint8Array.of(passedMs)];
      node.advance(1);
      if (peer.heard().length > 0) heardAt.push(passedMs + 1);
    }
    expect(heardAt.slice(0, 2)).eql([5, 10]);
    expect(heardAt.length).within(11, 12);
    for (const [index, atMs] of heardAt.slice(3).entries()) expect(atMs - (heardAt[index + 2] as number)).within(19, 21);
  });

  it('news with the next pong, which may have changed the metric', () => {
    const { node, table, peer } = met();
    table.news.push(Uint8Array.of(5));
    node.advance(6_000);
    expect(peer.heard()).contain('sync 5');
  });

  it('ATM-56, H-41: everything in the order in which the table gave it', () => {
    const { node, table, peer } = met();
    table.syncs.push(Uint8Array.of(1));
    table.news.push(...Array.from({ length: 20 }, (_, index) => Uint8Array.of(100 + index)));
    node.advance(1_000);
    expect(peer.heard()).eql(['sync 1', ...Array.from({ length: 20 }, (_, index) => `sync ${100 + index}`)]);
  });

  it('row 68: no more news than the pace allows, and then those that are new by then', () => {
    const { node, table, peer } = met();
    const other = new SyncPeer(node, 'other').hello();
    node.advance(20);
    peer.heard();
    for (let tenth = 0; tenth < 600; tenth++) {
      other.sync(1);
      table.news = [Uint8Array.of(tenth & 255)];
      node.advance(10);
    }
    const heard = peer.heard().length;
    expect(heard).within(32, 32 + 6 * 16 + 6);
  });

  it('a sync that fills the lane with the head of its message, and none that is longer', () => {
    const { node, table, peer } = met();
    const longest = node.network.limits.controlLaneBytesMax - 64 - 1;
    table.syncs.push(new Uint8Array(longest), new Uint8Array(longest + 1), Uint8Array.of(1));
    node.advance(3_000);
    expect(peer.heard()).eql([`sync of ${longest}`, 'sync 1']);
    expect([longest, countersOf(node).syncsDropped]).eql([256 * 1024 - 65, 1]);
  });

  it('all of a sync that does not fit into the lane, in order, before anything newer', () => {
    const table = new ScriptedTable();
    const node = syncNode(table, { limits: { controlLaneBytesMax: 65_536, writeWindowBytes: 65_536 } });
    const peer = new SyncPeer(node).hello();
    node.advance(20);
    peer.heard();
    table.syncs.push(new Uint8Array(60_000), new Uint8Array(60_001), Uint8Array.of(1));
    node.advance(3_000);
    expect(peer.heard()).eql(['sync of 60000', 'sync of 60001', 'sync 1']);
  });
});

/** How many syncs the table takes in each step of the node from now on. */
function slicesOf({ network }: BareNode, { taken }: ScriptedTable): number[] {
  const slices: number[] = [];
  const step = network.step.bind(network);
  network.step = (input, nowMs) => {
    const before = taken.length;
    step(input, nowMs);
    slices.push(taken.length - before);
  };
  return slices;
}

describe('router-sync takes', () => {
  it('syncs for the table, with the connection and its metric', () => {
    const { node, table, peer } = met();
    peer.sync(7).sync(8, 9);
    const [connectionId] = node.network.links.openConnections().map(({ id }) => id);
    const metric = { rttMs: 0, lossRatio: 0, bandwidth: undefined };
    expect(table.taken).eql([
      { connectionId, metric, sync: [7] },
      { connectionId, metric, sync: [8, 9] },
    ]);
    expect(countersOf(node).syncsTaken).equal(2);
  });

  it('ATM-55: keeps syncs from before the first measurement, and hands them over with it, in order', () => {
    const table = new ScriptedTable();
    const node = syncNode(table);
    const peer = new SyncPeer(node, 'peer', false).hello().sync(1).sync(2);
    node.advance(300);
    expect(table.taken).eql([]);
    peer.pong().pong().pong();
    expect(table.taken.map(({ metric, sync }) => [metric.rttMs, ...sync])).eql([
      [100, 1],
      [100, 2],
    ]);
    peer.sync(3);
    expect(table.taken.length).equal(3);
  });

  it('ATM-55: hands them over unmeasured in the next round when there is no measurement, and keeps 64 at most', () => {
    const table = new ScriptedTable();
    const node = syncNode(table);
    const peer = new SyncPeer(node, 'peer', false).hello();
    for (let count = 0; count < 65; count++) peer.sync(count);
    node.advance(999);
    expect(table.taken).eql([]);
    node.advance(1);
    expect(table.taken.map(({ metric, sync }) => [metric.rttMs, ...sync])).eql(
      Array.from({ length: 64 }, (_, count) => [undefined, count]),
    );
    expect(countersOf(node).syncsDropped).equal(1);
  });

  it('row 104: what has waited for the measurement in slices of 2 KiB, a callback each, in order, and what comes meanwhile behind it', () => {
    const table = new ScriptedTable();
    const node = syncNode(table);
    const peer = new SyncPeer(node, 'peer', false).hello();
    for (let count = 0; count < 64; count++) peer.sync(count, ...new Uint8Array(1_023));
    node.advance(300);
    const slices = slicesOf(node, table);
    peer.pong();
    peer.sync(64);
    node.advance(0);
    // A step has two callbacks at most: one that was due, and that of its input.
    expect(Math.max(...slices)).within(1, 4);
    expect(table.taken.map(({ sync }) => sync[0])).eql(Array.from({ length: 65 }, (_, count) => count));
    expect(countersOf(node).syncsDropped).equal(0);
  });

  it('row 65: nothing before a hello', () => {
    const node = syncNode(new ScriptedTable());
    const peer = new SyncPeer(node).sync(1);
    node.advance(20);
    expect(peer.heard()).eql(['hello scripted']);
    expect([countersOf(node).messagesIgnored, countersOf(node).syncsTaken, node.emitted('fault')]).eql([1, 0, []]);
  });

  it('no harm from messages of any bytes: they are ignored and counted, and the connection stays', () => {
    const { node, table, peer } = met();
    const messages = [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(2), new Uint8Array(100), new Uint8Array(70_000).fill(3)];
    for (const message of messages) peer.say(message);
    peer.sync(7);
    expect([countersOf(node).messagesIgnored, table.taken.length, node.network.links.openConnections().length]).eql([5, 1, 1]);
  });

  it('a neighbour that changes its kind, or has none any more, as one that takes back what it said', () => {
    for (const kind of ['other', '']) {
      const { table, peer } = met();
      peer.sync(1);
      peer.hello(kind);
      peer.sync(2);
      expect(table.taken.map(({ sync }) => sync)).eql([[1], []]);
      peer.hello().sync(3);
      expect(table.taken.map(({ sync }) => sync)).eql([[1], [], [3]]);
    }
  });

  it('a table that is replaced: of the same kind without a word, of another one with a new hello in the next round', () => {
    const { node, table, peer } = met();
    const same = new ScriptedTable();
    node.network.router.replace(same);
    peer.sync(1);
    node.advance(1_000);
    expect([same.taken.length, table.taken.length, peer.heard()]).eql([1, 0, []]);
    const other = new ScriptedTable('other');
    node.network.router.replace(other);
    peer.sync(2);
    expect(other.taken).eql([]);
    node.advance(1_000);
    expect(peer.heard()).eql(['hello other']);
    peer.hello('other').sync(3);
    expect(other.taken.map(({ sync }) => sync)).eql([[], [3]]);
  });

  it('a table that throws as a fault of the table, and goes on', () => {
    const { node, table, peer } = met();
    table.applySync = () => {
      throw new Error('boom');
    };
    table.createSync = () => {
      throw new Error('boom');
    };
    peer.sync(1);
    node.advance(2_000);
    const faults = node.emitted('fault').map(({ behavior, callback }) => `${behavior}.${callback}`);
    expect([...new Set(faults)]).eql(['router.applySync', 'router.createSync']);
    expect(node.network.behaviors.at(SERVICE)?.isEnded).equal(false);
  });
});

describe('router-sync that comes late or goes', () => {
  it('asks for a hello on connections that were open before it', () => {
    const table = new ScriptedTable();
    table.syncs.push(Uint8Array.of(1));
    const node = new BareNode('node', { router: table });
    node.start();
    const peer = new SyncPeer(node).hello();
    const behavior = new RouterSyncBehavior(node.network.router);
    node.step({ type: 'work', work: () => node.network.behaviors.addRunning(behavior) });
    expect(peer.heard()).eql(['hello scripted?']);
    peer.hello();
    expect(peer.heard()).eql(['sync 1']);
  });

  it('says that there will be no more syncs when it is removed, and leaves nothing', () => {
    const { node, peer } = met();
    const slot = node.network.behaviors.at(SERVICE);
    node.step({ type: 'work', work: () => slot && node.network.behaviors.stop(slot) });
    expect(peer.heard()).eql(['hello ']);
    node.advance(3_000);
    expect([peer.heard(), node.emitted('fault')]).eql([[], []]);
  });

  it('leaves no timer behind when a connection ends while news wait', () => {
    const { node, table, peer } = met();
    const other = new SyncPeer(node, 'other').hello();
    for (let count = 0; count < 40; count++) {
      table.news = [Uint8Array.of(1)];
      other.sync(1);
      node.advance(6);
    }
    peer.peer.link.destroy();
    other.peer.link.destroy();
    node.advance(5_000);
    node.stop();
    node.advance(5_000);
    expect([node.network.deadlines.size, node.emitted('fault')]).eql([0, []]);
  });
});
