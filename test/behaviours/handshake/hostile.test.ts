/** @module Tests of the handshake against peers that do not keep to it: how each ends, and with which words. */
import { expect } from 'chai';
import { HANDSHAKE_LIMITS, HandshakeBehavior } from '../../../behaviours/index.js';
import { encodeValue, type MeshNode, NetworkError, type NodeEvents, toConnection, toNode } from '../../../index.js';
import { all, handshakeOf, next, onlyConnection, type Part, Peer, World } from './support.js';

const ME = { addresses: ['mem://peer'], name: 'peer' };
const INITIAL = { stage: 1, me: ME, you: 'mem://honest', sections: [] };
const FINAL = { stage: 2, me: ME, you: 'mem://honest', accepted: [] };

/** The stage of a message that the peer heard. */
const stageOf = (heard: unknown) => (heard as { stage?: number } | undefined)?.stage;

/** Does what a dialer does, with other messages where `changed` says so. */
function asDialer(changed: { readonly initial?: unknown; readonly final?: unknown } = {}): Part {
  return (say, heard) => {
    if (heard === undefined) say(changed.initial ?? INITIAL);
    if (stageOf(heard) === 1) say(changed.final ?? FINAL);
  };
}

/** Does what an acceptor does. */
const asAcceptor: Part = (say, heard) => {
  if (stageOf(heard) === 1) say(INITIAL);
  if (stageOf(heard) === 2) say(FINAL);
};

describe('handshake with a peer that does not keep to it', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  /** The peer dials an honest node; answers the peer's behaviour and the node, which waits for whatever comes. */
  async function dialledBy(part: Part): Promise<{ readonly honest: MeshNode; readonly peer: Peer; readonly node: MeshNode }> {
    const honest = await world.node('honest');
    const peer = new Peer(part);
    const node = await world.node('peer', { builtins: [], behaviors: [peer] });
    return { honest, peer, node };
  }

  /** How the honest node refuses a peer that dials it, and what the peer's dial fails with. */
  async function refusalOf(part: Part): Promise<NodeEvents['refused']['reason']> {
    const { honest, node } = await dialledBy(part);
    const refused = next(honest, 'refused');
    const error = await node.connect('mem://honest').catch((cause: unknown) => cause);
    const { reason } = await refused;
    expect(error).to.be.instanceOf(NetworkError).with.property('code', 'REMOTE_REJECTED');
    expect((error as NetworkError).message, 'the peer is told').to.include(reason.text);
    expect(honest.connections()).to.deep.equal([]);
    return reason;
  }

  /** The same of a peer whose FINAL is wrong: it had the honest node's `ready` before, so that the connection was open there. */
  async function lateRefusalOf(part: Part): Promise<NodeEvents['refused']['reason']> {
    const { honest, node } = await dialledBy(part);
    const [refused, gone, opened] = [next(honest, 'refused'), next(node, 'disconnected'), all(honest, 'connected')];
    await node.connect('mem://honest');
    const { reason } = await refused;
    expect((await gone).reason, 'the peer is told').to.deep.equal({ ...reason, by: 'remote' });
    expect([opened, honest.connections()], 'no behaviour of the honest node saw it').to.deep.equal([[], []]);
    return reason;
  }

  it('opens for one that does, whoever dials (DNDM-25)', async () => {
    const { honest, peer, node } = await dialledBy(asDialer());
    const accepted = next(honest, 'connected');
    await node.connect('mem://honest');
    await accepted;
    expect(handshakeOf(honest).remoteName(onlyConnection(honest).id)).to.equal('peer');
    expect(peer.heard.map(stageOf)).to.deep.equal([1, 2]);
    const other = new Peer(asAcceptor);
    await world.node('other', { builtins: [], behaviors: [other] });
    await honest.connect('mem://other');
    expect(other.heard.map(stageOf)).to.deep.equal([1, 2]);
  });

  it('says exactly these bytes to it (DNDM-23)', async () => {
    const { peer, node } = await dialledBy(asDialer());
    await node.connect('mem://honest');
    const you = node.connections()[0]?.localAddress?.text;
    const common = { me: { addresses: ['mem://honest'] }, you };
    const expected = [
      { stage: 1, ...common, sections: [] },
      { stage: 2, ...common, accepted: [] },
    ];
    expect(peer.heard).to.deep.equal(expected);
    expect(peer.heard.map((value) => encodeValue(value))).to.deep.equal(expected.map((value) => encodeValue(value)));
  });

  it('opens for the short form on both sides (DNDM-26)', async () => {
    const shortAcceptor = new Peer((say, heard) => stageOf(heard) === 1 && say(FINAL));
    const short = await world.node('short', { builtins: [], behaviors: [shortAcceptor] });
    const honest = await world.node('honest');
    const accepted = next(short, 'connected');
    const { id } = await honest.connect('mem://short');
    await accepted;
    expect(handshakeOf(honest).remoteName(id)).to.equal('peer');
    expect(shortAcceptor.heard.map(stageOf)).to.deep.equal([1, 2]);
    const shortDialer = new Peer((say, heard) => say(heard === undefined ? INITIAL : FINAL));
    const node = await world.node('dialer', { builtins: [], behaviors: [shortDialer] });
    await node.connect('mem://honest');
    expect(node.connections()).to.have.length(1);
  });

  const refusals: readonly (readonly [string, Part, string])[] = [
    ['a malformed INITIAL', asDialer({ initial: { ...INITIAL, me: 1 } }), 'malformed handshake message'],
    ['what is no CBOR', asDialer({ initial: Uint8Array.of(0xff) }), 'malformed handshake message'],
    ['nothing at all', asDialer({ initial: new Uint8Array(0) }), 'malformed handshake message'],
    ['an unknown stage', asDialer({ initial: { ...INITIAL, stage: 5 } }), 'unknown handshake stage'],
    ['a FINAL at first', asDialer({ initial: FINAL }), 'handshake FINAL before INITIAL'],
    ['an UPDATE at first', asDialer({ initial: { stage: 3, me: ME } }), 'handshake UPDATE before FINAL'],
  ];
  for (const [fact, part, text] of refusals) {
    it(`refuses ${fact}`, async () => expect(await refusalOf(part)).to.deep.equal({ code: 'gate', text, by: 'local' }));
  }

  const lateRefusals: typeof refusals = [
    ['a malformed FINAL', asDialer({ final: { ...FINAL, accepted: 'all' } }), 'malformed handshake message'],
    ['a FINAL of another me', asDialer({ final: { ...FINAL, me: { addresses: [] } } }), 'handshake FINAL does not match INITIAL'],
    ['a FINAL of another you', asDialer({ final: { ...FINAL, you: 'mem://x' } }), 'handshake FINAL does not match INITIAL'],
    ['a FINAL for unknown sections', asDialer({ final: { ...FINAL, accepted: ['x'] } }), 'handshake FINAL accepts what was not offered'],
  ];
  for (const [fact, part, text] of lateRefusals) {
    it(`refuses ${fact}`, async () => expect(await lateRefusalOf(part)).to.deep.equal({ code: 'gate', text, by: 'local' }));
  }

  it('refuses a message one byte beyond the bound unread, and reads one at the bound', async () => {
    const padded = (byteCount: number) => {
      const bare = encodeValue({ ...INITIAL, later: new Uint8Array(70_000) }).length - 70_000;
      return encodeValue({ ...INITIAL, later: new Uint8Array(byteCount - bare) });
    };
    const { messageBytesMax } = HANDSHAKE_LIMITS;
    expect(padded(messageBytesMax)).to.have.length(messageBytesMax);
    expect((await refusalOf(asDialer({ initial: padded(messageBytesMax + 1) }))).text).to.equal('malformed handshake message');
    const honest = await world.node('honest-2');
    const node = await world.node('peer-2', { builtins: [], behaviors: [new Peer(asDialer({ initial: padded(messageBytesMax) }))] });
    await node.connect('mem://honest-2');
    expect(handshakeOf(honest).ignoredCount).to.equal(0);
  });

  it('bears five messages without progress, not six (DNDM-27)', async () => {
    const repeating = (count: number): Part => {
      return (say, heard) => {
        if (heard === undefined) say(INITIAL);
        if (stageOf(heard) !== 1) return;
        for (let index = 0; index < count; index++) say(INITIAL);
        say(FINAL);
      };
    };
    expect((await lateRefusalOf(repeating(6))).text).to.equal('more than 5 handshake messages without progress');
    const honest = await world.node('honest-2');
    const node = await world.node('peer-2', { builtins: [], behaviors: [new Peer(repeating(5))] });
    const accepted = next(honest, 'connected');
    await node.connect('mem://honest-2');
    await accepted;
    expect(handshakeOf(honest).ignoredCount).to.equal(5);
  });

  it('ignores what comes late, and counts it; the sixth in a row ends the connection (DNDM-27)', async () => {
    const { honest, node } = await dialledBy(asDialer());
    await node.connect('mem://honest');
    const { id } = onlyConnection(node);
    const say = (value: unknown) => node.behavior(Peer)['perform']((agent) => agent.send(toConnection(id), value));
    for (const value of [INITIAL, FINAL, { stage: 9 }, Uint8Array.of(0xff), FINAL]) say(value);
    say({ stage: 3, me: { addresses: ['mem://elsewhere'] } });
    for (let count = 0; count < 5; count++) say(INITIAL);
    const gone = next(honest, 'disconnected');
    say(INITIAL);
    const { reason, connection } = await gone;
    expect(reason).to.deep.equal({ code: 'goodbye', text: 'more than 5 handshake messages without progress', by: 'local' });
    expect(connection.nodeId).to.equal(node.id);
    expect(handshakeOf(honest).ignoredCount).to.equal(10);
  });

  it('takes nothing that was routed to it', async () => {
    const { honest, node } = await dialledBy(asDialer());
    await node.connect('mem://honest');
    const faults = all(honest, 'fault');
    const tells = next(honest, 'disconnected');
    for (let count = 0; count < 9; count++) node.behavior(Peer)['perform']((agent) => agent.send(toNode(honest.id), INITIAL));
    node.disconnect(onlyConnection(node).id, 'enough');
    expect((await tells).reason.text).to.equal('enough');
    expect(handshakeOf(honest).ignoredCount).to.equal(0);
    expect(faults).to.deep.equal([]);
  });

  it('lets no other message pass before it is done (DNDM-28, H-35)', async () => {
    const { honest, node } = await dialledBy((say, heard, agent) => {
      if (heard === undefined) agent.reply('too early', { serviceId: 64 });
      asDialer()(say, heard, agent);
    });
    const refused = next(honest, 'refused');
    await node.connect('mem://honest').catch(() => undefined);
    expect((await refused).reason).to.deep.include({ code: 'protocol-error', text: 'a message before the connection was open' });
  });

  it('does not open to a node without handshake, which hangs up at its first word', async () => {
    const honest = await world.node('honest');
    await world.node('bare', { builtins: [] });
    const error = await honest.connect('mem://bare').catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(NetworkError).with.property('code', 'PROTOCOL_ERROR');
    expect(honest.connections()).to.deep.equal([]);
  });

  it('keeps no claim of a peer that was refused', async () => {
    const { honest, node } = await dialledBy(asDialer({ final: { ...FINAL, you: 'mem://x' } }));
    const refused = next(honest, 'refused');
    await node.connect('mem://honest').catch(() => undefined);
    const { connectionId } = await refused;
    expect(honest.behavior(HandshakeBehavior).observedAddresses()).to.deep.equal([]);
    expect(honest.behavior(HandshakeBehavior).remoteAddresses(connectionId)).to.deep.equal([]);
  });

  it('takes claims of other nodes for none (H-39)', async () => {
    const stranger = 'ab'.repeat(32);
    const addresses = [`tcp://${stranger}@192.0.2.1:1`, 'no address', 'tcp://0.0.0.0', 'mem://peer'];
    const me = { addresses };
    const you = `tcp://${stranger}@192.0.2.1:1`;
    const { honest, node } = await dialledBy(asDialer({ initial: { ...INITIAL, me, you }, final: { ...FINAL, me, you } }));
    const accepted = next(honest, 'connected');
    await node.connect('mem://honest');
    const { id } = await accepted;
    expect(handshakeOf(honest).remoteAddresses(id).map(String)).to.deep.equal(['mem://peer']);
    expect(handshakeOf(honest).observedAddresses()).to.deep.equal([]);
  });
});
