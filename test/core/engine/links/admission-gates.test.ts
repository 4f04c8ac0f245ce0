/** @module Tests of gates: who sees and says what before a connection is open, and how a gate fails (DESIGN section 5). */
import { expect } from 'chai';
import { nodeIdToBytes } from '../../../../core/address/node-id.js';
import { toConnection, toLocal } from '../../../../core/index.js';
import { encodePing, encodeReady, encodeServices } from '../../../../core/wire/link-control.js';
import { KIND_NODE } from '../../../../core/wire/message.js';
import { BareNode, Pair, recordingBehavior, type SecuredPeer } from '../../../../testing/index.js';
import { act, logged, slotOf, visitor } from '../../node/life-cycle.js';

const GATE = 40;
const PLAIN = 64;

/** A node with a gate and a behaviour that is none. The peer says nothing by itself. */
function gated(reactions: Record<string, (...args: never[]) => unknown> = {}) {
  const log: string[] = [];
  const gate = logged(log, GATE, { gate: true, reactions });
  const plain = logged(log, PLAIN);
  const node = new BareNode('bob', { behaviors: [gate, plain] });
  node.start();
  log.length = 0;
  const meet = (name = 'peer') => {
    const peer = visitor(node, name, { isPolite: false });
    // The node may be the one that waits for the other's choice.
    peer.sendControl(encodePing(1));
    return peer;
  };
  const admit = (connectionId: number, serviceId = GATE) => act(node, serviceId, (agent) => agent.admit(connectionId));
  return { node, gate, plain, log, meet, admit };
}

function phaseOf(node: BareNode, id = 1): string | undefined {
  return node.network.links.get(id)?.phase;
}

/** What the node told this peer at last. */
function farewell(peer: SecuredPeer): unknown {
  const close = peer.control.find((message) => typeof message === 'object' && message.type === 'close');
  return typeof close === 'object' && close.type === 'close' ? [close.code, close.text] : undefined;
}

function hasReady(peer: SecuredPeer): boolean {
  return peer.control.some((message) => typeof message === 'object' && message.type === 'ready');
}

describe('before a connection is open', () => {
  it('only gates see it; the others see it when every gate has admitted it and both sides are ready', () => {
    const { node, log, meet, admit } = gated();
    const peer = meet();
    const before = [`${GATE} checkIncomingConnection`, `${PLAIN} checkIncomingConnection`];
    const atGate = [`${GATE} onIncomingConnectionConnected`, `${GATE} handler.onOpened`];
    expect(log).to.deep.equal([...before, ...atGate]);
    admit(1);
    expect([phaseOf(node), hasReady(peer), log.length]).to.deep.equal(['gates', true, 4]);
    peer.sendReady([PLAIN]);
    expect(phaseOf(node)).to.equal('open');
    expect(log.slice(4)).to.deep.equal([`${PLAIN} onIncomingConnectionConnected`, `${PLAIN} handler.onOpened`]);
  });

  it("own ready alone does not open it, and the remote's alone neither", () => {
    const first = gated();
    const ready = first.meet();
    ready.sendReady();
    expect([phaseOf(first.node), hasReady(ready)]).to.deep.equal(['gates', false]);
    first.admit(1);
    expect([phaseOf(first.node), hasReady(ready)]).to.deep.equal(['open', true]);
    const second = gated();
    second.meet();
    second.admit(1);
    expect(phaseOf(second.node)).to.equal('gates');
  });

  it('a gate may send and receive; a message for it reaches its handler', () => {
    const { node, gate, meet } = gated();
    const peer = meet();
    peer.sendMessage({ serviceId: GATE, payload: Uint8Array.of(7) });
    expect(gate.messages.map(({ payload }) => payload[0])).to.deep.equal([7]);
    expect(act(node, GATE, (agent) => agent.send(toConnection(1), Uint8Array.of(8)))).to.equal('queued');
    expect(peer.messages.map(({ payload, serviceId }) => [serviceId, payload[0]])).to.deep.equal([[GATE, 8]]);
  });

  it('no other service may send: it answers unreachable, and nothing goes out', () => {
    const { node, meet } = gated();
    const peer = meet();
    expect(act(node, PLAIN, (agent) => agent.send(toConnection(1), Uint8Array.of(8)))).to.equal('unreachable');
    expect(peer.messages).to.deep.equal([]);
    peer.sendReady();
    act(node, GATE, (agent) => agent.admit(1));
    expect(act(node, PLAIN, (agent) => agent.send(toConnection(1), Uint8Array.of(8)))).to.equal('queued');
    expect(peer.messages).to.have.length(1);
  });

  const wrong: readonly (readonly [string, (peer: SecuredPeer, node: BareNode) => void])[] = [
    ['a message for a service that is no gate', (peer) => peer.sendMessage({ serviceId: PLAIN })],
    ['a message for a service that nobody offers', (peer) => peer.sendMessage({ serviceId: 99 })],
    [
      'a routed message, even for a gate',
      (peer, node) => peer.sendMessage({ kind: KIND_NODE, serviceId: GATE, destination: nodeIdToBytes(node.id) }),
    ],
    ['services before ready', (peer) => peer.sendControl(encodeServices([PLAIN]))],
    ['ready twice', (peer) => [1, 2].forEach(() => void peer.sendControl(encodeReady([])))],
    ['a malformed control message', (peer) => peer.sendControl(Uint8Array.of(3, 1))],
  ];
  for (const [what, send] of wrong) {
    it(`${what} closes it with protocol-error`, () => {
      const { node, log, meet } = gated();
      const peer = meet();
      send(peer, node);
      expect(phaseOf(node)).to.equal(undefined);
      expect(farewell(peer)).to.have.property('0', 5);
      // It let the connection pass, and sees nothing else of it (H-08).
      expect(log.filter((entry) => entry.includes(`${PLAIN} on`))).to.deep.equal([`${PLAIN} onConnectionRefused`]);
      const seen = [`${GATE} handler.onClosed`, `${GATE} onIncomingConnectionDisconnected`, `${PLAIN} onConnectionRefused`];
      expect(log.slice(-3)).to.deep.equal(seen);
    });
  }

  it('an unknown control message is ignored and counted', () => {
    const { node, meet } = gated();
    meet().sendControl(Uint8Array.of(200, 1, 2));
    expect([phaseOf(node), node.network.metrics.unknownControl.value]).to.deep.equal(['gates', 1]);
  });

  it('a message of any service is right as soon as the connection is open', () => {
    const { node, plain, meet, admit } = gated();
    const peer = meet();
    peer.sendReady();
    admit(1);
    peer.sendMessage({ serviceId: PLAIN, payload: Uint8Array.of(1) });
    expect([phaseOf(node), plain.messages.length]).to.deep.equal(['open', 1]);
  });
});

describe('a gate', () => {
  it('admits only for itself: every gate has to', () => {
    const log: string[] = [];
    const node = new BareNode('bob', { behaviors: [40, 41, 64].map((id) => logged(log, id, { gate: id !== 64 })) });
    node.start();
    const peer = visitor(node, 'peer');
    act(node, 64, (agent) => agent.admit(1));
    act(node, 40, (agent) => agent.admit(1));
    act(node, 40, (agent) => agent.admit(1));
    expect([phaseOf(node), hasReady(peer)]).to.deep.equal(['gates', false]);
    act(node, 41, (agent) => agent.admit(1));
    expect([phaseOf(node), hasReady(peer)]).to.deep.equal(['open', true]);
  });

  it('that admits what is gone, open or unknown does nothing', () => {
    const { node, admit, meet } = gated();
    admit(4711);
    const peer = meet();
    peer.sendReady();
    admit(1);
    admit(1);
    expect(phaseOf(node)).to.equal('open');
    node.step({ type: 'work', work: () => node.network.links.closeById(1, '') });
    admit(1);
    expect([phaseOf(node), node.emitted('connected').length]).to.deep.equal([undefined, 1]);
  });

  it('that says nothing lets nobody pass: closed at the deadline of 10 s, and not before', () => {
    const { node, meet } = gated();
    const peer = meet();
    node.advance(9_999);
    expect([phaseOf(node), farewell(peer)]).to.deep.equal(['gates', undefined]);
    node.advance(1);
    expect([phaseOf(node), farewell(peer)]).to.deep.equal([undefined, [8, 'not open in time']]);
  });

  it('that throws when it sees the connection lets nobody pass', () => {
    const { node, meet } = gated({
      onIncomingConnectionConnected: () => {
        throw new Error('bug');
      },
    });
    meet();
    node.advance(9_999);
    expect([phaseOf(node), node.emitted('fault').length]).to.deep.equal(['gates', 1]);
    node.advance(1);
    expect([phaseOf(node), node.emitted('connected')]).to.deep.equal([undefined, []]);
  });

  it('that is stopped fails closed: what it has not admitted is closed with gate', () => {
    const { node, log, meet } = gated();
    const peer = meet();
    node.step({ type: 'work', work: () => node.network.behaviors.stop(slotOf(node, GATE)) });
    expect(farewell(peer)).to.deep.equal([9, `gate service${GATE} was stopped`]);
    const seen = [`${GATE} handler.onClosed`, `${GATE} onIncomingConnectionDisconnected`, `${PLAIN} onConnectionRefused`];
    expect(log.slice(-4)).to.deep.equal([...seen, `${GATE} onStopped`]);
  });

  it('that is stopped leaves open what it has admitted before', () => {
    const { node, meet, admit } = gated();
    meet().sendReady();
    admit(1);
    node.step({ type: 'work', work: () => node.network.behaviors.stop(slotOf(node, GATE)) });
    expect(phaseOf(node)).to.equal('open');
  });

  it('whose fault budget is spent fails closed, too', () => {
    const { node, meet, gate } = gated({
      'handler.onEvent': () => {
        throw new Error('bug');
      },
    });
    const peer = meet();
    for (let count = 0; count < 11; count++) peer.sendMessage({ serviceId: GATE });
    expect([phaseOf(node), node.emitted('behavior-stopped').length, gate.of('onStopped').length]).to.deep.equal([undefined, 1, 1]);
    expect(farewell(peer)).to.have.property('0', 9);
  });

  it('that refuses closes with gate; once open, its close is a goodbye', () => {
    const { node, meet, admit } = gated();
    const refused = meet('peer1');
    act(node, GATE, (agent) => agent.closeConnection(1, 'no'));
    expect(farewell(refused)).to.deep.equal([9, 'no']);
    const taken = meet('peer2');
    taken.sendReady();
    admit(2);
    act(node, GATE, (agent) => agent.closeConnection(2, 'enough'));
    expect(farewell(taken)).to.deep.equal([1, 'enough']);
  });

  it('that is added while a connection is at the gates does not hold it up, and sees it when it opens', () => {
    const { node, log, meet, admit } = gated();
    meet().sendReady();
    node.step({ type: 'work', work: () => node.network.behaviors.addRunning(logged(log, 41, { gate: true })) });
    log.length = 0;
    admit(1);
    expect(phaseOf(node)).to.equal('open');
    expect(log.filter((entry) => entry.endsWith('Connected'))).to.deep.equal([
      '41 onIncomingConnectionConnected',
      `${PLAIN} onIncomingConnectionConnected`,
    ]);
  });

  it('on both sides: neither is open before both have admitted', () => {
    const both = () => [recordingBehavior({ serviceId: GATE, gate: true, handlers: true })];
    const pair = new Pair({ both }).connect();
    const phases = () => [phaseOf(pair.alice), phaseOf(pair.bob)];
    expect(phases()).to.deep.equal(['gates', 'gates']);
    act(pair.alice, GATE, (agent) => agent.admit(1));
    pair.drive();
    expect(phases()).to.deep.equal(['gates', 'gates']);
    act(pair.bob, GATE, (agent) => agent.admit(1));
    pair.drive();
    expect(phases()).to.deep.equal(['open', 'open']);
  });
});

describe('a node without gates', () => {
  it('opens as soon as both are ready, and local messages need no connection', () => {
    const behavior = recordingBehavior({ serviceId: PLAIN });
    const pair = new Pair({ alice: { behaviors: [behavior] } });
    expect(act(pair.alice, PLAIN, (agent) => agent.send(toLocal(), Uint8Array.of(1)))).to.equal('queued');
    expect(behavior.messages).to.have.length(1);
    expect(pair.connect().connection('alice').nodeId).to.equal(pair.bob.id);
  });
});
