/** @module Which way `PathVectorRouter` takes: cost, ties, paths that lead back, feasibility, and what it explains. */
import { expect } from 'chai';
import type { NodeId } from '../../../core/address/node-id.js';
import type { LinkMetric } from '../../../core/api/router-table.js';
import { NetworkError } from '../../../index.js';
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import type { PathVectorOptions } from '../../../routing/path-vector/rib/options.js';
import { A, B, C, idOf, LOCAL, next, REJECT, SELF, STRANGER } from '../ids.js';
import { type RawEntry, rawSync } from './raw-sync.js';
import { line } from './shapes.js';
import { measured, TableNet } from './table-net.js';

/** A table with the neighbours A, B and C on the connections 1, 2 and 3. */
function table(options: PathVectorOptions = {}, rtts: readonly number[] = [20, 20, 20]): PathVectorRouter {
  const router = new PathVectorRouter(options);
  router.attach(SELF);
  [A, B, C].forEach((nodeId, index) => {
    router.linkUp(index + 1, nodeId);
    router.linkMetric(index + 1, measured(rtts[index] as number));
  });
  return router;
}

const D = idOf('d');
const E = idOf('e');
const NODES: readonly (readonly [number, NodeId])[] = [
  [1, D],
  [2, E],
];

function told(
  router: PathVectorRouter,
  connectionId: number,
  entries: readonly RawEntry[],
  sequence = 0,
  metric: LinkMetric = measured(20),
): void {
  const from = [A, B, C][connectionId - 1] as NodeId;
  router.applySync(connectionId, metric, rawSync({ from, to: SELF, sequence, nodes: sequence === 0 ? NODES : [], entries }));
}

const reasonOf = (router: PathVectorRouter, nodeId: NodeId) => router.explain({ type: 'node', nodeId }).reason;

describe('PathVectorRouter chooses', () => {
  it('ATM-50, ATM-54: the path of the least cost, which is what was told and the link together', () => {
    const router = table({}, [20, 30, 20]);
    told(router, 1, [{ number: 1, latency: 300 }]);
    told(router, 2, [{ number: 1, latency: 240 }]);
    expect(router.pathToNode(D)).eql(next(2, B));
    expect(reasonOf(router, D)).match(/via b0000000, d0000000 \(2 hops, cost 59 ms: half RTT 39 ms \+ 2 × 10 ms a hop\)/);
    router.linkMetric(2, measured(60));
    expect(router.pathToNode(D)).eql(next(1, A));
  });

  it('ATM-50: 10 ms of latency are as much as a hop', () => {
    const router = table();
    told(router, 1, [{ number: 1, latency: 201 }]);
    told(router, 2, [{ number: 1, hops: [2], latency: 99 }]);
    expect(router.pathToNode(D)).eql(next(2, B));
    told(router, 2, [{ number: 1, hops: [2], latency: 101 }], 1);
    told(router, 3, [{ number: 1, latency: 200 }]);
    expect(router.pathToNode(D)).eql(next(3, C));
  });

  it('ATM-50, H-29: at equal cost fewer hops, then more bandwidth, then the smaller id of the neighbour, in any order of coming up', () => {
    const fewer = table();
    told(fewer, 1, [{ number: 1, hops: [2], latency: 100 }]);
    told(fewer, 2, [{ number: 1, latency: 200 }]);
    expect(fewer.pathToNode(D)).eql(next(2, B));
    const wider = table();
    told(wider, 1, [{ number: 1, bits: 1 | 16, latency: 100, more: [2_000_000] }]);
    told(wider, 2, [{ number: 1, bits: 1 | 16, latency: 100, more: [3_000_000] }]);
    expect(wider.pathToNode(D)).eql(next(2, B));
    const widerLink = table();
    for (const connectionId of [1, 2]) told(widerLink, connectionId, [{ number: 1, latency: 100 }]);
    for (const [connectionId, bandwidth] of [
      [1, 2_000_000],
      [2, 3_000_000],
    ] as const)
      widerLink.linkMetric(connectionId, { rttMs: 20, lossRatio: 0, bandwidth });
    expect(widerLink.pathToNode(D)).eql(next(2, B));
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
    ]) {
      const equal = table();
      for (const connectionId of order) told(equal, connectionId, [{ number: 1, latency: 100 }]);
      expect(equal.pathToNode(D)).eql(next(1, A));
    }
  });

  it('of two links to one node the older one at equal cost, and the cheaper one otherwise', () => {
    const router = table();
    router.linkUp(9, A);
    router.linkMetric(9, measured(20));
    expect(router.pathToNode(A)).eql(next(1, A));
    router.linkMetric(1, measured(30));
    expect(router.pathToNode(A)).eql(next(9, A));
  });

  it('ATM-51, ATM-52: nothing that leads back to where the message came from, neither as the next hop nor on the way', () => {
    const router = table();
    told(router, 1, [{ number: 1 }]);
    router.applySync(
      2,
      measured(20),
      rawSync({
        from: B,
        to: SELF,
        nodes: [...NODES, [3, A]],
        entries: [
          { number: 1, hops: [3] },
          { number: 2, hops: [1] },
        ],
      }),
    );
    expect(router.pathToNode(D)).eql(next(1, A));
    expect(router.pathToNode(D, 1)).eql(REJECT);
    told(router, 3, [{ number: 1, latency: 5_000 }]);
    expect(router.pathToNode(D, 1)).eql(next(3, C));
    expect(router.pathToNode(D, 77)).eql(next(1, A));
  });

  it('rejects what nobody told of, and delivers to this node', () => {
    const router = table();
    expect([router.pathToNode(STRANGER), router.pathToNode(SELF), router.pathToNode(SELF, 1)]).eql([REJECT, LOCAL, LOCAL]);
    expect([new PathVectorRouter().pathToNode(A), new PathVectorRouter().pathToKey(A), new PathVectorRouter().pathToService(1, 0)]).eql([
      REJECT,
      REJECT,
      REJECT,
    ]);
  });

  it('takes a cost function of the user in place of the formula', () => {
    const router = table({ cost: ({ hopCount }) => hopCount });
    told(router, 1, [{ number: 1, hops: [2], latency: 0 }]);
    told(router, 2, [{ number: 1, latency: 9_000 }]);
    expect(router.pathToNode(D)).eql(next(2, B));
  });

  it('ATM-49: counts latencies together, takes the least bandwidth, and the hops in order', () => {
    const net = new TableNet([SELF, A, B]);
    const [one, two, three] = [net.node(0), net.node(1), net.node(2)];
    net.connect(one, two, { rttMs: 10, lossRatio: 0.1, bandwidth: 1_000_000 });
    net.connect(two, three, { rttMs: 30, lossRatio: 0.05, bandwidth: 9_000_000 });
    net.settle();
    expect(reasonOf(one.table, B)).contain('via a0000000, b0000000 (2 hops, cost 1190 ms: ');
    expect(reasonOf(three.table, SELF)).contain('via a0000000, 50000000 (2 hops, cost 1190 ms: ');
  });

  it('falls back at once on a neighbour that cannot depend on it, and tells others so', () => {
    const net = new TableNet([SELF, A, B, C, D]);
    const [self, a, b, c, d] = [net.node(0), net.node(1), net.node(2), net.node(3), net.node(4)];
    net.connect(self, a, measured(100));
    net.connect(a, d, measured(10));
    net.connect(self, b, measured(140));
    net.connect(b, d, measured(10));
    net.connect(self, c, measured(10));
    net.settle();
    expect(self.table.pathToNode(D)).include({ nodeId: A });
    net.cut(self, a);
    expect(self.table.pathToNode(D)).include({ nodeId: B });
    expect(reasonOf(self.table, D)).not.contain('hold-down');
    net.round();
    expect(c.table.explain({ type: 'node', nodeId: D }).reason).contain('b0000000, d0000000');
  });

  it('H-27: uses any other way at once, but tells nobody of one that may depend on it before two rounds are over', () => {
    const net = new TableNet([SELF, A, B, C, D]);
    const [self, a, b, c, d] = [net.node(0), net.node(1), net.node(2), net.node(3), net.node(4)];
    net.connect(self, d, measured(10));
    net.connect(self, a, measured(10));
    net.connect(a, b, measured(10));
    net.connect(b, d, measured(100));
    net.connect(self, c, measured(10));
    net.settle();
    const connectionId = net.connectionTo(self, c);
    net.cut(self, d);
    expect(self.table.pathToNode(D, connectionId)).include({ nodeId: A });
    expect(reasonOf(self.table, D)).contain('ago, in hold-down');
    net.round();
    expect(c.table.pathToNode(D)).eql(REJECT);
    net.rounds(2);
    expect(c.table.pathToNode(D)).include({ nodeId: SELF });
    expect(reasonOf(self.table, D)).not.contain('hold-down');
    expect(net.fault()).equal(undefined);
  });
});

describe('PathVectorRouter explains', () => {
  it('the path with its cost and age, and for every other way why it is not taken', () => {
    const router = table();
    told(router, 1, [{ number: 1, latency: 100 }]);
    told(router, 2, [{ number: 1, latency: 150 }]);
    told(router, 3, [{ number: 1, latency: 100 }]);
    for (let round = 0; round < 4; round++) router.createSync(A);
    expect(router.explain({ type: 'node', nodeId: D })).eql({
      rule: { type: 'node', nodeId: D },
      action: next(1, A),
      reason: 'node d0000000: via a0000000, d0000000 (2 hops, cost 40 ms: half RTT 20 ms + 2 × 10 ms a hop), selected 3 sync rounds ago',
      rejected: [
        { via: { connectionId: 2, nodeId: B }, reason: 'rejected via b0000000: 5 ms more expensive (2 hops, cost 45 ms)' },
        {
          via: { connectionId: 3, nodeId: C },
          reason: 'rejected via c0000000: equal cost, behind it in the order of node ids (2 hops, cost 40 ms)',
        },
      ],
    });
  });

  it('answers without another node', () => {
    const router = table();
    router.registerService(64);
    expect(reasonOf(router, SELF)).equal('node 50000000: it is this node');
    expect(reasonOf(router, STRANGER)).equal('node f0000000: no route is known');
    expect(router.explain({ type: 'service', serviceId: 64, meta: 0 }).reason).equal('the nearest provider of service 64: it is this node');
    expect(router.explain({ type: 'services', serviceId: 65, scope: 0 }).reason).contain('no route is known');
    expect(new PathVectorRouter().explain({ type: 'node', nodeId: A }).reason).contain('reject');
  });

  it('leaves out the middle of a long path', () => {
    const net = new TableNet(Array.from({ length: 20 }, (_, index) => idOf((index + 16).toString(16))));
    net.connectAll(line(20));
    net.settle();
    expect(reasonOf(net.node(0).table, net.node(19).id)).match(/via 11000000(, \w{8}){7}, …(, \w{8}){8} \(19 hops/);
  });
});

describe('The options of PathVectorRouter', () => {
  it('are refused by name when they are wrong, and taken at their ends', () => {
    const wrong: [string, unknown][] = [
      ['nodesMax', 15],
      ['nodesMax', 32_769],
      ['nodesMax', 20.5],
      ['hopsMax', 0],
      ['hopsMax', 256],
      ['cost', 7],
      ['balance', 'best'],
      ['nodes', 1],
    ];
    for (const [field, value] of wrong) {
      expect(() => new PathVectorRouter({ [field]: value }), `${field} ${value}`)
        .to.throw(NetworkError, `PathVectorRouter: option ${field}`)
        .with.property('code', 'OPTION_INVALID');
    }
    expect(() => new PathVectorRouter(7 as never)).to.throw(NetworkError);
    for (const options of [{ nodesMax: 16, hopsMax: 1 }, { nodesMax: 32_768, hopsMax: 255 }, {}]) new PathVectorRouter(options);
  });
});
