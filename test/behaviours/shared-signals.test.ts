/**
 * @module One signal for many operations of all behaviours: it is listened to once, ends them all, and is left when they are over.
 */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { KeyValueBehavior, PeeringBehavior, PubSubBehavior, SpacerBehavior } from '../../behaviours/index.js';
import type { NetworkError, NodeId } from '../../core/index.js';
import type { SimulatedNode } from '../../simulation.js';
import { HandlesWorld } from './handles-world.js';

type Begin = (signal: AbortSignal) => Promise<unknown>;

describe('a signal that many operations share', () => {
  let world: HandlesWorld;
  beforeEach(() => {
    world = new HandlesWorld();
  });
  afterEach(() => world.net.stop());

  /** Each waits until something happens that does not. */
  const waitsOf = (node: SimulatedNode): Record<string, Begin> => {
    const mesh = world.meshOf(node);
    const map = node.behavior(KeyValueBehavior).open('m');
    const peering = node.behavior(PeeringBehavior);
    const idle = peering.startPeering({ address: 'sim://nobody' });
    const intent = node.behavior(PubSubBehavior).publish('a');
    return {
      'map.get': (signal) => map.get('a', { signal }),
      'peering.next': (signal) => peering.next({ signal }),
      'peering.send': (signal) => peering.send(idle, new Uint8Array(1), { signal }),
      'peering.whenUp': (signal) => peering.whenUp(idle, { signal }),
      'intent.interest': (signal) => intent.interest({ signal }),
      'mesh.recv': (signal) => mesh.recv({ signal }),
      'spacer.resolve': (signal) => node.behavior(SpacerBehavior).resolve('a'.repeat(64) as NodeId, { signal }).nodes,
    };
  };

  it('is listened to once, and not any more when they are over', async () => {
    const [near] = await world.pair();
    for (const [name, begin] of Object.entries(waitsOf(near))) {
      const abortion = new AbortController();
      const { signal } = abortion;
      const results = Array.from({ length: 15 }, () => begin(signal).catch((error: NetworkError) => error.code));
      await Promise.resolve();
      expect(getEventListeners(signal, 'abort'), name).to.have.length(1);
      abortion.abort();
      const outcomes = await world.net.waitFor(Promise.all(results));
      for (const outcome of outcomes) {
        if (name === 'peering.send') expect(outcome, name).to.include({ type: 'returned', reason: 'cancelled' });
        else expect(outcome, name).to.equal('CALL_CANCELLED');
      }
      expect(getEventListeners(signal, 'abort'), name).to.have.length(0);
    }
  });

  it('is not listened to by what was refused, so that it may abort after the node has stopped', async () => {
    const node = await world.net.createNode({
      name: 'n',
      builtins: ['handshake', 'rpc'],
      behaviors: [[SpacerBehavior, { oneHop: false, lookupsMax: 1 }]],
    });
    await world.net.start(node);
    const spacer = node.behavior(SpacerBehavior);
    const key = 'a'.repeat(64) as NodeId;
    spacer.resolve(key);
    const abortion = new AbortController();
    expect(() => spacer.resolve(key, { signal: abortion.signal }))
      .to.throw()
      .with.property('code', 'LIMIT_EXCEEDED');
    expect(getEventListeners(abortion.signal, 'abort')).to.have.length(0);
    await world.net.stop();
    abortion.abort();
  });
});
