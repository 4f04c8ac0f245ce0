/** @module PathVectorRouter against the contract of router tables, and against what it declares to reach. */
import { PathVectorRouter } from '../../../routing/path-vector/path-vector-router.js';
import { routerTableSuite } from '../../../testing/conformance/router-table-suite.js';
import { linkCost } from './table-net.js';

describe('PathVectorRouter (ATM-43, ATM-47, ATM-48, ATM-52)', () => {
  routerTableSuite(() => new PathVectorRouter(), { reach: 'mesh', cost: linkCost });
  routerTableSuite(() => new PathVectorRouter(), { reach: 'zoned', seed: 700, cost: linkCost });
});
