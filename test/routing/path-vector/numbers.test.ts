/** @module The parts of the path-vector table that keep numbers for nodes: entries of a link, decisions, sets of nodes, a neighbour's numbers. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { AdjRibIn } from '../../../routing/path-vector/rib/adj-rib-in.js';
import { LocRib } from '../../../routing/path-vector/rib/loc-rib.js';
import { BANDWIDTH_UNKNOWN, COST_NONE, ESTIMATED, LATENCY_MAX, LOSS_WHOLE } from '../../../routing/path-vector/rib/metric.js';
import { PeerNumbers } from '../../../routing/path-vector/rib/peer-numbers.js';
import type { RouteLink } from '../../../routing/path-vector/rib/route-link.js';
import { NO_NODE, NodeList } from '../../../routing/path-vector/structures/node-list.js';
import { NodeSet } from '../../../routing/path-vector/structures/node-set.js';
import { forSeeds } from '../../../testing/conformance/check-tools.js';
import { A, B, idOf } from '../ids.js';

const entry = { path: 1, latency: 0, loss: 0, bandwidth: BANDWIDTH_UNKNOWN, services: 0, sequence: 0, isCurrent: false };

describe('Columns', () => {
  const all = (ribIn: AdjRibIn, node: number) => [
    ribIn.pathOf(node),
    ribIn.latencyOf(node),
    ribIn.lossOf(node),
    ribIn.bandwidthOf(node),
    ribIn.servicesOf(node),
    ribIn.sequenceOf(node),
    ribIn.isCurrent(node),
    ribIn.costOf(node),
  ];
  const NONE = [0, 0, 0, BANDWIDTH_UNKNOWN, 0, 0, false, COST_NONE];

  it('keep the greatest numbers that an entry may have, beside each other', () => {
    const ribIn = new AdjRibIn();
    const greatest = {
      path: 8 * 32_768,
      latency: LATENCY_MAX,
      loss: LOSS_WHOLE | ESTIMATED,
      bandwidth: BANDWIDTH_UNKNOWN - 1,
      services: 4_095,
      sequence: 0xffff_ffff,
      isCurrent: true,
    };
    for (const node of [0, 7, 65_534]) ribIn.setEntry(node, node === 7 ? entry : greatest);
    for (const node of [0, 7, 65_534]) ribIn.setCost(node, node);
    expect(all(ribIn, 65_534)).eql([...Object.values(greatest), 65_534]);
    expect(all(ribIn, 0)).eql([...Object.values(greatest), 0]);
    expect(all(ribIn, 7)).eql([...Object.values(entry), 7]);
    const nodes: number[] = [];
    ribIn.forEach((node) => {
      nodes.push(node);
    });
    expect(nodes).eql([0, 7, 65_534]);
    ribIn.clearEntry(65_534);
    expect([ribIn.entryCount, all(ribIn, 65_534), all(ribIn, 1)]).eql([2, NONE, NONE]);
  });

  it('take room for bandwidths when the first one is known', () => {
    const ribIn = new AdjRibIn();
    for (let node = 1; node <= 100; node++) ribIn.setEntry(node, entry);
    const { byteLength } = ribIn;
    ribIn.setEntry(50, { ...entry, bandwidth: 9 });
    expect(ribIn.byteLength - byteLength).within(4 * 100, 4 * 128);
    for (let node = 101; node <= 300; node++) ribIn.setEntry(node, entry);
    const known = Array.from({ length: 300 }, (_, index) => ribIn.bandwidthOf(index + 1)).filter((width) => width !== BANDWIDTH_UNKNOWN);
    expect(known).eql([9]);
  });

  it('forget with a new session which entries are of the present one, and nothing else', () => {
    const ribIn = new AdjRibIn();
    ribIn.setEntry(3, { ...entry, loss: 5, isCurrent: true });
    ribIn.age();
    expect([ribIn.isCurrent(3), ribIn.lossOf(3), ribIn.pathOf(3)]).eql([false, 5, 1]);
  });
});

describe('NodeStates', () => {
  const links = [{ slot: 0 }, { slot: 1 }] as RouteLink[];

  it('keep each decision apart, and forget all of a node at once', () => {
    const locRib = new LocRib(links);
    locRib.fit(40);
    locRib.setRoute(39, links[1], 0xffff_ffff, 9);
    locRib.setServices(39, 4_095);
    locRib.setHeldDown(39, true);
    locRib.setFeasibilityDistance(39, 5);
    locRib.addRoutes(39, 1);
    const seen = () => [locRib.linkOf(39), locRib.pathNameOf(39), locRib.sinceRoundOf(39), locRib.servicesOf(39), locRib.isHeldDown(39)];
    expect(seen()).eql([links[1], 0xffff_ffff, 9, 4_095, true]);
    locRib.setHeldDown(39, false);
    locRib.setContested(39, true);
    locRib.setRoute(39, links[1], 0xffff_ffff, 10);
    expect([...seen(), locRib.isContested(39)]).eql([links[1], 0xffff_ffff, 9, 4_095, false, true]);
    locRib.clear(39);
    expect([...seen(), locRib.feasibilityDistanceOf(39), locRib.routeCountOf(39)]).eql([undefined, 0, 0, 0, false, COST_NONE, 0]);
    expect([locRib.linkOf(38), locRib.feasibilityDistanceOf(38), locRib.linkOf(4_000)]).eql([undefined, COST_NONE, undefined]);
  });
});

describe('NodeSet', () => {
  it('has what a Set has, in the order of the numbers', () => {
    forSeeds(1, 20, (random) => {
      const [set, expected] = [new NodeSet(), new Set<number>()];
      for (let step = 0; step < 300; step++) {
        const node = random.pick([0, 31, 32, 63, 64, 65_534, random.below(2_000)]);
        if (random.once(3)) {
          set.delete(node);
          expected.delete(node);
        } else {
          set.add(node);
          expected.add(node);
        }
        expect([set.has(node), set.size]).eql([expected.has(node), expected.size]);
      }
      expect([...set]).eql([...expected].sort((one, other) => one - other));
    });
  });
});

describe('HeardNodes', () => {
  it('know a number by the node of the table, or by the id where the table has none', () => {
    const heard = new PeerNumbers();
    heard.setNode(5, 0);
    heard.setId(65_536, B);
    const seen = (number: number) => [heard.has(number), heard.nodeOf(number), heard.idOf(number)];
    expect([seen(5), seen(65_536), seen(6)]).eql([
      [true, 0, undefined],
      [true, NO_NODE, B],
      [false, NO_NODE, undefined],
    ]);
    heard.setNode(65_536, 65_534);
    expect(seen(65_536)).eql([true, 65_534, undefined]);
    heard.setId(5, A);
    expect(seen(5)).eql([true, NO_NODE, A]);
    heard.clear();
    expect([seen(5), seen(65_536)]).eql([
      [false, NO_NODE, undefined],
      [false, NO_NODE, undefined],
    ]);
  });

  it('go back to the id when a number of the table becomes free, also where two numbers mean the same node', () => {
    const heard = new PeerNumbers();
    for (const number of [1, 9]) heard.setNode(number, 3);
    heard.setNode(2, 4);
    heard.forget(3, A);
    expect([1, 2, 9].map((number) => [heard.nodeOf(number), heard.idOf(number)])).eql([
      [NO_NODE, A],
      [4, undefined],
      [NO_NODE, A],
    ]);
  });
});

describe('NodeList at the end of its numbers', () => {
  it('row 64: has 65,535 of them, and none for a further neighbour', () => {
    const nodes = new NodeList(idOf('5'), 16, () => {});
    for (let index = 1; index < 65_535; index++) nodes.neighbour(index.toString(16).padStart(64, '0') as NodeId);
    expect([nodes.size, nodes.neighbour(A)]).eql([65_535, NO_NODE]);
    nodes.hold(7);
    nodes.release(7);
    expect(nodes.neighbour(A)).equal(7);
  });
});
