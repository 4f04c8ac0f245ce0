/** @module What is remembered against replays, and held for strangers, cannot be filled by one of them. The structure by itself, its clock in the test's hand. */
import { expect } from 'chai';
import { packetBytes, type WirePacket } from '../../../behaviours/operator/messages.js';
import { OperatorCounters } from '../../../behaviours/operator/options.js';
import { Packets } from '../../../behaviours/operator/trust/packets.js';
import { NodeSigner } from '../../../core/security/signer.js';
import { type BehaviorAgent, encodeValue, type Message, type NodeId, nodeIdToBytes } from '../../../index.js';
import { simulatedCrypto } from '../../../simulation.js';
import { identityOf, SPACE } from './support.js';

const self = identityOf('self').nodeId;
const body = encodeValue('x');
const markOf = (index: number) => Uint8Array.of(0, 0, 0, 0, 0, 0, Math.floor(index / 256), index % 256);
const unsigned = (from: NodeId, index: number): WirePacket =>
  ({ from: nodeIdToBytes(from), to: nodeIdToBytes(self), body, mark: markOf(index) }) as WirePacket;
const signed = (name: string, index: number): WirePacket => {
  const packet = unsigned(identityOf(name).nodeId, index);
  const signer = new NodeSigner(identityOf(name), simulatedCrypto, SPACE);
  return { ...packet, signature: signer.sign('operator/packet/1', packetBytes({ ...packet, mark: markOf(index) })) };
};

/** Packets that reach a node which knows these keys, and what it asks for. */
function setup(known: readonly string[], heldMax = 256) {
  const counters = new OperatorCounters();
  const asked: NodeId[] = [];
  const keys = new Map(known.map((name) => [identityOf(name).nodeId, identityOf(name).publicKey]));
  const packets = new Packets({
    ...{ self, counters, heldMax, signer: new NodeSigner(identityOf('self'), simulatedCrypto, SPACE) },
    keyOf: (_agent, nodeId) => keys.get(nodeId),
    askKey: (_agent, nodeId) => void asked.push(nodeId),
    deliver: () => true,
  });
  const agent = { nowMs: 0, log: { debug: () => {} }, connectionTo: () => undefined } as unknown as BehaviorAgent;
  const receive = (packet: WirePacket, source: NodeId, connectionId = 1) => {
    const before = counters.packetsTaken;
    packets.receive(agent, packet, { source, sourceVerified: false, connectionId } as Message);
    return counters.packetsTaken > before;
  };
  return { receive, asked, packets, agent: agent as { nowMs: number } };
}

describe('the memory against replays', () => {
  const [victim, rival] = [identityOf('victim').nodeId, identityOf('rival').nodeId];

  it('is not filled by packets that nobody has signed, nor by one who signs many (row 77)', () => {
    const { receive, agent } = setup(['victim', 'rival']);
    const packet = signed('victim', 1);
    expect([receive(packet, victim), receive(packet, victim)]).to.deep.equal([true, false]);
    for (let index = 0; index < 20_000; index++) receive(unsigned(rival, index), rival);
    expect(receive(packet, victim), 'after 20,000 marks of another').to.equal(false);
    let taken = 0;
    for (let index = 0; index < 600; index++) if (receive(signed('rival', index), rival)) taken++;
    expect(taken).to.equal(512);
    expect(receive(signed('victim', 2), victim), 'others have room').to.equal(true);
    agent.nowMs = 1_000;
    taken = 0;
    for (let index = 600; index < 700; index++) if (receive(signed('rival', index), rival)) taken++;
    expect([taken, receive(packet, victim)]).to.deep.equal([16, false]);
  });

  it('takes an unsigned packet as often as it comes: its mark says nothing (row 77)', () => {
    const { receive } = setup([]);
    expect([receive(unsigned(rival, 1), rival), receive(unsigned(rival, 1), rival)]).to.deep.equal([true, true]);
  });
});

describe('what is held for strangers', () => {
  const stranger = (index: number) => `stranger ${index}`;

  it('over one connection is half of it, and half of the look-ups (row 102)', () => {
    const { receive, asked, packets } = setup([], 16);
    const send = (index: number, mark: number, connectionId: number) =>
      receive(signed(stranger(index), mark), identityOf(stranger(index)).nodeId, connectionId);
    for (let index = 0; index < 3; index++) for (let mark = 0; mark < 8; mark++) send(index, mark, 7);
    expect([packets.heldCount, asked.length]).to.deep.equal([8, 1]);
    for (let mark = 0; mark < 8; mark++) send(9, mark, 8);
    expect([packets.heldCount, asked.length]).to.deep.equal([16, 2]);
    const many = setup([]);
    const once = (index: number, connectionId: number) =>
      many.receive(signed(stranger(index), 1), identityOf(stranger(index)).nodeId, connectionId);
    for (let index = 0; index < 50; index++) once(index, 7);
    expect(many.asked).to.have.lengthOf(32);
    once(50, 8);
    expect(many.asked).to.have.lengthOf(33);
  });
});
