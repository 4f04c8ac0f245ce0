/**
 * @module LayeredRouter: what a table knows of its own zone and of others, what it tells whom, and which way it takes.
 */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { NetworkError } from '../../../core/errors.js';
import { LayeredRouter } from '../../../routing/index.js';
import type { LayeredOptions } from '../../../routing/layered/options.js';
import { levelOf, zoneName } from '../../../routing/path-vector/zones/zones.js';
import { measured, TableMesh, type TableNode } from '../../../testing/conformance/table-mesh.js';
import { follow } from '../../../testing/conformance/table-oracle.js';
import { idOf, LOCAL, next, REJECT } from '../ids.js';
import { hasEntries } from '../path-vector/table-net.js';

type Net = TableMesh<LayeredRouter>;
type Edge = readonly [number, number];

function netOf(ids: readonly string[], edges: readonly Edge[], options: LayeredOptions = {}): Net {
  const net = new TableMesh(ids.map(idOf), () => new LayeredRouter(options), hasEntries);
  net.connectAll(edges).settle();
  return net;
}

/** What the table has a way to: nodes by their first digits, zones with a star. Its own zones are left out. */
function known({ table }: TableNode<LayeredRouter>): string[] {
  const rib = table['rib'];
  const destinations = Array.from({ length: rib?.nodes.end ?? 0 }, (_, node) => node)
    .filter((node) => (rib?.locRib.linkOf(node)?.connectionId ?? -1) >= 0)
    .map((node) => rib?.nodes.idOf(node) as NodeId);
  return destinations.map((id) => (levelOf(id) === undefined ? id.slice(0, 4) : `${id.slice(0, 2 * (levelOf(id) ?? 0))}*`)).sort();
}

function actionTo(net: Net, from: number, over: number): unknown {
  return next(net.connectionTo(net.node(from), net.node(over)), net.node(over).id);
}

/** Two zones: 0a01 - 0a02 - 1b03 - 1b04. */
function twoZones(): Net {
  return netOf(
    ['0a01', '0a02', '1b03', '1b04'],
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
  );
}

describe('LayeredRouter', () => {
  it('ATM-45: knows its own zone node by node and others as a whole; itself is local, and what is in no slot is rejected', () => {
    const net = twoZones();
    const [first] = net.nodes as [TableNode<LayeredRouter>];
    expect(net.nodes.map(known)).eql([
      ['0a02', '1b*'],
      ['0a01', '1b*', '1b03'],
      ['0a*', '0a02', '1b04'],
      ['0a*', '1b03'],
    ]);
    expect(first.table.pathToNode(idOf('0a01'))).eql(LOCAL);
    expect(first.table.pathToNode(idOf('0a02'))).eql(actionTo(net, 0, 1));
    for (const id of ['1b03', '1b04', '1bff']) expect(first.table.pathToNode(idOf(id)), id).eql(actionTo(net, 0, 1));
    for (const id of ['0a03', '2c01']) expect(first.table.pathToNode(idOf(id)), id).eql(REJECT);
    expect(net.nodes.map((node) => follow(net, net.node(0), node))).eql([0, 1, 2, 3]);
  });

  it('ATM-45: a node that is in no zone any more is rejected in its own zone, not before', () => {
    const net = twoZones();
    net.isolate(net.node(3));
    net.settle();
    expect(net.node(0).table.pathToNode(idOf('1b04'))).eql(actionTo(net, 0, 1));
    expect(net.node(2).table.pathToNode(idOf('1b04'))).eql(REJECT);
  });

  it('ATM-45, ATM-46: of all ways to a zone the best is taken; a metric replaces the one before, an end takes back all over that link', () => {
    const net = netOf(
      ['0a01', '0a02', '1b03', '1b04'],
      [
        [0, 2],
        [0, 1],
        [1, 3],
        [2, 3],
      ],
    );
    const toZone = () => net.node(0).table.pathToNode(idOf('1bff'));
    expect(toZone()).eql(actionTo(net, 0, 2));
    net.measure(net.node(0), net.connectionTo(net.node(0), net.node(2)), measured(400));
    net.settle();
    expect(toZone()).eql(actionTo(net, 0, 1));
    net.measure(net.node(0), net.connectionTo(net.node(0), net.node(2)), measured(20));
    net.settle();
    expect(toZone()).eql(actionTo(net, 0, 2));
    net.cut(net.node(0), net.node(2));
    expect(toZone()).eql(actionTo(net, 0, 1));
    net.cut(net.node(0), net.node(1));
    expect([toZone(), net.node(0).table.pathToNode(idOf('0a02'))]).eql([REJECT, REJECT]);
  });

  it('ATM-47: a key goes to the zone whose byte is closest by XOR, and in it to the closest node', () => {
    const net = twoZones();
    const ends = (key: string, from = 0) => {
      let [node, except]: [TableNode<LayeredRouter>, number | undefined] = [net.node(from), undefined];
      for (;;) {
        const action = node.table.pathToKey(idOf(key), except);
        const end = action.type === 'next' ? node.ends.get(action.connectionId) : undefined;
        if (end === undefined) return node.id.slice(0, 4);
        [node, except] = [end.peer, end.peerConnectionId];
      }
    };
    for (const from of [0, 1, 2, 3]) {
      expect(['1b04', '1bff', '1900', '3b03', '0a01', '0a00', '0800', '0aff'].map((key) => ends(key, from))).eql([
        '1b04',
        '1b04',
        '1b03',
        '1b03',
        '0a01',
        '0a01',
        '0a01',
        '0a02',
      ]);
    }
    const alone = netOf(['0a01'], []);
    expect(alone.node(0).table.pathToKey(idOf('ff'))).eql(LOCAL);
  });

  it('ATM-48: a service is here, or else at the nearest provider of the own zone, or else of other zones', () => {
    const net = twoZones();
    const answer = () => net.node(0).table.pathToService(64, 0);
    expect(answer()).eql(REJECT);
    net.offer(net.node(3), 64);
    net.settle();
    net.measure(net.node(1), net.connectionTo(net.node(1), net.node(0)), measured(80));
    net.settle();
    expect(answer()).eql(actionTo(net, 0, 1));
    expect(net.node(1).table.pathToService(64, 0)).eql(actionTo(net, 1, 2));
    expect(net.node(0).table.providerOf(64, 0)).equal(undefined);
    net.offer(net.node(0), 64);
    net.settle();
    expect(net.node(1).table.pathToService(64, 0)).eql(actionTo(net, 1, 0));
    expect(net.node(1).table.providerOf(64, 0)).equal(idOf('0a01'));
    expect([answer(), net.node(0).table.providerOf(64, 0)]).eql([LOCAL, idOf('0a01')]);
  });

  it('picks providers of its own zone in turn, keeps the one that a stream had, and leaves other zones to choose', () => {
    const net = netOf(
      ['0a01', '0a02', '0a03', '1b04'],
      [
        [0, 1],
        [0, 2],
        [0, 3],
      ],
      { balance: 'round-robin' },
    );
    const { table } = net.node(0);
    net.offer(net.node(3), 64);
    net.settle();
    expect([table.providerOf(64, 0), table.pathToService(64, 0)]).eql([undefined, actionTo(net, 0, 3)]);
    for (const index of [1, 2]) net.offer(net.node(index), 64);
    net.settle();
    expect([1, 2, 3, 4].map(() => table.providerOf(64, 0)?.slice(0, 4))).eql(['0a02', '0a03', '0a02', '0a03']);
    expect([1, 2].map(() => table.providerOf(64, 0, idOf('0a03')))).eql([idOf('0a03'), idOf('0a03')]);
    for (const other of ['1b04', '0aff']) expect(table.providerOf(64, 0, idOf(other))?.slice(0, 2), other).equal('0a');
    net.withdraw(net.node(2), 64);
    expect(table.providerOf(64, 0, idOf('0a03'))).equal(idOf('0a02'));
  });

  it('H-30: tells nodes apart whose first four bytes are the same, and zones are no names of nodes', () => {
    const net = netOf(
      ['0a0b0c0d01', '0a0b0c0d02', '0a0b0c0d03'],
      [
        [0, 1],
        [1, 2],
      ],
    );
    for (const start of net.nodes) for (const target of net.nodes) expect(follow(net, start, target)).within(0, 2);
    const [{ table }] = net.nodes as [TableNode<LayeredRouter>];
    for (const level of [1, 2]) expect(table.pathToNode(zoneName(idOf('0a0b'), level))).eql(REJECT);
  });

  it('ATM-49, ATM-50: says on which hops, and at what cost, it reaches a node, a zone and a service', () => {
    const net = twoZones();
    net.offer(net.node(3), 64);
    net.settle();
    const reason = (id: string) => net.node(0).table.explain({ type: 'node', nodeId: idOf(id) }).reason;
    expect(reason('0a02')).contain('via 0a020000 (1 hop, cost 20 ms: half RTT 10 ms + 1 × 10 ms a hop)');
    expect(reason('1b04')).contain('via 0a020000, 1b030000, zone 1b (3 hops, cost 50 ms: ');
    expect(net.node(0).table.explain({ type: 'service', serviceId: 64, meta: 0 }).reason).contain('via 0a020000, 1b030000, zone 1b');
  });

  it('ATM-51, ATM-52: nothing goes back to where it came from, nor over a way that leads there', () => {
    const net = twoZones();
    const { table } = net.node(1);
    const [toLeft, toRight] = [0, 2].map((index) => net.connectionTo(net.node(1), net.node(index)));
    expect([table.pathToNode(idOf('1b04'), toRight), table.pathToNode(idOf('0a01'), toLeft)]).eql([REJECT, REJECT]);
    expect(table.pathToNode(idOf('1b04'), toLeft)).eql(actionTo(net, 1, 2));
  });

  it('ATM-53: tells those in its zone of nodes and zones, others of zones alone, and nobody of his own zone', () => {
    const net = netOf(
      ['0a01', '0a02', '1b03', '2c05', '2c06'],
      [
        [0, 1],
        [1, 2],
        [1, 3],
        [3, 4],
      ],
    );
    expect(net.nodes.map(known)).eql([
      ['0a02', '1b*', '2c*'],
      ['0a01', '1b*', '1b03', '2c*', '2c05'],
      ['0a*', '0a02', '2c*'],
      ['0a*', '0a02', '1b*', '2c06'],
      ['0a*', '1b*', '2c05'],
    ]);
    expect(net.nodes.map(({ table }) => table.size().entryCount)).eql([3, 5, 3, 4, 3]);
  });

  it('ATM-53: does so zone by zone, when they are of two bytes', () => {
    const ids = ['0a01', '0a02', '0a01', '1b03'].map((digits, index) => `${digits}${index}`);
    const net = netOf(
      ids,
      [
        [0, 2],
        [0, 1],
        [1, 3],
      ],
      { zoneBytes: 2 },
    );
    expect(net.nodes.map(known)).eql([
      ['0a01', '0a02', '0a02*', '1b*'],
      ['0a01', '0a01*', '1b*', '1b03'],
      ['0a01', '0a02*', '1b*'],
      ['0a*', '0a02'],
    ]);
    for (const start of net.nodes) for (const target of net.nodes) expect(follow(net, start, target)).within(0, 3);
  });

  it('ATM-54: takes back what is not told any more, and services with their last provider', () => {
    const net = twoZones();
    const isOffered = () => net.nodes.map(({ table }) => table.pathToService(64, 0).type);
    for (const index of [2, 3]) net.offer(net.node(index), 64);
    net.settle();
    expect(isOffered()).eql(['next', 'next', 'local', 'local']);
    net.withdraw(net.node(2), 64);
    net.settle();
    expect(isOffered()).eql(['next', 'next', 'next', 'local']);
    net.withdraw(net.node(3), 64);
    net.settle();
    expect(isOffered()).eql(['reject', 'reject', 'reject', 'reject']);
    net.cut(net.node(1), net.node(2));
    net.settle();
    expect(net.nodes.map(known)).eql([['0a02'], ['0a01'], ['1b04'], ['1b03']]);
  });

  it('row 61: takes nothing that neighbours should not speak of: nodes of this zone from outside, of others, and its own zone', () => {
    class Chatty extends LayeredRouter {
      protected override policyOf(): never {
        return undefined as never;
      }
    }
    const ids = ['1b03', '0a01', '1b04', '0a02'].map(idOf);
    let count = 0;
    const net = new TableMesh(ids, () => (++count === 1 ? new Chatty() : new LayeredRouter()), hasEntries).connectAll([
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    net.rounds(12);
    expect(known(net.node(1))).eql(['1b*', '1b03']);
    expect(net.node(1).table.pathToNode(idOf('0a02'))).eql(REJECT);
    // The way to zone 0a is told as an addition to what may not be told.
    expect(known(net.node(2))).eql(['1b03']);
  });

  it('H-26: a table of 8 zones of 8 nodes has a way to each node of its own zone and one to each other zone, and is quiet', () => {
    const ids = Array.from({ length: 64 }, (_, index) => (((index >> 3) << 8) | index).toString(16).padStart(4, '0'));
    const within = ids.flatMap((_id, index): Edge[] =>
      index % 8 === 0 ? [] : [[index, index - 1 - (index % 3 === 0 && index % 8 > 2 ? 1 : 0)]],
    );
    const between = Array.from({ length: 8 }, (_, zone): Edge => [8 * zone + 5, (8 * (zone + 1) + 2) % 64]);
    const net = netOf(ids, [...within, ...between]);
    for (const node of net.nodes) {
      const routes = known(node).filter((id) => id.endsWith('*') || id.startsWith(node.id.slice(0, 2)));
      expect(routes.length).equal(7 + 7);
    }
    const before = net.bytes;
    net.rounds(9);
    expect((net.bytes - before) / 64 / 9).within(0, 64);
    for (const start of net.nodes) for (const target of net.nodes) expect(follow(net, start, target)).within(0, 30);
  });

  it('understands tables with zones of the same length alone', () => {
    expect([1, 2, 3].map((zoneBytes) => new LayeredRouter({ zoneBytes }).kind)).eql(['layered/1/1', 'layered/1/2', 'layered/1/3']);
    expect(new LayeredRouter().kind).equal('layered/1/1');
  });

  it('refuses wrong options with OPTION_INVALID, naming the field', () => {
    const wrong: [unknown, string][] = [
      [{ zoneBytes: 0 }, 'zoneBytes'],
      [{ zoneBytes: 4 }, 'zoneBytes'],
      [{ zoneBytes: 1.5 }, 'zoneBytes'],
      [{ zoneBytes: '1' }, 'zoneBytes'],
      [{ nodesMax: 1 }, 'nodesMax'],
      [{ zones: 1 }, 'zones'],
      [null, ''],
      [7, ''],
    ];
    for (const [options, field] of wrong) {
      expect(() => new LayeredRouter(options as LayeredOptions), field)
        .to.throw(NetworkError, 'LayeredRouter')
        .that.includes({ code: 'OPTION_INVALID' })
        .and.has.deep.property('details', { option: field });
    }
  });
});
