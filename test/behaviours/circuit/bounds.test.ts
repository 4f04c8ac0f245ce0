/**
 * @module What relays refuse and bound, and how circuits get past a relay that fails: quotas, loops, expiry, allow lists, silence.
 */
import { expect } from 'chai';
import { type CircuitBehavior, PRIVATE_BUILTINS } from '../../../behaviours/index.js';
import { type BehaviorAgent, NetworkBehavior, type NodeId, nodeIdToBytes, toConnection } from '../../../core/index.js';
import { writeInitiation } from '../../../core/security/datagrams/header.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { ask, BUILTINS, circuitOf, errorOf, INBOX, Inbox, inboxOf, star, WatchedCircuit } from './support.js';

const CIRCUIT = 9;
const OPEN_OF_OPENER = 129;

/** Sends neighbours what it likes, in the name of the circuit service, and notes what they answer to it. */
class Forger extends NetworkBehavior {
  static readonly behavior = { serviceId: 70, name: 'forger' } as const;

  say(to: NodeId, bytes: Uint8Array): void {
    this.perform((agent: BehaviorAgent) => agent.send(toConnection(agent.connectionTo(to)?.id ?? 0), bytes, { serviceId: CIRCUIT }));
  }
}

function open(number: number, token: number, relays: number, target: NodeId, source: NodeId): Uint8Array {
  // Far from the numbers that honest circuits get.
  const head = [OPEN_OF_OPENER, 128, 0, 0, number, ...Array(8).fill(token), relays];
  return Uint8Array.from([...head, ...nodeIdToBytes(target), ...nodeIdToBytes(source)]);
}

/** Nodes in a line, each connected to the next one. */
async function line(count: number) {
  const sim = new SimulatedNetwork({ seed: 1, latencyMs: 5 });
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < count; index++) {
    const seeds = index === 0 ? [] : [`sim://n${index - 1}`];
    nodes.push(await sim.createNode({ name: `n${index}`, builtins: [...BUILTINS, 'circuit'], behaviors: [Inbox], seeds }));
  }
  await sim.start(...nodes);
  await sim.run(5_000);
  return { sim, nodes, first: nodes[0] as SimulatedNode, last: nodes[count - 1] as SimulatedNode };
}

describe('relays of circuits', () => {
  it('row 67: pass 1 Mbit/s of one neighbour, within a tenth, and what is beyond costs time and no message', async () => {
    const { sim, ada, bob, hub } = await star({ relay: { bitsPerSecondMax: 1_000_000 } });
    const { id } = await ada.connect(bob.id);
    const { received } = inboxOf(bob);
    const beganMs = sim.nowMs;
    for (let index = 0; index < 250; index++) expect(ada.send(toConnection(id), INBOX, new Uint8Array(10_000))).to.equal('queued');
    await sim.runUntil(() => received.length === 250, 120_000);
    expect((250 * 10_000 * 8) / ((sim.nowMs - beganMs) / 1_000)).to.be.within(900_000, 1_100_000);
    expect(circuitOf(hub).counters.droppedRate).to.be.above(0);
    await sim.stop();
  });

  it('row 67: count what each datagram costs besides its bytes, so that many small ones are no free bandwidth', async () => {
    const { sim, hub, ada, bob } = await star({ relay: { bitsPerSecondMax: 1_000_000 } });
    const forger = ada.addBehavior<Forger>(Forger);
    await sim.run(100);
    forger.say(hub.id, open(1, 1, 4, bob.id, ada.id));
    await sim.run(100);
    expect(circuitOf(bob).counters.accepted).to.equal(1);
    const data = Uint8Array.of(133, 128, 0, 0, 1, 9);
    // A quarter of a second's bytes may pass at once: 31,250.
    for (let count = 0; count < 700; count++) forger.say(hub.id, data);
    await sim.run(100);
    expect(circuitOf(hub).counters).to.include({ droppedRate: 0, relayedBytes: 700 });
    for (let count = 0; count < 1_500; count++) forger.say(hub.id, data);
    await sim.run(100);
    expect(circuitOf(hub).counters.droppedRate).to.be.above(0);
    await sim.stop();
  });

  it('row 67: refuse a neighbour its ninth circuit, and the 65th of all, by name, current and maximum', async () => {
    const { sim, hub, ends } = await star({ leaves: 4, relay: { circuitsMax: 2, circuitsPerPeerMax: 1 } });
    const [a, b, c, d] = ends as [SimulatedNode, SimulatedNode, SimulatedNode, SimulatedNode];
    await a.connect(b.id);
    const byPeer = await errorOf(a.connect(c.id));
    expect(byPeer.code).to.equal('CIRCUIT_REFUSED');
    expect(byPeer.message).to.include('its limit circuitsPerPeerMax of one neighbour is reached (1 of 1)');
    const limit = { limit: 'circuitsPerPeerMax', current: 1, maximum: 1, scope: 'peer', side: 'remote', by: hub.id };
    expect(byPeer.details['relays']).to.have.nested.property('0').that.includes(limit);
    await c.connect(d.id);
    const other = await star({ leaves: 4, relay: { circuitsMax: 1 } });
    await other.ada.connect(other.bob.id);
    const full = await errorOf((other.ends[2] as SimulatedNode).connect((other.ends[3] as SimulatedNode).id));
    expect(full.details['relays'])
      .to.have.nested.property('0')
      .that.includes({ limit: 'circuitsMax', current: 1, maximum: 1, scope: 'node' });
    expect(circuitOf(other.hub).counters).to.include({ relayed: 1, refused: 1 });
    const limits = hub.limits().behaviors['circuit'];
    expect(limits).to.include({ circuitsMax: 2, circuitsPerPeerMax: 1, bitsPerSecondMax: 1_000_000, reservationMs: 60_000 });
    await other.sim.stop();
    await sim.stop();
  });

  it('row 67: relay for nobody, or for some, where they are told so', async () => {
    const { sim, ada, bob } = await star({ relay: { relay: false } });
    expect((await errorOf(ada.connect(bob.id))).message).to.include('it relays for nobody');
    await sim.stop();
    const some = await star({ leaves: 3 });
    const [, , cy] = some.ends as [SimulatedNode, SimulatedNode, SimulatedNode];
    await some.sim.stop();
    const allowed = await star({ leaves: 3, relay: { relay: [some.ada.id, some.bob.id] } });
    expect([allowed.ada.id, allowed.ends[2]?.id]).to.deep.equal([some.ada.id, cy.id]);
    expect((await allowed.ada.connect(allowed.bob.id)).path).to.equal('relayed');
    expect((await errorOf(allowed.ada.connect(cy.id))).message).to.include('it does not relay for these nodes');
    expect((await errorOf((allowed.ends[2] as SimulatedNode).connect(some.ada.id))).message).to.include(
      'it does not relay for these nodes',
    );
    await allowed.sim.stop();
  });

  it('pass a circuit on over four relays, and not over a fifth', async () => {
    const four = await line(6);
    expect((await four.first.connect(four.last.id)).path).to.equal('relayed');
    expect(circuitOf(four.first).circuits()[0]?.relays).to.equal(4);
    expect(await ask(four.first, four.last)).to.equal('the inbox');
    await four.sim.stop();
    const five = await line(7);
    expect((await errorOf(five.first.connect(five.last.id))).message).to.include('the path comes back to it, or is too long');
    await five.sim.stop();
  });

  it('cut loops: an opening that comes again is refused, and no circuit runs over a circuit', async () => {
    const { sim, hub, ends } = await star({ leaves: 3 });
    const [ada, bob, cy] = ends as [SimulatedNode, SimulatedNode, SimulatedNode];
    const forger = ada.addBehavior<Forger>(Forger);
    await sim.run(100);
    forger.say(hub.id, open(1, 7, 4, bob.id, ada.id));
    await sim.run(100);
    expect(circuitOf(hub).relaying.circuits).to.equal(1);
    forger.say(hub.id, open(2, 7, 4, bob.id, ada.id));
    forger.say(hub.id, open(3, 8, 0, bob.id, ada.id));
    await sim.run(100);
    expect([circuitOf(hub).relaying.circuits, circuitOf(hub).counters.refused]).to.deep.equal([1, 2]);
    // The connection between ada and bob is a circuit: nothing is relayed over it, and no circuit ends on it.
    await ada.connect(bob.id);
    for (const [number, target] of [cy, bob].entries()) forger.say(bob.id, open(4 + number, 9 + number, 4, target.id, ada.id));
    await sim.run(500);
    expect([circuitOf(bob).relaying.circuits, circuitOf(bob).circuits().length, circuitOf(bob).counters.refused]).to.deep.equal([0, 2, 2]);
    await sim.stop();
  });

  it('free what nothing passes for a minute, and what is never accepted, at both neighbours', async () => {
    const { sim, hub, ada, bob } = await star();
    const forger = ada.addBehavior<Forger>(Forger);
    await sim.run(100);
    forger.say(hub.id, open(1, 1, 4, bob.id, ada.id));
    await sim.run(100);
    const accepted = circuitOf(bob).counters.accepted;
    expect([circuitOf(hub).relaying.circuits, accepted]).to.deep.equal([1, 1]);
    // The end that waits for a handshake gives up after 10 s and says so; the relay would after 60.
    await sim.run(70_000);
    expect([circuitOf(hub).relaying.circuits, circuitOf(bob).circuits()]).to.deep.equal([0, []]);
    await sim.stop();
  });

  it('row 66: a relay that drops what it should pass is noticed by silence: the connection goes on over another one, and loses nothing', async () => {
    const { sim, hubs, ada, bob } = await star({ relays: 2, type: WatchedCircuit });
    const { id } = await ada.connect(bob.id);
    await sim.run(7_000);
    const first = circuitOf(ada).circuits()[0]?.relay;
    const [bad, good] = (hubs[0]?.id === first ? hubs : [...hubs].reverse()) as [SimulatedNode, SimulatedNode];
    bad.behavior(WatchedCircuit).isBlackHole = true;
    for (let index = 0; index < 20; index++) expect(ada.send(toConnection(id), INBOX, Uint8Array.of(index))).to.equal('queued');
    const beganMs = sim.nowMs;
    await sim.runUntil(() => inboxOf(bob).received.length === 20, 30_000);
    expect(sim.nowMs - beganMs).to.be.below(10_000);
    expect(inboxOf(bob).received.map(([index]) => index)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index));
    expect(
      circuitOf(ada)
        .circuits()
        .map(({ relay }) => relay),
    ).to.deep.equal([good.id]);
    expect(ada.connections().map(({ path }) => path)).to.deep.equal(['direct', 'direct', 'relayed']);
    await sim.stop();
  });

  it('row 66: a relay that drops what it should pass, and answers with what nobody sent, is left as one that is silent', async () => {
    const { sim, hubs, ada, bob } = await star({ relays: 2, type: WatchedCircuit });
    const { id } = await ada.connect(bob.id);
    await sim.run(7_000);
    const first = circuitOf(ada).circuits()[0]?.relay;
    const bad = hubs.find((hub) => hub.id === first) as SimulatedNode;
    Object.assign(bad.behavior(WatchedCircuit), { isBlackHole: true, isEchoing: true });
    for (let index = 0; index < 20; index++) expect(ada.send(toConnection(id), INBOX, Uint8Array.of(index))).to.equal('queued');
    const beganMs = sim.nowMs;
    await sim.runUntil(() => inboxOf(bob).received.length === 20, 30_000);
    expect(sim.nowMs - beganMs).to.be.below(10_000);
    expect(circuitOf(ada).circuits()[0]?.relay).to.not.equal(first);
    await sim.stop();
  });

  it('row 19: handshakes over circuits take the share of the neighbour that they come over, whatever sources it names', async () => {
    const { sim, ada, hub } = await star();
    const forger = ada.addBehavior<Forger>(Forger);
    await sim.run(100);
    const { network } = hub as unknown as {
      network: { links: { handshakes: { pendingCount: number }; security: { spaceFor(kind: string): { preamble: Uint8Array } } } };
    };
    const { preamble } = network.links.security.spaceFor('datagram');
    for (let index = 1; index <= 20; index++) {
      const claimed = index.toString(16).padStart(64, '0') as NodeId;
      forger.say(hub.id, open(index, index, 4, hub.id, claimed));
    }
    await sim.run(100);
    for (let index = 1; index <= 20; index++)
      forger.say(hub.id, Uint8Array.from([133, 128, 0, 0, index, ...writeInitiation(preamble, index, new Uint8Array(32).fill(9))]));
    await sim.run(100);
    const { slots } = network.links.handshakes as unknown as { slots: { inHandshake: number; crowds: ReadonlyMap<string, object> } };
    expect(circuitOf(hub).counters.accepted).to.be.above(5);
    expect([...slots.crowds.keys()]).to.deep.equal([ada.id]);
    await sim.stop();
  });

  for (const sender of ['the dialler', 'the other end'] as const)
    it(`row 66: when a relay dies, the connection goes on over another one, and ${sender} loses and doubles no message`, async () => {
      const { sim, hubs, ada, bob } = await star({ relays: 2 });
      await ada.connect(bob.id);
      await bob.whenConnected(ada.id);
      const [from, to] = sender === 'the dialler' ? [ada, bob] : [bob, ada];
      const relayed = from.connections().find(({ nodeId }) => nodeId === to.id)?.id ?? 0;
      const relay = circuitOf(ada).circuits()[0]?.relay;
      for (let index = 0; index < 100; index++) {
        from.send(toConnection(relayed), INBOX, Uint8Array.of(index));
        if (index === 50) sim.crash(hubs.find(({ id }) => id === relay) as SimulatedNode, { reset: true });
        await sim.run(10);
      }
      await sim.runUntil(() => inboxOf(to).received.length === 100, 30_000);
      expect(inboxOf(to).received.map(([index]) => index)).to.deep.equal(Array.from({ length: 100 }, (_, index) => index));
      await sim.stop();
    });

  it('row 11: an end that claims to be another node is refused by the proof of who it is', async () => {
    const { sim, hub, ada, bob } = await star();
    const circuit = circuitOf(ada) as CircuitBehavior;
    const { sender } = circuit as unknown as { sender: { open(agent: BehaviorAgent, leg: object, open: object): string } };
    const { open: honest } = sender;
    sender.open = (agent, leg, fields) => honest.call(sender, agent, leg, { ...fields, source: hub.id });
    const refused = new Promise<string>((resolve) => bob.on('refused', ({ reason }) => resolve(reason.code)));
    const failed = errorOf(ada.connect(bob.id));
    expect(await sim.waitFor(refused)).to.equal('wrong-node');
    await sim.waitFor(failed);
    expect(bob.connections().map(({ nodeId }) => nodeId)).to.deep.equal([hub.id]);
    await sim.stop();
  });

  it('are those of private spaces', () => {
    expect(Object.keys(PRIVATE_BUILTINS)).to.deep.equal(['circuit', 'punch']);
  });
});
