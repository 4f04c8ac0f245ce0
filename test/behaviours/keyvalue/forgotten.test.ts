/** @module Maps whose entries were all deleted: once the deletions are over nobody holds anything of them, and their places are free. */
import { expect } from 'chai';
import { KeyValueBehavior } from '../../../behaviours/keyvalue/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { at, codeOf, mapOf, World } from './support.js';

/** Deletions are remembered for two hours. */
const DELETED_MS = 7_200_000;

describe('a map whose entries were all deleted', function () {
  this.timeout(120_000);
  let world: World;
  let nodes: readonly SimulatedNode[];
  const wait = <T>(promise: Promise<T>) => world.net.waitFor(promise, 60_000);
  const heldCounts = () => nodes.map((node) => node.behavior(KeyValueBehavior).mapCount.held);
  /** Each node opens one map at most at one owner. */
  beforeEach(async () => {
    world = new World();
    nodes = await world.nodes(3, { mapsMax: 4 });
  });
  afterEach(() => world.net.stop());
  const come = async (name: string) => {
    await wait(mapOf<number>(at(nodes, 0), name).set('a', 1));
    await wait(mapOf<number>(at(nodes, 0), name).delete('a'));
  };

  it('is forgotten by all that hold it when the deletions are over, and makes room for another', async () => {
    const names = [...Array(12).keys()].map((number) => `m${number}`);
    const write = async (all: readonly string[]) => {
      const written: string[] = [];
      for (const name of all) if ((await codeOf(wait(mapOf<number>(at(nodes, 0), name).set('a', 1)))) === 'none') written.push(name);
      return written;
    };
    const first = await write(names);
    expect(first.length, 'one at each owner').to.equal(3);
    for (const name of first) await wait(mapOf<number>(at(nodes, 0), name).delete('a'));
    await world.net.run(DELETED_MS - 60_000);
    expect(heldCounts()).to.deep.equal([3, 3, 3]);
    await world.net.run(240_000);
    expect(heldCounts()).to.deep.equal([0, 0, 0]);
    const others = names.filter((name) => !first.includes(name));
    expect((await write(others)).length, 'one at each owner again').to.equal(3);
  });

  it('is kept while it is watched', async () => {
    await come('m');
    const watch = mapOf<number>(at(nodes, 1), 'm').watch({ key: 'b' });
    const first = watch[Symbol.asyncIterator]().next();
    await world.net.run(DELETED_MS + 300_000);
    expect(heldCounts()).to.deep.equal([1, 1, 1]);
    await wait(mapOf<number>(at(nodes, 2), 'm').set('b', 2));
    expect((await wait(first)).value).to.include({ type: 'set', key: 'b', value: 2 });
    watch.close();
  });

  it('is as one that nobody has written to after that: unknown until the first write', async () => {
    await come('m');
    await world.net.run(DELETED_MS + 300_000);
    expect(heldCounts()).to.deep.equal([0, 0, 0]);
    expect(await codeOf(wait(mapOf<number>(at(nodes, 1), 'm').get('a')))).to.equal('NO_REPLICA');
    await wait(mapOf<number>(at(nodes, 2), 'm').set('a', 2));
    expect(await wait(mapOf<number>(at(nodes, 1), 'm').get('a'))).to.equal(2);
  });
});
