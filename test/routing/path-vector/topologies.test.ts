/**
 * @module PathVectorRouter in all small topologies: after every single cut no forwarding loop lasts, everybody who is connected is
 * reached on the cheapest way, and nobody else, within bounded rounds.
 */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { clique, type Edge } from './shapes.js';
import { LOOP, TableNet } from './table-net.js';

const IDS = ['3', '7', 'b', 'd', '1'].map((digit) => digit.repeat(64) as NodeId);

function isConnected(count: number, edges: readonly Edge[]): boolean {
  const seen = new Set([0]);
  for (const node of seen) for (const [a, b] of edges) if (a === node || b === node) seen.add(a === node ? b : a);
  return seen.size === count;
}

/** Every connected graph of labelled nodes. */
function connectedGraphs(count: number): Edge[][] {
  const pairs = clique(count);
  const graphs = Array.from({ length: 2 ** pairs.length }, (_, bits) => pairs.filter((_pair, index) => ((bits >> index) & 1) === 1));
  return graphs.filter((edges) => isConnected(count, edges));
}

function built(count: number, edges: readonly Edge[], rttOf: (index: number) => number): TableNet {
  const net = new TableNet(IDS.slice(0, count)).connectAll(edges, rttOf);
  net.settle();
  return net;
}

/** Rounds after the cut until all is right, and the last of them in which some message went round. */
function heal(net: TableNet, name: string): { readonly rounds: number; readonly loopRound: number } {
  let loopRound = 0;
  for (let round = 0; round <= 20; round++) {
    if (net.fault() === undefined) return { rounds: round, loopRound };
    const isLoop = net.nodes.some((start) => net.nodes.some((target) => net.follow(start, target) === LOOP));
    if (isLoop) loopRound = round + 1;
    net.round();
  }
  throw new Error(`${name}: still wrong after 20 rounds: ${net.fault()}`);
}

function everyCut(count: number, rtt: () => number): { rounds: number; loopRound: number; cuts: number } {
  const worst = { rounds: 0, loopRound: 0, cuts: 0 };
  for (const edges of connectedGraphs(count)) {
    const rtts = edges.map(rtt);
    for (const [index, [a, b]] of edges.entries()) {
      const net = built(count, edges, (edge) => rtts[edge] as number);
      const name = `${JSON.stringify(edges)} without ${a}-${b}`;
      if (index === 0) expect(net.fault(), name).equal(undefined);
      net.cut(net.node(a), net.node(b));
      const { rounds, loopRound } = heal(net, name);
      worst.rounds = Math.max(worst.rounds, rounds);
      worst.loopRound = Math.max(worst.loopRound, loopRound);
      worst.cuts++;
    }
  }
  return worst;
}

/** How many graphs there are, and how many links in all of them: every one is cut once. */
const COUNTS = [
  { count: 2, graphs: 1, cuts: 1 },
  { count: 3, graphs: 4, cuts: 9 },
  { count: 4, graphs: 38, cuts: 144 },
  { count: 5, graphs: 728, cuts: 4_140 },
] as const;

describe('PathVectorRouter in every connected topology of up to five nodes, with every single link cut', function () {
  this.timeout(300_000);

  for (const { count, graphs, cuts } of COUNTS) {
    it(`row 62: ${count} nodes of equal links heal within ${count} rounds; what goes round does so until the second round at most`, () => {
      expect(connectedGraphs(count).length).equal(graphs);
      const worst = everyCut(count, () => 20);
      expect(worst.cuts).equal(cuts);
      expect(worst.rounds).within(0, count);
      expect(worst.loopRound).within(0, 2);
    });

    it(`row 62: ${count} nodes of unequal links do so, too`, () => {
      const random = new SeededRandom(count);
      const worst = everyCut(count, () => 2 * (1 + random.below(60)));
      expect(worst.rounds).within(0, count);
      expect(worst.loopRound).within(0, 2);
    });
  }
});
