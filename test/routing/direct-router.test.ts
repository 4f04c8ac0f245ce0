/** @module DirectRouter: the contract, and which neighbour it takes (ATM-43, ATM-48, H-29). */
import { expect } from 'chai';
import type { NodeId } from '../../core/address/node-id.js';
import { DirectRouter } from '../../routing/index.js';
import { routerTableSuite } from '../../testing/conformance/router-table-suite.js';
import { A, B, C, idOf, LOCAL, next, REJECT, rtt, SELF, STRANGER } from './ids.js';

/** A router with the neighbours A, B, C on connections 1, 2, 3. */
function threeNeighbours(): DirectRouter {
  const table = new DirectRouter();
  table.attach(SELF);
  [A, B, C].forEach((nodeId, index) => {
    table.linkUp(index + 1, nodeId);
  });
  return table;
}

/** The same, and A, B, C offer service 64. */
function threeProviders(): DirectRouter {
  const table = threeNeighbours();
  for (const connectionId of [1, 2, 3]) table.linkServices(connectionId, [64]);
  return table;
}

describe('DirectRouter', () => {
  routerTableSuite(() => new DirectRouter(), { reach: 'neighbours' });

  describe('to a node', () => {
    it('answers local for itself, next for a neighbour, reject for anyone else (ATM-43)', () => {
      const table = threeNeighbours();
      expect(table.pathToNode(SELF)).eql(LOCAL);
      expect(table.pathToNode(B)).eql(next(2, B));
      expect(table.pathToNode(STRANGER)).eql(REJECT);
    });

    it('never sends back where the message came from (H-25)', () => {
      const table = threeNeighbours();
      expect(table.pathToNode(B, 2)).eql(REJECT);
      expect(table.pathToNode(B, 1)).eql(next(2, B));
    });

    it('takes the oldest of two links, and the younger one only when it is left (ATM-20, H-29)', () => {
      const table = threeNeighbours();
      table.linkUp(9, A);
      table.linkUp(8, A);
      expect(table.pathToNode(A)).eql(next(1, A));
      table.linkDown(9);
      expect(table.pathToNode(A)).eql(next(1, A));
      table.linkDown(1);
      expect(table.pathToNode(A)).eql(next(8, A));
      table.linkDown(8);
      expect(table.pathToNode(A)).eql(REJECT);
    });

    it('drops any of three links without losing the others', () => {
      for (const [gone, left] of [
        [1, [8, 9]],
        [8, [1, 9]],
        [9, [1, 8]],
      ] as const) {
        const table = threeNeighbours();
        table.linkUp(8, A);
        table.linkUp(9, A);
        table.linkDown(gone);
        expect(table.pathToNode(A)).eql(next(left[0], A));
        table.linkDown(left[0]);
        expect(table.pathToNode(A)).eql(next(left[1], A));
        table.linkDown(left[1]);
        expect(table.pathToNode(A)).eql(REJECT);
      }
    });

    it('gives the same frozen object each time', () => {
      const table = threeProviders();
      expect(table.pathToNode(A)).equal(table.pathToNode(A));
      expect(table.pathToNode(A)).to.satisfy(Object.isFrozen);
      expect(table.pathToService(64, 0)).equal(table.pathToService(64, 0));
      expect(table.pathsToServices(64, 0)).equal(table.pathsToServices(64, 0));
      expect(table.pathsToServices(64, 0)).to.satisfy(Object.isFrozen);
      expect(table.pathsToServices(64, 0).next).to.satisfy(Object.isFrozen);
    });

    it('takes no link to itself', () => {
      const table = threeNeighbours();
      table.linkUp(4, SELF);
      expect(table.pathToNode(SELF)).eql(LOCAL);
    });
  });

  describe('to a key', () => {
    it('sends it to the neighbour that is closest by XOR, if it is closer than this node', () => {
      const table = threeNeighbours();
      expect(table.pathToKey(idOf('b1'))).eql(next(2, B));
      expect(table.pathToKey(idOf('d'))).eql(next(3, C));
      expect(table.pathToKey(idOf('51'))).eql(LOCAL);
      expect(table.pathToKey(SELF)).eql(LOCAL);
    });

    it('leaves out the node that it came from, over whichever of its links', () => {
      const table = threeNeighbours();
      expect(table.pathToKey(idOf('b1'), 2)).eql(next(1, A));
      table.linkUp(7, B);
      expect(table.pathToKey(idOf('b1'), 7)).eql(next(1, A));
    });

    it('keeps it when nobody else is left', () => {
      const table = new DirectRouter();
      table.attach(SELF);
      expect(table.pathToKey(A)).eql(LOCAL);
      table.linkUp(1, A);
      expect(table.pathToKey(A)).eql(next(1, A));
      expect(table.pathToKey(A, 1)).eql(LOCAL);
    });
  });

  describe('to a service', () => {
    it('prefers this node, then the best provider, and rejects without one (ATM-48)', () => {
      const table = threeProviders();
      expect(table.pathToService(65, 0)).eql(REJECT);
      expect(table.pathToService(64, 0)).eql(next(1, A));
      table.registerService(64);
      expect(table.pathToService(64, 0)).eql(LOCAL);
      table.unregisterService(64);
      expect(table.pathToService(64, 0)).eql(next(1, A));
    });

    it('takes the lowest round trip; an unknown one comes after all that are known (H-28)', () => {
      const table = threeProviders();
      table.linkMetric(3, rtt(500));
      expect(table.pathToService(64, 0)).eql(next(3, C));
      table.linkMetric(2, rtt(20));
      expect(table.pathToService(64, 0)).eql(next(2, B));
      table.linkMetric(2, rtt(undefined));
      expect(table.pathToService(64, 0)).eql(next(3, C));
      table.linkMetric(1, rtt(0));
      expect(table.pathToService(64, 0)).eql(next(1, A));
    });

    it('takes the smaller node id among equals, in whatever order they came (H-29)', () => {
      const table = new DirectRouter();
      table.attach(SELF);
      for (const [connectionId, nodeId] of [
        [1, C],
        [2, A],
        [3, B],
      ] as const) {
        table.linkUp(connectionId, nodeId);
        table.linkServices(connectionId, [64]);
      }
      expect(table.pathToService(64, 0)).eql(next(2, A));
      for (const connectionId of [1, 2, 3]) table.linkMetric(connectionId, rtt(7));
      expect(table.pathToService(64, 0)).eql(next(2, A));
    });

    it('goes on to the next best when the best is where the message came from', () => {
      const table = threeProviders();
      table.linkMetric(2, rtt(10));
      table.linkMetric(3, rtt(20));
      expect(table.pathToService(64, 0, 2)).eql(next(3, C));
      expect(table.pathToService(64, 0, 1)).eql(next(2, B));
      table.linkServices(1, []);
      table.linkServices(3, []);
      expect(table.pathToService(64, 0, 2)).eql(REJECT);
    });

    it('refuses round trips that cannot be (row 61), and keeps the one that it had', () => {
      const table = threeProviders();
      table.linkMetric(2, rtt(10));
      for (const rttMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) table.linkMetric(1, rtt(rttMs));
      table.linkMetric(1, { rttMs: 1, lossRatio: 1.1, bandwidth: undefined });
      table.linkMetric(1, { rttMs: 1, lossRatio: undefined, bandwidth: -1 });
      expect(table.pathToService(64, 0)).eql(next(2, B));
      table.linkMetric(1, { rttMs: 1, lossRatio: 1, bandwidth: 0 });
      expect(table.pathToService(64, 0)).eql(next(1, A));
    });

    it('hears at once of a provider that comes, changes or goes', () => {
      const table = threeNeighbours();
      expect(table.pathToService(64, 0)).eql(REJECT);
      table.linkServices(2, [64]);
      expect(table.pathToService(64, 0)).eql(next(2, B));
      table.linkServices(2, [65]);
      expect(table.pathToService(64, 0)).eql(REJECT);
      table.linkServices(1, [64]);
      expect(table.pathToService(64, 0)).eql(next(1, A));
      table.linkDown(1);
      expect(table.pathToService(64, 0)).eql(REJECT);
    });

    it('asks the link that is left for its own services', () => {
      const table = threeNeighbours();
      table.linkServices(1, [64]);
      table.linkUp(9, A);
      table.linkServices(9, [65]);
      expect([table.pathToService(64, 0), table.pathToService(65, 0)]).eql([next(1, A), REJECT]);
      table.linkDown(1);
      expect([table.pathToService(64, 0), table.pathToService(65, 0)]).eql([REJECT, next(9, A)]);
    });

    it('knows the service ids 0 to 255 and no others', () => {
      const table = threeNeighbours();
      table.linkServices(1, [0, 255, 256, -1, 1.5, Number.NaN]);
      for (const serviceId of [0, 255]) expect(table.pathToService(serviceId, 0)).eql(next(1, A));
      for (const serviceId of [256, -1, 1.5, Number.NaN]) expect(table.pathToService(serviceId, 0)).eql(REJECT);
    });
  });

  describe('to all providers', () => {
    it('gives one copy to each neighbour that offers it, and says whether this node does', () => {
      const table = threeProviders();
      table.linkServices(2, []);
      const hops = [
        { connectionId: 1, nodeId: A },
        { connectionId: 3, nodeId: C },
      ];
      expect(table.pathsToServices(64, 0)).eql({ local: false, next: hops });
      table.registerService(64);
      expect(table.pathsToServices(64, 0)).eql({ local: true, next: hops });
      expect(table.pathsToServices(65, 0)).eql({ local: false, next: [] });
    });

    it('gives none back to the node that it came from, over whichever of its links', () => {
      const table = threeProviders();
      table.linkUp(9, A);
      table.linkServices(9, [64]);
      const hops = [
        { connectionId: 2, nodeId: B },
        { connectionId: 3, nodeId: C },
      ];
      expect(table.pathsToServices(64, 0, 1).next).eql(hops);
      expect(table.pathsToServices(64, 0, 9).next).eql(hops);
      expect(table.pathsToServices(64, 0, 77).next.length).equal(3);
    });
  });

  describe('explains', () => {
    it('a node', () => {
      const table = threeNeighbours();
      table.linkUp(9, A);
      expect(table.explain({ type: 'node', nodeId: SELF }).reason).equal('the node is this node');
      expect(table.explain({ type: 'node', nodeId: STRANGER }).reason).contain('no neighbour');
      const { action, reason, rejected } = table.explain({ type: 'node', nodeId: A });
      expect(action).eql(next(1, A));
      expect(reason).equal('the node is a neighbour, on connection 1');
      expect(rejected).eql([{ via: { connectionId: 9, nodeId: A }, reason: 'an older link to the node is open' }]);
    });

    it('a key, with the neighbours that are farther', () => {
      const { reason, rejected } = threeNeighbours().explain({ type: 'key', key: idOf('b1') });
      expect(reason).contain('b0000000 is closest to the key');
      expect(rejected.map(({ via, reason: why }) => [via.connectionId, why])).eql([
        [1, 'farther from the key'],
        [3, 'farther from the key'],
      ]);
      expect(threeNeighbours().explain({ type: 'key', key: SELF }).reason).contain('this node is closest');
    });

    it('a service, with the providers that are slower, unmeasured or larger', () => {
      const table = threeProviders();
      table.linkMetric(1, rtt(12));
      table.linkMetric(2, rtt(4));
      const best = table.explain({ type: 'service', serviceId: 64, meta: 0 });
      expect(best.reason).equal('node b0000000 offers service 64 with the lowest round trip, 4 ms');
      expect(best.rejected.map(({ via, reason }) => [via.connectionId, reason])).eql([
        [1, 'its round trip is longer, 12 ms'],
        [3, 'its round trip is unknown'],
      ]);
      table.linkMetric(1, rtt(4));
      expect(table.explain({ type: 'service', serviceId: 64, meta: 0 }).rejected[0]?.reason).equal('equal, and its id is larger');
      table.registerService(64);
      expect(table.explain({ type: 'service', serviceId: 64, meta: 0 }).rejected[0]?.reason).equal('this node offers the service itself');
      expect(table.explain({ type: 'service', serviceId: 65, meta: 0 }).reason).contain('neither this node nor a neighbour');
    });

    it('a fan-out', () => {
      const table = threeProviders();
      expect(table.explain({ type: 'services', serviceId: 64, scope: 0 }).reason).equal('3 neighbours that offer service 64 get a copy');
      table.registerService(64);
      expect(table.explain({ type: 'services', serviceId: 64, scope: 0 }).reason).match(/^this node and 3/);
      expect(table.explain({ type: 'services', serviceId: 65, scope: 0 }).action).eql(REJECT);
    });
  });

  it('rejects a key before it is attached to a node', () => {
    expect(new DirectRouter().pathToKey(A)).eql(REJECT);
    expect(new DirectRouter().pathToNode('' as NodeId)).eql(REJECT);
  });
});
