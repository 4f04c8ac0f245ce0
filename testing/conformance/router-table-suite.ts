/**
 * @module routerTableSuite: proves a router table against the contract and against what it declares to reach. It needs a runner with
 * `describe` and `it` (mocha, vitest, jest, node:test's globals) and nothing else. `routerTableChecks` gives the same checks as data,
 * to run them without one. The checks are random and repeatable: a failure names the seed that repeats it.
 */
import { NetworkError } from '../../core/errors.js';
import type { RouterTable } from '../../core/router-table.js';
import { contractChecks, type RouterTableCheck } from './router-table-checks.js';
import { meshChecks, zonedChecks } from './router-table-mesh-checks.js';
import { neighbourChecks, ownChecks, reachAllChecks, reachNoneChecks } from './router-table-reach.js';

export type { RouterTableCheck } from './router-table-checks.js';

/**
 * What a table reaches. `none`: no other node. `neighbours`: the nodes with an open link, and nobody else. `zoned`: with syncs, every
 * node of a mesh whose zones are connected within themselves. `mesh`: with syncs, every node of any connected mesh, and before a sync
 * what `neighbours` reach. `all`: it sends everything somewhere, without knowing whether it arrives.
 */
export type RouterReach = 'none' | 'neighbours' | 'zoned' | 'mesh' | 'all';

export interface RouterTableSuiteOptions {
  readonly reach: RouterReach;
  /** Where the random histories begin; default 1. */
  readonly seed?: number;
  /** Random histories for each check; default 12. More find more, and take longer. */
  readonly runs?: number;
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
export function routerTableChecks({ reach, seed = 1, runs = 12 }: RouterTableSuiteOptions): RouterTableCheck[] {
  const chance = { seed, runs };
  switch (reach) {
    case 'none':
      return [...contractChecks(chance), ...reachNoneChecks(chance)];
    case 'all':
      return [...contractChecks(chance), ...reachAllChecks(chance)];
    case 'neighbours':
      return [...contractChecks(chance), ...ownChecks(chance), ...neighbourChecks(chance)];
    case 'zoned':
      return [...contractChecks(chance), ...ownChecks(chance), ...zonedChecks(chance)];
    case 'mesh':
      return [...contractChecks(chance), ...ownChecks(chance), ...neighbourChecks(chance), ...zonedChecks(chance), ...meshChecks(chance)];
    default:
      throw new NetworkError('ARGUMENT_INVALID', 'reach must be none, neighbours, zoned, mesh or all');
  }
}
