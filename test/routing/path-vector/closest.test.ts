/** @module The nodes closest to a key, as the path-vector table knows them, and when it knows all of them. */
import { expect } from 'chai';
import { isCloser } from '../../../core/address/xor-distance.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { A, B, C, SELF } from '../ids.js';
import { measured, TableNet, threeInLine } from './table-net.js';

describe('The closest nodes of PathVectorRouter', () => {
  it('are all nodes by XOR, this one among them, in 20 random meshes', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed);
      const net = TableNet.random(random, 12).connectAll(Array.from({ length: 11 }, (_, index) => [random.below(index + 1), index + 1]));
      net.settle();
      const key = random.nodeId();
      const sorted = net.nodes.map(({ id }) => id).sort((one, other) => (isCloser(one, other, key) ? -1 : 1));
      for (const { table } of net.nodes) {
        expect(table.closest(key, 12), `seed ${seed}`).eql({ nodes: sorted, isComplete: true });
        expect(table.closest(key, 3).nodes).eql(sorted.slice(0, 3));
      }
    }
  });

  it('are not complete until every neighbour has sent a whole session', () => {
    const { net, self } = threeInLine(false);
    expect(self.table.closest(SELF, 9)).eql({
      nodes: [SELF, A, B].sort((one, other) => (isCloser(one, other, SELF) ? -1 : 1)),
      isComplete: false,
    });
    net.settle();
    expect(self.table.closest(SELF, 9).isComplete).equal(true);
    const other = new TableNet([C]).node(0);
    net.connect(self, other);
    expect(self.table.closest(SELF, 9).isComplete).equal(false);
  });

  it('are not complete while a neighbour has nothing to tell', () => {
    const { net, self, a } = threeInLine();
    self.table.applySync(net.connectionTo(self, a), measured(20), new Uint8Array(0));
    expect([self.table.closest(SELF, 9).isComplete, self.table.isFilled]).eql([false, true]);
  });

  it('are not complete once a bound left a node out: 16 nodes are known, the 17th is not', () => {
    for (const [count, isComplete] of [
      [16, true],
      [17, false],
    ] as const) {
      const net = TableNet.random(new SeededRandom(7), count, { nodesMax: 16 });
      for (let index = 1; index < count; index++) net.connect(net.node(index % 4 === 0 ? 0 : index - 1), net.node(index));
      net.settle();
      expect(net.node(0).table.closest(SELF, 99).isComplete, `${count} nodes`).equal(isComplete);
    }
  });

  it('are not complete once a path was too long: two hops are known, the third is not', () => {
    for (const [count, isComplete] of [
      [3, true],
      [4, false],
    ] as const) {
      const net = TableNet.random(new SeededRandom(7), count);
      const far = new TableNet([SELF], { hopsMax: 2 }).node(0);
      for (let index = 1; index < count; index++) net.connect(net.node(index - 1), net.node(index));
      net.nodes.unshift(far);
      net.connect(far, net.node(2));
      net.settle();
      expect(far.table.closest(SELF, 99).isComplete, `${count} nodes`).equal(isComplete);
    }
  });
});
