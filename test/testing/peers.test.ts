/** @module Tests of the hostile peers' tools: bare node, raw peer, secured peer, over a bare node, a simulated and a real link. */
import { expect } from 'chai';
import { nodeIdToBytes } from '../../core/address/node-id.js';
import { type LinkSink, parseAddress, type TransportLink, toConnection } from '../../core/index.js';
import { nodeCrypto } from '../../core/platform/node/crypto-node.js';
import { encodePing } from '../../core/wire/link-control.js';
import { KIND_NODE } from '../../core/wire/message.js';
import { createNode } from '../../index.js';
import { SimulatedNetwork } from '../../simulation.js';
import { addressOf, BareNode, RawPeer, recordingBehavior, SecuredPeer, seededIdentity, until } from '../../testing/index.js';
import { TcpTransport } from '../../transports/tcp/index.js';

function bareNode() {
  const behavior = recordingBehavior();
  const node = new BareNode('alice', { behaviors: [behavior] });
  node.start();
  return { node, behavior };
}

const secured = (node: BareNode, options = {}) => node.accept((link) => new SecuredPeer(link, options)).begin();

describe('RawPeer', () => {
  it('row 2: a stranger that speaks HTTP is cut off at its first byte and gets not one back', () => {
    const { node } = bareNode();
    const peer = node.accept((link) => new RawPeer(link));
    peer.send(new TextEncoder().encode('G'));
    expect([peer.isClosed, peer.received.length]).to.deep.equal([true, 0]);
    expect(node.emitted('refused')[0]?.reason.code).to.equal('handshake-failed');
  });

  it('a stranger with the right first byte is still waited for, until 10 s have passed', () => {
    const { node } = bareNode();
    const peer = node.accept((link) => new RawPeer(link));
    peer.send(Uint8Array.of(0x4d));
    node.advance(9_999);
    expect(peer.isClosed).to.equal(false);
    node.advance(1);
    expect(peer.isClosed).to.equal(true);
  });

  it('answers a dial: the node speaks first', () => {
    const { node } = bareNode();
    let peer: RawPeer | undefined;
    node.onDial = (link) => {
      peer = new RawPeer(link);
      return peer;
    };
    node.dial(addressOf('bob'));
    expect([...(peer?.take() ?? [])].slice(0, 4)).to.deep.equal([0x4d, 0x57, 1, 1]);
    peer?.destroy();
    expect(node.emitted('dial-failed')[0]?.error.code).to.equal('HANDSHAKE_FAILED');
  });
});

describe('SecuredPeer', () => {
  it('opens a connection and speaks to a behaviour, with any header', () => {
    const { node, behavior } = bareNode();
    const peer = secured(node);
    expect([peer.isSecured, node.emitted('connected')[0]?.nodeId]).to.deep.equal([true, peer.identity.nodeId]);
    expect(node.emitted('connected')[0]?.channelBinding).to.deep.equal(peer.channelBinding);
    peer.sendMessage({ payload: { text: 'hello' }, fromServiceId: 99, streamId: 7 });
    peer.sendMessage({ kind: KIND_NODE, source: nodeIdToBytes(seededIdentity(5).nodeId), destination: nodeIdToBytes(node.id) });
    const [direct, routed] = behavior.messages;
    expect([direct?.fromServiceId, direct?.streamId, direct?.sourceVerified]).to.deep.equal([99, 7, true]);
    expect([routed?.source, routed?.sourceVerified]).to.deep.equal([seededIdentity(5).nodeId, false]);
  });

  it('hears what the node sends', () => {
    const { node } = bareNode();
    const greeter = recordingBehavior({
      serviceId: 70,
      reactions: { onIncomingConnectionConnected: (agent, { id }) => void agent.send(toConnection(id), 'welcome') },
    });
    const other = new BareNode('alice', { behaviors: [greeter] });
    other.start();
    expect(secured(other).messages.map(({ serviceId, value }) => [serviceId, value])).to.deep.equal([[70, 'welcome']]);
    const peer = secured(node);
    peer.sendControl(encodePing(5));
    expect(peer.control).to.deep.include({ type: 'pong', value: 5 });
    expect(peer.control.map((message) => (typeof message === 'string' ? message : message.type))).to.include('ready');
  });

  it('sends what no node would: an empty frame, a broken header, an early message close the link', () => {
    for (const [hostile, isPolite] of [
      [(peer: SecuredPeer) => peer.sendPlaintext(Uint8Array.of(0)), true],
      [(peer: SecuredPeer) => peer.sendFrame(new Uint8Array(8).fill(0xff)), true],
      [(peer: SecuredPeer) => peer.sendMessage({}), false],
    ] as const) {
      const { node } = bareNode();
      const peer = secured(node, { isPolite });
      expect(peer.isClosed).to.equal(false);
      hostile(peer);
      expect(peer.isClosed).to.equal(true);
      expect(peer.control.at(-1)).to.include({ type: 'close', code: 5 });
    }
  });

  it('is nobody in another network', () => {
    const { node } = bareNode();
    const peer = secured(node, { network: 'elsewhere' });
    expect([peer.isSecured, peer.hasFailed]).to.deep.equal([false, true]);
  });

  it('works on a simulated link', async () => {
    const network = new SimulatedNetwork({ seed: 1 });
    const behavior = recordingBehavior();
    const node = await network.createNode({ name: 'alice', behaviors: [behavior], builtins: [] });
    await node.start();
    const dialled = dial(network.transport('mallory'), 'sim://alice', {});
    await network.runUntil(() => node.connections().length === 1);
    dialled()?.sendMessage({ payload: 'hello' });
    await network.runUntil(() => behavior.messages.length === 1);
    await node.stop();
  });

  it('works on a real socket', async () => {
    const behavior = recordingBehavior();
    const node = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [behavior], builtins: [], logger: 'silent' });
    await node.start();
    const dialled = dial(new TcpTransport(), node.addresses[0]?.text ?? '', { crypto: nodeCrypto });
    await until(() => node.connections().length === 1);
    dialled()?.sendMessage({ payload: 'hello' });
    await until(() => behavior.messages.length === 1);
    await node.stop();
    await until(() => dialled()?.isClosed === true);
  });
});

/** Dials with a secured peer; it is there once the transport has connected. */
function dial(transport: { dial: TcpTransport['dial'] }, address: string, options: object): () => SecuredPeer | undefined {
  let peer: SecuredPeer | undefined;
  const onConnected = (link: TransportLink): LinkSink => {
    peer = new SecuredPeer(link, options);
    queueMicrotask(() => peer?.begin());
    return peer;
  };
  transport.dial(parseAddress(address), {
    onConnected,
    onFailed: (error) => {
      throw error;
    },
  });
  return () => peer;
}
