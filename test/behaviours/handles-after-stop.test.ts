/**
 * @module Handles of behaviours when their node has stopped: what ends them does so once, and never throws.
 */
import { expect } from 'chai';
import { KeyValueBehavior, PresenceBehavior, ProxyBehavior, PubSubBehavior } from '../../behaviours/index.js';
import { HTTP_PORT, SOCKET_PORT } from '../../core/index.js';
import { PathVectorRouter } from '../../routing/index.js';
import { SimulatedNetwork } from '../../simulation.js';

describe('handles of behaviours', () => {
  it('are ended silently when their node has stopped, and also before and after it', async () => {
    const net = new SimulatedNetwork({ seed: 3, latencyMs: 5 });
    const node = await net.createNode({
      ...{ name: 'n', router: PathVectorRouter, builtins: ['handshake', 'router-sync', 'rpc', 'streams'] },
      provide: [
        { token: SOCKET_PORT, useValue: {} as never },
        { token: HTTP_PORT, useValue: {} as never },
      ],
      behaviors: [PubSubBehavior, KeyValueBehavior, PresenceBehavior, ProxyBehavior],
    });
    await net.start(node);
    const [pubsub, presence, proxy] = [node.behavior(PubSubBehavior), node.behavior(PresenceBehavior), node.behavior(ProxyBehavior)];
    const make = (tag: string): Record<string, () => void> => {
      const published = proxy.onRequest(() => new Response('x'), { service: 77, site: tag });
      const [declared, connected] = [presence.declare(tag), presence.connectTo(tag)];
      const [watch, changes] = [presence.watch(tag), node.behavior(KeyValueBehavior).open(tag).watch({ key: 'a' })];
      const [intent, interest, remotes] = [pubsub.publish(tag), pubsub.subscribe(tag), pubsub.remotes()];
      return {
        published: () => published.end(),
        declared: () => declared.end(),
        connected: () => connected.end(),
        watch: () => watch.close(),
        changes: () => changes.close(),
        intent: () => intent.close(),
        interest: () => interest.close(),
        remotes: () => remotes.close(),
      };
    };
    const [early, late] = [make('early'), make('late')];
    for (const [name, end] of Object.entries(early)) expect(end, name).not.to.throw();
    await net.run(100);
    await net.stop();
    for (const [name, end] of [...Object.entries(early), ...Object.entries(late), ...Object.entries(late)])
      expect(end, name).not.to.throw();
  });
});
