/** @module ForceLocalRouter: the contract, and ATM-44. */
import { expect } from 'chai';
import { ForceLocalRouter } from '../../routing/index.js';
import { routerTableSuite } from '../../testing/conformance/router-table-suite.js';
import { A, LOCAL, SELF } from './ids.js';

describe('ForceLocalRouter', () => {
  routerTableSuite(() => new ForceLocalRouter(), { reach: 'none' });

  it('delivers every route here (ATM-44)', () => {
    const table = new ForceLocalRouter();
    table.attach(SELF);
    table.linkUp(1, A);
    expect(table.pathToNode()).eql(LOCAL);
    expect(table.pathToKey()).eql(LOCAL);
    expect(table.pathToService()).eql(LOCAL);
    expect(table.pathsToServices()).eql({ local: true, next: [] });
    expect(table.pathTo({ type: 'services', serviceId: 64, scope: 0 }, 1)).eql(LOCAL);
    expect(table.explain({ type: 'node', nodeId: A }).action).eql(LOCAL);
  });
});
