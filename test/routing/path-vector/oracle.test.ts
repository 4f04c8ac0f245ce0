/**
 * @module PathVectorRouter against a brute-force search: random graphs with random events, after which every node reaches exactly what
 * the graph connects it with, on the cheapest way; and what is lost is forgotten within bounded rounds.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { forSeeds, type SeededRandom } from '../../../testing/conformance/check-tools.js';
import { clique, grid, line, ring, star, tree } from './shapes.js';
import { measured, TableNet, type TableNode } from './table-net.js';

const ROUND_TRIPS = [2, 10, 20, 30, 80, 200];

function randomNet(random: SeededRandom, count: number, extraLinks: number): TableNet {
  const net = TableNet.random(random, count, { hopsMax: 255 }).connectAll(tree(count, random), () => random.pick(ROUND_TRIPS));
  for (let link = 0; link < extraLinks; link++) connectSome(net, random);
  return net;
}

function connectSome(net: TableNet, random: SeededRandom): void {
  const [a, b] = [random.pick(net.nodes), random.pick(net.nodes)];
  if (a !== b && !net.areLinked(a, b)) net.connect(a, b, measured(random.pick(ROUND_TRIPS)));
}

function someEvent(net: TableNet, random: SeededRandom): void {
  const node = random.pick(net.nodes);
  const connections = [...node.ends.keys()];
  const connectionId = connections.length === 0 ? undefined : random.pick(connections);
  const kind = random.below(6);
  if (kind === 0) connectSome(net, random);
  else if (kind === 1) net.swap(node);
  else if (kind === 2 && random.once(4)) net.isolate(node);
  else if (connectionId === undefined) connectSome(net, random);
  else if (kind <= 3) net.cut(node, (node.ends.get(connectionId) as { peer: TableNode }).peer);
  else net.measure(node, connectionId, measured(random.pick(ROUND_TRIPS)));
}

describe('PathVectorRouter against a brute-force search', () => {
  it('reaches every node on the cheapest way, and none that is not connected, whatever happened before', () => {
    forSeeds(1, 60, (random) => {
      const net = randomNet(random, 2 + random.below(24), random.below(24));
      net.settle();
      expect(net.fault()).equal(undefined);
      for (let phase = 0; phase < 4; phase++) {
        for (let events = random.below(8); events >= 0; events--) {
          someEvent(net, random);
          net.rounds(random.below(3));
        }
        net.settle();
        expect(net.fault()).equal(undefined);
      }
    });
  });

  it('does so with events and rounds in any order (property)', () => {
    const event = fc.record({ kind: fc.nat(3), a: fc.nat(6), b: fc.nat(6), rttMs: fc.constantFrom(...ROUND_TRIPS), rounds: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const net = new TableNet(['1', '2', '4', '8', 'b', 'd', 'f'].map((digit) => digit.repeat(64) as never));
        for (const { kind, a, b, rttMs, rounds } of events) {
          const [one, other] = [net.node(a), net.node(b)];
          const areLinked = one !== other && net.areLinked(one, other);
          if (areLinked && kind === 0) net.cut(one, other);
          else if (areLinked && kind === 1) net.measure(one, net.connectionTo(one, other), measured(rttMs));
          else if (kind === 2 && rttMs === 200) net.swap(one);
          else if (one !== other && !areLinked) net.connect(one, other, measured(rttMs));
          net.rounds(rounds);
        }
        net.settle();
        expect(net.fault()).equal(undefined);
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('row 62, H-27: forgets a node that is gone within as many rounds as there are nodes, without counting up to it', () => {
    const shapes = { line, ring, star, clique, grid };
    for (const [name, edgesOf] of Object.entries(shapes)) {
      forSeeds(7, 4, (random) => {
        const net = TableNet.random(random, 25).connectAll(edgesOf(25));
        net.settle();
        const gone = random.pick(net.nodes);
        net.isolate(gone);
        let rounds = 0;
        for (; net.nodes.some((node) => node !== gone && node.table.pathToNode(gone.id).type === 'next'); rounds++) net.round();
        expect(rounds, name).within(1, 25);
        net.settle();
        expect(net.fault(), name).equal(undefined);
      });
    }
  });

  it('row 69: two halves that were apart know each other again within the diameter and two rounds', () => {
    forSeeds(20, 10, (random) => {
      const net = randomNet(random, 10, 8);
      const isLeft = (node: TableNode) => net.nodes.indexOf(node) < 5;
      net.settle();
      const bridges: [TableNode, TableNode][] = [];
      for (const node of net.nodes)
        for (const { peer } of node.ends.values()) if (isLeft(node) && !isLeft(peer)) bridges.push([node, peer]);
      for (const [a, b] of bridges) net.cut(a, b);
      net.rounds(60);
      for (const [a, b] of bridges) net.connect(a, b);
      net.rounds(10 + 2);
      expect(net.fault()).equal(undefined);
    });
  });

  it('leaves nothing behind when all links are gone', () => {
    forSeeds(40, 20, (random) => {
      const net = randomNet(random, 12, 12);
      for (let events = 0; events < 20; events++) {
        someEvent(net, random);
        net.rounds(random.below(3));
      }
      const [node] = net.nodes as [TableNode];
      const size = () => node.table.size();
      net.settle();
      expect(size().entryCount >= net.reachable(node).size - 1).equal(true);
      net.isolate(node);
      expect(size()).include({ entryCount: 0, pathCount: 0, byteLength: 0 });
      net.connect(node, net.node(1));
      net.isolate(node);
      net.connect(node, net.node(1));
      net.rounds(4);
      expect(size().nodeCount).equal(net.reachable(node).size);
    });
  });
});
