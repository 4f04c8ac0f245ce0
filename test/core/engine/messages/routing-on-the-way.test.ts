/** @module Tests of a message's way through a node: delivered here, handed on, or dropped and counted (DESIGN section 6, H-25, row 63). */
import { expect } from 'chai';
import { nodeIdToBytes } from '../../../../core/address/node-id.js';
import {
  type Dropped,
  type NodeId,
  toConnection,
  toKey,
  toLocal,
  toNextHop,
  toNode,
  toService,
  toServices,
} from '../../../../core/index.js';
import {
  HEADER_BYTES_MAX,
  KIND_DIRECT,
  KIND_KEY,
  KIND_NEIGHBOUR,
  KIND_NODE,
  KIND_SERVICE,
  KIND_SERVICES,
} from '../../../../core/wire/message.js';
import { ForceNodeRouter } from '../../../../routing/index.js';
import { BareNode, type RecordedMessage, recordingBehavior, type SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

const NOBODY = seededIdentity('nobody').nodeId;

/** Bob, who relays, and two neighbours: Alice on connection 1 and Carol on connection 2, each with the service 64. */
function relay(limits = {}) {
  const recording = recordingBehavior({ serviceId: 65 });
  const bob = new BareNode('bob', { behaviors: [recording], limits });
  bob.start();
  const alice = visitor(bob, 'alice', { services: [64] });
  const carol = visitor(bob, 'carol', { services: [64] });
  const to = (peer: SecuredPeer | NodeId) => nodeIdToBytes(typeof peer === 'string' ? peer : peer.identity.nodeId);
  const drops = () =>
    bob.emitted('dropped').map(({ cause, count, connectionId, serviceId }: Dropped) => [cause, count, connectionId, serviceId]);
  return { bob, recording, alice, carol, to, drops };
}

/** Messages that came to a peer, as first byte of the payload. */
function heard(peer: SecuredPeer): number[] {
  return peer.messages.map(({ payload }) => payload[0] as number);
}

describe('the hop limit (ATM-30)', () => {
  it('a message with ttl 1 dies at the relay and is counted; with ttl 2 it arrives (row 63)', () => {
    const { bob, alice, carol, to, drops } = relay();
    alice.sendMessage({ kind: KIND_NODE, destination: to(carol), ttl: 1, payload: Uint8Array.of(1) });
    expect([heard(carol), drops()]).to.deep.equal([[], [['hop-limit', 1, 1, 64]]]);
    alice.sendMessage({ kind: KIND_NODE, destination: to(carol), ttl: 2, payload: Uint8Array.of(2) });
    expect(heard(carol)).to.deep.equal([2]);
    expect([bob.network.metrics.messagesForwarded.value, bob.network.metrics.dropped['hop-limit'].value]).to.deep.equal([1, 1]);
  });

  it('ttl 0 dies as well, and its origin is told once', () => {
    const { alice, carol, to, drops } = relay();
    alice.sendMessage({ kind: KIND_NODE, destination: to(carol), ttl: 0 });
    const told = alice.control.filter((message) => typeof message === 'object' && message.type === 'lost');
    expect([heard(carol), drops()[0]?.[0], told.length]).to.deep.equal([[], 'hop-limit', 1]);
  });

  it('local delivery does not look at it', () => {
    const { bob, recording, alice, to } = relay();
    alice.sendMessage({ kind: KIND_DIRECT, serviceId: 65, ttl: 0, payload: Uint8Array.of(1) });
    alice.sendMessage({ kind: KIND_NODE, destination: to(bob.id), serviceId: 65, ttl: 0, payload: Uint8Array.of(2) });
    expect(recording.messages.map(({ payload }) => payload[0])).to.deep.equal([1, 2]);
  });
});

describe('a relay', () => {
  it('never sends back to the link that a message came from: it is unreachable (H-25)', () => {
    const { bob, alice, carol, to, drops } = relay();
    bob.network.router.replace(new ForceNodeRouter(1, alice.identity.nodeId));
    alice.sendMessage({ kind: KIND_NODE, destination: to(carol) });
    expect([heard(alice), heard(carol), drops()]).to.deep.equal([[], [], [['unreachable', 1, 1, 64]]]);
    carol.sendMessage({ kind: KIND_NODE, destination: to(NOBODY), payload: Uint8Array.of(3) });
    expect(heard(alice)).to.deep.equal([3]);
  });

  it('hands on what it is given, byte by byte, without reading the body', () => {
    const { alice, carol, to } = relay();
    const body = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) & 0xff);
    alice.sendMessage({ kind: KIND_NODE, destination: to(carol), payload: body });
    expect(Buffer.compare(carol.messages[0]?.payload ?? new Uint8Array(0), body)).to.equal(0);
  });

  it('drops what leads nowhere, and counts it, whatever the route', () => {
    const { alice, to, drops } = relay();
    alice.sendMessage({ kind: KIND_NODE, destination: to(NOBODY) });
    alice.sendMessage({ kind: KIND_SERVICE, routedServiceId: 99 });
    expect(drops()).to.deep.equal([
      ['unreachable', 1, 1, 64],
      ['unreachable', 1, 1, 64],
    ]);
  });

  it('drops what is for a service that nobody offers here', () => {
    const { bob, alice, to, drops } = relay();
    alice.sendMessage({ serviceId: 99 });
    alice.sendMessage({ kind: KIND_NODE, destination: to(bob.id), serviceId: 98 });
    act(bob, 65, (agent) => agent.send(toLocal(), 'x', { serviceId: 97 }));
    expect(drops()).to.deep.equal([
      ['no-service', 1, 1, 99],
      ['no-service', 1, 1, 98],
      ['no-service', 1, undefined, 97],
    ]);
  });

  it('that is full drops and counts, and serves its other links', () => {
    const { bob, alice, carol, to, drops } = relay({ laneMessagesMax: 16 });
    const outbox = bob.network.links.get(2)?.outbox as { inFlightBytes: number };
    outbox.inFlightBytes = 2 ** 40;
    for (let count = 0; count < 20; count++) alice.sendMessage({ kind: KIND_NODE, destination: to(carol), payload: Uint8Array.of(count) });
    expect(drops()).to.deep.equal(new Array(4).fill(['lane-full', 1, 2, 64]));
    expect(bob.network.metrics.dropped['lane-full'].value).to.equal(4);
    carol.sendMessage({ kind: KIND_NODE, destination: to(alice), payload: Uint8Array.of(1) });
    expect(heard(alice)).to.deep.equal([1]);
    outbox.inFlightBytes = 0;
    bob.step({ type: 'written', connectionId: 2, byteCount: 1 });
    expect(heard(carol)).to.deep.equal(Array.from({ length: 16 }, (_, index) => index));
  });

  it('finds the closest key, the provider of a service and the next hop', () => {
    const { bob, alice, carol, to } = relay();
    const route = [toKey(carol.identity.nodeId), toNode(carol.identity.nodeId), toNextHop(carol.identity.nodeId)];
    for (const [index, target] of route.entries()) act(bob, 65, (agent) => agent.send(target, Uint8Array.of(index), { serviceId: 64 }));
    expect(carol.messages.map(({ kind }) => kind)).to.deep.equal([KIND_KEY, KIND_NEIGHBOUR, KIND_DIRECT]);
    act(bob, 65, (agent) => agent.send(toService(64), Uint8Array.of(1), { serviceId: 64 }));
    expect([...alice.messages, ...carol.messages].filter(({ kind }) => kind === KIND_SERVICE)).to.have.length(1);
    alice.sendMessage({ kind: KIND_KEY, destination: to(carol), payload: Uint8Array.of(9) });
    expect(heard(carol).at(-1)).to.equal(9);
  });
});

describe('the source of a message', () => {
  function sources(...headers: readonly Parameters<SecuredPeer['sendMessage']>[0][]): [string, boolean][] {
    const { recording, alice } = relay();
    for (const header of headers) alice.sendMessage({ serviceId: 65, ...header });
    return recording.messages.map(({ source, sourceVerified }: RecordedMessage) => [source, sourceVerified]);
  }
  const alice = seededIdentity('alice').nodeId;

  it('is the authenticated neighbour when none is named, or when it names itself', () => {
    expect(sources({}, { source: nodeIdToBytes(alice) })).to.deep.equal([
      [alice, true],
      [alice, true],
    ]);
  });

  it('is a claim when another one is named, even this node itself', () => {
    const bob = seededIdentity('bob').nodeId;
    expect(sources({ source: nodeIdToBytes(NOBODY) }, { source: nodeIdToBytes(bob) })).to.deep.equal([
      [NOBODY, false],
      [bob, false],
    ]);
  });

  it('of a local message is this node, verified', () => {
    const { bob, recording } = relay();
    act(bob, 65, (agent) => agent.send(toLocal(), 'x'));
    expect(recording.messages.map(({ source, sourceVerified, connectionId }) => [source, sourceVerified, connectionId])).to.deep.equal([
      [bob.id, true, undefined],
    ]);
  });
});

describe('sizes', () => {
  const MAX = 20_000;
  const routes = (peer: SecuredPeer) => [toConnection(1), toNode(peer.identity.nodeId), toService(64), toServices(64), toLocal()];

  it('a payload of the maximum is queued, one byte more is too-large and keeps nothing, on every route', () => {
    const { bob, alice, drops } = relay({ payloadBytesMax: MAX });
    for (const route of routes(alice)) {
      const sizes = act(bob, 65, (agent) => [MAX, MAX + 1].map((size) => agent.send(route, new Uint8Array(size), { serviceId: 65 })));
      expect(sizes).to.deep.equal(['queued', 'too-large']);
    }
    expect([bob.network.metrics.dropped['no-service'].value, drops()]).to.deep.equal([0, []]);
    expect([...bob.network.links.all].every(({ outbox }) => outbox.isEmpty)).to.equal(true);
  });

  it('a message that its lane can never hold is too-large, not full for ever', () => {
    const { bob } = relay({ controlLaneBytesMax: 4_096 });
    const control = (size: number) => act(bob, 65, (agent) => agent.send(toConnection(1), new Uint8Array(size), { lane: 'control' }));
    // Eight bytes of header, two of the frame's length.
    expect([control(4_086), control(4_087)]).to.deep.equal(['queued', 'too-large']);
    expect(act(bob, 65, (agent) => agent.send(toConnection(1), new Uint8Array(4_087)))).to.equal('queued');
  });

  it('a message from service 0 to another service is malformed, whatever its route; from service 1 it arrives', () => {
    for (const kind of [KIND_DIRECT, KIND_NODE, KIND_SERVICES]) {
      const { bob, recording, alice, to } = relay();
      const route = kind === KIND_NODE ? { destination: to(bob.id) } : { routedServiceId: 65 };
      const message = { ...route, kind, serviceId: 65, payload: Uint8Array.of(1) };
      alice.sendMessage({ ...message, fromServiceId: 1 });
      alice.sendMessage({ ...message, fromServiceId: 0 });
      expect([recording.messages.length, bob.network.links.get(1)?.isOpen]).to.deep.equal([1, undefined]);
      expect(bob.emitted('disconnected').map(({ reason }) => reason.code)).to.deep.equal(['protocol-error']);
    }
  });

  it('a frame of the remote that is larger than any message may be closes the link', () => {
    const { bob, alice } = relay({ payloadBytesMax: MAX });
    alice.sendFrame(new Uint8Array(MAX + HEADER_BYTES_MAX));
    expect(bob.network.links.get(1)?.isOpen).to.equal(true);
    alice.sendFrame(new Uint8Array(MAX + HEADER_BYTES_MAX + 1));
    expect(bob.emitted('disconnected').map(({ reason }) => reason.code)).to.deep.equal(['protocol-error']);
  });
});

describe('a broadcast to all providers', () => {
  it('goes once to every neighbour that offers the service, and to this node if it does', () => {
    const { bob, recording, alice, carol } = relay();
    expect(act(bob, 65, (agent) => agent.send(toServices(64), Uint8Array.of(1), { serviceId: 64 }))).to.equal('queued');
    expect([heard(alice), heard(carol)]).to.deep.equal([[1], [1]]);
    expect(act(bob, 65, (agent) => agent.send(toServices(65), Uint8Array.of(2)))).to.equal('queued');
    expect(recording.messages.map(({ payload }) => payload[0])).to.deep.equal([2]);
    expect(act(bob, 65, (agent) => agent.send(toServices(99), Uint8Array.of(3)))).to.equal('unreachable');
  });

  it('is handed on to the others and delivered here, once: what comes around again is dropped', () => {
    const { recording, alice, carol, drops } = relay();
    const copy = { kind: KIND_SERVICES, routedServiceId: 64, serviceId: 64, scope: 0, sequence: 5, payload: Uint8Array.of(1) };
    alice.sendMessage(copy);
    expect([heard(alice), heard(carol)]).to.deep.equal([[], [1]]);
    alice.sendMessage(copy);
    carol.sendMessage({ ...copy, source: nodeIdToBytes(alice.identity.nodeId) });
    expect([heard(alice), heard(carol)]).to.deep.equal([[], [1]]);
    expect(drops().map(([cause]) => cause)).to.deep.equal(['duplicate', 'duplicate']);
    alice.sendMessage({ ...copy, sequence: 6, payload: Uint8Array.of(2) });
    carol.sendMessage({ ...copy, payload: Uint8Array.of(3) });
    expect([heard(alice), heard(carol), recording.messages.length]).to.deep.equal([[3], [1, 2], 0]);
  });

  it('that comes back to its source is dropped', () => {
    const { bob, alice, carol, drops } = relay();
    alice.sendMessage({ kind: KIND_SERVICES, routedServiceId: 64, sequence: 9, source: nodeIdToBytes(bob.id), payload: Uint8Array.of(1) });
    expect([heard(carol), drops()]).to.deep.equal([[], [['duplicate', 1, 1, 64]]]);
  });
});
