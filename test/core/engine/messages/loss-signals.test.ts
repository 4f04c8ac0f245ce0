/** @module Signals of lost messages: a relay tells the origin what it could not hand on, once, within its bound, and never about a signal. */
import { expect } from 'chai';
import { nodeIdToBytes } from '../../../../core/address/node-id.js';
import type { NodeId } from '../../../../core/index.js';
import { toNode } from '../../../../core/index.js';
import { encodeValue } from '../../../../core/wire/codec.js';
import { encodeLost, type LostMessage } from '../../../../core/wire/link-control.js';
import { KIND_KEY, KIND_NODE, KIND_SERVICE, KIND_SERVICES } from '../../../../core/wire/message.js';
import { SimulatedNetwork } from '../../../../simulation.js';
import { BareNode, type RecordingBehavior, recordingBehavior, type SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { slotOf, visitor } from '../../node/life-cycle.js';

const NOBODY = seededIdentity('nobody').nodeId;

/** Bob, who relays, and two neighbours with the service 64. */
function relay(limits = {}) {
  const bob = new BareNode('bob', { limits });
  bob.start();
  const alice = visitor(bob, 'alice', { services: [64] });
  const carol = visitor(bob, 'carol', { services: [64] });
  const to = (peer: SecuredPeer | NodeId) => nodeIdToBytes(typeof peer === 'string' ? peer : peer.identity.nodeId);
  return { bob, alice, carol, to };
}

/** The signals that came to a peer. */
function signals(peer: SecuredPeer): LostMessage[] {
  return peer.control.filter((message) => typeof message === 'object' && message.type === 'lost') as LostMessage[];
}

describe('A relay that cannot hand a message on', () => {
  it('row 63: tells its origin once, with the cause, the services, the stream and the first 16 bytes of the payload', () => {
    const { bob, alice, carol, to } = relay();
    const payload = Uint8Array.from({ length: 17 }, (_, index) => index);
    alice.sendMessage({ kind: KIND_NODE, destination: to(carol), ttl: 1, serviceId: 64, streamId: 0x01020304, payload });
    alice.sendMessage({ kind: KIND_NODE, destination: to(NOBODY), serviceId: 64, payload: payload.subarray(0, 16) });
    alice.sendMessage({ kind: KIND_SERVICE, routedServiceId: 99, serviceId: 70, payload: payload.subarray(0, 3) });
    const payloadStart = payload.slice(0, 16);
    expect(signals(alice)).to.deep.equal([
      { type: 'lost', cause: 'hop-limit', fromServiceId: 64, serviceId: 64, streamId: 0x01020304, payloadStart },
      { type: 'lost', cause: 'unreachable', fromServiceId: 64, serviceId: 64, streamId: 0, payloadStart },
      { type: 'lost', cause: 'unreachable', fromServiceId: 64, serviceId: 70, streamId: 0, payloadStart: Uint8Array.of(0, 1, 2) },
    ]);
    expect([signals(carol), bob.network.metrics.lossSignalsSent.value]).to.deep.equal([[], 3]);
  });

  it('tells a far origin over the way to it, also that a lane was full', () => {
    const { bob, alice, carol, to } = relay({ laneMessagesMax: 16 });
    (bob.network.links.get(2)?.outbox as { inFlightBytes: number }).inFlightBytes = 2 ** 40;
    const source = to(alice);
    for (let count = 0; count < 17; count++) alice.sendMessage({ kind: KIND_NODE, destination: to(carol), serviceId: 64 });
    expect(signals(alice).map(({ cause }) => cause)).to.deep.equal(['lane-full']);
    carol.sendMessage({ kind: KIND_NODE, source, destination: to(NOBODY), serviceId: 64 });
    expect(signals(alice).length).to.equal(2);
  });

  it('row 63: says nothing about signals, broadcasts, and what comes from nowhere', () => {
    const { bob, alice, carol, to } = relay();
    const lost = encodeLost({ cause: 'unreachable', fromServiceId: 1, serviceId: 2, streamId: 3, payloadStart: new Uint8Array(0) });
    alice.sendMessage({ kind: KIND_NODE, fromServiceId: 0, serviceId: 0, destination: to(NOBODY), payload: lost });
    alice.sendMessage({ kind: KIND_NODE, fromServiceId: 0, serviceId: 0, destination: to(carol), ttl: 1, payload: lost });
    alice.sendMessage({ kind: KIND_SERVICES, routedServiceId: 64, serviceId: 64, sequence: 1, ttl: 1 });
    alice.sendMessage({ kind: KIND_NODE, source: to(NOBODY), destination: to(NOBODY), serviceId: 64 });
    expect([signals(alice), signals(carol), bob.network.metrics.lossSignalsSent.value]).to.deep.equal([[], [], 0]);
    expect(bob.network.metrics.dropped.unreachable.value).to.equal(2);
  });

  it('tells so many in a second for each link, and none where the limit is 0', () => {
    const { bob, alice, carol, to } = relay({ lossSignalsPerSecondMax: 3 });
    const send = (peer: SecuredPeer) => peer.sendMessage({ kind: KIND_NODE, destination: to(NOBODY), serviceId: 64 });
    for (let count = 0; count < 5; count++) send(alice);
    send(carol);
    expect([signals(alice).length, signals(carol).length]).to.deep.equal([3, 1]);
    bob.advance(1_000);
    send(alice);
    expect(signals(alice).length).to.equal(4);
    const silent = relay({ lossSignalsPerSecondMax: 0 });
    silent.alice.sendMessage({ kind: KIND_NODE, destination: to(NOBODY), serviceId: 64 });
    expect([signals(silent.alice), silent.bob.network.metrics.dropped.unreachable.value]).to.deep.equal([[], 1]);
  });
});

describe('A node that is told of a lost message', () => {
  const payloadStart = Uint8Array.of(1, 2, 3);
  const lost = encodeLost({ cause: 'lane-full', fromServiceId: 65, serviceId: 64, streamId: 9, payloadStart });

  it('tells the application who says so, and counts it; nothing else happens', () => {
    const { bob, alice, carol, to } = relay();
    alice.sendMessage({ kind: KIND_NODE, fromServiceId: 0, serviceId: 0, source: to(NOBODY), destination: to(bob.id), payload: lost });
    carol.sendMessage({ kind: KIND_NODE, fromServiceId: 0, serviceId: 0, destination: to(bob.id), payload: lost });
    const said = { cause: 'lane-full', fromServiceId: 65, serviceId: 64, streamId: 9, payloadStart };
    expect(bob.emitted('lost')).to.deep.equal([
      { ...said, by: NOBODY },
      { ...said, by: carol.identity.nodeId },
    ]);
    expect([bob.network.metrics.lossSignalsReceived.value, bob.network.links.get(1)?.isOpen]).to.deep.equal([2, true]);
  });

  it('tells the behaviour that has sent it, by its service, and nobody else; what that throws is its fault', () => {
    const bob = new BareNode('bob', {
      behaviors: [recordingBehavior(), recordingBehavior({ serviceId: 65, name: 'other' })],
    });
    bob.start();
    const alice = visitor(bob, 'alice', { services: [64] });
    const signal = (fromServiceId: number) =>
      alice.sendMessage({
        kind: KIND_NODE,
        fromServiceId: 0,
        serviceId: 0,
        destination: nodeIdToBytes(bob.id),
        payload: encodeLost({ cause: 'lane-full', fromServiceId, serviceId: 70, streamId: 9, payloadStart }),
      });
    signal(65);
    signal(99);
    const told = [64, 65].map((serviceId) => (slotOf(bob, serviceId).instance as RecordingBehavior).of('onMessageLost'));
    const said = { cause: 'lane-full', by: alice.identity.nodeId, fromServiceId: 65, serviceId: 70, streamId: 9, payloadStart };
    expect(told.map((calls) => calls.map(({ args }) => args))).to.deep.equal([[], [[said]]]);
    expect(bob.emitted('lost').length).to.equal(2);
  });

  it('closes the link of a neighbour that routes another control message, but not that of one who only passed it on', () => {
    const tooLong = new Uint8Array(8 + 17).fill(1);
    tooLong[0] = 6;
    for (const payload of [Uint8Array.of(5, 0, 0), Uint8Array.of(6, 9, 0, 0, 0, 0, 0, 0), lost.subarray(1), new Uint8Array(0), tooLong]) {
      const { bob, alice, carol, to } = relay();
      alice.sendMessage({ kind: KIND_NODE, fromServiceId: 0, serviceId: 0, source: to(NOBODY), destination: to(bob.id), payload });
      carol.sendMessage({ kind: KIND_NODE, fromServiceId: 0, serviceId: 0, destination: to(bob.id), payload });
      expect([bob.network.links.get(1)?.isOpen, bob.emitted('disconnected').map(({ reason }) => reason.code)]).to.deep.equal([
        true,
        ['protocol-error'],
      ]);
      expect([bob.emitted('lost'), bob.network.metrics.unknownControl.value]).to.deep.equal([[], 1]);
    }
  });

  it('a signal that is not routed, or routed by key, breaks the protocol', () => {
    const { bob, alice, carol, to } = relay();
    alice.sendControl(lost);
    carol.sendMessage({ kind: KIND_KEY, fromServiceId: 0, serviceId: 0, destination: to(bob.id), payload: lost });
    expect(bob.emitted('disconnected').map(({ reason }) => reason.code)).to.deep.equal(['protocol-error', 'protocol-error']);
  });
});

describe('Signals in a line of four', () => {
  it('row 63: a message with ttl 2 is forwarded once, dies at the third node, and its origin hears of it once, from there', async () => {
    const net = new SimulatedNetwork({ seed: 63 });
    const recordings: RecordingBehavior[] = [];
    const nodes = [];
    for (let index = 0; index < 4; index++) {
      const recording = recordingBehavior({ serviceId: 64 });
      recordings.push(recording);
      const seeds = index === 0 ? [] : [`sim://n${index - 1}`];
      nodes.push(await net.createNode({ name: `n${index}`, seeds, behaviors: [recording] }));
    }
    await net.start(...nodes);
    const [first, , third, last] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
    await net.runUntil(() => first.router.pathToNode(last.id).type === 'next' && last.router.pathToNode(first.id).type === 'next');
    const heard: unknown[] = [];
    for (const node of nodes) node.on('lost', (event) => heard.push([node.name, event]));
    const before = nodes.map((node) => node.metrics()['messages_forwarded_total'] as number);
    first['runner'].enter(() => {
      const { network } = { network: first['network'] };
      network.callbacks.perform(slotOf({ network }, 64), (agent) => agent.send(toNode(last.id), 'x', { ttl: 2, streamId: 7 }));
    });
    await net.run(2_000);
    const forwarded = nodes.map((node, index) => (node.metrics()['messages_forwarded_total'] as number) - (before[index] as number));
    expect(heard).to.deep.equal([
      ['n0', { cause: 'hop-limit', by: third.id, fromServiceId: 64, serviceId: 64, streamId: 7, payloadStart: encodeValue('x') }],
    ]);
    // The message and the signal pass the second node.
    expect([forwarded, recordings[3]?.messages]).to.deep.equal([[0, 2, 0, 0], []]);
    await net.stop();
  });
});
