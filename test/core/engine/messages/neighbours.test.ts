/** @module Tests of messages by a route whose end is the other end of a link: they do not name it, and arrive as all that are routed. */
import { expect } from 'chai';
import { nodeIdToBytes } from '../../../../core/address/node-id.js';
import { type Route, toNode } from '../../../../core/index.js';
import { encodePing } from '../../../../core/wire/link-control.js';
import { KIND_NEIGHBOUR, KIND_NODE } from '../../../../core/wire/message.js';
import { StaticRouter } from '../../../../routing/index.js';
import { BareNode, recordingBehavior, seededIdentity } from '../../../../testing/index.js';
import { act, visitor } from '../../node/life-cycle.js';

const FAR = seededIdentity('far').nodeId;

/** Bob, whose service 65 has handlers, and Alice on connection 1. */
function setUp() {
  const behavior = recordingBehavior({ serviceId: 65, handlers: true });
  const bob = new BareNode('bob', { behaviors: [behavior] });
  bob.start();
  const alice = visitor(bob, 'alice', { services: [64] });
  const send = (route: Route) => act(bob, 65, (agent) => agent.send(route, Uint8Array.of(1, 2), { serviceId: 64 }));
  return { bob, behavior, alice, send, id: alice.identity.nodeId };
}

describe('A message by a route', () => {
  it('to the node at the other end of the link does not name it: its header is eight bytes', () => {
    const { bob, alice, send, id } = setUp();
    expect(send(toNode(id))).to.equal('queued');
    expect(alice.messages.map(({ kind, payload }) => [kind, ...payload])).to.deep.equal([[KIND_NEIGHBOUR, 1, 2]]);
    const outbox = bob.network.links.get(1)?.outbox;
    (outbox as { inFlightBytes: number }).inFlightBytes = 2 ** 40;
    send(toNode(id));
    expect(outbox?.queued.normal).to.deep.equal({ messages: 1, bytes: 1 + 8 + 2 });
  });

  it('to a node behind it names that one', () => {
    const { bob, alice, send, id } = setUp();
    bob.network.router.replace(new StaticRouter({ default: id }));
    expect([send(toNode(id)), send(toNode(FAR)), send(toNode(id))]).to.deep.equal(['queued', 'queued', 'queued']);
    expect(alice.messages.map(({ kind }) => kind)).to.deep.equal([KIND_NEIGHBOUR, KIND_NODE, KIND_NEIGHBOUR]);
  });

  it('reaches the behaviour, not its handler of the connection, whether it names this node or not', () => {
    const { bob, behavior, alice, id } = setUp();
    const draft = { serviceId: 65, payload: Uint8Array.of(3) };
    alice.sendMessage({ ...draft, kind: KIND_NODE, destination: nodeIdToBytes(bob.id) });
    alice.sendMessage({ ...draft, kind: KIND_NEIGHBOUR });
    alice.sendMessage({ ...draft, kind: KIND_NEIGHBOUR, source: nodeIdToBytes(FAR) });
    const [named, unnamed, claimed] = behavior.of('onMessage').map(({ args }) => args[0]);
    expect(unnamed).to.deep.equal(named);
    expect(unnamed).to.deep.include({ source: id, sourceVerified: true });
    expect(claimed).to.deep.include({ source: FAR, sourceVerified: false });
    expect(behavior.of('handler.onEvent').filter(({ args }) => (args[0] as { type: string }).type === 'message')).to.deep.equal([]);
  });

  it('is dropped for a service that the node does not have, and is none of the link itself', () => {
    const { bob, alice } = setUp();
    alice.sendMessage({ kind: KIND_NEIGHBOUR, serviceId: 99 });
    expect([bob.network.metrics.dropped['no-service'].value, alice.isClosed]).to.deep.equal([1, false]);
    alice.sendMessage({ kind: KIND_NEIGHBOUR, fromServiceId: 0, serviceId: 0, payload: encodePing(1) });
    expect(alice.control.at(-1)).to.deep.include({ type: 'close', text: 'routed control message' });
    expect(alice.isClosed).to.equal(true);
  });
});
