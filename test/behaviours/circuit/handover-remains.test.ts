/** @module What is left of a hand-over when its link has ended, over streams and over datagrams: nothing. */
import { expect } from 'chai';
import { CircuitBehavior } from '../../../behaviours/circuit/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';

interface Inner {
  readonly network: {
    readonly links: { openTo(id: string): object | undefined };
    readonly parts: {
      readonly handovers: { readonly byChannel: ReadonlyMap<number, object> };
      readonly datagrams: { readonly initiated: ReadonlyMap<string, object> };
    };
  };
}

/** The links by the channels that they took over, and those that initiations began. */
function remains(node: SimulatedNode, to: SimulatedNode) {
  const { parts, links } = (node as unknown as Inner).network;
  const initiated = [...parts.datagrams.initiated.values()];
  return [parts.handovers.byChannel.size, initiated.filter((link) => link !== links.openTo(to.id)).length];
}

describe('a link that was handed over', () => {
  for (const scheme of ['sim', 'udp'])
    for (const closer of [0, 1])
      it(`row 113: leaves nothing behind when it has ended (${scheme}, closed by ${closer === 0 ? 'its dialler' : 'the other'})`, async () => {
        const sim = new SimulatedNetwork({ seed: 1, latencyMs: 10, jitterMs: 5 });
        const shared = { builtins: ['handshake', 'addressbook', 'router-sync', 'rpc'] as const, behaviors: [CircuitBehavior] as const };
        const hub = await sim.createNode({ name: 'relay0', ...shared });
        const end = (name: string) =>
          sim.createNode({ name, ...shared, seeds: ['sim://relay0'], ...(scheme === 'udp' && { listen: [`udp://${name}:7400`] }) });
        const ends = [await end('ada'), await end('bob')] as const;
        const [ada, bob] = ends;
        sim.partition(['ada'], ['bob']);
        await sim.start(hub, ...ends);
        await sim.run(3_000);
        const connection = await ada.connect(bob.id);
        await bob.whenConnected(ada.id);
        sim.heal();
        await sim.runUntil(() => connection.path === 'direct', 60_000);
        await sim.run(15_000);
        expect([remains(ada, bob)[1], remains(bob, ada)[1]]).to.deep.equal([0, 0]);
        const [from, to] = closer === 0 ? [ada, bob] : [bob, ada];
        from.disconnect(from.connections().find(({ nodeId }) => nodeId === to.id)?.id ?? 0);
        await sim.run(500);
        expect([remains(ada, bob), remains(bob, ada)]).to.deep.equal([
          [0, 0],
          [0, 0],
        ]);
        await sim.stop();
      });
});
