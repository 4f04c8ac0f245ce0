/**
 * @module The conformance suite itself: sound tables pass it, every broken one is found by the check that is meant for it.
 */
import { expect } from 'chai';
import { NetworkError } from '../../core/errors.js';
import { DirectRouter } from '../../routing/direct-router.js';
import { type RouterReach, routerTableChecks, routerTableSuite } from '../../testing/conformance/router-table-suite.js';
import { BROKEN_MESH_TABLES } from './broken-mesh-tables.js';
import { BROKEN_TABLES } from './broken-tables.js';
import { patched } from './patched.js';
import { PathListTable } from './path-list-table.js';

/** What `PathListTable` goes by. */
const HOPS = () => 1;

describe('routerTableSuite with a table that learns whole paths', () => {
  routerTableSuite(() => new PathListTable(), { reach: 'mesh', cost: HOPS });
  routerTableSuite(() => new PathListTable(), { reach: 'zoned', seed: 900, cost: HOPS });
});

describe('routerTableSuite with broken tables', () => {
  const broken = [...BROKEN_TABLES, ...BROKEN_MESH_TABLES];
  for (const { mistake, reach, foundBy, factory } of broken) {
    it(`finds: ${mistake} (${reach})`, () => {
      const check = routerTableChecks({ reach, cost: HOPS }).find(({ name }) => name === foundBy);
      expect(check, foundBy).not.equal(undefined);
      expect(() => check?.run(factory)).to.throw(/repeat with seed/);
    });
  }

  it('has a broken table for every check', () => {
    const reaches: RouterReach[] = ['none', 'neighbours', 'greedy', 'zoned', 'mesh', 'all'];
    const names = new Set(reaches.flatMap((reach) => routerTableChecks({ reach, cost: HOPS }).map(({ name }) => name)));
    const found = new Set(broken.map(({ foundBy }) => foundBy));
    expect([...names].filter((name) => !found.has(name))).eql([]);
  });
});

describe('routerTableChecks', () => {
  it('names the seed of a failure, and that seed alone fails again', () => {
    const broken = () => patched(new DirectRouter(), () => ({ linkDown: () => undefined }));
    const name = 'never returns a connection that is not up, nor with another node than is at its end';
    const checkWith = (seed: number, runs: number) =>
      routerTableChecks({ reach: 'neighbours', seed, runs }).find((check) => check.name === name);
    const text = messageOf(() => checkWith(41, 12)?.run(broken));
    const seed = Number(/seed: (\d+)/.exec(text)?.[1]);
    expect(seed).within(41, 52);
    expect(messageOf(() => checkWith(seed, 1)?.run(broken))).equal(text);
  });

  it('throws ARGUMENT_INVALID for an unknown reach', () => {
    expect(() => routerTableChecks({ reach: 'far' as RouterReach }))
      .to.throw(NetworkError)
      .with.property('code', 'ARGUMENT_INVALID');
  });
});

describe('routerTableSuite without a test runner', () => {
  it('throws ARGUMENT_INVALID and names what does without one', () => {
    const { describe: runner } = globalThis;
    Object.assign(globalThis, { describe: undefined });
    try {
      const act = () => routerTableSuite(() => new DirectRouter(), { reach: 'neighbours' });
      expect(act).to.throw(NetworkError, 'routerTableChecks').with.property('code', 'ARGUMENT_INVALID');
    } finally {
      Object.assign(globalThis, { describe: runner });
    }
  });
});

function messageOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
