/**
 * @module OverlayRouter: greedy steps by XOR. Every step comes closer; where none does, a node is not reached and a key is here.
 */
import { expect } from 'chai';
import { OverlayRouter } from '../../routing/overlay-router.js';
import { routerTableSuite } from '../../testing/conformance/router-table-suite.js';
import { A, B, C, idOf, LOCAL, next, REJECT, SELF, STRANGER } from './ids.js';

describe('OverlayRouter', () => {
  routerTableSuite(() => new OverlayRouter(), { reach: 'greedy' });

  function withNeighbours(): OverlayRouter {
    const table = new OverlayRouter();
    table.attach(SELF);
    table.linkUp(1, A);
    table.linkUp(2, B);
    return table;
  }

  it('goes straight to a neighbour, and for others to the neighbour that is closest to them', () => {
    const table = withNeighbours();
    expect(table.pathToNode(A)).eql(next(1, A));
    expect(table.pathToNode(idOf('a1'))).eql(next(1, A));
    expect(table.pathToNode(idOf('b9'))).eql(next(2, B));
    expect(table.pathToNode(C)).eql(next(1, A));
    expect(table.pathToNode(SELF)).eql(LOCAL);
  });

  it('rejects a node that no neighbour is closer to; a key is here then', () => {
    const table = withNeighbours();
    expect(table.pathToNode(idOf('51'))).eql(REJECT);
    expect(table.pathToKey(idOf('51'))).eql(LOCAL);
    expect(table.pathToNode(idOf('7'))).eql(REJECT);
  });

  it('never steps back to where the message came from (H-25)', () => {
    const table = withNeighbours();
    expect(table.pathToNode(idOf('a1'), 1)).eql(next(2, B));
    expect(table.pathToNode(idOf('b9'), 2)).eql(next(1, A));
    table.linkDown(1);
    expect(table.pathToNode(idOf('b9'), 2)).eql(REJECT);
  });

  it('knows services of neighbours alone', () => {
    const table = withNeighbours();
    table.linkServices(1, [64]);
    expect(table.pathToService(64, 0)).eql(next(1, A));
    expect(table.pathToService(65, 0)).eql(REJECT);
    expect(table.createSync(A)).equal(undefined);
  });

  it('says why', () => {
    const table = withNeighbours();
    const reason = (id: typeof A) => table.explain({ type: 'node', nodeId: id }).reason;
    expect(reason(A)).contain('is a neighbour');
    expect(reason(STRANGER)).contain('closest to the node, and closer than this one');
    expect(reason(idOf('51'))).equal('no neighbour is closer to the node than this node');
    expect(table.explain({ type: 'node', nodeId: STRANGER }).rejected.map(({ reason: why }) => why)).eql(['farther from the key']);
  });
});
