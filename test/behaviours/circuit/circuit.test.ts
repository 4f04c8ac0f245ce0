/**
 * @module Circuits from dial to end in virtual time: `connect` falls back to them by itself, they carry what any link carries, and what a relay
 * sees, refuses and forgets.
 */
import { expect } from 'chai';
import { CircuitBehavior } from '../../../behaviours/circuit/index.js';
import { toConnection, toNode } from '../../../core/index.js';
import { nodeCrypto } from '../../../core/platform/node/crypto-node.js';
import { SimulatedNetwork, type SimulatedNode } from '../../../simulation.js';
import { ask, circuitOf, errorOf, INBOX, Inbox, inboxOf, star, WatchedCircuit } from './support.js';

const TEXT = 'a text that only its two ends may read';
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('circuits', () => {
  it('are what connect(nodeId) falls back to: both sides have a relayed connection, and calls go over it', async () => {
    const { sim, ada, bob, hub } = await star();
    const connection = await ada.connect(bob.id);
    expect([connection.path, connection.remoteAddress.text, connection.nodeId]).to.deep.equal(['relayed', `mesh://${bob.id}`, bob.id]);
    await bob.whenConnected(ada.id);
    const [, seen] = bob.connections();
    expect([seen?.path, seen?.remoteAddress.text, seen?.direction]).to.deep.equal(['relayed', `mesh://${ada.id}/1`, 'incoming']);
    expect(await ask(ada, bob)).to.equal('the inbox');
    expect(circuitOf(hub).relaying).to.include({ circuits: 1, circuitsMax: 64, circuitsPerPeerMax: 8, bitsPerSecondMax: 1_000_000 });
    const { relay, relays, bitsPerSecondMax } = circuitOf(ada).circuits()[0] ?? {};
    expect([relay, relays, bitsPerSecondMax]).to.deep.equal([hub.id, 1, 1_000_000]);
    await sim.stop();
    expect(sim.faults).to.deep.equal([]);
  });

  it('row 66: a relay reads no byte of what passes it, and both ends are proven', async () => {
    const { sim, ada, bob, hub } = await star({ type: WatchedCircuit, simulation: { crypto: nodeCrypto } });
    const { id } = await ada.connect(bob.id);
    for (let index = 0; index < 50; index++) ada.send(toConnection(id), INBOX, bytesOf(TEXT));
    await sim.run(2_000);
    expect(inboxOf(bob).received.map((bytes) => new TextDecoder().decode(bytes))).to.deep.equal(Array(50).fill(TEXT));
    const seen = Buffer.concat(hub.behavior(WatchedCircuit).seen);
    expect(seen.length).to.be.above(50 * TEXT.length);
    for (const part of [TEXT, TEXT.slice(0, 12), TEXT.slice(-12)]) expect(seen.includes(part)).to.equal(false);
    await sim.stop();
  });

  it('carry one mebibyte whole and in order at 20 % loss of what the relay should pass', async () => {
    const { sim, ada, bob, hub } = await star({ type: WatchedCircuit, relay: { bitsPerSecondMax: 1_000_000_000 } });
    const { id } = await ada.connect(bob.id);
    const relay = hub.behavior(WatchedCircuit);
    const { onMessage } = relay;
    let count = 0;
    relay.onMessage = function (agent, message) {
      if (message.payload[0] === 133 && ++count % 5 === 0) return;
      onMessage.call(this, agent, message);
    };
    const sent = Array.from({ length: 1_024 }, (_, index) => new Uint8Array(1_024).fill(index % 251));
    for (const bytes of sent) expect(ada.send(toConnection(id), INBOX, bytes)).to.equal('queued');
    await sim.runUntil(() => inboxOf(bob).received.length === sent.length, 120_000);
    expect(Buffer.concat(inboxOf(bob).received).equals(Buffer.concat(sent))).to.equal(true);
    await sim.stop();
  });

  it('wait a second for a direct path, and are not dialled where there is one', async () => {
    const sim = new SimulatedNetwork({ seed: 2, latencyMs: 10 });
    const networkKey = new Uint8Array(32).fill(7);
    const make = (name: string, seeds: readonly string[]) => sim.createNode({ name, networkKey, seeds, connections: { min: 1 } });
    const nodes = [await make('hub', []), await make('ada', ['sim://hub']), await make('bob', ['sim://hub'])] as const;
    const [hub, ada, bob] = nodes;
    sim.partition(['ada'], ['bob']);
    await sim.start(...nodes);
    await sim.run(5_000);
    const beganMs = sim.nowMs;
    expect((await ada.connect(bob.id)).path).to.equal('relayed');
    expect(sim.nowMs - beganMs).to.be.within(1_000, 2_000);
    const { path } = ada.explain(toNode(bob.id));
    expect([path?.type, path?.address]).to.deep.equal(['relayed', `mesh://${bob.id}`]);
    expect(path?.candidates.map(({ address, outcome }) => [address.replace(/[0-9a-f]{64}@?/, ''), outcome])).to.deep.equal([
      ['sim://bob', 'failed'],
      ['mesh://', 'open'],
      ['udp', 'failed'],
    ]);
    expect(path?.candidates[2]?.reason).to.include('no address of it for datagrams is known');
    expect(path?.candidates[1]?.reason).to.include('1 relays, up to 1000000 bit/s');
    expect(hub.explain(toNode(bob.id)).path?.candidates[0]?.reason).to.include('7 more circuits for it (1 of 8, 1 of 64 in all)');
    ada.disconnectNode(bob.id);
    sim.heal();
    await sim.run(1_000);
    expect((await ada.connect(bob.id)).path).to.equal('direct');
    await sim.stop();
  });

  it('run in private spaces by default, in public ones where they are named', async () => {
    const sim = new SimulatedNetwork({ seed: 1 });
    const names = (node: SimulatedNode) => node.behaviors().map(({ name }) => name);
    expect(names(await sim.createNode({ networkKey: new Uint8Array(32).fill(1) }))).to.include('circuit');
    expect(names(await sim.createNode({}))).not.to.include('circuit');
    expect(names(await sim.createNode({ builtins: ['handshake', 'circuit'] }))).to.include('circuit');
  });

  it('may be added to a running node, and end with it', async () => {
    const { sim, ada, bob } = await star();
    const late = await sim.createNode({
      name: 'late',
      builtins: ['handshake', 'router-sync', 'rpc'],
      behaviors: [Inbox],
      seeds: ['sim://relay0'],
    });
    await late.start();
    await sim.run(2_000);
    expect((await errorOf(ada.connect(late.id))).code).to.equal('ADDRESSES_UNKNOWN');
    late.addBehavior(CircuitBehavior);
    await sim.run(2_000);
    expect((await ada.connect(late.id)).path).to.equal('relayed');
    const ended = new Promise<string>((resolve) => ada.on('disconnected', ({ reason }) => resolve(reason.code)));
    late.removeBehavior(CircuitBehavior);
    expect(await sim.waitFor(ended)).to.equal('timeout');
    expect(late.connections().map(({ path }) => path)).to.deep.equal(['direct']);
    await bob.stop();
    await sim.stop();
  });

  it('end with a goodbye when one side stops, and leave nothing at the relay', async () => {
    const { sim, ada, bob, hub } = await star();
    await ada.connect(bob.id);
    const reasons: string[] = [];
    bob.on('disconnected', ({ connection, reason }) => reasons.push(`${connection.path} ${reason.code}`));
    await ada.stop();
    await sim.run(2_000);
    expect(reasons).to.deep.equal(['relayed goodbye']);
    expect(circuitOf(hub).relaying.circuits).to.equal(0);
    await sim.stop();
  });
});
