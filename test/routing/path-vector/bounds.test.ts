/** @module The bounds of the path-vector table: floods, long paths, links that flap, and what an entry takes. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import { ENTRIES_MAX, FLAG_BEGIN, FLAG_END } from '../../../routing/path-vector/session/format.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { A, B, C, idOf, next, REJECT, SELF } from '../ids.js';
import { rawSync } from './raw-sync.js';
import { line } from './shapes.js';
import { measured, TableNet } from './table-net.js';

const MIB = 1024 * 1024;
const EVERY_SERVICE = Array.from({ length: 256 }, (_, serviceId) => serviceId);
const idAt = (index: number) => (index + 2 ** 40).toString(16).padStart(64, '0') as NodeId;

function table(...neighbours: readonly NodeId[]): PathVectorRouter {
  const router = new PathVectorRouter();
  router.attach(SELF);
  neighbours.forEach((nodeId, index) => {
    router.linkUp(index + 1, nodeId);
    router.linkMetric(index + 1, measured(20));
  });
  return router;
}

/** Syncs of a session that advertise `count` nodes, as many in each as it may have. */
function flood(from: NodeId, session: number, first: number, count: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(count / ENTRIES_MAX) }, (_, sequence) => {
    const begin = sequence * ENTRIES_MAX;
    const length = Math.min(ENTRIES_MAX, count - begin);
    const nodes = Array.from({ length }, (_node, index) => [begin + index + 1, idAt(first + begin + index)] as const);
    const flags = (sequence === 0 ? FLAG_BEGIN : 0) | (session === 1 || begin + length < count ? 0 : FLAG_END);
    return rawSync({ from, to: SELF, session, sequence, flags, nodes, entries: nodes.map(([number]) => ({ number })) });
  });
}

function takeAll(router: PathVectorRouter, connectionId: number, syncs: readonly Uint8Array[]): void {
  for (const sync of syncs) router.applySync(connectionId, measured(20), sync);
}

describe('The bounds of PathVectorRouter', () => {
  it('row 102: lists of services under every number that a neighbour can name take less than 32 MiB', () => {
    const router = table(A);
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let part = 0; part < 65; part++) {
      const sets = Array.from({ length: 1_000 }, (_, index) => [part * 1_000 + index + 1, EVERY_SERVICE] as const);
      router.applySync(1, measured(20), rawSync({ from: A, to: SELF, sequence: part, flags: part === 0 ? FLAG_BEGIN : 0, sets }));
    }
    global.gc?.();
    expect(process.memoryUsage().heapUsed - before).below(32 * MIB);
    expect(router.pathToNode(A)).eql(next(1, A));
  });

  it('row 102: services that change all the time leave no garbage that grows old', () => {
    const router = table(A);
    const halves = [0, 1].map((half) => EVERY_SERVICE.filter((serviceId) => serviceId % 2 === half));
    const change = (count: number) => {
      for (let time = 0; time < count; time++) {
        router.linkServices(1, halves[time % 2] as number[]);
        if (time % 100 === 0) global.gc?.({ type: 'minor' });
      }
      return process.memoryUsage().heapUsed;
    };
    change(400);
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    expect(change(4_000) - before).below(5 * MIB);
  });

  it('row 64: a flood of 100,000 nodes takes less than 64 MiB, and neighbours and others find room', () => {
    const router = table(A, B);
    global.gc?.();
    const before = process.memoryUsage();
    for (let session = 1; session <= 25; session++) takeAll(router, 1, flood(A, session, session * 4_000, 4_000));
    global.gc?.();
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).below(64 * MIB);
    expect(router.size().nodeCount).within(2_000, 3_072 + 3);
    expect([router.pathToNode(A), router.pathToNode(B)]).eql([next(1, A), next(2, B)]);
    router.linkUp(3, C);
    expect(router.pathToNode(C)).eql(next(3, C));
    takeAll(router, 2, flood(B, 1, 900_000, 900));
    expect(router.pathToNode(idAt(900_000 + 899))).eql(next(2, B));
  });

  it('row 64: one neighbour fills three quarters of the table, not more', () => {
    const router = table(A);
    takeAll(router, 1, flood(A, 2, 0, 4_000));
    expect(router.size().nodeCount).equal(3_072);
    expect([router.pathToNode(idAt(3_069)), router.pathToNode(idAt(3_070))]).eql([next(1, A), REJECT]);
  });

  it('row 64: what one neighbour floods does not reach the next but one beyond its bound, and goes with its link', () => {
    const net = new TableNet([A, SELF, B]);
    const [a, self, b] = [net.node(0), net.node(1), net.node(2)];
    net.connect(a, self);
    net.connect(self, b);
    net.settle();
    takeAll(self.table, net.connectionTo(self, a), flood(A, 9, 0, 4_000));
    net.rounds(2);
    expect(b.table.size().nodeCount).within(3_000, 3_072);
    net.cut(self, a);
    net.rounds(4);
    expect([self.table.size().nodeCount, b.table.size().nodeCount]).eql([2, 2]);
  });

  it('row 64: many long paths without common hops find an end, and the table goes on', () => {
    const router = table(A);
    const nodes = Array.from({ length: 2_000 }, (_, index) => [index + 1, idAt(index)] as const);
    const random = new SeededRandom(1);
    const hops = () => Array.from(new Set(Array.from({ length: 60 }, () => 1 + random.below(2_000))));
    const entries = nodes.map(([number]) => ({ number, hops: hops() }));
    router.applySync(1, measured(20), rawSync({ from: A, to: SELF, session: 2, nodes, entries }));
    const { pathCount, byteLength } = router.size();
    expect(pathCount).within(30_000, 8 * 4_096);
    expect(byteLength).below(2 * MIB);
    expect(router.pathToNode(A)).eql(next(1, A));
    router.applySync(1, measured(20), rawSync({ from: A, to: SELF, session: 3, nodes: [[1, B]], entries: [{ number: 1 }] }));
    for (let round = 0; round < 4; round++) router.createSync(A);
    expect(router.size()).include({ pathCount: 2, nodeCount: 3 });
  });

  it('row 105: a sync of 2,000 entries is taken, one of 2,001 is not', () => {
    for (const [count, nodeCount] of [
      [ENTRIES_MAX, 2_002],
      [ENTRIES_MAX + 1, 2],
    ] as const) {
      const router = table(A);
      const nodes = Array.from({ length: count }, (_, index) => [index + 1, idAt(index)] as const);
      const entries = nodes.map(([number]) => ({ number }));
      router.applySync(1, measured(20), rawSync({ from: A, to: SELF, nodes, entries }));
      expect(router.size().nodeCount).equal(nodeCount);
    }
  });

  it('row 105: what a table sends never has more, however much is new or lost at once', () => {
    const net = new TableNet([A, SELF, B]);
    const [a, self, b] = [net.node(0), net.node(1), net.node(2)];
    net.connect(a, self);
    net.connect(self, b);
    net.settle();
    takeAll(self.table, net.connectionTo(self, a), flood(A, 9, 0, 3_000));
    net.settle();
    expect(b.table.size().nodeCount).equal(3_003);
    net.cut(self, a);
    net.settle();
    expect(b.table.size().nodeCount).equal(2);
  });

  it('takes paths of hopsMax links, and no longer ones', () => {
    for (const hopsMax of [1, 2, 5]) {
      const net = new TableNet(
        Array.from({ length: 8 }, (_, index) => idOf(`${index + 1}`)),
        { hopsMax },
      );
      net.connectAll(line(8));
      net.settle();
      const reached = net.nodes.map((node) => net.node(0).table.pathToNode(node.id).type);
      expect(reached.lastIndexOf('next'), `${hopsMax}`).equal(hopsMax);
    }
    const router = table(A);
    const nodes = Array.from({ length: 70 }, (_, index) => [index + 1, idAt(index)] as const);
    const path = (length: number) => nodes.slice(0, length).map(([number]) => number);
    const entries = [
      { number: 69, hops: path(62) },
      { number: 70, hops: path(63) },
    ];
    router.applySync(1, measured(20), rawSync({ from: A, to: SELF, nodes, entries }));
    expect([router.pathToNode(idAt(68)).type, router.pathToNode(idAt(69)).type]).eql(['next', 'reject']);
  });

  it('an entry takes at most 64 bytes at 2,000 nodes', () => {
    const router = table(A, B, C);
    const nodes = Array.from({ length: 2_000 }, (_, index) => [index + 1, idAt(index)] as const);
    const entries = nodes.map(([number]) => ({ number, parent: number < 40 ? 0 : number >> 2 }));
    for (const [index, from] of [A, B, C].entries()) router.applySync(index + 1, measured(20), rawSync({ from, to: SELF, nodes, entries }));
    const { entryCount, byteLength } = router.size();
    expect(entryCount).equal(6_003);
    expect(byteLength / entryCount).below(64);
  });

  it('without anybody who asks for syncs, neighbours that come and go leave nothing that grows', () => {
    const router = new PathVectorRouter({ nodesMax: 16 });
    router.attach(SELF);
    const random = new SeededRandom(1);
    for (let index = 1; index <= 500; index++) {
      router.linkUp(index, random.nodeId());
      router.linkDown(index);
    }
    expect(router.size().nodeCount).within(1, 1 + 16);
    router.linkUp(1_000, A);
    expect(router.pathToNode(A)).eql(next(1_000, A));
  });

  it('row 68: a link that flaps ten times a second is told of five times, and then only when it has held', () => {
    const net = new TableNet([SELF, A, B]);
    const [self, a, b] = [net.node(0), net.node(1), net.node(2)];
    net.connect(self, b);
    net.settle();
    let syncs = 0;
    let known = 0;
    for (let flap = 0; flap < 100; flap++) {
      net.connect(self, a);
      const before = net.syncs;
      net.news();
      syncs += net.syncs - before;
      if (b.table.pathToNode(A).type === 'next') known++;
      net.cut(self, a);
      net.news();
      if (flap % 10 === 9) net.round();
    }
    expect(known).equal(5);
    expect(syncs).below(100 * 3 + 20);
    net.connect(self, a);
    net.rounds(4);
    expect([self.table.pathToNode(A).type, b.table.pathToNode(A).type]).eql(['next', 'reject']);
    net.rounds(16);
    expect(b.table.pathToNode(A)).include({ nodeId: SELF });
  });
});
