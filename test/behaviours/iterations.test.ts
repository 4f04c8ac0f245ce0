/**
 * @module What can be iterated: one that is left while it waits ends at once, takes nothing from others, and is over.
 */
import { expect } from 'chai';
import { KeyValueBehavior, PeeringBehavior, PresenceBehavior, PubSubBehavior, SpacerBehavior } from '../../behaviours/index.js';
import { type NodeId, toNode, toServices } from '../../core/index.js';
import type { SimulatedNode } from '../../simulation.js';
import { HandlesWorld, Ticks } from './handles-world.js';

const DONE = { done: true, value: undefined };

describe('iterations', () => {
  let world: HandlesWorld;
  let near: SimulatedNode;
  let far: SimulatedNode;
  beforeEach(async () => {
    world = new HandlesWorld();
    [near, far] = await world.pair();
  });
  afterEach(() => world.net.stop());
  const wait = <T>(promise: Promise<T>) => world.net.waitFor(promise, 1_000);
  const ticks = () => far.behavior(Ticks);

  const kinds: Record<string, () => AsyncIterable<unknown>> = {
    'responses of a call': () => near.client(Ticks, toNode(far.id)).count(0),
    'answers of many': () => near.requestMany(Ticks, toServices(64), 'silence' as never, undefined as never) as AsyncIterable<unknown>,
    'frames of peers': () => near.behavior(PeeringBehavior),
    'envelopes of a mesh': () => world.meshOf(near),
    'nodes of a lookup': () => {
      world.net.cut(near, far);
      return near.behavior(SpacerBehavior).resolve('a'.repeat(64) as NodeId);
    },
    'messages of a subscription': () => near.behavior(PubSubBehavior).subscribe('a'),
    'messages of a group': () => near.behavior(PubSubBehavior).subscribe('a', { group: 'g' }),
    'changes of a map': () => near.behavior(KeyValueBehavior).open('m').watch({ key: 'a' }),
    'comings and goings': () => near.behavior(PresenceBehavior).watch('tag'),
  };

  for (const [name, iterable] of Object.entries(kinds)) {
    it(`${name}: return() ends every next() that waits, at once, and what is called later`, async () => {
      const items = iterable()[Symbol.asyncIterator]();
      const pending = [items.next(), items.next()];
      await world.net.run(5);
      const beganMs = world.net.nowMs;
      expect(await wait(items.return?.() as Promise<unknown>)).to.deep.equal(DONE);
      expect(await wait(Promise.all(pending))).to.deep.equal([DONE, DONE]);
      expect(world.net.nowMs).to.equal(beganMs);
      expect(await wait(items.next())).to.deep.equal(DONE);
      expect(await wait(items.return?.() as Promise<unknown>)).to.deep.equal(DONE);
    });
  }

  it('responses of a call: one that is left ends the generator of the other node, also while it waits', async () => {
    const items = near.client(Ticks, toNode(far.id)).count(1)[Symbol.asyncIterator]();
    expect(await wait(items.next())).to.deep.equal({ done: false, value: 1 });
    const pending = items.next();
    await world.net.run(100);
    expect(ticks().endedCount).to.equal(0);
    await wait(items.return?.() as Promise<unknown>);
    expect(await wait(pending)).to.deep.equal(DONE);
    await world.net.run(100);
    expect(ticks().endedCount).to.equal(1);
  });

  it('responses of a call: several next() at once get the items in their order, and then the end', async () => {
    const items = near.client(Ticks, toNode(far.id)).count(3)[Symbol.asyncIterator]();
    const results = [items.next(), items.next(), items.next()];
    expect((await wait(Promise.all(results))).map(({ value }) => value)).to.deep.equal([1, 2, 3]);
    await wait(items.return?.() as Promise<unknown>);
  });

  it('responses of a call: throw() ends it, and rejects with what is given', async () => {
    const items = near.client(Ticks, toNode(far.id)).count(0)[Symbol.asyncIterator]();
    const pending = items.next();
    await world.net.run(100);
    const cause = new Error('enough');
    expect(await wait(Promise.resolve(items.throw?.(cause)).catch((error: unknown) => error))).to.equal(cause);
    expect(await wait(pending)).to.deep.equal(DONE);
    await world.net.run(100);
    expect(ticks().endedCount).to.equal(1);
  });

  it('responses of a call that waits for a route: one that is left makes no call', async () => {
    const started = await world.net.createNode({ name: 'late', builtins: ['handshake', 'router-sync', 'rpc'], behaviors: [Ticks] });
    const items = near.client(Ticks, toNode(started.id)).count(0, { waitForRoute: true })[Symbol.asyncIterator]();
    const pending = items.next();
    await world.net.run(100);
    await wait(items.return?.() as Promise<unknown>);
    expect(await wait(pending)).to.deep.equal(DONE);
    await world.net.start(started);
    await world.net.waitFor(started.connect('sim://near'));
    await world.net.run(3_000);
    expect(started.behavior(Ticks).begunCount).to.equal(0);
  });

  it('messages, frames and envelopes that come after one was left go to another one', async () => {
    const interest = near.behavior(PubSubBehavior).subscribe('a');
    const group = near.behavior(PubSubBehavior).subscribe('b', { group: 'g' });
    const [mesh, farMesh] = [world.meshOf(near), world.meshOf(far)];
    await world.net.run(1_000);
    const peering = near.behavior(PeeringBehavior);
    const intents = ['a', 'b'].map((path) => far.behavior(PubSubBehavior).publish(path));
    await world.net.waitFor(Promise.all(intents.map((intent) => intent.interest())));
    const sends: [AsyncIterable<unknown>, () => unknown][] = [
      [interest, () => intents[0]?.send('one')],
      [group, () => intents[1]?.send('one')],
      [mesh, () => farMesh.send({ id: farMesh.connections()[0]?.id as number, payload: new Uint8Array(1) })],
      [peering, () => far.behavior(PeeringBehavior).send(far.behavior(PeeringBehavior).peers()[0]?.target as number, new Uint8Array(1))],
    ];
    for (const [iterable, send] of sends) {
      const [left, other] = [iterable[Symbol.asyncIterator](), iterable[Symbol.asyncIterator]()];
      const pending = left.next();
      await wait(left.return?.() as Promise<unknown>);
      const got = other.next();
      send();
      expect(await wait(got)).to.have.property('done', false);
      expect(await wait(pending)).to.deep.equal(DONE);
      await wait(other.return?.() as Promise<unknown>);
    }
  });
});
