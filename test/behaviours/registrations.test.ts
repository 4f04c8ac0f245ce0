/**
 * @module Callbacks of the application, of nodes and behaviours: each registration is one by itself, and what fails in one is logged.
 */
import { expect } from 'chai';
import { PubSubBehavior } from '../../behaviours/index.js';
import type { SimulatedNode } from '../../simulation.js';
import { HandlesWorld } from './handles-world.js';

type Callback = () => unknown;

/** How a callback is registered, and what calls it. */
interface Kind {
  readonly register: (callback: Callback) => () => void;
  readonly happen: () => void | Promise<unknown>;
  /** One that fails is not called again. */
  readonly isDropped?: boolean;
}

describe('callbacks of applications', () => {
  let world: HandlesWorld;
  let near: SimulatedNode;
  let far: SimulatedNode;
  beforeEach(async () => {
    world = new HandlesWorld();
    [near, far] = await world.pair();
  });
  afterEach(() => world.net.stop());

  const linked = async () => {
    if (near.connections().length === 0) await world.net.waitFor(near.connect('sim://far'));
    return world.meshOf(near);
  };

  const kinds: Record<string, () => Promise<Kind>> = {
    'node.on': async () => ({
      register: (callback) => near.on('disconnected', callback),
      happen: async () => {
        await linked();
        near.disconnectNode(far.id);
      },
    }),
    'intent.onInterest': async () => {
      const pubsub = near.behavior(PubSubBehavior);
      const intent = pubsub.publish('a');
      return { register: (callback) => intent.onInterest(callback), happen: () => void pubsub.subscribe('a') };
    },
    'intent.onFeedback': async () => {
      const intent = near.behavior(PubSubBehavior).publish('a');
      const interest = far.behavior(PubSubBehavior).subscribe('a');
      await world.net.waitFor(Promise.all([intent.interest(), interest.ready]));
      await world.net.run(1_000);
      return { register: (callback) => intent.onFeedback(callback), happen: () => void interest.feedback(1, new Uint8Array(1)) };
    },
    'mesh.onDisconnected': async () => {
      const mesh = await linked();
      return {
        isDropped: true,
        register: (callback) => mesh.onDisconnected(callback),
        happen: async () => {
          const connection = near.connections()[0] ?? (await world.net.waitFor(near.connect('sim://far')));
          mesh.add({ node: near, connection });
          near.disconnectNode(far.id);
        },
      };
    },
  };

  for (const [name, kindOf] of Object.entries(kinds)) {
    it(`${name}: two registrations of one function are two, and removing one twice leaves the other`, async () => {
      const { register, happen } = await kindOf();
      let calls = 0;
      const count = () => calls++;
      const remove = register(count);
      register(count);
      await happen();
      await world.net.run(1_000);
      expect(calls).to.equal(2);
      remove();
      remove();
      await happen();
      await world.net.run(1_000);
      expect(calls).to.equal(3);
    });

    it(`${name}: what throws and what is rejected later is logged alike, and called again, or dropped in meshes`, async () => {
      const { register, happen, isDropped = false } = await kindOf();
      let calls = 0;
      register(() => {
        calls++;
        throw new Error('at once');
      });
      register(async () => {
        calls++;
        throw new Error('later');
      });
      for (const expected of [2, isDropped ? 2 : 4]) {
        await happen();
        await world.net.run(1_000);
        expect(calls).to.equal(expected);
        expect(world.errors).to.have.length(expected);
        expect(new Set(world.errors)).to.have.property('size', 1);
      }
    });
  }

  it('one that is removed while others are called is not called any more', async () => {
    const called: string[] = [];
    near.on('disconnected', () => {
      called.push('first');
      remove();
    });
    const remove = near.on('disconnected', () => called.push('removed'));
    near.disconnectNode(far.id);
    await world.net.run(1_000);
    expect(called).to.deep.equal(['first']);
  });
});
