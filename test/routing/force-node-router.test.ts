/** @module ForceNodeRouter: the contract, and ATM-44. */
import { expect } from 'chai';
import type { NodeId } from '../../core/address/node-id.js';
import { NetworkError } from '../../core/errors.js';
import { ForceNodeRouter } from '../../routing/index.js';
import { routerTableSuite } from '../../testing/conformance/router-table-suite.js';
import { A, B, next, REJECT, SELF } from './ids.js';

const NOWHERE = { local: false, next: [] };

describe('ForceNodeRouter', () => {
  routerTableSuite(() => new ForceNodeRouter(7, A), { reach: 'all' });

  it('sends every route over its connection, this node included (ATM-44)', () => {
    const table = new ForceNodeRouter(7, A);
    table.attach(SELF);
    for (const action of [table.pathToNode(B), table.pathToNode(SELF), table.pathToKey(B), table.pathToService(64, 0)])
      expect(action).eql(next(7, A));
    expect(table.pathsToServices(64, 0)).eql({ local: false, next: [{ connectionId: 7, nodeId: A }] });
  });

  it('rejects what came over its connection, and nothing else (H-25)', () => {
    const table = new ForceNodeRouter(7, A);
    for (const action of [table.pathToNode(B, 7), table.pathToKey(B, 7), table.pathToService(64, 0, 7)]) expect(action).eql(REJECT);
    expect(table.pathsToServices(64, 0, 7)).eql(NOWHERE);
    expect(table.pathToNode(B, 8)).eql(next(7, A));
    expect(table.pathsToServices(64, 0, 8).next.length).equal(1);
  });

  it('rejects while its connection is down, and only then', () => {
    const table = new ForceNodeRouter(7, A);
    table.linkDown(8);
    expect(table.pathToNode(B)).eql(next(7, A));
    table.linkDown(7);
    expect(table.pathToNode(B)).eql(REJECT);
    expect(table.explain({ type: 'node', nodeId: B }).reason).contain('down');
    table.linkUp(8);
    expect(table.pathToNode(B)).eql(REJECT);
    table.linkUp(7);
    expect(table.pathToNode(B)).eql(next(7, A));
  });

  it('throws ARGUMENT_INVALID for a connection id or node id that is none, naming it', () => {
    expect(() => new ForceNodeRouter(1.5, A))
      .to.throw(NetworkError, 'connectionId')
      .with.property('code', 'ARGUMENT_INVALID');
    expect(() => new ForceNodeRouter(1, A.slice(1) as NodeId))
      .to.throw(NetworkError, 'nodeId')
      .with.property('code', 'ARGUMENT_INVALID');
  });
});
