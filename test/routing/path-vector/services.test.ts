/** @module Services over a mesh: which provider is taken, who chooses, and fan-outs. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import type { PathVectorOptions } from '../../../routing/path-vector/rib/options.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { idOf, LOCAL, REJECT } from '../ids.js';
import { line, tree } from './shapes.js';
import { measured, TableNet } from './table-net.js';

const IDS = Array.from({ length: 6 }, (_, index) => idOf(`${index + 1}`));

/** A line of six nodes, 1 to 6, 20 ms of round trip each. */
function sixInLine(options: PathVectorOptions = {}): TableNet {
  return new TableNet(IDS, options).connectAll(line(6));
}

const id = (index: number) => IDS[index] as NodeId;

describe('Services with PathVectorRouter', () => {
  it('ATM-48: are local where they are registered, else go to the nearest provider, else are rejected', () => {
    const net = sixInLine();
    net.offer(net.node(0), 64);
    net.offer(net.node(5), 64);
    net.settle();
    const hops = net.nodes.map(({ table }) => table.pathToService(64, 0));
    expect(hops.map((action) => (action.type === 'next' ? action.nodeId : action.type))).eql([
      'local',
      id(0),
      id(1),
      id(4),
      id(5),
      'local',
    ]);
    expect(net.node(2).table.pathToService(65, 0)).eql(REJECT);
    expect(net.nodes.map(({ table }) => table.providerOf(64, 0))).eql([id(0), id(0), id(0), id(5), id(5), id(5)]);
    expect(net.node(2).table.providerOf(65, 0)).equal(undefined);
    expect(
      [0, 1, 5, 9].map((node) => net.node(2).table.offers(id(node), 64)),
      'of every node whether it offers it',
    ).eql([true, false, true, false]);
    expect(net.node(0).table.offers(id(0), 64), 'of itself, too').equal(true);
    expect(net.node(0).table.offers(id(0), 65)).equal(false);
  });

  it('have no provider where the message came from', () => {
    const net = sixInLine();
    net.offer(net.node(0), 64);
    net.settle();
    const [second, third] = [net.node(1), net.node(2)];
    expect(third.table.pathToService(64, 0, net.connectionTo(third, second))).eql(REJECT);
    expect(third.table.pathToService(64, 0, net.connectionTo(third, net.node(3)))).include({ nodeId: id(1) });
  });

  it('follow a provider that comes, goes, or moves away', () => {
    const net = sixInLine();
    const [first, second] = [net.node(0), net.node(1)];
    net.offer(net.node(5), 64);
    net.settle();
    expect(first.table.providerOf(64, 0)).equal(id(5));
    net.offer(net.node(3), 64);
    net.settle();
    expect(first.table.providerOf(64, 0)).equal(id(3));
    net.cut(net.node(3), net.node(2));
    net.settle();
    expect(first.table.providerOf(64, 0)).equal(undefined);
    net.connect(first, net.node(5), measured(20));
    net.settle();
    expect(first.table.providerOf(64, 0)).equal(id(5));
    net.measure(first, net.connectionTo(first, net.node(5)), measured(900));
    net.connect(second, net.node(3), measured(20));
    net.settle();
    expect(first.table.providerOf(64, 0)).equal(id(3));
    first.table.registerService(64);
    expect([first.table.providerOf(64, 0), first.table.pathToService(64, 0)]).eql([id(0), LOCAL]);
    first.table.unregisterService(64);
    expect(first.table.providerOf(64, 0)).equal(id(3));
  });

  it('row 66: fail over to the next provider with the loss of the first, without waiting', () => {
    const net = sixInLine();
    for (const index of [0, 3]) net.offer(net.node(index), 64);
    net.settle();
    const second = net.node(1);
    expect(second.table.providerOf(64, 0, id(0))).equal(id(0));
    net.cut(second, net.node(0));
    expect(second.table.providerOf(64, 0, id(0))).equal(id(3));
    expect(second.table.pathToService(64, 0)).include({ nodeId: id(2) });
  });

  it('keep the preferred provider while it can be reached, though another one is nearer', () => {
    const net = sixInLine();
    for (const index of [0, 5]) net.offer(net.node(index), 64);
    net.settle();
    expect(net.node(1).table.providerOf(64, 0, id(5))).equal(id(5));
    expect(net.node(1).table.providerOf(64, 0, id(2))).equal(id(0));
  });

  it('are taken in turn, nearest first, by round-robin', () => {
    const net = sixInLine({ balance: 'round-robin' });
    for (const index of [0, 2, 5]) net.offer(net.node(index), 64);
    net.offer(net.node(4), 65);
    net.settle();
    const ask = (serviceId: number) => net.node(1).table.providerOf(serviceId, 0);
    expect([ask(64), ask(65), ask(64), ask(64), ask(64)]).eql([id(0), id(4), id(2), id(5), id(0)]);
    expect(net.node(1).table.pathToService(64, 0)).eql(net.node(1).table.pathToService(64, 0));
  });

  it('are spread by random, equally, and equally for equal histories', () => {
    const choices = () => {
      const net = sixInLine({ balance: 'random' });
      for (const index of [0, 2, 5]) net.offer(net.node(index), 64);
      net.settle();
      return Array.from({ length: 3_000 }, () => net.node(1).table.providerOf(64, 0));
    };
    const [once, again] = [choices(), choices()];
    expect(again).eql(once);
    for (const index of [0, 2, 5]) expect(once.filter((choice) => choice === id(index)).length).within(900, 1_100);
  });

  it('H-29: prefer the smaller id among providers of equal cost', () => {
    const net = new TableNet(IDS);
    for (const index of [3, 5, 1, 4]) {
      net.connect(net.node(0), net.node(index), measured(20));
      net.offer(net.node(index), 64);
    }
    net.settle();
    expect(net.node(0).table.providerOf(64, 0)).equal(id(1));
  });

  it('ATM-58: a fan-out has one copy for every neighbour on the way to a provider, and none back', () => {
    const net = sixInLine();
    const [third, second, fourth] = [net.node(2), net.node(1), net.node(3)];
    for (const index of [0, 1, 4, 5]) net.offer(net.node(index), 64);
    net.settle();
    const hopsOf = (except?: number) =>
      third.table
        .pathsToServices(64, 0, except)
        .next.map(({ nodeId }) => nodeId)
        .sort();
    expect(hopsOf()).eql([id(1), id(3)]);
    expect(hopsOf(net.connectionTo(third, second))).eql([id(3)]);
    expect(hopsOf(net.connectionTo(third, fourth))).eql([id(1)]);
    expect(third.table.pathsToServices(64, 0).local).equal(false);
    expect(net.node(4).table.pathsToServices(64, 0).local).equal(true);
    expect(third.table.pathsToServices(65, 0)).eql({ local: false, next: [] });
  });

  it('ATM-58: copies reach every provider of a random mesh when every node passes on the first one that it gets', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new SeededRandom(seed);
      const net = TableNet.random(random, 20);
      net.connectAll(tree(20, random), () => 2 + random.below(90));
      for (let link = 0; link < 12; link++) {
        const [a, b] = [random.pick(net.nodes), random.pick(net.nodes)];
        if (a !== b && !net.areLinked(a, b)) net.connect(a, b, measured(2 + random.below(90)));
      }
      for (const node of net.nodes) if (random.once(3)) net.offer(node, 64);
      net.settle();
      const seen = new Map([[net.node(0), undefined as number | undefined]]);
      for (const [node, except] of seen) {
        for (const { connectionId } of node.table.pathsToServices(64, 0, except).next) {
          const end = node.ends.get(connectionId) as { peer: (typeof net.nodes)[0]; peerConnectionId: number };
          if (!seen.has(end.peer)) seen.set(end.peer, end.peerConnectionId);
        }
      }
      for (const node of net.nodes) if (node.services.has(64)) expect(seen.has(node), `seed ${seed}`).equal(true);
    }
  });
});
