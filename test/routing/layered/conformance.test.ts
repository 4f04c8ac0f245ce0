/** @module LayeredRouter against the contract of router tables, and against what it declares to reach. */
import { LayeredRouter } from '../../../routing/layered/layered-router.js';
import { routerTableSuite } from '../../../testing/conformance/router-table-suite.js';
import { linkCost } from '../path-vector/table-net.js';

describe('LayeredRouter (ATM-43, ATM-45 to ATM-52)', () => {
  routerTableSuite(() => new LayeredRouter(), { reach: 'zoned', cost: linkCost });
  routerTableSuite(() => new LayeredRouter({ zoneBytes: 1 }), { reach: 'zoned', seed: 5000, runs: 24, cost: linkCost });
});
