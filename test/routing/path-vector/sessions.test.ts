/** @module Sessions of two path-vector tables: how differences are found and repaired, and a node's own sequence number. */
import { expect } from 'chai';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import { A, B, C, idOf, next, REJECT, SELF } from '../ids.js';
import { rawSync } from './raw-sync.js';
import { carry, measured, TableNet, type TableNode, threeInLine } from './table-net.js';

const D = idOf('d');

describe('Two path-vector tables that differ', () => {
  it('H-26: a lost sync is found with the next one or the digest, and repaired by a new session', () => {
    for (const loss of [1, 2, 3]) {
      const { net, a, self, b } = threeInLine();
      for (let lost = 0; lost < loss; lost++) {
        net.offer(b, 64 + lost);
        self.table.createNews(A);
      }
      expect(a.table.pathToService(64, 0)).eql(REJECT);
      net.rounds(16);
      expect(a.table.pathToService(64, 0)).include({ nodeId: SELF });
      expect(net.fault()).equal(undefined);
    }
  });

  it('are repaired when the digest is wrong though nothing is missing, and what was right stays meanwhile', () => {
    const { net, a, self } = threeInLine();
    net.rounds(4);
    carry(net, self, a, rawSync({ from: SELF, to: A, session: 2, nodes: [[1, C]], entries: [{ number: 1 }], digest: 77 }));
    expect(a.table.pathToNode(C)).include({ nodeId: SELF });
    expect(a.table.pathToNode(B)).eql(REJECT);
    net.rounds(16);
    expect(a.table.pathToNode(B)).include({ nodeId: SELF });
    expect(a.table.pathToNode(C)).eql(REJECT);
  });

  it('ask less and less often when asking does not help, and answer at most once in two rounds', () => {
    const { net, a, self } = threeInLine();
    const asks: number[] = [];
    let session = 5;
    for (let round = 0; round < 200; round++) {
      carry(net, self, a, rawSync({ from: SELF, to: A, session: session++, digest: 1 }));
      const sync = a.table.createSync(SELF);
      if (sync !== undefined && ((sync[1] as number) & 4) !== 0) asks.push(round);
    }
    expect(asks.length).within(4, 9);
    const begun: number[] = [];
    for (let round = 0; round < 20; round++) {
      carry(net, a, self, rawSync({ from: A, to: SELF, session: 90 + round, receivedSession: 1, flags: 1 | 2 | 4 }));
      if (((self.table.createSync(A)?.[1] ?? 0) & 1) !== 0) begun.push(round);
    }
    expect(begun.length).within(6, 10);
  });

  it('understand each other at once after one of them was replaced, or both', () => {
    for (const replaced of [[0], [1], [0, 1], [1, 0, 2]]) {
      const { net } = threeInLine();
      net.rounds(7);
      for (const index of replaced) net.swap(net.node(index));
      net.rounds(3);
      expect(net.fault(), `${replaced}`).equal(undefined);
      for (const index of replaced) net.swap(net.node(index));
      net.rounds(4);
      expect(net.fault(), `${replaced} again`).equal(undefined);
    }
  });

  it('forget what was told when the neighbour has nothing to tell any more, and learn it again when it has', () => {
    const { net, a, self } = threeInLine();
    a.table.applySync(net.connectionTo(a, self), measured(20), new Uint8Array(0));
    expect([a.table.pathToNode(B), a.table.pathToNode(SELF).type]).eql([REJECT, 'next']);
    net.rounds(4);
    expect(a.table.pathToNode(B)).include({ nodeId: SELF });
  });

  it('speak on the younger of two links to one node, and on the other one when it is gone', () => {
    const { net, a, self } = threeInLine();
    const older = net.connectionTo(a, self);
    net.connect(a, self, measured(20));
    const younger = [...a.ends.keys()].at(-1) as number;
    net.rounds(3);
    a.table.linkDown(older);
    a.ends.delete(older);
    expect(a.table.pathToNode(B)).eql(next(younger, SELF));
  });
});

describe("A node's own sequence number", () => {
  const ownOf = (sync: Uint8Array | undefined) => sync?.[13];

  it('rises when the node comes back after it lost every link, and not before', () => {
    const router = new PathVectorRouter();
    router.attach(SELF);
    router.linkUp(1, A);
    router.linkUp(2, B);
    router.linkDown(1);
    router.linkUp(3, A);
    expect(ownOf(router.createSync(B))).equal(0);
    router.linkDown(2);
    router.linkDown(3);
    router.linkUp(4, A);
    expect(ownOf(router.createSync(A))).equal(1);
  });

  it('goes on behind that of an earlier life, as far as neighbours remember it', () => {
    const { net, a, self } = threeInLine();
    net.isolate(a);
    net.connect(a, self, measured(20));
    net.rounds(3);
    expect(ownOf(a.table.createSync(SELF))).equal(undefined);
    net.swap(a);
    net.rounds(4);
    net.rounds(8);
    const said = Array.from({ length: 12 }, () => ownOf(a.table.createSync(SELF))).filter((own) => own !== undefined);
    expect(said).eql([2]);
  });

  it('makes a way new: what is held is told again at once, and without that after the rounds', () => {
    for (const hasLeaf of [false, true]) {
      const net = new TableNet([SELF, A, B, C, D, idOf('e')]);
      const [self, a, b, c, d, leaf] = [net.node(0), net.node(1), net.node(2), net.node(3), net.node(4), net.node(5)];
      const links: [TableNode, TableNode][] = [
        [self, d],
        [self, c],
        [self, a],
        [a, b],
      ];
      for (const [one, other] of hasLeaf ? [...links, [d, leaf] as const] : links) net.connect(one, other, measured(10));
      net.settle();
      net.cut(self, d);
      net.connect(b, d, measured(10));
      net.news();
      expect(self.table.pathToNode(D)).include({ nodeId: A });
      expect(c.table.pathToNode(D).type).equal(hasLeaf ? 'reject' : 'next');
      net.rounds(3);
      expect(c.table.pathToNode(D).type).equal('next');
    }
  });
});
