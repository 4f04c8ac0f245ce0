/**
 * @module A dial over addresses and over a relay at once: a direct channel that is proven while the relayed connection opens becomes that connection's,
 * whichever side decides and whatever is sent meanwhile.
 */
import { expect } from 'chai';
import { CircuitBehavior } from '../../../behaviours/circuit/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { Counter, SERVICES } from './conversation.js';

const COUNT = 100;

/** Two nodes that see each other over a slow path, so much one way, and over a relay near by. */
async function pairAt(latencyMs: number, direct: 'sim' | 'udp') {
  const sim = new SimulatedNetwork({ seed: 1 + latencyMs, latencyMs: 20, jitterMs: 2 });
  const builtins = ['handshake', 'addressbook', 'router-sync', 'rpc', 'streams'] as const;
  const shared = { builtins, behaviors: [Counter, CircuitBehavior] as const };
  const hub = await sim.createNode({ name: 'relay0', ...shared });
  const end = (name: string) =>
    sim.createNode({ name, ...shared, seeds: ['sim://relay0'], ...(direct === 'udp' && { listen: [`udp://${name}:7400`] }) });
  const ends = [await end('ada'), await end('bob')];
  sim.partition(['ada'], ['bob']);
  await sim.start(hub, ...ends);
  await sim.run(4_000);
  sim.heal();
  sim.setLink('ada', 'bob', { latencyMs, jitterMs: 0 });
  const [smaller, larger] = ends.sort((one, other) => (one.id < other.id ? -1 : 1)) as [(typeof ends)[0], (typeof ends)[0]];
  return { sim, smaller, larger };
}

describe('a relayed connection that opens while a direct channel is proven', () => {
  for (const [dials, direct, latencies] of [
    ['smaller', 'sim', [390, 400, 410, 420]],
    ['larger', 'sim', [400, 410]],
    ['larger', 'udp', [440, 450, 470, 500, 550, 590, 600, 620]],
  ] as const)
    it(`row 113: goes over that one, and loses nothing, when the ${dials} node dials (${direct})`, async () => {
      for (const latencyMs of latencies) {
        const { sim, smaller, larger } = await pairAt(latencyMs, direct);
        const [dialler, other] = dials === 'smaller' ? [smaller, larger] : [larger, smaller];
        const { id } = await dialler.connect(other.id);
        for (let number = 0; number < COUNT; number++) {
          dialler.behavior(Counter).say(id, number);
          await sim.run(20);
        }
        await sim.run(30_000);
        const all = Array.from({ length: COUNT }, (_, number) => number);
        const { received } = other.behavior(Counter);
        expect(
          [...SERVICES].map((serviceId) => received.get(serviceId)),
          `${latencyMs} ms`,
        ).to.deep.equal(SERVICES.map(() => all));
        expect(dialler.connections().find(({ nodeId }) => nodeId === other.id)).to.include({ id, path: 'direct' });
        expect(sim.faults).to.deep.equal([]);
        await sim.stop();
      }
    });
});
