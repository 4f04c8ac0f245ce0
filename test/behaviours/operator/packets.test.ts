/** @module Packets in virtual time: marks of trust, what is held for a key, and what is dropped. */
import { expect } from 'chai';
import type { Packet } from '../../../behaviours/index.js';
import { packetBytes } from '../../../behaviours/operator/messages.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { encodeValue, nodeIdToBytes, toNode } from '../../../index.js';
import { type SimulatedNode, simulatedCrypto } from '../../../simulation.js';
import { identityOf, type MemberOptions, operatorOf, SPACE, SpaceWorld } from './support.js';

describe('packets', () => {
  let world: SpaceWorld;
  beforeEach(() => {
    world = new SpaceWorld();
  });
  afterEach(() => world.end());

  const quiet = { builtins: ['handshake', 'router-sync', 'rpc'] as const };
  const operators = () => ({ name: SPACE, authority: world.authority.publicKey, operators: [`sim://${identityOf('hub').nodeId}@hub`] });
  /** A hub, which is an operator, and nodes that have a line to it alone. */
  const star = async (options: MemberOptions = {}): Promise<[SimulatedNode, SimulatedNode, SimulatedNode]> => {
    const hub = await world.member('hub', { serve: 'memory', node: quiet });
    const spoke = (name: string) => world.member(name, { space: operators(), ...options, node: { ...quiet, seeds: ['sim://hub'] } });
    const [one, two] = [await spoke('one'), await spoke('two')];
    await one.whenReachable(toNode(two.id));
    await two.whenReachable(toNode(one.id));
    return [hub, one, two];
  };
  const taken = (node: SimulatedNode): Packet[] => {
    const packets: Packet[] = [];
    operatorOf(node).listen({ onPacket: (packet) => packets.push(packet) > 0 });
    return packets;
  };
  const shown = (packets: readonly Packet[]) => packets.map(({ from, trust, value }) => [from, trust, value]);

  it('carry the mark of their trust: a line to neighbours, none, signed or referred over relays (TH-20, TH-22)', async () => {
    const [hub, one, two] = await star();
    const packets = taken(two);
    operatorOf(hub).sendPacket(two.id, 'near');
    operatorOf(one).sendPacket(two.id, 'far');
    operatorOf(one).sendPacket(two.id, 'signed', { isSigned: true });
    await world.net.run(1_000);
    const { by, referral } = await world.net.waitFor(operatorOf(one).lookUp(two.id));
    expect(by).to.equal(hub.id);
    operatorOf(one).sendPacket(two.id, { word: 'referred' }, { referral: { by, referral: referral as Uint8Array } });
    await world.net.run(1_000);
    expect(shown(packets)).to.deep.equal([
      [hub.id, 'line', 'near'],
      [one.id, 'none', 'far'],
      [one.id, 'signed', 'signed'],
      [one.id, 'via', { word: 'referred' }],
    ]);
    expect(packets[3]?.via).to.equal(hub.id);
  });

  it('are dropped with a referral that is 10 s old, of a node without a line, or for another sender (TH-20, H-59)', async () => {
    const [hub, one, two] = await star();
    const packets = taken(two);
    const { referral } = await world.net.waitFor(operatorOf(one).lookUp(two.id));
    const good = { by: hub.id, referral: referral as Uint8Array };
    operatorOf(hub).sendPacket(two.id, 'of another sender', { referral: good });
    operatorOf(one).sendPacket(two.id, 'of another node', { referral: { ...good, by: one.id } });
    await world.net.run(9_000);
    operatorOf(one).sendPacket(two.id, 'in time', { referral: good });
    await world.net.run(2_000);
    operatorOf(one).sendPacket(two.id, 'late', { referral: good });
    await world.net.run(500);
    expect(packets.map(({ value }) => value)).to.deep.equal(['in time']);
    expect(operatorOf(two).counters.packetsDropped).to.equal(3);
    hub.disconnectNode(two.id);
    await world.net.run(100);
    await two.connect('sim://hub');
    await two.whenReachable(toNode(one.id));
    operatorOf(one).sendPacket(two.id, 'of an earlier line', { referral: good });
    await world.net.run(500);
    expect(packets).to.have.lengthOf(1);
  });

  it('of a signer that is not known are held while its key is asked for, 8 at most, in their order, and resumed (TH-18 as hold and resume)', async () => {
    const [, one, two] = await star();
    const packets = taken(two);
    for (let count = 0; count < 10; count++) operatorOf(one).sendPacket(two.id, count, { isSigned: true });
    await world.net.run(1_000);
    expect(packets.map(({ value }) => value)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    const { packetsHeld, packetsDropped, lookups } = operatorOf(two).counters;
    expect({ packetsHeld, packetsDropped, lookups }).to.deep.equal({ packetsHeld: 8, packetsDropped: 2, lookups: 1 });
    operatorOf(one).sendPacket(two.id, 'known now', { isSigned: true });
    await world.net.run(100);
    expect(packets).to.have.lengthOf(9);
    expect(operatorOf(two).counters.packetsHeld).to.equal(8);
  });

  it('of signers that nobody knows are dropped when the look-up fails; what is held in all is bounded', async () => {
    const hub = await world.member('hub', { node: quiet });
    const two = await world.member('two', { heldMax: 6, node: { ...quiet, seeds: ['sim://hub'] } });
    const packets = taken(two);
    await hub.whenReachable(toNode(two.id));
    const { node, says } = await world.impostor('mute', ['hub']);
    await node.whenReachable(toNode(two.id));
    await two.whenReachable(toNode(node.id));
    says.onOp = () => {};
    const from = nodeIdToBytes(node.id);
    const fields = { from, to: nodeIdToBytes(two.id), body: encodeValue('x'), signature: new Uint8Array(64) };
    for (let count = 0; count < 5; count++) says.say(two.id, [5, { ...fields, mark: new Uint8Array(8).fill(count) }]);
    await world.net.run(200);
    expect(two.queues().find(({ name }) => name === 'operator.held')).to.include({ messages: 3, messagesMax: 6 });
    await world.net.run(10_000);
    expect(two.queues().find(({ name }) => name === 'operator.held')).to.include({ messages: 0 });
    expect([packets, operatorOf(two).counters.packetsDropped]).to.deep.equal([[], 5]);
  });

  it('signed by another key, changed, repeated, for another receiver or without a mark are dropped (TH-17, row 77)', async () => {
    const [, one, two] = await star();
    const packets = taken(two);
    await world.net.waitFor(operatorOf(two).lookUp(one.id));
    const { node, says } = await world.impostor('forger', ['hub']);
    await node.whenReachable(toNode(two.id));
    const [from, to, mark, body] = [nodeIdToBytes(node.id), nodeIdToBytes(two.id), new Uint8Array(8), encodeValue('x')];
    const signature = new Uint8Array(64).fill(1);
    says.onOp = (_request, answer) =>
      answer.ok({ key: identityOf('forger').publicKey, time: 0, addresses: [], certificate: world.certificateOf('forger') });
    for (const packet of [
      { from, to, body, mark, signature },
      { from, to, body, signature },
      { from: nodeIdToBytes(one.id), to, body },
      { from, to: nodeIdToBytes(one.id), body },
      { from, to, body, via: to },
      { from, to, body, via: from, referral: new Uint8Array(20) },
    ])
      says.say(two.id, [5, packet]);
    await world.net.run(5_000);
    expect(packets).to.deep.equal([]);
    expect(operatorOf(two).counters.packetsDropped).to.equal(6);
    const signer = new NodeSigner(identityOf('forger'), simulatedCrypto, SPACE);
    const good = signer.sign('operator/packet/1', packetBytes({ from, to, body, mark }));
    for (let count = 0; count < 2; count++) says.say(two.id, [5, { from, to, body, mark, signature: good }]);
    await world.net.run(500);
    expect(packets, 'a mark that was seen').to.have.lengthOf(1);
  });

  it('with what is for neighbours alone do nothing over relays (TH-17, TH-21)', async () => {
    const [hub, , two] = await star();
    const { node, says } = await world.impostor('far', ['hub']);
    await node.whenReachable(toNode(two.id));
    const list = world.authority.revoke(hub.id);
    for (const message of [[1, 7], [2], [3, list], [4, world.certificateOf('far')]]) says.say(two.id, message);
    await world.net.run(1_000);
    expect(operatorOf(two).revocationsNumber).to.equal(0);
    expect(operatorOf(two).counters.packetsDropped).to.equal(4);
    expect(says.heard).to.deep.equal([]);
  });

  it('have 4,096 bytes at most; what a listener throws harms nobody, and the next one is asked', async () => {
    const [hub, one] = await star();
    operatorOf(one).listen({
      onPacket: () => {
        throw new Error('on purpose');
      },
    });
    const packets = taken(one);
    const body = (length: number) => new Uint8Array(length);
    operatorOf(hub).sendPacket(one.id, body(4_093));
    expect(() => operatorOf(hub).sendPacket(one.id, body(4_094)))
      .to.throw()
      .with.property('code', 'ARGUMENT_INVALID');
    expect(() => operatorOf(hub).sendPacket(one.id, () => 1))
      .to.throw()
      .with.property('code', 'CODEC_UNENCODABLE');
    await world.net.run(100);
    expect(packets.map(({ value }) => (value as Uint8Array).length)).to.deep.equal([4_093]);
    const unheard = operatorOf(hub).counters.packetsUnhandled;
    operatorOf(one).sendPacket(hub.id, 'nobody listens');
    await world.net.run(100);
    expect(operatorOf(hub).counters.packetsUnhandled).to.equal(unheard + 1);
  });
});
