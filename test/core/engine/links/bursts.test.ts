/** @module Messages for others that come in one record: each takes the way that the table has for it at its turn, whatever came before. */
import { expect } from 'chai';
import { nodeIdToBytes } from '../../../../core/address/node-id.js';
import type { NodeId, RouteAction } from '../../../../core/index.js';
import { varintBytes, writeVarint } from '../../../../core/structures/bytes.js';
import { encodeServices } from '../../../../core/wire/link-control.js';
import { HeaderDraft, KIND_DIRECT, KIND_KEY, KIND_NODE, KIND_SERVICE } from '../../../../core/wire/message.js';
import { DirectRouter } from '../../../../routing/index.js';
import { BareNode, recordingBehavior, type SecuredPeer, seededIdentity } from '../../../../testing/index.js';
import { visitor } from '../../node/life-cycle.js';

const NOBODY = seededIdentity('nobody').nodeId;

/** Counts what it is asked. */
class CountingRouter extends DirectRouter {
  asked = 0;

  override pathToNode(nodeId: NodeId, except?: number): RouteAction {
    this.asked++;
    return super.pathToNode(nodeId, except);
  }
}

/** Bob, who relays, with the service 65 here; Alice, Carol and Dave are neighbours with the service 64. */
function relay(onMessage: (bob: BareNode) => void = () => {}, limits = {}) {
  const router = new CountingRouter();
  const behavior = recordingBehavior({ serviceId: 65, reactions: { onMessage: () => onMessage(bob) } });
  const bob = new BareNode('bob', { behaviors: [behavior], router, limits });
  bob.start();
  const [alice, carol, dave] = ['alice', 'carol', 'dave'].map((name) => visitor(bob, name, { services: [64] })) as [
    SecuredPeer,
    SecuredPeer,
    SecuredPeer,
  ];
  return { bob, router, alice, carol, dave };
}

function message(fields: Partial<HeaderDraft>, ...body: number[]): Uint8Array {
  const draft = Object.assign(new HeaderDraft(), { ttl: 64, fromServiceId: 64, serviceId: 64 }, fields);
  const bytes = new Uint8Array(draft.byteLength + body.length);
  bytes.set(body, draft.write(bytes, 0));
  return bytes;
}

const toNode = (peer: SecuredPeer | NodeId, byte: number) =>
  message({ kind: KIND_NODE, destination: nodeIdToBytes(typeof peer === 'string' ? peer : peer.identity.nodeId) }, byte);

/** All messages in one record. */
function burst(peer: SecuredPeer, ...messages: readonly Uint8Array[]): void {
  const frames = messages.map((bytes) => {
    const frame = new Uint8Array(varintBytes(bytes.length) + bytes.length);
    frame.set(bytes, writeVarint(frame, 0, bytes.length));
    return frame;
  });
  peer.sendPlaintext(Buffer.concat(frames));
}

const heard = (...peers: readonly SecuredPeer[]) => peers.map(({ messages }) => messages.map(({ payload }) => payload[0]));

describe('A burst of messages for others', () => {
  it('asks the table once for a run of one destination, and again for each change', () => {
    const { router, alice, carol, dave } = relay();
    burst(alice, ...[1, 2, 3].map((byte) => toNode(carol, byte)), toNode(dave, 4), toNode(carol, 5), toNode(carol, 6));
    expect([heard(carol, dave), router.asked]).to.deep.equal([[[1, 2, 3, 5, 6], [4]], 3]);
  });

  it('asks anew with the next record, and for the same destination from another neighbour', () => {
    const { router, alice, carol, dave } = relay();
    burst(alice, toNode(carol, 1));
    burst(alice, toNode(carol, 2));
    burst(dave, toNode(carol, 3));
    expect([heard(carol), router.asked]).to.deep.equal([[[1, 2, 3]], 3]);
  });

  it('tells a node from a key of the same bytes, and from a service', () => {
    const { alice, carol, dave } = relay();
    const key = (byte: number) => message({ kind: KIND_KEY, destination: nodeIdToBytes(carol.identity.nodeId) }, byte);
    const service = (byte: number) => message({ kind: KIND_SERVICE, routedServiceId: 64 }, byte);
    burst(alice, toNode(NOBODY, 1), toNode(carol, 2), key(3), service(4), service(5), toNode(carol, 6));
    const [byCarol, byDave] = heard(carol, dave);
    expect([...(byCarol ?? []), ...(byDave ?? [])].sort()).to.deep.equal([2, 3, 4, 5, 6]);
    expect(byCarol?.filter((byte) => byte !== 4 && byte !== 5)).to.deep.equal([2, 3, 6]);
  });

  it('follows a table that is replaced, and a link that closes, by what the burst itself has called', () => {
    const here = message({ kind: KIND_DIRECT, serviceId: 65 }, 9);
    const swapped = relay((bob) => bob.network.router.replace(new StubbornRouter()));
    burst(swapped.alice, toNode(swapped.carol, 1), here, toNode(swapped.carol, 2));
    expect(heard(swapped.carol)).to.deep.equal([[1]]);
    const closed = relay((bob) => bob.network.links.closeByNode(closed.carol.identity.nodeId, 'enough'));
    burst(closed.alice, toNode(closed.carol, 1), here, toNode(closed.carol, 2));
    expect([heard(closed.carol), closed.bob.emitted('dropped').map(({ cause }) => cause)]).to.deep.equal([[[1]], ['unreachable']]);
  });

  it('follows what the neighbour says of itself in between', () => {
    const { bob, alice } = relay();
    const control = (payload: Uint8Array) => message({ kind: KIND_DIRECT, ttl: 1, fromServiceId: 0, serviceId: 0 }, ...payload);
    burst(alice, toNode(NOBODY, 1), control(encodeServices([64, 70])), toNode(NOBODY, 2));
    expect([bob.network.links.get(1)?.remoteServices, bob.emitted('dropped').length]).to.deep.equal([[64, 70], 2]);
  });

  it('counts each message that a full lane, or too few hops, end', () => {
    const { bob, alice, carol } = relay(() => {}, { laneMessagesMax: 16 });
    (bob.network.links.get(2)?.outbox as { inFlightBytes: number }).inFlightBytes = 2 ** 40;
    burst(alice, ...Array.from({ length: 20 }, (_, byte) => toNode(carol, byte)));
    const last = { kind: KIND_NODE, ttl: 1, destination: nodeIdToBytes(carol.identity.nodeId) };
    burst(alice, toNode(carol, 1), message(last, 1), message(last, 2));
    const { metrics } = bob.network;
    expect([metrics.messagesForwarded.value, metrics.dropped['lane-full'].value, metrics.dropped['hop-limit'].value]).to.deep.equal([
      16, 5, 2,
    ]);
  });
});

/** Knows nobody. */
class StubbornRouter extends DirectRouter {
  override pathToNode(): RouteAction {
    return { type: 'reject' };
  }
}
