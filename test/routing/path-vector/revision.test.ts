/** @module The revision of the path-vector table: it rises with everything that may be news, and with nothing else. */
import { expect } from 'chai';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { A, B, SELF } from '../ids.js';
import { measured, TableNet, threeInLine } from './table-net.js';

/** Something that is not a round. */
function happen(net: TableNet, random: SeededRandom): void {
  const node = random.pick(net.nodes);
  const [connectionId, end] = random.pick([...node.ends]);
  const happenings = [
    () => net.measure(node, connectionId, measured(random.pick([2, 10, 30, 80, 200]))),
    () => net.offer(node, 64),
    () => net.withdraw(node, 64),
    () => {
      if (node.ends.size < 2 || end.peer.ends.size < 2) return;
      net.cut(node, end.peer);
      net.connect(node, end.peer, measured(random.pick([2, 10, 30, 80, 200])));
    },
  ];
  random.pick(happenings)();
}

describe('The revision of PathVectorRouter', () => {
  it('stays while neighbours exchange digests, and while round trips tremble', () => {
    const { net, self } = threeInLine();
    const before = self.table.revision;
    net.rounds(40);
    self.table.linkMetric(net.connectionTo(self, net.node(0)), measured(21));
    expect(self.table.revision).equal(before);
  });

  it('rises with links, their services and measurements, and with what neighbours send', () => {
    const { net, self, b } = threeInLine();
    const events: [string, () => void][] = [
      ['a measurement', () => net.measure(self, net.connectionTo(self, b), measured(300))],
      ['services', () => net.offer(b, 64)],
      ['a link', () => self.table.linkUp(900, SELF.replace('5', '7') as typeof SELF)],
      ['its end', () => self.table.linkDown(900)],
      ['a neighbour that takes all back', () => self.table.applySync(net.connectionTo(self, b), measured(20), new Uint8Array(0))],
    ];
    for (const [name, happen] of events) {
      const before = self.table.revision;
      happen();
      expect(self.table.revision, name).above(before);
    }
    expect([self.table.createNews(A)?.length, self.table.createNews(B)?.length].some((length) => length !== undefined)).equal(true);
  });

  it('is another one whenever there is news without a round in between, in 40 random histories', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new SeededRandom(seed);
      const net = TableNet.random(random, 6).connectAll([
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
        [5, 0],
      ]);
      net.settle();
      for (let step = 0; step < 20; step++) {
        net.news();
        const revisions = net.nodes.map(({ table }) => table.revision);
        happen(net, random);
        for (const [index, node] of net.nodes.entries()) {
          const news = [...node.ends.values()].filter(({ peer }) => node.table.createNews(peer.id) !== undefined);
          if (news.length > 0) expect(node.table.revision, `seed ${seed}, step ${step}`).not.equal(revisions[index]);
        }
        net.settle();
      }
    }
  });
});
