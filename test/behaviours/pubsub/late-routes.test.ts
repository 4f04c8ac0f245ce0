/**
 * @module A subscriber whose table of routes learns of a publisher a moment later than the subscriber itself, as it is between nodes of a busy machine.
 */
import { expect } from 'chai';
import { type Interest, PubSubBehavior } from '../../../behaviours/pubsub/index.js';
import type { NodeId } from '../../../core/index.js';
import { PathVectorRouter } from '../../../routing/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { Diary, pubsubOf, World } from './support.js';

/** Knows no path to one node, as long as that is hidden. */
class LateRouter extends PathVectorRouter {
  static hidden: NodeId | undefined;

  override pathToNode(...args: Parameters<PathVectorRouter['pathToNode']>): ReturnType<PathVectorRouter['pathToNode']> {
    return args[0] === LateRouter.hidden ? { type: 'reject' } : super.pathToNode(...args);
  }
}

describe('a publisher to whom there is no path yet', () => {
  let world: World;
  let publisher: SimulatedNode;
  let far: SimulatedNode;
  const diary = new Diary();

  beforeEach(async () => {
    world = new World();
    [publisher] = (await world.line(2)) as [SimulatedNode];
    LateRouter.hidden = publisher.id;
    far = await world.net.createNode({
      ...{ name: 'far', seeds: ['sim://n1'], router: LateRouter, builtins: ['handshake', 'router-sync', 'rpc'] },
      behaviors: [PubSubBehavior],
    });
    await world.net.start(far);
    await world.net.run(1_000);
  });
  afterEach(() => world.net.stop());

  it('is waited for: what is published when both sides are ready reaches the subscriber', async () => {
    const interest = pubsubOf(far).subscribe('home/**', diary.options);
    await world.net.run(100);
    const intent = pubsubOf(publisher).publish('home/kitchen');
    const ready: string[] = [];
    void interest.ready.then(() => ready.push('subscriber'));
    void intent.ready.then(() => ready.push('publisher'));
    await world.net.run(1_500);
    expect(ready).to.not.include('publisher');
    LateRouter.hidden = undefined;
    await world.net.waitFor(Promise.all([interest.ready, intent.ready]), 3_000);
    intent.send(1);
    await world.net.run(500);
    expect(diary.values).to.deep.equal([1]);
  });

  it('is not waited for longer than 2 s', async () => {
    pubsubOf(publisher).publish('home/kitchen');
    await world.net.run(500);
    const interest: Interest = pubsubOf(far).subscribe('home/**', diary.options);
    let isReady = false;
    void interest.ready.then(() => (isReady = true));
    await world.net.run(1_900);
    expect(isReady).to.equal(false);
    await world.net.waitFor(interest.ready, 600);
    expect(interest.explain()[0]).to.match(/there is no path to it$/);
  });
});
