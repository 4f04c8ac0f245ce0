/**
 * @module Neighbours that violate the spacer: what they send is bounded, counted, and changes nothing that is not theirs.
 */
import { expect } from 'chai';
import { SpacerBehavior } from '../../../behaviours/spacer/index.js';
import { BODY_BYTES_MAX, requestBytes, seekBody } from '../../../behaviours/spacer/messages.js';
import { BURST_SECONDS, PROOFS_PER_SECOND } from '../../../behaviours/spacer/options.js';
import { OP_STORE, storeBody } from '../../../behaviours/spacer/values/messages.js';
import { immutableRecord } from '../../../behaviours/spacer/values/records.js';
import {
  type BehaviorAgent,
  type BehaviorEntry,
  HEAD_BYTES,
  type Message,
  NetworkBehavior,
  type NodeId,
  toConnection,
} from '../../../core/index.js';
import { MessageHead, writeHead, writeNumberedHead } from '../../../core/kits/exchange/messages.js';
import type { SimulatedNode } from '../../../simulation.js';
import { SeededRandom } from '../../../testing/conformance/check-tools.js';
import { Liar, PlacingLiar } from './hostile.js';
import { Space, spacerOf } from './support.js';

/** Sends what the test wants, and writes down what comes. */
class Puppet extends NetworkBehavior {
  static readonly behavior = { serviceId: 4, name: 'spacer' } as const;
  readonly received: Uint8Array[] = [];
  override get ports() {
    return { handshakeSection: { name: 'spacer', offer: () => true, accept: () => undefined } };
  }
  override onMessage(_agent: BehaviorAgent, message: Message): void {
    this.received.push(message.payload.slice());
  }
  send(to: NodeId, bytes: Uint8Array): void {
    this.perform((agent) => {
      const connection = agent.connectionTo(to);
      if (connection !== undefined) agent.send(toConnection(connection.id), bytes);
    });
  }
}

describe('a spacer beside hostile neighbours', () => {
  const random = new SeededRandom(59);
  let space: Space;
  let honest: SimulatedNode;
  let puppet: SimulatedNode;
  afterEach(() => space.net.stop());

  async function meet(spacer = {}): Promise<void> {
    space = new Space({ spacer: { meshLevel: 0, ...spacer } });
    honest = await space.node('honest');
    await space.node('other', ['honest']);
    puppet = await space.node('puppet', ['honest'], Puppet);
    await space.net.run(2_000);
  }
  const puppetOf = () => puppet.behavior(Puppet);

  function question(op: number, body: Uint8Array, chain: readonly NodeId[] = [], isSigned = false): Uint8Array {
    const bytes = requestBytes({ op, isSigned, chain, waitMs: 1_000, nonce: random.bytes(8), body }, HEAD_BYTES);
    writeHead(bytes, { idHigh: random.below(2 ** 31), idLow: random.below(2 ** 31) }, 1, 1);
    return bytes;
  }
  /** The answers, behind the head. */
  const answers = () =>
    puppetOf()
      .received.filter((bytes) => bytes[8] === 2)
      .map((bytes) => [...bytes.subarray(16)]);
  const codes = () => answers().map(([code]) => code as number);

  it('takes no answer that nobody has asked for, whatever its id (row 59)', async () => {
    await meet();
    const before = spacerOf(honest).contacts().length;
    for (let round = 0; round < 2_000; round++) {
      const bytes = new Uint8Array(120);
      bytes.set(random.bytes(104), 16);
      writeNumberedHead(bytes, { idHigh: random.below(2 ** 31), idLow: random.below(2 ** 31) }, 2, 1, 0);
      puppetOf().send(honest.id, bytes);
      if (round % 200 === 0) await space.net.run(50);
    }
    await space.net.run(1_000);
    expect(spacerOf(honest).contacts()).to.have.lengthOf(before);
    expect(spacerOf(honest).counters.questionsAnswered).to.be.lessThan(50);
  });

  it('takes an answer only of the neighbour that was asked (row 59)', async () => {
    await meet();
    const resolution = spacerOf(honest).resolve('x', { deadlineMs: 5_000 });
    await space.net.run(15);
    const asked = puppetOf().received.find((bytes) => bytes[8] === 1) as Uint8Array;
    const head = new MessageHead();
    head.read(asked);
    const forged = new Uint8Array(18);
    writeNumberedHead(forged, { idHigh: head.idHigh ^ 1, idLow: head.idLow }, 2, 1, 0);
    puppetOf().send(honest.id, forged);
    const found = await space.net.waitFor(resolution.nodes);
    expect(found.map(({ nodeId }) => nodeId)).not.to.include(puppet.id);
    expect(resolution.trace.steps.find(({ nodeId }) => nodeId === puppet.id)?.outcome).to.be.oneOf(['silent', 'slow']);
  });

  it('bodies that are no messages are counted, and do nothing (rows 58, 85)', async () => {
    await meet();
    for (let round = 0; round < 3_000; round++) {
      const bytes = random.bytes(random.below(80));
      if (bytes.length > 10) bytes[8] = 1;
      puppetOf().send(honest.id, bytes);
      if (round % 200 === 0) await space.net.run(400);
    }
    await space.net.run(5_000);
    expect(spacerOf(honest).counters.malformed).to.be.greaterThan(500);
    expect(space.net.faults).to.deep.equal([]);
    const found = await space.net.waitFor(spacerOf(honest).resolve('x').nodes);
    expect(found.map(({ nodeId }) => nodeId)).to.include(space.nodes[1]?.id);
  });

  it('answers so many questions of a neighbour, and is busy for those beyond (row 58)', async () => {
    await meet({ questionsPerSecond: 5 });
    for (let count = 0; count < 100; count++) puppetOf().send(honest.id, question(1, seekBody(random.nodeId(), 20)));
    await space.net.run(100);
    expect(codes().filter((code) => code === 0)).to.have.lengthOf(20);
    expect(codes().filter((code) => code === 1)).to.have.lengthOf(80);
  });

  it('signs so many answers, and checks so many records, whatever the neighbours may ask (rows 58, 60)', async () => {
    await meet({ questionsPerSecond: 1_000_000 });
    const atOnce = BURST_SECONDS * PROOFS_PER_SECOND;
    const stored = storeBody({
      key: random.nodeId(),
      token: random.bytes(8),
      ttlMs: 60_000,
      expected: undefined,
      record: Uint8Array.of(0),
    });
    for (let sent = 0; sent < atOnce; sent += 100) {
      for (let count = 0; count < 100; count++) puppetOf().send(honest.id, question(0, new Uint8Array(0), [], true));
      await space.net.run(1);
    }
    await space.net.run(100);
    // Those that came in while these were sent.
    for (let count = 0; count < 500; count++) puppetOf().send(honest.id, question(0, new Uint8Array(0), [], true));
    await space.net.run(50);
    const beyond = codes().slice(atOnce);
    expect(codes().slice(0, atOnce)).to.deep.equal(Array(atOnce).fill(0));
    expect(beyond.filter((code) => code === 1).length).to.be.greaterThan(50);
    puppetOf().send(honest.id, question(OP_STORE, stored, [], true));
    for (let count = 0; count < 20; count++) puppetOf().send(honest.id, question(0, new Uint8Array(0)));
    await space.net.run(50);
    expect(codes().slice(-20)).to.deep.equal(Array(20).fill(0));
  });

  it('keeps and passes on no body that is longer than any question (row 58)', async () => {
    await meet();
    const [, other] = space.nodes as [SimulatedNode, SimulatedNode];
    puppetOf().send(honest.id, question(9, new Uint8Array(BODY_BYTES_MAX), [other.id]));
    await space.net.run(500);
    expect(codes()).to.deep.equal([5]);
    puppetOf().send(honest.id, question(9, new Uint8Array(BODY_BYTES_MAX + 1), [other.id]));
    await space.net.run(500);
    expect(codes()).to.deep.equal([5]);
    expect(spacerOf(honest).counters.malformed).to.equal(1);
  });

  it('passes a question on to neighbours alone, over three nodes at most', async () => {
    await meet();
    const [, other] = space.nodes as [SimulatedNode, SimulatedNode];
    puppetOf().send(honest.id, question(1, seekBody(random.nodeId(), 20), [random.nodeId()]));
    puppetOf().send(honest.id, question(1, seekBody(random.nodeId(), 20), [other.id]));
    puppetOf().send(honest.id, question(1, seekBody(random.nodeId(), 20), [puppet.id]));
    puppetOf().send(honest.id, question(1, seekBody(random.nodeId(), 20), [other.id, honest.id, other.id, honest.id]));
    await space.net.run(2_000);
    expect(codes().sort()).to.deep.equal([0, 2, 2]);
    expect(spacerOf(honest).counters.malformed).to.equal(1);
  });

  it('keeps nothing without the token of a find before (row 60)', async () => {
    await meet();
    const key = random.nodeId();
    const body = storeBody({
      key,
      token: random.bytes(8),
      ttlMs: 60_000,
      expected: undefined,
      record: immutableRecord({ value: Uint8Array.of(1), isList: false }),
    });
    puppetOf().send(honest.id, question(OP_STORE, body));
    await space.net.run(100);
    expect(answers()).to.deep.equal([[0, 1]]);
  });

  it('an id that a liar has made up is never part of a result (row 54)', async () => {
    space = new Space({ spacer: { meshLevel: 0 } });
    honest = await space.node('honest');
    await space.node('liar', ['honest'], Liar);
    await space.node('other', ['honest'], SpacerBehavior);
    await space.net.run(2_000);
    for (let round = 0; round < 10; round++) {
      const resolution = spacerOf(honest).resolve(random.nodeId());
      const found = await space.net.waitFor(resolution.nodes);
      expect(space.nodes.map(({ id }) => id)).to.include.members(found.map(({ nodeId }) => nodeId));
    }
  });

  /** What a node of the spacer has sent and dialled on average until 60 s after the last has joined, where every fifth is of another kind. */
  async function joined(Other: BehaviorEntry): Promise<{ readonly questions: number; readonly dials: number }> {
    space = new Space({ latencyMs: 50 });
    const random = new SeededRandom(54);
    const honestNodes: SimulatedNode[] = [];
    for (let index = 0; index < 40; index++) {
      const isOther = index % 5 === 4;
      const seeds = index === 0 ? [] : [`n${random.below(Math.min(index, 4))}`, `n${random.below(index)}`];
      const node = await space.node(`n${index}`, seeds, isOther ? Other : SpacerBehavior);
      if (!isOther) honestNodes.push(node);
      if (index % 5 === 4) await space.net.run(1_000);
    }
    await space.net.run(60_000);
    const mean = (read: (counters: SpacerBehavior['counters']) => number) =>
      honestNodes.reduce((sum, node) => sum + read(spacerOf(node).counters), 0) / honestNodes.length;
    return { questions: mean(({ questionsSent }) => questionsSent), dials: mean(({ meshDials }) => meshDials) };
  }

  for (const [what, Kind, questionsMax, dialsMax] of [
    ['', Liar, 4, 1.25],
    [' at addresses where nobody is', PlacingLiar, 5, 6],
  ] as const)
    it(`a fifth of liars who name nodes that are not there${what} makes joining a few times as dear at most (row 54)`, async () => {
      const quiet = await joined(SpacerBehavior);
      await space.net.stop();
      const lied = await joined(Kind);
      expect(lied.questions / quiet.questions).to.be.below(questionsMax);
      expect(lied.dials / quiet.dials).to.be.below(dialsMax);
    });

  it('a mesh comes to rest beside liars who name more and more nodes that are not there (row 54)', async () => {
    space = new Space({ latencyMs: 50 });
    for (let index = 0; index < 12; index++) await space.node(`n${index}`, index === 0 ? [] : ['n0', `n${random.below(index)}`]);
    for (let index = 0; index < 4; index++) await space.node(`liar${index}`, ['n0', `n${1 + index}`], Liar);
    await space.net.run(90_000);
    const questions = () => space.nodes.slice(0, 12).reduce((sum, node) => sum + spacerOf(node).counters.questionsSent, 0) / 12;
    const before = questions();
    await space.net.run(30_000);
    // It was a hundred a second, for ever.
    expect(questions() - before).to.be.below(100);
    const key = random.nodeId();
    const honestIds = space.closest(key, 12, space.nodes.slice(0, 12));
    const found = await space.net.waitFor(spacerOf(space.nodes[3] as SimulatedNode).resolve(key, { oneHop: false }).nodes);
    expect(found.map(({ nodeId }) => nodeId).filter((nodeId) => honestIds.includes(nodeId))[0]).to.equal(honestIds[0]);
  });
});
