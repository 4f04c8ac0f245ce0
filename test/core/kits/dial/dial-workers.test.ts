/** @module Tests of dials in line: how many run, who is asked when, and what becomes of a dial whose user throws. */
import { expect } from 'chai';
import { type DialWork, DialWorkers } from '../../../../core/kits/dial/dial-workers.js';
import { at, idOf, World } from './world.js';

function working(running: number, waiting: number) {
  const world = new World();
  const seen: string[] = [];
  const workers = new DialWorkers<World, DialWork<World>>({
    ...{ running, waiting, apart: (work) => work(world) },
    onFree: () => seen.push('free'),
  });
  const work = (name: string, isWanted = () => true): DialWork<World> => ({
    place: at(name),
    isWanted,
    settled: (_, outcome) => void seen.push(`${name} ${outcome instanceof Error ? 'failed' : 'open'}`),
  });
  const places = () => world.dials.map(({ place }) => place);
  return { world, workers, work, places, seen };
}

describe('the dials of one owner (DNDM-31)', () => {
  it('run so many at once, so many wait, and one more is refused', () => {
    const { workers, work, places } = working(2, 3);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => workers.add(work(name)))).to.deep.equal([true, true, true, true, true, false]);
    workers.run();
    expect([places(), workers.isBusy, workers.room, workers.all.length]).to.deep.equal([['tcp://a:7400', 'tcp://b:7400'], true, 0, 5]);
  });

  it('follow each other in the order of asking; a worker is free before the outcome is known', () => {
    const { world, workers, work, places, seen } = working(1, 5);
    for (const name of ['a', 'b']) workers.push(work(name));
    workers.run();
    world.fails();
    expect([places(), seen]).to.deep.equal([[], ['free', 'a failed']]);
    workers.run();
    world.answers(idOf('alice'));
    expect(seen).to.deep.equal(['free', 'a failed', 'free', 'b open']);
  });

  it('are asked whether they are wanted when it is their turn', () => {
    const { workers, work, places, seen } = working(1, 5);
    workers.push(work('a', () => false));
    workers.push(work('b'));
    workers.run();
    expect([places(), seen]).to.deep.equal([['tcp://b:7400'], ['free']]);
  });

  it('keep no worker of one that throws', () => {
    const { workers, work, places } = working(1, 5);
    const failing = () => {
      throw new Error('no');
    };
    workers.push(work('a', failing));
    workers.push(work('b'));
    expect(() => workers.run()).to.throw('no');
    workers.run();
    expect(places()).to.deep.equal(['tcp://b:7400']);
  });
});
