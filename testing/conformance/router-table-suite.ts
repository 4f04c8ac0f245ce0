/**
 * @module routerTableSuite: proves a router table against the contract and against what it declares to reach. It needs a runner with
 * `describe` and `it` (mocha, vitest, jest, node:test's globals) only. `routerTableChecks` gives the same checks as data,
 * to run them without one. The checks are random and repeatable: a failure names the seed that repeats it.
 */

import type { RouterTable } from '../../core/api/router-table.js';
import { NetworkError } from '../../core/errors.js';
import { contractChecks, type RouterTableCheck } from './router-table-checks.js';
import { meshChecks } from './router-table-mesh-checks.js';
import { ANY_MESH, ZONED_MESH } from './router-table-meshes.js';
import { greedyChecks, neighbourChecks, onlyNeighboursCheck, ownChecks, reachAllChecks, reachNoneChecks } from './router-table-reach.js';
import type { LinkCost } from './table-oracle.js';

export type { RouterTableCheck } from './router-table-checks.js';

/**
 * What a table reaches. `none`: no other node. `neighbours`: the nodes with an open link, only. `greedy`: the same, and towards
 * other nodes the neighbour that is closest by XOR, if it is closer than this node. `zoned`: with syncs, every node of a mesh whose zones
 * (ids with the same first byte) are connected within themselves. `mesh`: with syncs, every node of any connected mesh, and before a
 * sync what `neighbours` reach. `all`: it sends everything somewhere, without knowing whether it arrives.
 */
export type RouterReach = 'none' | 'neighbours' | 'greedy' | 'zoned' | 'mesh' | 'all';

export type { LinkCost } from './table-oracle.js';

export interface RouterTableSuiteOptions {
  readonly reach: RouterReach;
  /** Where the random histories begin; default 1. */
  readonly seed?: number;
  /** Random histories for each check; default 12. More find more, and take longer. */
  readonly runs?: number;
  /**
   * For `zoned` and `mesh`: what a link costs by the table's own rule, from its metric; the round trip is always known and the rest is not.
   * With it the suite also checks that the paths are the cheapest, in zones among those that stay within. Absent: any path will do.
   */
  readonly cost?: LinkCost;
}

/** Registers the suite with the runner. The factory gives a new table, not yet attached, at every call. */
export function routerTableSuite(factory: () => RouterTable, options: RouterTableSuiteOptions): void {
  const { describe, it } = globalThis as unknown as Partial<Record<'describe' | 'it', (name: string, body: () => void) => void>>;
  if (describe === undefined || it === undefined) {
    throw new NetworkError(
      'ARGUMENT_INVALID',
      'routerTableSuite needs a test runner with global describe and it; without one use routerTableChecks',
    );
  }
  const checks = routerTableChecks(options);
  describe(`a router table that reaches ${options.reach}`, () => {
    for (const check of checks) it(check.name, () => check.run(factory));
  });
}

/** The checks of the suite, for running them without a runner. */
export function routerTableChecks({ reach, seed = 1, runs = 12, cost }: RouterTableSuiteOptions): RouterTableCheck[] {
  const trials = { seed, runs };
  const contract = contractChecks(trials);
  switch (reach) {
    case 'none':
      return [...contract, ...reachNoneChecks(trials)];
    case 'all':
      return [...contract, ...reachAllChecks(trials)];
    case 'neighbours':
      return [...contract, ...ownChecks(trials), onlyNeighboursCheck(trials), ...neighbourChecks(trials)];
    case 'greedy':
      return [...contract, ...ownChecks(trials), ...neighbourChecks(trials), ...greedyChecks(trials)];
    case 'zoned':
      return [...contract, ...ownChecks(trials), ...meshChecks(ZONED_MESH, trials, cost)];
    case 'mesh': {
      const alone = [...ownChecks(trials), onlyNeighboursCheck(trials), ...neighbourChecks(trials)];
      return [...contract, ...alone, ...meshChecks(ANY_MESH, trials, cost), ...meshChecks(ZONED_MESH, trials, cost)];
    }
    default:
      throw new NetworkError('ARGUMENT_INVALID', 'reach must be none, neighbours, greedy, zoned, mesh or all');
  }
}
